-- What the plugin is, what it may do, and what it can be set to.
return {
  name        = "contacts",
  version     = "1.0.0",
  api         = 1,
  description = "Keeps a record of each contact with a customer (联络历史) until its agent has closed it with a category and a result.",

  permissions = {
    http_routes = { "/contacts" },
    events      = { "call.ended" },
    db          = true,
  },

  config = {
    categories = {
      type = "map", of = "string", default = { ["1"] = "enquiry", ["2"] = "fault", ["3"] = "complaint", ["4"] = "other" },
      help = "Words for what a contact was about, each with the key for it; the sound record/WORD says it.",
    },
    results = {
      type = "map", of = "string", default = { ["1"] = "solved", ["2"] = "follow-up", ["3"] = "unsolved" },
      help = "Words for what has become of it, likewise.",
    },
  },
}
