-- What the plugin is, what it may do, and what it can be set to.
return {
  name        = "tickets",
  version     = "1.0.0",
  api         = 1,
  description = "Tells a ticket system of missed calls and of messages, by signed webhooks.",

  permissions = {
    http_client   = { "config.url" },
    private_hosts = { "config.url" },
    events        = { "call.ended", "voicemail.recorded" },
    jobs          = true,
    store         = true,
  },

  config = {
    url = {
      type = "url", required = true,
      help = "Where webhooks are sent. A host on a private network needs `moonswitch allow tickets`.",
    },
    secret = {
      type = "secret", required = true, min = 16,
      help = "What they are signed with: whsec_ and base64, as the receiver gives it out.",
    },
    old_secret = {
      type = "secret", min = 16,
      help = "The one before, while the receiver changes over; both sign.",
    },
    missed = {
      type = "list", of = "enum",
      values = {
        "abandoned_ringing", "abandoned_in_queue", "queue_timeout", "rang_out", "unreachable", "no_capacity",
      },
      default = {
        "abandoned_ringing", "abandoned_in_queue", "queue_timeout", "rang_out", "unreachable", "no_capacity",
      },
      help = "Which outcomes count as missed.",
    },
    timeout = { type = "duration", default = "15s", min = 1, max = 60, help = "How long an answer may take." },
  },
}
