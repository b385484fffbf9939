-- What the plugin is, what it may do, and what it can be set to.
return {
  name        = "alarms",
  version     = "1.0.0",
  api         = 1,
  description = "Mails what somebody should look at: the money and minutes of calls to the outside, trunks, waits.",

  permissions = {
    events = { "toll.alarm", "toll.cut", "toll.country", "emergency.called", "alert.raised", "trunk.down" },
    jobs   = true,
    mail   = true,
  },

  config = {
    to = { type = "list", of = "string", default = {}, help = "Who gets the mail: desk@example.com." },
    events = {
      type = "list", of = "enum",
      values = { "toll.alarm", "toll.cut", "toll.country", "emergency.called", "alert.raised", "trunk.down" },
      default = { "toll.alarm", "toll.cut", "toll.country", "emergency.called", "alert.raised" },
      help = "What is mailed.",
    },
  },
}
