-- The table, and the jobs that hand its messages to the provider: each once, by a key that stays the same.
local text = require "plugins.sms.text"

local outbox = {}

local config   = plugin.config
local provider = plugin.store("provider")

local WAITS = { "5s", "30s", "2m", "10m", "30m", "1h", "3h", "6h", "12h" }

---Without spaces and dashes; nil when it is no number.
---@param number any
---@return string?
function outbox.plain(number)
  local plain = tostring(number or ""):gsub("[%s%-()]", "")
  return plain:match("^%+?%d%d%d%d%d+$") and #plain <= 16 and plain or nil
end

---One form of a number, by which it is known: without +86 and the zero of the country.
local function known(number)
  return (number:gsub("^%+?86(1%d%d%d%d%d%d%d%d%d%d)$", "%1"))
end

---@param number string
---@return boolean
function outbox.has_opted_out(number)
  return db.one("SELECT 1 AS is_so FROM opt_outs WHERE number = ?", known(number)) ~= nil
end

---@param number string
function outbox.opt_out(number)
  db.exec("INSERT OR IGNORE INTO opt_outs VALUES (?, ?)", known(number), clock.now())
end

---@param number string
---@return boolean done   false when it was not on the list
function outbox.opt_in(number)
  return db.exec("DELETE FROM opt_outs WHERE number = ?", known(number)) > 0
end

---Puts a message into the table, and a job beside it.
---@param message { to: string, text: string, by: string?, call: string? }
---@return any row   A table by column
function outbox.add(message)
  local now = clock.now()
  local row = db.one([[
    INSERT INTO messages (direction, number, text, segments, state, by, call, at, changed_at)
    VALUES ('out', ?, ?, ?, 'waiting', ?, ?, ?, ?) RETURNING *]],
    message.to, message.text, text.segments(message.text), message.by, message.call, now, now)
  jobs.add("send", { message = row.id }, { key = "message " .. row.id })
  return row
end

---@param id integer
---@return table?
function outbox.get(id)
  return db.one("SELECT * FROM messages WHERE id = ?", id)
end

---The newest messages, a hundred at most.
---@param number? string
---@return table[]
function outbox.list(number)
  return db.query("SELECT * FROM messages WHERE ?1 IS NULL OR number = ?1 ORDER BY id DESC LIMIT 100", number)
end

---Writes an incoming message down, once.
---@param message { id: string, from: string, text: string }
---@return table? row   nil when it was here before
function outbox.receive(message)
  local now = clock.now()
  return db.one([[
    INSERT OR IGNORE INTO messages (direction, number, text, segments, state, theirs, at, changed_at)
    VALUES ('in', ?, ?, ?, 'received', ?, ?, ?) RETURNING *]],
    message.from, message.text, text.segments(message.text), message.id, now, now)
end

---What has become of a message that was sent; what is delivered stays so.
---@param id integer
---@param state "sent"|"delivered"|"failed"
---@param why? string
---@param theirs? string
function outbox.mark(id, state, why, theirs)
  db.exec([[
    UPDATE messages SET state = ?, error = ?, theirs = coalesce(?, theirs), changed_at = ?
    WHERE id = ? AND direction = 'out' AND state <> 'delivered']], state, why, theirs, clock.now(), id)
end

local function is_temporary(status)
  return status == 408 or status == 429 or status >= 500
end

jobs.handle("send", { retry = WAITS }, function(what, job)
  local row = outbox.get(what.message)
  if not row or row.state ~= "waiting" then
    return
  end
  local rest = (provider:get("rest") or 0) - clock.now()
  if rest > 0 then
    jobs.later(rest, "the provider wants a rest")
  end
  local reply = http.post(config.url .. "/messages", {
    bearer  = config.token,
    headers = { ["Idempotency-Key"] = job.id },
    json    = { from = config.from, to = row.number, text = row.text, reference = tostring(row.id) },
    timeout = config.timeout,
  })
  local status = reply.status
  if status >= 200 and status <= 299 then
    local theirs = type(reply.json) == "table" and reply.json.id
    return outbox.mark(row.id, "sent", nil, theirs and tostring(theirs) or nil)
  end
  local why = "the provider answered " .. status
  if status == 429 then
    provider:set("rest", clock.now() + (reply.retry_after or 60))
    jobs.later(reply.retry_after or "1m", why)
  end
  if is_temporary(status) and job.attempt <= #WAITS then
    error(why) -- the job runs again, later each time
  end
  outbox.mark(row.id, "failed", why)
end)

return outbox
