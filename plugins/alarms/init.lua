-- Alarms by mail. Each is a job: one that the relay does not take now is tried again, after a restart too.
local words = require "plugins.alarms.words"

local alarms = {}

local settings = plugin.config

jobs.handle("mail", {}, function(alarm, job)
  if #settings.to == 0 then
    return -- it was taken out of config.lua meanwhile
  end
  local sent, why = mail.send {
    to = settings.to, subject = alarm.subject, text = alarm.text, id = job.id,
  }
  if not sent then
    error(("the relay takes no mail to %s: %s"):format(table.concat(settings.to, ", "), why))
  end
end)

---Mails one; the same alarm of the same day is mailed once.
---@param event string
---@param about table   As the event tells it
function alarms.tell(event, about)
  local subject, text = words.of(event, about)
  local what = { event, about.user or "", about.limit or about.country or about.call or about.of or "", clock.text("%Y-%m-%d") }
  jobs.add("mail", { subject = subject, text = text }, { key = table.concat(what, " ") })
end

for _, event in ipairs(settings.events) do
  on(event, function(about) alarms.tell(event, about) end)
end

return alarms
