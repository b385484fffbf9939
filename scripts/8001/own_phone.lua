-- What somebody does with their own phone: tries the headset before the shift, hears their number, music and last
-- recording, changes their PIN. Which code does it stands in codes.lua.
local own = {}

---Hear yourself; # ends it.
---@param call Call
function own.echo(call)
  call:answer()
  call:echo()
end

---@param call Call
function own.number(call)
  call:answer()
  call:play { "agent/number-is", { digits = call.user and call.user.extension or call.from or "0" } }
end

---What callers on hold hear, for a minute.
---@param call Call
function own.music(call)
  call:answer()
  call:music(true)
  call:sleep("1m")
end

---The last conversation that the user has had and that was recorded; nobody else's.
---@param call Call
function own.last_recording(call)
  call:answer()
  local user = call.user
  for _, entry in ipairs(user and calls.history(user.extension, 100) or {}) do
    for _, recording in ipairs(entry.answered and recordings.list(entry.call) or {}) do
      if recording.purpose == "call" and recording.seconds then
        return call:play("recording:" .. recording.id, { interrupt_on = "any" })
      end
    end
  end
  return call:play("agent/no-recording")
end

---Asks for the old PIN, and for the new one twice.
---@param call Call
function own.change_pin(call)
  local user = call.user
  local changed = user and call:ask_pin(user.mailbox, { change = true })
  call:answer()
  call:play(changed and "agent/pin-changed" or "agent/failed")
end

return own
