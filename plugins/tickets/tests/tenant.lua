-- The tenant in which this plugin is tried.
return {
  timezone = "Asia/Shanghai",
  plugins = {
    tickets = {
      url    = "https://desk.example.com/hooks/calls",
      secret = "a secret of some length",
      token  = "a-token-of-some-length",
    },
  },
}
