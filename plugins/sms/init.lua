-- Text messages: `sms.send` for scripts, routes for desks, "sms.received" for all.
local link     = require "plugins.sms.link"
local messages = require "plugins.sms.messages"
local text     = require "plugins.sms.text"

local sms = {}

local config = plugin.config
local last   = plugin.store("last", { expires = "7d" })

sms.segments = text.segments

---Queues a text message; see there.
sms.send = require "plugins.sms.send"

---Whether a link reaches whoever calls by this number, by a key of a queue that emits link.wanted: a mobile phone whose
---owner has not opted out.
sms.takes_link = link.reaches

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
