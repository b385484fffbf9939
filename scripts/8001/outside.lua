-- An outside number, by the carrier; the called see the hotline's number.
local HOTLINE = "4001234567"

local said = {
  busy      = "call/busy",
  no_answer = "call/noanswer",
}

return function(call)
  local leg, why = call:bridge("trunk:carrier/" .. call.to, { timeout = 60, caller_id = HOTLINE })
  if leg then
    return
  end

  call:progress()
  call:play(said[why] or "call/failed")
  return call:reject(why)
end
