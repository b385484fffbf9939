-- What agents do by phone: open a ticket for the call that they had last, hear how many wait for them, urge one.
local desk = require "plugins.tickets.desk"

local phone = {}

-- The last call of each user.
local last = plugin.store("last", { expires = "7d" })

---Remembers who had a call last: those who talked in it, and who made it.
---@param call table   As call.ended tells it
function phone.remember(call)
  if call.to:find("^%*") then
    return
  end
  local about = { call = call.id, from = call.from, to = call.to, at = call.ended_at }
  for _, agent in ipairs(call.agents) do
    last:set(agent, about)
  end
  if call.user then
    last:set(call.user, about)
  end
end

---Opens a ticket, says its number, and takes a note. Whoever hangs up has said enough.
---@param call Call
---@param report fun(kind: string, key: string, data: table): string
---@param category? string   A key of the setting categories
function phone.open(call, report, category)
  call:answer()
  local user = call.user
  if category and not plugin.config.categories[category] then
    return call:play("record/no-such-category")
  end
  local about = user and last:get(user.extension)
  if not (user and about) then
    return call:play("ticket/none")
  end
  local number = report("ticket.opened", call.id, {
    call = about.call, from = about.from, to = about.to, by = user.extension,
    category = category and plugin.config.categories[category],
  })
  call.vars.ticket, call.vars.ticket_of = number, about.call
  call:play { "ticket/opened", { digits = number:match("%d+$") }, "ticket/note" }
  call:record { max_duration = "3m" }
end

---Says how many tickets wait for the caller, are under way, and are urged: 待办 4, 在途 12, 被催 0.
---@param call Call
function phone.say_numbers(call)
  call:answer()
  local numbers = desk.numbers(call.user and call.user.extension or "")
  call:play {
    "ticket/to-do", { number = numbers.to_do }, "ticket/under-way", { number = numbers.under_way },
    "ticket/urged", { number = numbers.urged },
  }
end

---Urges the ticket whose number ends with five digits, which are asked for when they are not said.
---@param call Call
---@param urge fun(number: string, by: string): string?
---@param digits? string
function phone.urge(call, urge, digits)
  call:answer()
  digits = digits or call:gather { play = "ticket/which", max_digits = 5, timeout = 8 }
  local ticket = digits and desk.ending(digits)
  if not (ticket and call.user) then
    return call:play("ticket/unknown")
  end
  urge(ticket.number, "user:" .. call.user.extension)
  call:play("ticket/urge-ok")
end

---The note that was spoken in a call to *42: its recording, and what is told of it.
---@param call table   As call.ended tells it
---@return string? recording
---@return table? about
function phone.note(call)
  local vars = call.vars
  if type(vars) ~= "table" or not vars.ticket_of then
    return nil
  end
  for _, recording in ipairs(recordings.list(call.id)) do
    if not recording.seconds then
      jobs.later("1s", "the note is not on disk yet")
    end
    if recording.seconds >= 1 then
      return recording.id, {
        call = vars.ticket_of, by = call.user, recording = recording.id, seconds = recording.seconds,
      }
    end
  end
end

return phone
