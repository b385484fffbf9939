-- What the plugin is, what it may do, and what it can be set to.
return {
  name        = "voicemail",
  version     = "1.0.0",
  api         = 1,
  description = "Tells people of messages by mail, webhook and SMS, has them made into text, assigns them, and clears old ones.",

  permissions = {
    http_client   = { "config.webhook", "config.transcriber" },
    private_hosts = { "config.webhook", "config.transcriber" },
    http_routes   = { "/voicemail" },
    events        = { "voicemail.recorded", "voicemail.heard", "voicemail.deleted" },
    jobs          = true,
    db            = true,
    mail          = true,
    recordings    = true,
    voicemail     = true,
  },

  config = {
    mail = {
      type = "map", of = "email", default = {},
      help = "Who gets a mail, by mailbox; goes by the relay of config.lua (smtp).",
    },
    attach = { type = "boolean", default = true, help = "Whether the sound is attached to mails." },
    sms = {
      type = "map", of = "phone", default = {},
      help = "Who gets a text message, by mailbox; needs the plugin sms.",
    },
    webhook = { type = "url", help = "What is told of messages that come, are heard, or go. Goes with secret." },
    secret = { type = "secret", min = 16, help = "What webhooks are signed with." },
    transcriber = {
      type = "url",
      help = "Gets the sound (POST, audio/wav) and answers { text }; mails and the rest wait for it.",
    },
    transcriber_token = { type = "secret", help = "A bearer token for the transcriber." },
    keep = { type = "duration", min = 3600, help = "Messages that were heard go when they are so old; left out, never." },
    keep_new = { type = "duration", min = 3600, help = "Those that nobody has heard go when they are so old; left out, never." },
    keep_count = { type = "integer", min = 1, help = "So many stay in a mailbox, the newest; left out, all." },
  },
}
