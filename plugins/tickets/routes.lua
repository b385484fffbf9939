-- What others ask and say over HTTP, below /t/TENANT/tickets.
local deliver = require "plugins.tickets.deliver"
local desk    = require "plugins.tickets.desk"

local routes = {}

local function shown(ticket)
  ticket.subject = nil
  return ticket
end

local NONE = { error = "there is no such ticket" }

---Whether a ticket is within the reach of whoever asks: opened by, or assigned to, somebody whom they see; or nobody's yet,
---as of a missed call, which anybody may take.
---@param request HttpRequest
---@return boolean
local function reaches(request, ticket)
  local is_nobodys = not ticket.opened_by and not ticket.assigned_to
  return is_nobodys or request.role == "tickets" or request.reaches(ticket.opened_by) or request.reaches(ticket.assigned_to)
end

---The ticket that is asked for; or the status and why not.
---@param request HttpRequest
---@param changes boolean   Whether something is done about it
---@return table? ticket
---@return integer status
---@return table? why
local function find(request, changes)
  local ticket = desk.ticket(request.params.number)
  if not ticket then
    return nil, 404, NONE
  end
  if not reaches(request, ticket) then
    return nil, 403, { error = "this ticket is not within your reach: it was opened by others, and is assigned to others" }
  end
  if changes and request.role == "quality" then
    return nil, 403, { error = "your role reads tickets, and does nothing about them" }
  end
  return ticket, 200
end

http.route("GET /tickets", { auth = "agent", query = { "state" } }, function(request)
  local found = json.list {}
  for _, ticket in ipairs(desk.list(request.query.state, request.role ~= "tickets" and request.reach or nil)) do
    found[#found + 1] = shown(ticket)
  end
  return 200, { tickets = found }
end)

-- By its number, or by the id of the call.
http.route("GET /tickets/:number", { auth = "agent", query = {} }, function(request)
  local ticket, status, why = find(request, false)
  if not ticket then
    return status, why
  end
  local events = json.list {}
  for _, event in ipairs(desk.events(ticket.number)) do
    events[#events + 1] = {
      type = event.kind, at = event.at, data = json.decode(event.data), state = event.state,
      attempts = event.attempts, error = event.error,
    }
  end
  ticket = shown(ticket)
  ticket.events = events
  return 200, ticket
end)

http.route("POST /tickets/:number/replay", { auth = "agent" }, function(request)
  local ticket, status, why = find(request, true)
  if not ticket then
    return status, why
  end
  if not plugin.config.url then
    return 409, { error = "no url is set that webhooks would go to" }
  end
  return 202, { replayed = deliver.again(ticket.number) }
end)

if plugin.config.token then
  http.route("POST /tickets/:number", { auth = { bearer = plugin.config.token } }, function(request)
    local said = request.json
    if type(said) ~= "table" then
      return 400, { error = "say what has changed: { \"state\": \"closed\" }" }
    end
    for _, name in ipairs { "state", "key", "url", "assigned_to" } do
      if said[name] ~= nil and (type(said[name]) ~= "string" or #said[name] > 500) then
        return 400, { error = name .. ": expected text of 500 characters at most" }
      end
    end
    local ticket = desk.ticket(request.params.number)
    if not ticket then
      return 404, NONE
    end
    desk.change(ticket.number, said)
    local now = shown(desk.ticket(ticket.number))
    emit("tickets.changed", now)
    return 200, now
  end)
end

---Lets programs and people urge a ticket.
---@param urge fun(number: string, by: string): string?
function routes.urge(urge)
  http.route("POST /tickets/:number/urge", { auth = "agent" }, function(request)
    local ticket, status, why = find(request, true)
    if not ticket then
      return status, why
    end
    urge(ticket.number, request.by or "api")
    return 200, shown(desk.ticket(ticket.number))
  end)
end

return routes
