-- Tells people of a message: by mail, by webhook, by SMS, each a job of its own, so that one that fails does not repeat the
-- others.
local notify = {}

local settings = plugin.config

if settings.webhook and not settings.secret then
  error("voicemail: secret is missing: webhook says where webhooks go, secret signs them")
end

-- A name that is no literal: who does not use that plugin is not told that there is none.
local SMS = "plugins.sms"
local sms = next(settings.sms) and require(SMS) or nil

---@param message table
---@return string?
local function text_of(message)
  local row = db.one("SELECT text FROM texts WHERE message = ?", message.id)
  return row and row.text
end

---@param message table
---@return string
local function sentence(message)
  return ("%s 给信箱 %s 留言 %.0f 秒%s。"):format(
    message.from or "未知号码", message.mailbox, message.seconds, message.urgent and "（紧急）" or "")
end

jobs.handle("mail", {}, function(message, job)
  local letter = {
    to      = settings.mail[message.mailbox],
    subject = (message.urgent and "紧急留言：" or "新留言：") .. (message.from or "未知号码"),
    text    = ("%s\n%s\n\n%s"):format(
      sentence(message), clock.text("%Y-%m-%d %H:%M", message.left_at), text_of(message) or ""),
    id      = job.id,
  }
  if settings.attach then
    letter.attachments = { { recording = message.recording, name = "message.wav" } }
  end
  local sent, why = mail.send(letter)
  if not sent then
    log.warn("the relay takes no mail to", letter.to, why)
  end
end)

jobs.handle("sms", {}, function(message)
  local sent, why = sms.send { to = settings.sms[message.mailbox], text = sentence(message), call = message.call }
  if not sent then
    log.warn("no text message of a message in mailbox", message.mailbox, why)
  end
end)

jobs.handle("webhook", {}, function(what, job)
  local data = what.message
  data.text = text_of(data)
  local reply = http.post(settings.webhook, {
    json    = { type = what.kind, timestamp = clock.text("%Y-%m-%dT%H:%M:%S%:z", what.at), data = data },
    webhook = { id = "msg_" .. job.id, secret = settings.secret },
  })
  if reply.status == 429 then
    jobs.later(reply.retry_after or "1m", "the receiver wants a rest")
  end
  if reply.status < 200 or reply.status > 299 then
    error("the receiver answered " .. reply.status) -- the job runs again, later each time
  end
end)

---@param kind string
---@param message table
---@param at number
function notify.webhook(kind, message, at)
  if settings.webhook then
    local what = { kind = kind, message = message, at = at }
    jobs.add("webhook", what, { key = kind .. " " .. message.id })
  end
end

---Tells all who want to know that a message has come.
---@param message table
---@param at number
function notify.recorded(message, at)
  notify.webhook("voicemail.recorded", message, at)
  if settings.mail[message.mailbox] then
    jobs.add("mail", message, { key = message.id })
  end
  if settings.sms[message.mailbox] then
    jobs.add("sms", message, { key = message.id })
  end
end

return notify
