-- What the plugin is, what it may do, and what it can be set to.
return {
  name        = "survey",
  version     = "1.0.0",
  api         = 1,
  description = "Asks callers how satisfied they are (满意度调查) after a talk, or when an agent hands them over.",

  permissions = {
    http_routes = { "/survey" },
    events      = { "call.ended" },
    store       = true,
    db          = true,
    jobs        = true,
    recordings  = true,
  },

  config = {
    min_talk = {
      type = "duration", default = "10s",
      help = "Who has talked for less is not asked; who is handed over always is.",
    },
    again_after = {
      type = "duration", default = "1d", min = 1,
      help = "One number is asked once in so long.",
    },
    low = {
      type = "integer", default = 4, min = 2, max = 5,
      help = "From here on a score is low: it tells `survey.low`, and a comment may be asked for.",
    },
    comment = { type = "boolean", default = false, help = "Whether a low score is followed by a spoken comment." },
    tickets = {
      type = "boolean", default = false,
      help = "Whether a low score opens a ticket, to call back; needs the plugin tickets.",
    },
  },
}
