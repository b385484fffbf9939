-- The floor: 300 agents who serve queues, and one line to the world. Loopback only.
local users = { ["1001"] = { password = "demo-1001", role = "leader" } }
for number = 2001, 2300 do
  users[tostring(number)] = { password = "demo-" .. number }
end

return {
  sip = {
    listen = { "udp:127.0.0.1:5060", "tcp:127.0.0.1:5060" },

    trunks = {
      carrier = { tenant = "8001", context = "inbound", host = "127.0.0.9:5090", trusted = "127.0.0.9" },
    },

    -- Load generators answer what they are written for, and nothing else.
    options_interval = 0,
    session_expires  = 0,
  },

  rtp  = { ports = { 10240, 65533 }, codecs = { "pcmu", "pcma" }, timeout = 0 },
  http = { listen = "127.0.0.1:8080" },

  tenants = {
    ["8001"] = {
      domain   = "127.0.0.1",
      dialplan = "scripts.floor",
      users    = users,

      agents = { after_wrap_up = "back" },
    },
  },

  limits = { max_calls = 100000 },
}
