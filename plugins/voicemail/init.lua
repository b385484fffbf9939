-- Voicemail: what becomes of messages once they are left. Events are stored with their cause and jobs are on disk: neither
-- a restart nor a receiver that is down loses any.
local desk  = require "plugins.voicemail.desk"
local hooks = require "plugins.voicemail.hooks"
local phone = require "plugins.voicemail.phone"
local texts = require "plugins.voicemail.texts"
require "plugins.voicemail.routes"
require "plugins.voicemail.clearing"

on("voicemail.recorded", { durable = true }, function(message, event)
  local told = { due_at = desk.open(message) }
  for name, value in pairs(message) do
    told[name] = value
  end
  hooks.tell("voicemail.created", message.id, message.id, told, event.added_at)
  texts.make(message)
end)

on("voicemail.heard", { durable = true }, function(message, event)
  hooks.tell("voicemail.heard", message.id, message.id, message, event.added_at)
end)

on("voicemail.deleted", { durable = true }, function(message, event)
  hooks.tell("voicemail.deleted", event.key, message.id, message, event.added_at)
  desk.clear(message.id, false)
  db.exec("INSERT OR REPLACE INTO deleted VALUES (?, ?)", message.id, event.added_at)
end)

on("call.ended", { durable = true }, function(call)
  local message = call.user and desk.called(call)
  if message then
    phone.remember(call.user, message)
  end
end)

return { call_back = phone.call_back, result = phone.result, transcribed_by = texts.made_by }
