-- Out of hours: say so in both languages, and take a message.
local message = require "scripts.8001.message"

---@param call Call
---@param holiday? string   The holiday's name, on one
return function(call, holiday)
  local closed = holiday and "hours/holiday" or "hours/closed"

  call:play { "greet/welcome", closed }
  call.language = "en"
  call:play(closed)
  call.language = "zh"

  return message(call)
end
