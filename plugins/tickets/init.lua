-- Tickets: what has happened becomes a job, and a job becomes one webhook. Events are stored with their cause and
-- jobs are on disk, so neither a restart nor a receiver that is down loses any.
local tickets = {}

local config = plugin.config
local receiver = plugin.store("receiver")

-- The schedule of the Standard Webhooks specification.
local waits = { "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h" }

local missed = {}
for _, outcome in ipairs(config.missed) do
  missed[outcome] = true
end

---Tells the ticket system of something; returns at once, and false when it was told of it before.
---@param kind string   noun.past: "call.missed"
---@param key string    What makes it one event: the call's id
---@param data table    Plain data
---@return boolean
function tickets.report(kind, key, data)
  local event = { type = kind, timestamp = clock.text("%Y-%m-%dT%H:%M:%S%:z"), data = data }
  return jobs.add("deliver", event, { key = kind .. " " .. key })
end

on("call.ended", { durable = true }, function(call)
  if missed[call.outcome] then
    tickets.report("call.missed", call.id, {
      call = call.id, from = call.from, to = call.to, outcome = call.outcome, ended_by = call.ended_by,
    })
  end
end)

on("voicemail.recorded", { durable = true }, function(message)
  tickets.report("voicemail.recorded", message.id, {
    message = message.id, call = message.call, mailbox = message.mailbox, from = message.from,
    seconds = message.seconds, urgent = message.urgent,
  })
end)

jobs.handle("deliver", { retry = waits }, function(event, job)
  if receiver:get("gone") == config.url then
    return
  end
  local reply = http.post(config.url, {
    json    = event,
    timeout = config.timeout,
    webhook = { id = "msg_" .. job.id, secret = { config.secret, config.old_secret } },
  })
  if reply.status == 410 then
    receiver:set("gone", config.url)
    log.warn("the ticket system wants no more webhooks (410): none are sent until another url is set")
  elseif reply.status < 200 or reply.status > 299 then
    error("the ticket system answered " .. reply.status) -- the job runs again, later each time
  end
end)

return tickets
