-- The tenant in which this plugin is tried.
return {
  timezone = "Asia/Shanghai",
  smtp     = { host = "mail.example.com", from = "pbx@example.com" },
  plugins  = {
    sms = { url = "https://sms.example.com/v1", token = "a-token-of-some-length" },
    voicemail = {
      mail          = { ["8000"] = "desk@example.com" },
      sms           = { ["8000"] = "+8613900139000" },
      webhook       = "https://desk.example.com/hooks",
      secret        = "a secret of some length",
      old_secret    = "a secret from long ago",
      transcriber   = "https://asr.example.com/v1/text",
      call_back     = { ["8000"] = "off_hours", ["1001"] = "always" },
      hours         = { ["mon-fri"] = "09:00-18:00" },
      within        = "2h",
      leader        = "leader@example.com",
      keep          = "1d",
      keep_new      = "3d",
      keep_count    = 3,
    },
  },
}
