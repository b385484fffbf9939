-- What the plugin is, what it may do, and what it can be set to.
return {
  name        = "provision",
  version     = "1.0.0",
  api         = 1,
  description = "Desk phones of Yealink, Grandstream and Fanvil fetch their settings over HTTP, each by an address of its own.",

  permissions = { http_routes = { "/provision" } },

  config = {
    server    = { type = "string", required = true, help = "Where phones register, as they reach it: `pbx.example` or `10.0.0.5:5070`." },
    transport = { type = "enum", values = { "udp", "tcp" }, default = "udp", help = "How they do." },
    phones    = {
      type = "map", of = "extension", required = true,
      help = "Whose each phone is, by its MAC address: `[\"001565aabbcc\"] = \"1049\"`.",
    },
    secrets   = {
      type = "map", of = "secret", required = true, min = 1,
      help = "What stands in each phone's address, by its MAC address: 16 letters and digits or more, another for each.",
    },
    passwords = { type = "map", of = "secret", required = true, help = "The SIP password of each extension that has a phone." },
    makes     = {
      type = "map", of = "enum", values = { "yealink", "grandstream", "fanvil" }, default = {},
      help = "Who has made a phone, by its MAC address, where that does not tell it.",
    },
    names     = { type = "map", of = "string", default = {}, help = "What stands on the display and beside keys, by number: `[\"1050\"] = \"李娜\"`." },
    keys      = {
      type = "map", of = "string", default = {},
      help = "Keys with lamps, by extension: `[\"1049\"] = \"1050 1051 *23 *24\"`.",
    },
    all_keys  = { type = "string", default = "", help = "Keys with lamps of those who have none of their own." },
    voicemail = { type = "string", default = "*97", help = "What the key for messages dials." },
    pickup    = { type = "string", default = "**", help = "What takes a call that rings at a lamp's number, before that number." },
    auto_answer = {
      type = "boolean", default = true,
      help = "Whether a phone answers by itself when a call asks for it (Call-Info, Alert-Info).",
    },
  },
}
