-- What colleagues do with each other's calls: park them, take them, meet in a room. Which code does it stands in
-- codes.lua.
local message = require "scripts.8001.message"

-- Whose ringing phones are picked up where nobody is named.
local TEAM = { "user:1001", "user:1049", "user:1050", "user:1051" }

-- Who has parked a call that nobody fetches is rung; the hotline's mailbox comes after them.
local function park(call)
  local leg, why = call:park()
  if leg then
    return
  end
  if why == "full" then
    return call:reject("congestion")
  end

  local parker = call.transferred_by
  if parker and not call:bridge("user:" .. parker, { timeout = 25 }) then
    return message(call)
  end
end

---@param call Call
---@param place string   Two digits: 01 is 5901
local function retrieve(call, place)
  call:retrieve("59" .. place)
  call:answer()
  return call:play("park/empty")
end

---@param call Call
---@param whose Target|Target[]
local function pick_up(call, whose)
  call:pickup(whose)
  call:answer()
  return call:play("pickup/nobody")
end

---@param call Call
---@param number string   Two digits
local function room(call, number)
  local _, why = call:conference("88" .. number, { leave_on = "#" })
  if why == "full" then
    return call:play("call/busy")
  end
end

---Takes whoever is next in a queue, or the one at a place. Who serves the queue may, and leaders.
---@param call Call
---@param place? string
local function take(call, place)
  local waits = queues.get("it").callers[tonumber(place) or 1]
  local why = "nobody"
  if waits and call.user then
    local _, refused = desk.order(call.user.extension, { command = "pick", call = waits.call })
    why = refused or why
  end
  call:answer()
  return call:play(why == "not_allowed" and "hours/switch-denied" or "agent/waiting-nobody")
end

return {
  take         = take,
  park         = park,
  retrieve     = retrieve,
  pick_up      = function(call, number) return pick_up(call, "user:" .. number) end,
  pick_up_team = function(call) return pick_up(call, TEAM) end,
  room         = room,
}
