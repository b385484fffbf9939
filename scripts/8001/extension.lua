-- A colleague: ring, then their mailbox.
return function(call)
  local leg, why = call:bridge("user:" .. call.to, { timeout = 25 })
  if leg then
    return
  end

  if why == "unavailable" and not config.users[call.to] then
    call:progress()
    call:play("call/invalid")
    return call:reject("unallocated")
  end

  return call:voicemail(call.to, { greeting = why == "busy" and "busy" or "unavailable" })
end
