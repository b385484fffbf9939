-- The tenant in which this plugin is tried.
return {
  timezone = "Asia/Shanghai",
  smtp     = { host = "mail.example.com", from = "pbx@example.com" },
  plugins  = {
    sms = { url = "https://sms.example.com/v1", token = "a-token-of-some-length" },
    voicemail = {
      mail        = { ["8000"] = "desk@example.com" },
      sms         = { ["8000"] = "+8613900139000" },
      webhook     = "https://desk.example.com/hooks",
      secret      = "a secret of some length",
      transcriber = "https://asr.example.com/v1/text",
      keep        = "30d",
      keep_new    = "60d",
      keep_count  = 3,
    },
  },
}
