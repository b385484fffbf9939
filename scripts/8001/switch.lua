-- The hotline's switch, which goes before the hours until somebody opens it again: it outlives reloads and restarts.
-- By phone it tells how it stands, and leaders set it, as they do by the command `queue_switch`. A key that dials its code
-- has its lamp lit while the switch stands so; the codes stand in codes.lua.
local switch = {}

local NAME   = "hotline" -- of `switches` in config.lua
local STATES = { ["0"] = "open", ["1"] = "closed", ["2"] = "emergency" }
local SPOKEN = {
  open      = "hours/switch-open",
  closed    = "hours/switch-closed",
  emergency = "hours/switch-emergency",
}

-- When the switch is closed by itself: while all meet. An emergency is not touched.
local MEETING = schedule { thu = "17:30-18:00" }

---@return SwitchState
function switch.state()
  return queues.switch(NAME)
end

---@param state SwitchState
local function light(state)
  for digit, meaning in pairs(STATES) do
    lamps.set("hotline-" .. digit, meaning == state)
  end
  lamps.set("hotline", state ~= "open")
end

---@param user string?   Who does it; nobody but the plan of the week
---@param wanted SwitchState
---@return Performed? done
---@return string? why
---@return string? sentence
local function set(user, wanted)
  return desk.order(user, { command = "queue_switch", switch = NAME, state = wanted })
end

---Sets it by the digit behind the code, if there is one, and says how it stands.
---@param call Call
---@param digit? string
function switch.code(call, digit)
  call:answer()
  local wanted = STATES[digit or ""] ---@type SwitchState?
  if wanted then
    if not call.user then
      return call:play("hours/switch-denied")
    end
    local done, why = set(call.user.extension, wanted)
    if not done then
      return call:play(why == "not_allowed" and "hours/switch-denied" or "agent/failed")
    end
  end
  return call:play(SPOKEN[switch.state()])
end

local function follow_the_plan()
  if switch.state() ~= "emergency" then
    local done, _, sentence = set(nil, MEETING:is_open() and "closed" or "open")
    if not done then
      log.warn("the hotline's switch does not follow the plan of the week: " .. sentence)
    end
  end
end

every("thu 17:30", follow_the_plan)
every("thu 18:00", follow_the_plan)

-- However it was set: by phone, by API, by the plan.
on("queue.switched", function(about)
  if about.switch == NAME then
    light(about.state)
  end
end)
on("generation.published", function() light(switch.state()) end)

return switch
