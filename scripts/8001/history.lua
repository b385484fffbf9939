-- One's own calls, from the phone: the last number again, who called last, and the last five, of which a key dials one.
-- The list follows the user to every phone. Which code does it stands in codes.lua.
local function nobody(call)
  call:answer()
  return call:play("call/no-history")
end

---@param direction "out"|"in"
local function last(direction)
  return function(call)
    for _, entry in ipairs(calls.history(call.user.extension, 50)) do
      if entry.direction == direction and entry.number then
        return call:transfer(entry.number)
      end
    end
    return nobody(call)
  end
end

---The last five numbers, each once.
---@return string[]
local function five(call)
  local numbers, seen = {}, {}
  for _, entry in ipairs(calls.history(call.user.extension, 50)) do
    if entry.number and not seen[entry.number] and #numbers < 5 then
      seen[entry.number] = true
      numbers[#numbers + 1] = entry.number
    end
  end
  return numbers
end

local function choose(call)
  local numbers = five(call)
  if #numbers == 0 then
    return nobody(call)
  end

  local read = {}
  for place, number in ipairs(numbers) do
    read[#read + 1] = { number = place }
    read[#read + 1] = { digits = number }
  end
  call:answer()
  for _ = 1, 2 do
    local key = call:gather { play = read, max_digits = 1, timeout = 5, finish_on = "" }
    local number = numbers[tonumber(key) or 0] ---@type string?
    if number then
      return call:transfer(number)
    end
  end
end

return {
  redial    = last("out"),
  call_back = last("in"),
  choose    = choose,
}
