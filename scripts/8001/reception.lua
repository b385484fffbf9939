-- The hotline: opening hours first, then the menu.
local english   = require "scripts.8001.english"
local hours     = require "scripts.8001.hours"
local message   = require "scripts.8001.message"
local off_hours = require "scripts.8001.off_hours"
local ring      = require "scripts.8001.ring"
local serve     = require "scripts.8001.serve"
local switch    = require "scripts.8001.switch"

local OPERATOR = { "user:1001" }

---@type table<string, Handler>
local choices = {
  ["1"] = function(call) return serve(call, "it") end,
  ["2"] = function(call) return ring(call, { "user:1050", "user:1051" }) end,
  ["3"] = function(call) return message(call) end,
  ["0"] = function(call) return ring(call, OPERATOR) end,
}

return function(call)
  call:answer()

  local state = switch.state()
  if state == "emergency" then
    call:play { "greet/welcome", "hours/emergency" }
    return message(call)
  end
  if state == "closed" or not hours:is_open() then
    return off_hours(call, hours:holiday())
  end

  local prompt = { "greet/welcome", "menu/main" } ---@type Sound|Sound[]
  for _ = 1, 3 do
    local key = english.ask(call, prompt)
    local choice = choices[key]
    if choice then
      return choice(call)
    end
    if key ~= english.KEY then
      call:play(key and "menu/invalid" or "menu/timeout")
    end
    prompt = "menu/main"
  end

  return message(call)
end
