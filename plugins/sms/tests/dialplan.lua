-- 100 rings 1001; *761 sends the first template.
local sms = require "plugins.sms"

local function ring(call)
  local leg, why = call:bridge("user:1001", { timeout = 20 })
  if not leg then
    call:reject(why)
  end
end

context "internal" { ["100"] = ring, ["_*76X"] = sms.from_phone }
context "inbound"  { ["100"] = ring }
