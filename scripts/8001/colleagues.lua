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

-- Why nobody is taken out of the line.
local NOBODY = {
  nobody      = "agent/waiting-nobody",
  taken       = "agent/caller-taken",
  not_allowed = "hours/switch-denied",
}

---Makes a handler that takes a caller out of the line: whoever is next in the queue of that digit, or, without one, whoever
---waits longest in the queues that the user serves. Who serves the queue may, and leaders from any.
---@param numbers table<string, string>   Digits, and names of queues
---@return fun(call: Call, digit: string?)
local function take(numbers)
  return function(call, digit)
    local queue, why = digit and numbers[digit], "nobody" ---@type string?, string?
    if digit and not queue then
      call:answer()
      return call:play("menu/invalid")
    end
    if call.user then
      local _, refused = desk.order(call.user.extension, { command = "pick", queue = queue })
      why = refused
    end
    call:answer()
    return call:play(NOBODY[why] or "agent/failed")
  end
end

return {
  take         = take,
  park         = park,
  retrieve     = retrieve,
  pick_up      = function(call, number) return pick_up(call, "user:" .. number) end,
  pick_up_team = function(call) return pick_up(call, TEAM) end,
  room         = room,
}
