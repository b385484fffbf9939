-- The hotline's switch, which goes before the hours until somebody opens it again: it outlives reloads and restarts.
-- By phone it tells how it stands, and leaders set it. A key that dials its code has its lamp lit while the switch stands
-- so; the codes stand in codes.lua.
local switch = {}

local LEADERS = { ["1001"] = true }
local STATES  = { ["0"] = "open", ["1"] = "closed", ["2"] = "emergency" }
local SPOKEN  = {
  open      = "hours/switch-open",
  closed    = "hours/switch-closed",
  emergency = "hours/switch-emergency",
}

-- When the switch is closed by itself: while all meet. An emergency is not touched.
local MEETING = schedule { thu = "17:30-18:00" }

local kept = store("hotline")

---@return "open"|"closed"|"emergency"
function switch.state()
  return kept:get("switch") or "open"
end

local function light()
  local state = switch.state()
  for digit, meaning in pairs(STATES) do
    lamps.set("hotline-" .. digit, meaning == state)
  end
  lamps.set("hotline", state ~= "open")
end

---@param wanted "open"|"closed"|"emergency"
---@param by string
local function set(wanted, by)
  kept:set("switch", wanted)
  light()
  log.info("the hotline is " .. wanted .. ", says " .. by)
end

---Sets it by the digit behind the code, if there is one, and says how it stands.
---@param call Call
---@param digit? string
function switch.code(call, digit)
  call:answer()
  local wanted = STATES[digit or ""] ---@type ("open"|"closed"|"emergency")?
  if wanted then
    if not (call.user and LEADERS[call.user.extension]) then
      return call:play("hours/switch-denied")
    end
    set(wanted, call.user.extension)
  end
  return call:play(SPOKEN[switch.state()])
end

local function follow_the_plan()
  if switch.state() ~= "emergency" then
    set(MEETING:is_open() and "closed" or "open", "the plan of the week")
  end
end

every("thu 17:30", follow_the_plan)
every("thu 18:00", follow_the_plan)

on("generation.published", light)

return switch
