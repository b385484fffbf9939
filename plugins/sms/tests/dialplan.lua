-- 100 rings 1001; *761 sends the first template; 200 waits, and a key or half a minute wants a link.
local sms = require "plugins.sms"

queue "it" {
  agents   = { "1001" },
  join_if  = "always",
  stay_if  = "always",
  overflow = { { after = 30, emit = "link.wanted" } },
}

local function ring(call)
  local leg, why = call:bridge("user:1001", { timeout = 20 })
  if not leg then
    call:reject(why)
  end
end

local function wait(call)
  local link = { emit = "link.wanted", play = sms.takes_link(call.from) and "sms/sent" or "sms/failed" }
  call:queue("it", { keys = { ["5"] = link } })
end

context "internal" { ["100"] = ring, ["_*76X"] = sms.from_phone }
context "inbound"  { ["100"] = ring, ["200"] = wait }
