-- Takes a message into the hotline's own mailbox, which all agents can hear with *980.
local HOTLINE = "8000"

---@param call Call
---@return Message?
return function(call)
  return call:voicemail(HOTLINE, { greeting = "vm/leave", max_duration = "3m" })
end
