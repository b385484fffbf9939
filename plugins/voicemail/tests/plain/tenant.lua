-- A tenant that wants mails with a link, calls everybody back, and has no hours, no receiver and no leader.
return {
  timezone = "Asia/Shanghai",
  smtp     = { host = "mail.example.com", from = "pbx@example.com" },
  plugins  = {
    voicemail = {
      mail        = { ["8000"] = "desk@example.com" },
      sound       = "linked",
      link        = "https://desk.example.com/messages/{message}",
      transcriber = "https://asr.example.com/v1/text",
      call_back   = { ["8000"] = "always" },
    },
  },
}
