-- Messages that are to be called back: which, until when, who has tried, and what came of it.
local hooks = require "plugins.voicemail.hooks"

local desk = {}

local settings = plugin.config

---What may come of a call-back; whether the message is settled then.
desk.RESULTS = { reached = true, not_reached = false, wrong_number = true, not_needed = true }

---The desk's hours; none when it is always open.
---@return Hours?
local function opening()
  local week, is_given = {}, false
  for name, value in pairs(settings.hours) do
    week[name], is_given = value, true
  end
  return is_given and schedule(week) or nil
end
local hours = opening()

for mailbox, when in pairs(settings.call_back) do
  if when == "off_hours" and not hours then
    error(("voicemail: hours is missing: call_back of %s is for messages that come while the desk is closed"):format(mailbox))
  end
end

---Whether a message is to be called back.
---@param message table
---@return boolean
local function is_wanted(message)
  local when = settings.call_back[message.mailbox]
  return when == "always" or (when == "off_hours" and hours ~= nil and not hours:is_open(message.left_at))
end

---When so much time has passed in which the desk is open.
---@param from number
---@param within number
---@return number
local function due(from, within)
  local at, left = from, within
  -- A desk that opens less often than this is as good as closed.
  for _ = 1, 400 do
    local change = hours and hours:next_change(at)
    if not (hours and change) then
      break
    end
    if hours:is_open(at) then
      if at + left <= change then
        break
      end
      left = left - (change - at)
    end
    at = change
  end
  return at + left
end

---One form of a number, by which it is known: without +86 and the zero of the country.
---@param number string?
---@return string?
local function known(number)
  local digits = number and number:gsub("[%s%-()]", ""):gsub("^%+86", ""):gsub("^0086", ""):gsub("^0", "")
  return digits
end

---@param message string
---@return table?
function desk.get(message)
  return db.one("SELECT * FROM call_backs WHERE message = ?", message)
end

---Writes a new message down if it is to be called back; once.
---@param message table   As the event tells it
---@return number? due_at
function desk.open(message)
  if not is_wanted(message) then
    return nil
  end
  local due_at = due(message.left_at, message.urgent and settings.within_urgent or settings.within)
  db.exec("INSERT OR IGNORE INTO call_backs (message, mailbox, number, left_at, day, due_at) VALUES (?, ?, ?, ?, ?, ?)",
    message.id, message.mailbox, known(message.from), message.left_at, clock.text("%Y-%m-%d", message.left_at), due_at)
  jobs.add("due", { message = message.id }, { at = due_at, key = message.id })
  return due_at
end

jobs.handle("due", {}, function(what)
  local case = db.one("UPDATE call_backs SET late = 1 WHERE message = ? AND state = 'open' RETURNING *", what.message)
  if not case then
    return
  end
  local message = voicemail.get(case.message)
  local about = {
    id = case.message, mailbox = case.mailbox, from = message and message.from, due_at = case.due_at,
    assigned_to = message and message.assigned_to,
  }
  hooks.tell("voicemail.overdue", case.message, case.message, about)
  emit("voicemail.overdue", about)
  if settings.leader then
    jobs.add("late", { message = case.message }, { key = case.message })
  end
end)

---What came of a call-back. Of one call it counts once.
---@param message string
---@param attempt { result: string, by: string?, note: string?, call: string? }
function desk.note(message, attempt)
  local now = clock.now()
  local row = db.transaction(function(tx)
    local row = tx:one([[
      INSERT OR IGNORE INTO attempts (message, call, by, result, note, at) VALUES (?, ?, ?, ?, ?, ?)
      RETURNING *]], message, attempt.call, attempt.by, attempt.result, attempt.note, now)
    if row and desk.RESULTS[row.result] then
      tx:exec([[
        UPDATE call_backs SET state = 'settled', result = ?, settled_by = ?, settled_at = ? WHERE message = ?]],
        row.result, row.by, now, message)
    elseif row then
      tx:exec([[
        UPDATE call_backs SET state = 'open', result = ?, settled_by = NULL, settled_at = NULL WHERE message = ?]],
        row.result, message)
    end
    return row or tx:one("SELECT * FROM attempts WHERE message = ? AND call = ?", message, attempt.call)
  end)
  local kind = desk.RESULTS[row.result] and "voicemail.settled" or "voicemail.tried"
  local case = desk.get(message) or {}
  local about = {
    id = message, mailbox = case.mailbox, result = row.result, by = row.by, note = row.note, call = row.call,
    late = case.late == 1,
  }
  hooks.tell(kind, tostring(row.id), message, about, row.at)
  emit(kind, about)
end

---Somebody has called: notes it with all messages of that number that are open.
---@param call table   As call.ended tells it
---@return string? message   The last of them
function desk.called(call)
  local last = nil
  for _, leg in ipairs(call.called) do
    local number = known(leg.number)
    for _, case in ipairs(db.query("SELECT message FROM call_backs WHERE number = ? AND state = 'open'", number)) do
      local is_reached = leg.seconds and leg.seconds >= settings.reached_after
      desk.note(case.message, { result = is_reached and "reached" or "not_reached", by = call.user, call = call.id })
      last = case.message
    end
  end
  return last
end

---Gives an open message to a user, unless somebody else has just taken it.
---@param message string
---@param user string
---@return boolean taken
function desk.take(message, user)
  local now = clock.now()
  local taken = db.exec([[
    UPDATE call_backs SET taken_by = ?1, taken_at = ?2
    WHERE message = ?3 AND state = 'open' AND (taken_by IS NULL OR taken_by = ?1 OR taken_at < ?2 - 600)]],
    user, now, message)
  return taken > 0
end

---The open messages, those first that are due first.
---@param mailbox? string
---@return table[]
function desk.due_first(mailbox)
  return db.query([[
    SELECT * FROM call_backs WHERE state = 'open' AND (?1 IS NULL OR mailbox = ?1)
    ORDER BY due_at LIMIT 500]], mailbox)
end

---What was tried.
---@param message string
---@return table[]
function desk.attempts(message)
  return db.query("SELECT by, result, note, call, at FROM attempts WHERE message = ? ORDER BY id", message)
end

---A message that was deleted needs no call; one that is back needs it again.
---@param message string
---@param is_there boolean
function desk.clear(message, is_there)
  db.exec("UPDATE call_backs SET state = ? WHERE message = ? AND state = ?",
    is_there and "open" or "cleared", message, is_there and "cleared" or "open")
end

---How many were to be called back, and how it went, of those that were left from one day to another, both included.
---@param query table<string, string?>   from, to: 2026-11-30
---@return table
function desk.figures(query)
  local sums = db.one([[
    SELECT count(*) AS messages, coalesce(sum(state = 'open'), 0) AS open, coalesce(sum(state = 'settled'), 0) AS settled,
      coalesce(sum(state = 'cleared'), 0) AS cleared,
      coalesce(sum(state = 'settled' AND settled_at <= due_at), 0) AS in_time,
      coalesce(sum(late), 0) AS late
    FROM call_backs WHERE day >= coalesce(?, '') AND day <= coalesce(?, '9')]], query.from, query.to) or {}
  sums.results = {}
  for _, row in ipairs(db.query([[
    SELECT result, count(*) AS count FROM call_backs
    WHERE state = 'settled' AND day >= coalesce(?, '') AND day <= coalesce(?, '9') GROUP BY result]],
    query.from, query.to)) do
    sums.results[row.result] = row.count
  end
  return sums
end

return desk
