-- The tables: messages sent and received, and who wants none.
local text = require "plugins.sms.text"

local messages = {}

---The one form by which a number is known, however it is written: +8613900139000. nil when it is none.
---@param number any
---@return string?
function messages.canonical(number)
  local written = tostring(number or "")
  local found = calls.number(written)
  if found.canonical and found.kind ~= "internal" and found.kind ~= "emergency" then
    return found.canonical
  end
  local plain = written:gsub("[%s%-()]", "")
  return plain:match("^%+?%d%d%d%d%d+$") and #plain <= 16 and plain or nil
end

---A number as the provider wants it.
---@param number string
---@return string
function messages.dialled(number)
  local found = calls.number(number)
  return (plugin.config.numbers == "e164" and found.canonical or found.national) or number
end

---@param number string
---@return boolean
function messages.has_opted_out(number)
  return db.one("SELECT 1 AS is_so FROM opt_outs WHERE number = ?", number) ~= nil
end

---@param number string
function messages.opt_out(number)
  db.exec("INSERT OR IGNORE INTO opt_outs VALUES (?, ?)", number, clock.now())
end

---@param number string
---@return boolean done   false when it was not on the list
function messages.opt_in(number)
  return db.exec("DELETE FROM opt_outs WHERE number = ?", number) > 0
end

---Puts a message that waits into the table. Of several with one key the first is there, and is returned.
---@param message { to: string, text: string, by: string?, call: string?, key: string? }
---@return any row   A table by column
function messages.add(message)
  local now = clock.now()
  return db.one([[
    INSERT INTO messages (direction, number, text, segments, state, by, call, at, changed_at, key)
    VALUES ('out', ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING *]],
    message.to, message.text, text.segments(message.text), message.by, message.call, now, now, message.key)
end

---@param id integer
---@return table?
function messages.get(id)
  return db.one("SELECT * FROM messages WHERE id = ?", id)
end

---The newest messages, a hundred at most.
---@param number? string
---@return table[]
function messages.list(number)
  return db.query("SELECT * FROM messages WHERE ?1 IS NULL OR number = ?1 ORDER BY id DESC LIMIT 100", number)
end

---Writes an incoming message down, once where it has an id.
---@param message { id: string?, from: string, text: string }
---@return table? row   nil when it was here before
function messages.receive(message)
  local now = clock.now()
  return db.one([[
    INSERT OR IGNORE INTO messages (direction, number, text, segments, state, theirs, at, changed_at)
    VALUES ('in', ?, ?, ?, 'received', ?, ?, ?) RETURNING *]],
    message.from, message.text, text.segments(message.text), message.id, now, now)
end

---A message that had failed is tried again.
---@param id integer
function messages.again(id)
  db.exec("UPDATE messages SET state = 'waiting', error = NULL, changed_at = ? WHERE id = ? AND state = 'failed'",
    clock.now(), id)
end

---The provider has a message. What a receipt has said meanwhile stays.
---@param id integer
---@param theirs? string   The provider's id
function messages.sent(id, theirs)
  db.exec([[
    UPDATE messages SET state = CASE state WHEN 'waiting' THEN 'sent' ELSE state END,
      theirs = coalesce(?, theirs), changed_at = ?
    WHERE id = ? AND direction = 'out']], theirs, clock.now(), id)
end

---What has become of a message; what is delivered stays so.
---@param id integer
---@param state "delivered"|"failed"
---@param why? string
function messages.mark(id, state, why)
  db.exec([[
    UPDATE messages SET state = ?, error = ?, changed_at = ?
    WHERE id = ? AND direction = 'out' AND state <> 'delivered']], state, why, clock.now(), id)
end

return messages
