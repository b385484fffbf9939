-- What the plugin is, what it may do, and what it can be set to.
return {
  name        = "sms",
  version     = "1.0.0",
  api         = 1,
  description = "Sends text messages by a provider's HTTP API, takes incoming ones and receipts, and minds who has opted out.",

  permissions = {
    http_client   = { "config.url" },
    private_hosts = { "config.url" },
    http_routes   = { "/sms" },
    events        = { "call.ended" },
    jobs          = true,
    store         = true,
    db            = true,
  },

  config = {
    url = { type = "url", required = true, help = "The provider's API, without a trailing slash; /messages is put behind." },
    token = { type = "secret", required = true, min = 16, help = "For the provider, and for what the provider tells us." },
    from = { type = "string", help = "The number or name that messages come from." },
    signature = { type = "string", help = "Put before each text in 【】, as carriers in China ask for." },
    templates = {
      type = "map", of = "text", default = {},
      help = "Texts by name, with {places}; *76 and a name of one digit sends one to the last caller.",
    },
    opt_out = {
      type = "list", of = "string", default = { "退订", "TD", "T", "STOP" },
      help = "Whoever answers with one of these words gets no more messages.",
    },
    timeout = { type = "duration", default = "15s", min = 1, max = 60, help = "How long an answer may take." },
  },
}
