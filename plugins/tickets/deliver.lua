-- Tells the ticket system of events: one webhook each, by the Standard Webhooks specification, those of one ticket in the
-- order in which they happened.
local desk = require "plugins.tickets.desk"

local deliver = {}

local config   = plugin.config
local receiver = plugin.store("receiver")

-- Events that a job is telling of at this moment. After a crash it ends by itself, when no answer can come any more.
local sending = plugin.store("sending", { expires = config.timeout + 5 })

-- The schedule of the specification.
local WAITS = { "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h" }

if config.url and not config.secret then
  error("tickets: secret is missing: url says where webhooks go, secret signs them")
end

---In which state events begin: with nowhere to send them, none waits for it.
deliver.first_state = config.url and "waiting" or "untold"

---@param event TicketEvent
function deliver.add(event)
  if config.url and event.state == "waiting" then
    jobs.add("deliver", { event = event.id }, { key = "event " .. event.id })
  end
end

-- The exchange may be killed when an event is written down and its job is not: it would wait for ever, and hold up the
-- later ones of its ticket. A job that there is already is not added again.
every("1m", function()
  for _, event in ipairs(desk.untried()) do
    deliver.add(event)
  end
end)

---Tells of a ticket's events once more, by the same ids.
---@param number string
---@return integer count
function deliver.again(number)
  receiver:delete("gone")
  local events = desk.events(number)
  for _, event in ipairs(events) do
    desk.mark(event, "waiting", 0)
    jobs.add("deliver", { event = event.id })
  end
  return #events
end

---Puts the job off while the receiver wants to be left alone.
local function rest()
  local left = (receiver:get("rest") or 0) - clock.now()
  if left > 0 then
    jobs.later(left, "the ticket system wants a rest")
  end
end

---Puts the job off while there is an earlier event of the same ticket.
---@param event TicketEvent
local function keep_order(event)
  local earlier = desk.before(event)
  if earlier then
    local soon = earlier.attempts == 0
    jobs.later(soon and "2s" or "1m", ("%s of ticket %s comes first"):format(earlier.kind, event.ticket))
  end
end

---@param event TicketEvent
local function webhook(event)
  local data = json.decode(event.data)
  data.ticket = event.ticket
  return { type = event.kind, timestamp = clock.text("%Y-%m-%dT%H:%M:%S%:z", event.at), data = data }
end

---What holds until something better is known.
---@param event TicketEvent
---@param job Job
---@param why string
local function fails(event, job, why)
  local is_last = job.attempt > #WAITS
  desk.mark(event, is_last and "failed" or "waiting", job.attempt, why)
end

---What the answer says of the ticket: its name there, and where people see it.
local function learn(event, answer)
  if type(answer) == "table" and (type(answer.key) == "string" or type(answer.url) == "string") then
    desk.change(event.ticket, {
      key = type(answer.key) == "string" and answer.key or nil,
      url = type(answer.url) == "string" and answer.url or nil,
    })
  end
end

---@param event TicketEvent
---@param job Job
---@param reply HttpReply
---@return string? why    nil when nothing is left to do
---@return Duration? later   When the attempt does not count
local function judge(event, job, reply)
  local status = reply.status
  if status >= 200 and status <= 299 then
    desk.mark(event, "delivered", job.attempt)
    learn(event, reply.json)
    return
  end
  local why = "the ticket system answered " .. status
  fails(event, job, why)
  if status == 410 then
    receiver:set("gone", config.url)
    desk.mark(event, "refused", job.attempt, why)
    log.warn("the ticket system wants no more webhooks (410): none are sent until another url is set")
    return
  end
  if status == 429 or status == 502 or status == 504 or reply.retry_after then
    -- All others wait, too.
    receiver:set("rest", clock.now() + (reply.retry_after or 60))
  end
  if status == 429 then
    return why, reply.retry_after or "1m"
  end
  return why
end

---@param event TicketEvent
---@return HttpReply
local function tell(event)
  return http.post(config.url, {
    json    = webhook(event),
    timeout = config.timeout,
    webhook = {
      id     = ("msg_%s_%d"):format(event.ticket, event.id),
      secret = { config.secret, config.old_secret },
    },
  })
end

jobs.handle("deliver", { retry = WAITS }, function(what, job)
  local event = desk.event(what.event)
  if not event or event.state == "delivered" then
    return
  end
  if receiver:get("gone") == config.url then
    return desk.mark(event, "refused", event.attempts, "the ticket system wants no more webhooks")
  end
  rest()
  keep_order(event)
  -- What is replayed may have another job that waits for its next attempt.
  if not sending:add(tostring(event.id)) then
    jobs.later("5s", "it is being told")
  end
  local now = desk.event(event.id)
  if now and now.state == "delivered" then
    sending:delete(tostring(event.id))
    return
  end
  fails(event, job, "no answer")
  local reached, reply = pcall(tell, event)
  local why, later ---@type string?, Duration?
  if reached then
    why, later = judge(event, job, reply --[[@as HttpReply]])
  else
    why = tostring(reply)
  end
  sending:delete(tostring(event.id))
  if later then
    jobs.later(later, why)
  elseif why then
    error(why, 0) -- the job runs again, later each time
  end
end)

return deliver
