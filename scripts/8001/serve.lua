-- Waits for an agent of a queue. The conversation is recorded, which the caller is told before.
local message = require "scripts.8001.message"

-- As "queue/continue" says them: 2 leaves a message, 3 goes home and is called back. Both ask to be pressed again.
local KEYS = { ["2"] = "voicemail:8000", ["3"] = "callback" }

---@param call Call
---@param name string   The queue
return function(call, name)
  call:play("agent/record")

  local english = call.language == "en" and { english = 5 } or nil
  local leg, why = call:queue(name, { record = true, keys = KEYS, required = english })
  if leg then
    return call:play("bye/thanks")
  end
  if why == "overflow" then
    return
  end

  call:play("call/noanswer")
  return message(call)
end
