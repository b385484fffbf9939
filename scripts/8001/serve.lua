-- Waits for an agent of a queue. The conversation is recorded, which the caller is told before.
local message = require "scripts.8001.message"

---@param call Call
---@param name string   The queue
return function(call, name)
  call:play("agent/record")

  local leg = call:queue(name, { record = true })
  if leg then
    return call:play("bye/thanks")
  end

  call:play("call/noanswer")
  return message(call)
end
