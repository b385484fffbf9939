-- Tells another program what becomes of messages: one webhook for each event, by the Standard Webhooks specification,
-- those of one message in the order in which they happened.
local hooks = {}

local settings = plugin.config
local receiver = plugin.store("receiver")

-- The schedule of the specification.
local WAITS = { "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h" }

if settings.webhook and not settings.secret then
  error("voicemail: secret is missing: webhook says where webhooks go, secret signs them")
end

---@param event integer
local function add(event)
  jobs.add("webhook", { event = event }, { key = "event " .. event })
end

---Writes down that something has happened to a message, and tells of it. Of one kind and key it counts once.
---@param kind string    noun.past: "voicemail.created"
---@param key string     What makes it one event
---@param message string Its id
---@param data table     Plain data
---@param at? number     When it happened; now when left out
function hooks.tell(kind, key, message, data, at)
  if not settings.webhook then
    return
  end
  db.exec("INSERT OR IGNORE INTO hooks (message, kind, key, at, data) VALUES (?, ?, ?, ?, ?)",
    message, kind, key, at or clock.now(), json.encode(data))
  local event = db.one("SELECT id, state FROM hooks WHERE kind = ? AND key = ?", kind, key)
  if event and event.state == "waiting" then
    add(event.id)
  end
end

---Adds the jobs that are missing: the exchange may have been killed between an event and its job.
function hooks.catch_up()
  for _, event in ipairs(db.query("SELECT id FROM hooks WHERE state = 'waiting' ORDER BY id LIMIT 1000")) do
    add(event.id)
  end
end

---What was told of a message, and what has become of it.
---@param message string
---@return table[]
function hooks.of(message)
  return db.query("SELECT kind AS type, at, state, attempts, error FROM hooks WHERE message = ? ORDER BY id", message)
end

---Puts the job off while the receiver wants to be left alone, or an earlier event of the message has yet to be told.
---@param event table
local function take_turn(event)
  local rest = (receiver:get("rest") or 0) - clock.now()
  if rest > 0 then
    jobs.later(rest, "the receiver wants a rest")
  end
  local earlier = db.one([[
    SELECT id, kind, attempts FROM hooks WHERE message = ? AND id < ? AND state = 'waiting'
    ORDER BY id LIMIT 1]], event.message, event.id)
  if earlier then
    add(earlier.id)
    jobs.later(earlier.attempts == 0 and "2s" or "1m", earlier.kind .. " comes first")
  end
end

---@param event table
---@param state "waiting"|"delivered"|"failed"|"refused"
---@param attempts integer
---@param why? string
local function mark(event, state, attempts, why)
  db.exec("UPDATE hooks SET state = ?, attempts = ?, error = ? WHERE id = ?", state, attempts, why, event.id)
end

---@param event table
---@param job Job
---@param reply HttpReply
local function judge(event, job, reply)
  local status = reply.status
  if status >= 200 and status <= 299 then
    return mark(event, "delivered", job.attempt)
  end
  local why = "the receiver answered " .. status
  if status == 410 then
    receiver:set("gone", settings.webhook)
    mark(event, "refused", job.attempt, why)
    return log.warn("the receiver wants no more webhooks (410): none are sent until another one is set")
  end
  mark(event, job.attempt > #WAITS and "failed" or "waiting", job.attempt, why)
  if status == 429 or status == 502 or status == 504 or reply.retry_after then
    -- All others wait, too.
    receiver:set("rest", clock.now() + (reply.retry_after or 60))
  end
  if status == 429 then
    jobs.later(reply.retry_after or "1m", why)
  end
  error(why) -- the job runs again, later each time
end

jobs.handle("webhook", { retry = WAITS }, function(what, job)
  local event = db.one("SELECT * FROM hooks WHERE id = ?", what.event)
  if not event or event.state == "delivered" then
    return
  end
  if not settings.webhook then
    return mark(event, "refused", event.attempts, "no webhook is set any more")
  end
  if receiver:get("gone") == settings.webhook then
    return mark(event, "refused", event.attempts, "the receiver wants no more webhooks")
  end
  take_turn(event)
  mark(event, job.attempt > #WAITS and "failed" or "waiting", job.attempt, "no answer")
  local reply = http.post(settings.webhook, {
    json = {
      type = event.kind, timestamp = clock.text("%Y-%m-%dT%H:%M:%S%:z", event.at), data = json.decode(event.data),
    },
    timeout = settings.timeout,
    webhook = { id = "msg_" .. event.id, secret = { settings.secret, settings.old_secret } },
  })
  judge(event, job, reply)
end)

return hooks
