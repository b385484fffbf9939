-- Queues a text message, whoever wants it sent.
local messages = require "plugins.sms.messages"
local outbox   = require "plugins.sms.outbox"
local text     = require "plugins.sms.text"

local config = plugin.config

---@param message table
---@return string
local function content(message)
  local said = message.text
  if message.template then
    local template = config.templates[message.template]
    if not template then
      error(("sms.send: no template '%s' in config.lua"):format(message.template), 0)
    end
    said = text.fill(template, message.values)
  end
  if type(said) ~= "string" or said == "" or not utf8.len(said) then
    error("sms.send: text: what it says is missing, or is no UTF-8", 0)
  end
  return (config.signature and "【" .. config.signature .. "】" or "") .. said
end

---Queues a text message. Returns at once: a slow provider never keeps a caller waiting.
---Of several with one `key` the first is sent, and is what the others return.
---@param message { to: string, text: string?, template: string?, values: table?, by: string?, call: string?, key: string? }
---@return { id: integer, segments: integer, state: string }?
---@return nil|"no_number"|"opted_out"|"too_long" why
local function send(message)
  local to = messages.canonical(message.to)
  if not to then
    return nil, "no_number"
  end
  if messages.has_opted_out(to) then
    return nil, "opted_out"
  end
  local said = content(message)
  if text.segments(said) > 10 then
    return nil, "too_long"
  end
  return outbox.add { to = to, text = said, by = message.by, call = message.call, key = message.key }
end

return send
