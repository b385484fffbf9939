-- What colleagues do with each other's calls: park them, take them, meet in a room. Other numbers for it are other names
-- in the table at the end.
local message = require "scripts.8001.message"

-- Whose ringing phones *8 picks up.
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

local function retrieve(call)
  call:retrieve(call.to:sub(2))
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

local function room(call)
  local _, why = call:conference(call.to:sub(2), { leave_on = "#" })
  if why == "full" then
    return call:play("call/busy")
  end
end

-- Takes whoever is next in a queue, *27, or the one at a place, *272. Who serves the queue may, and leaders.
local function take(call)
  local place = tonumber(call.to:match("^%*27(%d)$")) or 1
  local waits = queues.get("it").callers[place]
  local why = "nobody"
  if waits and call.user then
    local _, refused = desk.order(call.user.extension, { command = "pick", call = waits.call })
    why = refused or why
  end
  call:answer()
  return call:play(why == "not_allowed" and "hours/switch-denied" or "agent/waiting-nobody")
end

return {
  ["*27"]     = take,
  ["_*27Z"]   = take,
  ["*5900"]   = park,
  ["_*59XX"]  = retrieve,
  ["_**10XX"] = function(call) return pick_up(call, "user:" .. call.to:sub(3)) end,
  ["*8"]      = function(call) return pick_up(call, TEAM) end,
  ["_*88XX"]  = room,
}
