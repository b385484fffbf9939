-- Tickets: what has happened is written down, and told to the ticket system. Events are stored with their cause, tickets
-- in a table, jobs on disk: neither a restart nor a receiver that is down loses any.
local deliver = require "plugins.tickets.deliver"
local desk    = require "plugins.tickets.desk"
local phone   = require "plugins.tickets.phone"
require "plugins.tickets.routes"

local tickets = {}

local missed = {}
for _, outcome in ipairs(plugin.config.missed) do
  missed[outcome] = true
end

---Writes down that something has happened, and tells the ticket system. Of one kind and key it counts once. What has
---happened in one call (`data.call`) is one ticket.
---@param kind string   noun.past: "call.missed"
---@param key string    What makes it one event: the call's id
---@param data table    Plain data
---@param at? number    When it happened; now when left out
---@return string number   The ticket's: "202603-00001"
function tickets.report(kind, key, data, at)
  local event = desk.note(kind, key, data, at or clock.now(), deliver.first_state)
  deliver.add(event)
  return event.ticket
end

---What a phone dials (*42): opens a ticket for the caller's last call, says its number, and takes a spoken note.
---@param call Call
function tickets.from_phone(call)
  return phone.open(call, tickets.report)
end

on("call.ended", { durable = true }, function(call, event)
  phone.remember(call)
  local note, about = phone.note(call)
  if note and about then
    tickets.report("ticket.noted", note, about, event.added_at)
  end
  if missed[call.outcome] then
    tickets.report("call.missed", call.id, {
      call = call.id, from = call.from, to = call.to, outcome = call.outcome, ended_by = call.ended_by,
    }, event.added_at)
  end
end)

on("voicemail.recorded", { durable = true }, function(message, event)
  tickets.report("voicemail.recorded", message.id, {
    message = message.id, call = message.call, mailbox = message.mailbox, from = message.from,
    seconds = message.seconds, urgent = message.urgent, recording = message.recording,
  }, event.added_at)
end)

return tickets
