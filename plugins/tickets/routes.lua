-- What others ask and say over HTTP, below /t/TENANT/tickets.
local deliver = require "plugins.tickets.deliver"
local desk    = require "plugins.tickets.desk"

local routes = {}

local function shown(ticket)
  ticket.subject = nil
  return ticket
end

local NONE = { error = "there is no such ticket" }

http.route("GET /tickets", { auth = "agent", query = { "state" } }, function(request)
  local found = json.list {}
  for _, ticket in ipairs(desk.list(request.query.state)) do
    found[#found + 1] = shown(ticket)
  end
  return 200, { tickets = found }
end)

-- By its number, or by the id of the call.
http.route("GET /tickets/:number", { auth = "agent", query = {} }, function(request)
  local ticket = desk.ticket(request.params.number)
  if not ticket then
    return 404, NONE
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
  local ticket = desk.ticket(request.params.number)
  if not ticket then
    return 404, NONE
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

---Lets programs urge a ticket.
---@param urge fun(number: string, by: string): string?
function routes.urge(urge)
  http.route("POST /tickets/:number/urge", { auth = "agent" }, function(request)
    local number = urge(request.params.number, request.by or "api")
    if not number then
      return 404, NONE
    end
    return 200, shown(desk.ticket(number))
  end)
end

return routes
