-- Tells people of a message: by mail and by SMS, each a job of its own, so that one that fails does not repeat the other.
local desk  = require "plugins.voicemail.desk"
local words = require "plugins.voicemail.words"

local notify = {}

local settings = plugin.config

---The plugin sms, where somebody wants text messages. Its name is no literal: who wants none needs no such plugin.
local function messenger()
  for _ in pairs(settings.sms) do
    return require("plugins." .. "sms")
  end
end
local sms = messenger()

---@param message string
---@return string?
function notify.text_of(message)
  local row = db.one("SELECT text FROM texts WHERE message = ?", message)
  return row and row.text
end

---@param template string
---@param message VoicemailAbout
---@return string
local function said(template, message)
  local case = desk.get(message.id)
  return words.fill(template, message, notify.text_of(message.id), case and case.due_at)
end

---Sends a letter. One that the relay refuses for good is tried again all the same, and listed as failed in the end: an
---address or a right is mended, and the job run again.
---@param letter MailOptions
local function deliver(letter)
  local sent, why = mail.send(letter)
  if not sent then
    error(("the relay takes no mail to %s: %s"):format(letter.to, why))
  end
end

jobs.handle("mail", {}, function(message, job)
  local letter = {
    to      = settings.mail[message.mailbox],
    subject = said(settings.mail_subject, message),
    text    = said(settings.mail_text, message),
    id      = job.id,
  }
  if not letter.to then
    return -- it was taken out of config.lua meanwhile
  end
  if settings.sound == "attached" then
    letter.attachments = { { recording = message.recording, name = "message.wav" } }
  end
  deliver(letter)
end)

jobs.handle("sms", {}, function(message)
  local to = settings.sms[message.mailbox]
  if not (sms and to) then
    return
  end
  local sent, why = sms.send {
    to = to, text = said(settings.sms_text, message), call = message.call, key = "voicemail " .. message.id,
  }
  if not sent then
    error(("no text message to %s: %s"):format(to, why)) -- listed as failed in the end, until somebody mends it
  end
end)

jobs.handle("late", {}, function(what, job)
  local message = voicemail.get(what.message)
  if not (message and settings.leader) then
    return
  end
  deliver {
    to      = settings.leader,
    subject = "超时未回电：" .. (message.from or "未知号码"),
    text    = said(settings.mail_text, message),
    id      = job.id,
  }
end)

---Tells all who want to know that a message has come.
---@param message table   As the event tells it
function notify.of(message)
  if settings.mail[message.mailbox] then
    jobs.add("mail", message, { key = message.id })
  end
  if settings.sms[message.mailbox] then
    jobs.add("sms", message, { key = message.id })
  end
end

return notify
