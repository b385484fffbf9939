-- A link by text message: what a key or a step of a queue wants for its caller (link.wanted), once in each call.
local messages = require "plugins.sms.messages"
local send     = require "plugins.sms.send"
local text     = require "plugins.sms.text"

local link = {}

-- What is wrong with the setting is found when the files load, and not when a caller presses the key.
local said, why = text.link(plugin.config.link, plugin.config.templates)
if why then
  error("config.lua: plugins.sms.link: " .. why, 0)
end

---Whether a link reaches whoever calls by this number: a mobile phone whose owner has not opted out.
---@param number? string
---@return boolean
function link.reaches(number)
  local canonical = said and number and calls.number(number).kind == "mobile" and messages.canonical(number)
  return canonical and not messages.has_opted_out(canonical) or false
end

on("link.wanted", function(caller)
  if not said then
    return log.warn("a caller wants a link, and config.lua has none: set plugins.sms.link")
  end
  if link.reaches(caller.from) then
    send { to = caller.from, text = said, call = caller.call, key = "link " .. caller.call }
  end
end)

return link
