-- What the plugin is, what it may do, and what it can be set to.
return {
  name        = "voicemail",
  version     = "1.0.0",
  api         = 1,
  description = "Tells of messages by mail, SMS and signed webhooks, has them made into text, sees that callers are called back, clears old ones.",

  permissions = {
    http_client   = { "config.webhook", "config.transcriber" },
    private_hosts = { "config.webhook", "config.transcriber" },
    http_routes   = { "/voicemail" },
    events        = { "voicemail.recorded", "voicemail.heard", "voicemail.deleted", "call.ended" },
    jobs          = true,
    store         = true,
    db            = true,
    mail          = true,
    recordings    = true,
    sms           = true,
    voicemail     = true,
  },

  config = {
    mail = {
      type = "map", of = "email", default = {},
      help = "Who gets a mail, by mailbox; goes by the relay of config.lua (smtp).",
    },
    sound = {
      type = "enum", values = { "attached", "linked", "left_out" }, default = "attached",
      help = "How mails bring the sound.",
    },
    link = { type = "string", help = "Where people open a message; {message} is its id. Goes with sound = \"linked\"." },
    mail_subject = { type = "string", default = "{urgent}新留言：{from}", help = "With {places}." },
    mail_text = {
      type = "text",
      default = "{from} 于 {at} 给信箱 {mailbox} {mailbox_name} 留言 {seconds} 秒。\n\n{text}\n{due}\n{link}\n",
      help = "With {places}; lines that are empty in the end are left out.",
    },
    sms = {
      type = "map", of = "phone", default = {},
      help = "Who gets a text message, by mailbox; needs the plugin sms.",
    },
    sms_text = { type = "string", default = "{urgent}{from} 于 {at} 给信箱 {mailbox} 留言 {seconds} 秒。", help = "With {places}." },

    webhook = { type = "url", help = "What is told of what becomes of messages. Goes with secret." },
    secret = { type = "secret", min = 16, help = "What webhooks are signed with: whsec_ and base64, or any text." },
    old_secret = { type = "secret", min = 16, help = "The one before, while the receiver changes over; both sign." },
    timeout = { type = "duration", default = "15s", min = 1, max = 60, help = "How long the receiver may take." },

    transcriber = {
      type = "url",
      help = "Gets the sound (POST, audio/wav) and answers { \"text\": … }; mails and text messages wait for it, for 70 s at most.",
    },
    transcriber_token = { type = "secret", help = "A bearer token for the transcriber." },

    call_back = {
      type = "map", of = "enum", values = { "always", "off_hours" }, default = {},
      help = "Whose messages are to be called back, by mailbox: all, or those that were left while it was closed.",
    },
    hours = {
      type = "map", of = "string", default = {},
      help = "When the desk is open, as `schedule` takes it: [\"mon-fri\"] = \"09:00-18:00\", calendar = \"cn\".",
    },
    within = { type = "duration", default = "4h", min = 60, help = "In so many open hours a message is to be settled." },
    within_urgent = { type = "duration", default = "1h", min = 60, help = "The same for urgent ones." },
    reached_after = {
      type = "duration", default = "10s", min = 1,
      help = "Who talks with the caller for so long has reached them, and the message is settled.",
    },
    leader = { type = "email", help = "Gets a mail when a message is not settled in time." },

    keep = { type = "duration", min = 3600, help = "Messages that were heard go when they are so old; left out, never." },
    keep_new = { type = "duration", min = 3600, help = "Those that nobody has heard go when they are so old; left out, never." },
    keep_count = { type = "integer", min = 1, help = "So many stay in a mailbox, the newest; left out, all." },
  },
}
