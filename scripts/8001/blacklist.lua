-- Callers who are not wanted, from the phone: a number is put on the blacklist, taken off, or the last caller is put there.
-- Who may do so is the exchange's to say: leaders may. Which code does it stands in codes.lua.
local REASONS = { ["1"] = "nuisance", ["2"] = "fraud", ["3"] = "abuse" }

local REFUSALS = {
  not_allowed = "list/not-allowed",
  not_listed  = "list/not-listed",
  no_number   = "list/not-a-number",
}

---@param call Call
---@param deed Deed
---@param said Sound
local function order(call, deed, said)
  local user = call.user
  if not user then
    return call:play(REFUSALS.not_allowed)
  end
  local done, why = desk.order(user.extension, deed)
  return call:play(done and said or REFUSALS[why] or "agent/failed")
end

---@param call Call
---@param number? string
local function add(call, number)
  if not number then
    return call:play("list/not-a-number")
  end
  local key = call:gather { play = "list/reason", max_digits = 1, timeout = 5, finish_on = "" }
  local deed = { command = "list_add", list = "blacklist", number = number, reason = REASONS[key] or "other" }
  return order(call, deed, "list/added")
end

local function ask(call)
  return call:gather { play = "list/number", max_digits = 20, timeout = 8, finish_on = "#" }
end

return {
  add = function(call)
    call:answer()
    return add(call, ask(call))
  end,

  remove = function(call)
    call:answer()
    local number = ask(call)
    if not number then
      return call:play("list/not-a-number")
    end
    return order(call, { command = "list_remove", list = "blacklist", number = number }, "list/removed")
  end,

  add_last = function(call)
    call:answer()
    for _, entry in ipairs(calls.history(call.user.extension, 50)) do
      if entry.direction == "in" and entry.number and not config.users[entry.number] then
        return add(call, entry.number)
      end
    end
    return call:play("call/no-history")
  end,
}
