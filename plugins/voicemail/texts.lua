-- Has messages made into text: by a program over HTTP, or by a function of the dialplan or another plugin.
local hooks  = require "plugins.voicemail.hooks"
local notify = require "plugins.voicemail.notify"

local texts = {}

local settings = plugin.config

-- Who is to be told of a message does not wait longer than the sum of these for a transcriber that is down.
local WAITS = { "10s", "1m" }

---@type (fun(audio: string, message: table): string?, string?)?
local transcriber

---@param audio string
---@param message table
---@return string? text
---@return string? why
local function by_http(audio, message)
  local reply = http.post(settings.transcriber, {
    body    = audio,
    bearer  = settings.transcriber_token,
    headers = { ["Content-Type"] = "audio/wav", ["X-Message"] = message.id },
    timeout = "2m",
  })
  local answer = reply.json
  if reply.status ~= 200 or type(answer) ~= "table" or type(answer.text) ~= "string" then
    return nil, "the transcriber answered " .. reply.status
  end
  return answer.text
end

if settings.transcriber then
  transcriber = by_http
end

---Has texts made by a function instead: it gets the sound (a WAV file) and the message, and returns the text, or nil and why
---not.
---@param make fun(audio: string, message: table): string?, string?
function texts.made_by(make)
  if type(make) ~= "function" then
    error("voicemail.transcribed_by: expected a function(audio, message) that returns a text", 2)
  end
  transcriber = make
end

---@param message table
---@return string? text
---@return string? why
local function transcribed(message)
  if not transcriber then
    return nil, "nobody makes texts any more"
  end
  local audio, missing = recordings.audio(message.recording)
  if not audio then
    return nil, missing
  end
  local done, text, why = pcall(transcriber, audio, message)
  if not done then
    return nil, tostring(text)
  end
  if type(text) ~= "string" then
    return nil, why and tostring(why) or "the transcriber has returned no text"
  end
  return text
end

jobs.handle("transcribe", { retry = WAITS }, function(message, job)
  local text, why = transcribed(message)
  if text then
    db.exec("INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", message.id, text, clock.now())
    hooks.tell("voicemail.transcribed", message.id, message.id, { id = message.id, mailbox = message.mailbox, text = text })
  elseif job.attempt <= #WAITS then
    error(why) -- the job runs again
  end
  notify.of(message)
  if not text then
    error(why) -- the job is listed as failed, and can be run again
  end
end)

---Has a text made of a message, and tells people of it afterwards; at once where nobody makes texts.
---@param message table
function texts.make(message)
  if transcriber then
    jobs.add("transcribe", message, { key = message.id })
  else
    notify.of(message)
  end
end

return texts
