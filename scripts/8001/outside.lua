-- An outside number, by the carrier; the called see the hotline's number.
local HOTLINE = "4001234567"

-- Why nobody came: the number's fault, or the toll fence of config.lua.
local said = {
  busy          = "call/busy",
  no_answer     = "call/noanswer",
  unallocated   = "call/invalid",
  switched_off  = "call/switched-off",
  not_allowed   = "call/off",
  limit_reached = "call/limit",
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
