-- The queues: who serves them, and how.
queue "it" {
  agents       = { "1049", "1050", "1051" },
  skills       = { ["1049"] = { english = 7 }, ["1051"] = { english = 5 } },
  strategy     = "longest_idle",
  ring_timeout = 15,
  wrap_up      = "2m",
  max_wait     = "5m",

  -- Who needs English is put through to anybody after half a minute.
  relax        = { { after = 30, drop = "all" } },
  -- Places and minutes, and now and then what the keys of serve.lua are for.
  announce     = { position = true, wait = true, every = 45, at_least = 15, list = { "queue/continue" }, list_every = 60 },
  -- The caller hears 工号 1049 为您服务, the agent for how long they have waited; the two talk already.
  say_agent    = true,
  whisper      = { wait = true },
  callback     = { trunk = "carrier", caller_id = "4001234567" },
  resume       = "5m",
}
