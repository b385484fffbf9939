-- Tickets: what has happened is written down, and told to the ticket system. Events are stored with their cause, tickets
-- in a table, jobs on disk: neither a restart nor a receiver that is down loses any.
local deliver = require "plugins.tickets.deliver"
local desk    = require "plugins.tickets.desk"
local phone   = require "plugins.tickets.phone"
local routes  = require "plugins.tickets.routes"

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

---Asks for a ticket to be seen to (催单): the ticket system is told, and scripts hear "tickets.urged".
---@param number string
---@param by string   "user:1049", "api:desk"
---@return string? number   nil when there is no such ticket
function tickets.urge(number, by)
  local ticket = desk.ticket(number)
  if not ticket then
    return nil
  end
  local times = desk.urge(ticket.number)
  tickets.report("ticket.urged", ticket.number .. " " .. times, { ticket = ticket.number, by = by, times = times })
  emit("tickets.urged", { number = ticket.number, by = by, times = times, assigned_to = ticket.assigned_to })
  return ticket.number
end

routes.urge(tickets.urge)

---What a phone dials (*42, *42 and a category's key): opens a ticket for the caller's last call, says its number, and takes
---a spoken note.
---@param call Call
---@param category? string
function tickets.from_phone(call, category)
  return phone.open(call, tickets.report, category)
end

---What a phone dials (*44): says how many tickets wait for the caller, are under way, and are urged.
tickets.say_mine = phone.say_numbers

---What a phone dials (*440 and the last five digits of a number): urges that ticket.
---@param call Call
---@param digits? string
function tickets.urge_by_phone(call, digits)
  return phone.urge(call, tickets.urge, digits)
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
