-- What the plugin is, what it may do, and what it can be set to.
return {
  name        = "tickets",
  version     = "1.2.0",
  api         = 1,
  description = "Opens tickets for missed calls, messages and what agents ask for; tells a ticket system by signed webhooks.",

  permissions = {
    http_client   = { "config.url" },
    private_hosts = { "config.url" },
    http_routes   = { "/tickets" },
    events        = { "call.ended", "voicemail.recorded" },
    jobs          = true,
    store         = true,
    db            = true,
    recordings    = true,
  },

  config = {
    url = {
      type = "url",
      help = "Where webhooks are sent; nowhere when left out. A host on a private network needs `moonswitch allow tickets`.",
    },
    secret = {
      type = "secret", min = 16,
      help = "What they are signed with: whsec_ and base64, as the receiver gives it out. Goes with url.",
    },
    old_secret = {
      type = "secret", min = 16,
      help = "The one before, while the receiver changes over; both sign.",
    },
    token = {
      type = "secret", min = 16,
      help = "What the ticket system shows when it tells of changes (POST /tickets/NUMBER).",
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
    categories = {
      type = "map", of = "string", default = { ["1"] = "enquiry", ["2"] = "fault", ["3"] = "complaint", ["4"] = "other" },
      help = "Words for what a ticket is about, each with the key for it: *421.",
    },
    timeout = { type = "duration", default = "15s", min = 1, max = 60, help = "How long an answer may take." },
  },
}
