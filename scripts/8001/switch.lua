-- The hotline's switch, which goes before the hours until somebody opens it again: it outlives reloads and restarts.
-- *28 tells how it stands; leaders set it: *280 open, *281 closed, *282 emergency.
local switch = {}

local LEADERS = { ["1001"] = true }
local STATES  = { ["*280"] = "open", ["*281"] = "closed", ["*282"] = "emergency" }
local SPOKEN  = {
  open      = "hours/switch-open",
  closed    = "hours/switch-closed",
  emergency = "hours/switch-emergency",
}

local kept = store("hotline")

---@return "open"|"closed"|"emergency"
function switch.state()
  return kept:get("switch") or "open"
end

---Sets it by the code that was dialled, and says how it stands.
---@param call Call
function switch.code(call)
  call:answer()
  local wanted = STATES[call.to]
  if wanted then
    if not (call.user and LEADERS[call.user.extension]) then
      return call:play("hours/switch-denied")
    end
    kept:set("switch", wanted)
    log.info("the hotline is " .. wanted .. ", says " .. call.user.extension)
  end
  return call:play(SPOKEN[switch.state()])
end

return switch
