-- The driver http: posts each message to the provider, which tells by two routes what comes back.
local inbox    = require "plugins.sms.inbox"
local messages = require "plugins.sms.messages"

local config = plugin.config
if not (config.url and config.token) then
  error("config.lua: plugins.sms: the driver http needs url and token", 0)
end

local driver = {}

-- 401 and 403 are a token that somebody will set right.
local LATER = { [401] = true, [403] = true, [408] = true, [429] = true }

local function is_temporary(status)
  return LATER[status] or status >= 500
end

---Hands a message to the provider, by a key that stays the same.
---@param row table
---@param job Job
---@return Sent
function driver.send(row, job)
  local reply = http.post(config.url .. "/messages", {
    bearer  = config.token,
    headers = { ["Idempotency-Key"] = job.id },
    json    = { from = config.from, to = messages.dialled(row.number), text = row.text, reference = tostring(row.id) },
    timeout = config.timeout,
  })
  local status = reply.status
  if status >= 200 and status <= 299 then
    local theirs = type(reply.json) == "table" and reply.json.id
    return { id = theirs and tostring(theirs) or nil }
  end
  return {
    why   = "the provider answered " .. status,
    again = is_temporary(status),
    rest  = status == 429 and (reply.retry_after or 60) or nil,
  }
end

http.route("POST /sms/incoming", { auth = { bearer = config.token } }, function(request)
  local message = request.json
  local from = type(message) == "table" and messages.canonical(message.from) or nil
  if not (from and message.id) or type(message.text) ~= "string" then
    return 400, { error = "expected { id, from, to, text }" }
  end
  inbox.take { id = tostring(message.id), from = from, to = message.to, text = message.text }
  return 204
end)

http.route("POST /sms/receipts", { auth = { bearer = config.token } }, function(request)
  local receipt = request.json
  local id = type(receipt) == "table" and math.tointeger(tonumber(receipt.reference))
  local row = id and messages.get(id)
  if not row or row.direction ~= "out" then
    return 404, { error = "reference: there is no such message" }
  end
  if receipt.state ~= "delivered" and receipt.state ~= "failed" then
    return 400, { error = "state: expected delivered or failed" }
  end
  inbox.receipt(row.id, receipt.state, type(receipt.error) == "string" and receipt.error or nil)
  return 204
end)

return driver
