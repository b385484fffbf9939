-- What agents do by phone: *981 calls back whoever is due first, *9811 to *9814 say what came of it.
local desk = require "plugins.voicemail.desk"

local phone = {}

-- The message that each user has dealt with last.
local last = plugin.store("last", { expires = "7d" })

local RESULTS = { ["1"] = "reached", ["2"] = "not_reached", ["3"] = "wrong_number", ["4"] = "not_needed" }

---@param user string
---@param message string
function phone.remember(user, message)
  last:set(user, message)
end

---As it is dialled in the country.
---@param number string
---@return string
local function dialled(number)
  local own = number:match("^%+86(%d+)$")
  if own then
    return own:match("^1%d%d%d%d%d%d%d%d%d%d$") or "0" .. own
  end
  return (number:gsub("^%+", "00"))
end

---The message that a user is to call back next: of their own, or else of nobody's, the one that is due first.
---@param user string
---@return VoicemailAbout?
local function next_of(user)
  local free ---@type VoicemailAbout?
  for _, case in ipairs(desk.due_first()) do
    local message = voicemail.get(case.message)
    if message and not message.deleted_at and message.from then
      if message.assigned_to == user and desk.take(message.id, user) then
        return message
      end
      free = free or (not message.assigned_to and case.taken_by ~= user and message) or nil
    end
  end
  if free and desk.take(free.id, user) then
    return free
  end
end

---*981: gives the next message to whoever dials, says its number, and calls it.
---@param call Call
function phone.call_back(call)
  call:answer()
  local user = call.user
  local message = user and next_of(user.extension)
  if not (user and message) then
    return call:play("vm/none-open")
  end
  voicemail.assign(message.id, user.extension)
  phone.remember(user.extension, message.id)
  local number = dialled(message.from or "")
  call:play { "vm/yours", { digits = number } }
  return call:transfer(number)
end

---*9811 to *9814: what came of the last call-back.
---@param call Call
function phone.result(call)
  call:answer()
  local result, user = RESULTS[call.to:match("%d$")], call.user
  local message = user and last:get(user.extension)
  if not (result and user and message) then
    return call:play("vm/none-open")
  end
  desk.note(message, { result = result, by = user.extension })
  return call:play(desk.RESULTS[result] and "vm/settled" or "vm/still-open")
end

return phone
