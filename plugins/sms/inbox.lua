-- What providers tell, whatever driver it comes by: incoming messages, and receipts.
local messages = require "plugins.sms.messages"

local inbox = {}

local stops = {}
for _, word in ipairs(plugin.config.opt_out) do
  stops[word:upper()] = true
end

---@param said string
---@return boolean
local function is_stop(said)
  local word = said:match("^%s*(.-)%s*$") or said
  return stops[word:upper()] == true
end

---Takes an incoming message: once, where it has an id.
---@param message { id: string?, from: string, to: string?, text: string }
function inbox.take(message)
  local row = messages.receive(message)
  if not row then
    return -- told before
  end
  local opted_out = is_stop(message.text)
  if opted_out then
    messages.opt_out(message.from)
  end
  emit("sms.received", {
    id = row.id, from = message.from, to = message.to, text = message.text, opted_out = opted_out,
  })
end

---What has become of a message that was sent.
---@param id integer
---@param state "delivered"|"failed"
---@param why? string
function inbox.receipt(id, state, why)
  messages.mark(id, state, why)
  emit("sms.changed", messages.get(id))
end

return inbox
