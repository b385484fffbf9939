-- The tenant in which this plugin is tried.
return {
  timezone = "Asia/Shanghai",
  smtp     = { host = "127.0.0.1", from = "pbx@example.com" },
  plugins  = { alarms = { to = { "boss@example.com", "desk@example.com" } } },
}
