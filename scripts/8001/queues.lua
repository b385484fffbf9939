-- The queues: who serves them, and how.
queue "it" {
  agents       = { "1049", "1050", "1051" },
  strategy     = "longest_idle",
  ring_timeout = 15,
  wrap_up      = "2m",
  max_wait     = "5m",
  announce     = { position = true, every = 45 },
}
