-- Text messages: `sms.send` for scripts, routes for desks, "sms.received" for all.
local messages = require "plugins.sms.messages"
local outbox   = require "plugins.sms.outbox"
local text     = require "plugins.sms.text"

local sms = {}

local config = plugin.config
local last   = plugin.store("last", { expires = "7d" })

sms.segments = text.segments

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
function sms.send(message)
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

---What a phone dials (*76 and a template's name of one digit): that text to whom the user talked with last.
---@param call Call
---@param name? string   The template; what is dialled ends with it when left out
function sms.from_phone(call, name)
  call:answer()
  local user = call.user
  local about = user and last:get(user.extension)
  if not (user and about) then
    return call:play("sms/nobody")
  end
  name = name or call.to:match("%d$")
  local row = config.templates[name] and sms.send {
    to = about.number, template = name, by = user.extension, call = about.call,
    values = { agent = user.extension, name = user.name or "" },
  }
  call:play(row and "sms/sent" or "sms/failed")
end

-- Whom each user talked with last.
on("call.ended", { durable = true }, function(call)
  local number = call.user and call.to or call.from
  if not number or call.to:find("^%*") then
    return
  end
  for _, agent in ipairs(call.agents) do
    if agent ~= number then
      last:set(agent, { number = number, call = call.id })
    end
  end
  if call.user then
    last:set(call.user, { number = number, call = call.id })
  end
end)

http.route("POST /sms", { auth = "agent" }, function(request)
  local wanted = request.json
  if type(wanted) ~= "table" or (type(wanted.text) ~= "string" and type(wanted.template) ~= "string") then
    return 400, { error = "expected { to, text } or { to, template, values }" }
  end
  local done, row, why = pcall(sms.send, {
    to = wanted.to, text = wanted.text, template = wanted.template, values = wanted.values, by = request.by,
  })
  if not done then
    return 400, { error = tostring(row) }
  end
  if not row then
    return 409, { error = why }
  end
  return 202, row
end)

http.route("GET /sms", { auth = "agent", query = { "number" } }, function(request)
  local number = request.query.number
  return 200, { messages = json.list(messages.list(number and (messages.canonical(number) or number))) }
end)

http.route("DELETE /sms/opt-outs/:number", { auth = "agent" }, function(request)
  local number = messages.canonical(request.params.number)
  return number and messages.opt_in(number) and 204 or 404
end)

return sms
