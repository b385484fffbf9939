-- The tenant in which this plugin is tried.
return {
  timezone = "Asia/Shanghai",
  plugins  = { contacts = {} },
}
