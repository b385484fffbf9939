-- The bench exchange: no authentication, loopback only. Callers are 127.0.0.2, the callee is 127.0.0.3:5080.
return {
  sip = {
    listen = { "udp:127.0.0.1:5060", "tcp:127.0.0.1:5060" },

    trunks = {
      callers = { tenant = "bench", context = "bench", host = "127.0.0.2:5070", trusted = "127.0.0.2" },
      callee  = { tenant = "bench", context = "nothing", host = "127.0.0.3:5080", free = true },
      alaw    = { tenant = "bench", context = "nothing", host = "127.0.0.3:5080", codecs = "pcma", free = true },
    },

    -- Load generators answer what they are written for, and nothing else.
    options_interval = 0,
    session_expires  = 0,
  },

  rtp  = { ports = { 16384, 32767 }, codecs = { "pcmu", "pcma" }, timeout = 0 },
  http = { listen = "127.0.0.1:8080" },

  tenants = {
    -- A user here needs a context of scripts/bench.lua: without one it is "internal", which is not there, and
    -- nothing would load.
    bench = {
      dialplan = "scripts.bench",
      language = "zh",
      users    = { ["1049"] = { password = "demo-1049", context = "nothing" } },
    },
  },

  limits = { max_calls = 100000 },
}
