-- What the plugin is, what it may do, and what it can be set to.
return {
  name        = "sms",
  version     = "2.1.0",
  api         = 1,
  description = "Sends text messages by a provider's HTTP API or by SMPP, takes incoming ones and receipts, and minds who has opted out.",

  permissions = {
    http_client   = { "config.url" },
    smpp          = { "config.host" },
    private_hosts = { "config.url", "config.host" },
    http_routes   = { "/sms" },
    events        = { "call.ended", "link.wanted" },
    jobs          = true,
    store         = true,
    db            = true,
  },

  config = {
    driver = {
      type = "enum", values = { "http", "smpp" }, default = "http",
      help = "How the provider is reached: http (needs url and token) or smpp (needs host and system_id).",
    },
    from = { type = "string", help = "The number or name that messages come from." },
    signature = { type = "string", help = "Put before each text in 【】, as carriers in China ask for." },
    templates = {
      type = "map", of = "text", default = {},
      help = "Texts by name, with {places}; *76 and a name of one digit sends one to the last caller.",
    },
    link = {
      type = "map", of = "text", default = {},
      help = "What link.wanted sends to a caller who waits: template, a name in templates, or text; and url for {url}.",
    },
    opt_out = {
      type = "list", of = "string", default = { "退订", "TD", "T", "STOP" },
      help = "Whoever answers with one of these words gets no more messages.",
    },
    numbers = {
      type = "enum", values = { "national", "e164" }, default = "national",
      help = "How the provider wants numbers: 13900139000 and 0085221234567, or +8613900139000 and +85221234567.",
    },
    timeout = { type = "duration", default = "15s", min = 1, max = 60, help = "How long an answer may take." },

    -- Of the driver http.
    url = { type = "url", help = "The provider's API, without a trailing slash; /messages is put behind." },
    token = { type = "secret", min = 16, help = "For the provider, and for what the provider tells us." },

    -- Of the driver smpp.
    host = { type = "string", help = "The provider's SMSC." },
    port = { type = "integer", default = 2775, min = 1, max = 65535, help = "Its port." },
    tls = { type = "boolean", default = false, help = "Whether the connection is encrypted; its certificate must be right." },
    system_id = { type = "string", help = "Who we are; 15 letters at most." },
    password = { type = "secret", help = "8 letters at most." },
    system_type = { type = "string", help = "Where the provider asks for one; 12 letters at most." },
    from_ton = { type = "integer", min = 0, max = 255, help = "Type of number of `from`; by its looks when left out." },
    from_npi = { type = "integer", min = 0, max = 255, help = "Numbering plan of `from`, likewise." },
    to_ton = { type = "integer", min = 0, max = 255, help = "Type of number of those that messages go to, likewise." },
    to_npi = { type = "integer", min = 0, max = 255, help = "Their numbering plan, likewise." },
    window = { type = "integer", default = 10, min = 1, max = 100, help = "Messages without an answer at one time." },
    per_second = { type = "integer", default = 10, min = 1, max = 1000, help = "Messages in a second." },
    enquire_link = {
      type = "duration", default = "30s", min = 1, max = 600,
      help = "After so much silence the provider is asked whether it is there.",
    },
    concatenation = {
      type = "enum", values = { "udh", "sar" }, default = "udh",
      help = "How the messages of a long text are marked: by headers, or by parameters of SMPP.",
    },
    receipt_ids = {
      type = "enum", values = { "same", "hex", "decimal" }, default = "same",
      help = "How receipts write the ids of messages, where the provider writes them otherwise than in its answers.",
    },
  },
}
