-- Rings a team one after the other and records the conversation, which the caller is told before.
local message = require "scripts.8001.message"

---@param call Call
---@param team Target[]
return function(call, team)
  call:play("agent/record")

  local leg = call:bridge(team, { strategy = "in_order", timeout = 15, record = true })
  if leg then
    return call:play("bye/thanks")
  end

  call:play("call/noanswer")
  return message(call)
end
