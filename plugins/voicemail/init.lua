-- Voicemail: what becomes of messages once they are left. First text, if somebody makes it, then all who are to know.
local notify = require "plugins.voicemail.notify"
require "plugins.voicemail.routes"

local settings = plugin.config

-- Who is to know does not wait longer than the sum of these for a transcriber that is down.
local WAITS = { "10s", "1m" }

---@param message table
---@return string? text
---@return string? why
local function transcribed(message)
  local audio, why = recordings.audio(message.recording)
  if not audio then
    return nil, why
  end
  local said, reply = pcall(http.post, settings.transcriber, {
    body    = audio,
    bearer  = settings.transcriber_token,
    headers = { ["Content-Type"] = "audio/wav", ["X-Message"] = message.id },
    timeout = "2m",
  })
  if not said then
    return nil, tostring(reply)
  end
  local answer = reply.json
  if reply.status ~= 200 or type(answer) ~= "table" or type(answer.text) ~= "string" then
    return nil, "the transcriber answered " .. reply.status
  end
  return answer.text
end

jobs.handle("transcribe", { retry = WAITS }, function(what, job)
  local message = what.message
  local text, why = transcribed(message)
  if text then
    db.exec("INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", message.id, text, clock.now())
  elseif job.attempt <= #WAITS then
    error(why) -- the job runs again
  else
    log.warn("no text of message", message.id, why)
  end
  notify.recorded(message, what.at)
end)

on("voicemail.recorded", { durable = true }, function(message, event)
  if settings.transcriber then
    jobs.add("transcribe", { message = message, at = event.added_at }, { key = message.id })
  else
    notify.recorded(message, event.added_at)
  end
end)

on("voicemail.heard", { durable = true }, function(message, event)
  notify.webhook("voicemail.heard", message, event.added_at)
end)

on("voicemail.deleted", { durable = true }, function(message, event)
  notify.webhook("voicemail.deleted", message, event.added_at)
  db.exec("DELETE FROM texts WHERE message = ?", message.id)
end)

---Whether a message is to go, when so many newer ones are in its mailbox.
---@param message VoicemailAbout
---@param newer integer
---@return boolean
local function is_old(message, newer)
  local age = clock.now() - message.left_at
  local keep = message.heard_at and settings.keep or not message.heard_at and settings.keep_new
  return keep and age > keep or settings.keep_count and newer >= settings.keep_count or false
end

if settings.keep or settings.keep_new or settings.keep_count then
  every("1h", function()
    local newer, last = {}, nil
    repeat
      local page = voicemail.list { before = last, limit = 500 }
      for _, message in ipairs(page) do
        local count = newer[message.mailbox] or 0
        if is_old(message, count) then
          voicemail.delete(message.id)
        else
          newer[message.mailbox] = count + 1
        end
        last = message.id
      end
    until #page < 500
  end)
end
