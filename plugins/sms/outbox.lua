-- The jobs that hand messages to the provider, whatever driver does it.
local messages = require "plugins.sms.messages"

local outbox = {}

-- Only the one that is used: what the other needs is not set.
local driver
if plugin.config.driver == "smpp" then
  driver = require "plugins.sms.smpp"
else
  driver = require "plugins.sms.http"
end

---What a driver has come to: the provider has the message, or why not.
---@class Sent
---@field id string?      The provider's id
---@field why string?     Why it has it not
---@field again boolean?  Whether it may have it later
---@field rest number?    How long the provider wants to be left alone, in seconds

local provider = plugin.store("provider")

local WAITS = { "5s", "30s", "2m", "10m", "30m", "1h", "3h", "6h", "12h" }

---Puts a message into the table, and a job beside it. Of one key it is done once.
---@param message { to: string, text: string, by: string?, call: string?, key: string? }
---@return any row   A table by column
function outbox.add(message)
  local row = messages.add(message)
  jobs.add("send", { message = row.id }, { key = "message " .. row.id })
  return row
end

jobs.handle("send", { retry = WAITS }, function(what, job)
  local row = messages.get(what.message)
  if not row or row.state == "sent" or row.state == "delivered" then
    return
  end
  local rest = (provider:get("rest") or 0) - clock.now()
  if rest > 0 then
    jobs.later(rest, "the provider wants a rest")
  end
  messages.again(row.id) -- somebody may have had the job done again
  local done, sent = pcall(driver.send, row, job)
  if not done then
    sent = { why = tostring(sent), again = true } -- it is not reached, or does not answer
  end
  if not sent.why then
    return messages.sent(row.id, sent.id)
  end
  if sent.rest then
    provider:set("rest", clock.now() + sent.rest)
    jobs.later(sent.rest, sent.why)
  end
  if not sent.again or job.attempt > #WAITS then
    messages.mark(row.id, "failed", sent.why)
  end
  if sent.again then
    error(sent.why, 0) -- the job runs again, later each time; after the last time it is kept as failed
  end
end)

return outbox
