-- The tables: tickets, and what has happened to each.
local desk = {}

---@class TicketEvent
---@field id integer
---@field ticket string
---@field kind string
---@field at number
---@field data string     JSON
---@field state "untold"|"waiting"|"delivered"|"failed"|"refused"
---@field attempts integer
---@field error string?

---The month, and how many tickets it has had.
---@param tx Transaction
---@return string
local function next_number(tx)
  local month = clock.text("%Y%m")
  local row = tx:one(
    "INSERT INTO numbers VALUES (?, 1) ON CONFLICT (month) DO UPDATE SET last = last + 1 RETURNING last", month)
  return ("%s-%05d"):format(month, row.last)
end

---The ticket that an event belongs to; opens it if there is none.
---@param tx Transaction
---@return string number
local function ticket_of(tx, kind, key, data)
  if data.ticket then
    return data.ticket
  end
  local subject = data.call and "call " .. data.call or kind .. " " .. key
  local ticket = tx:one("SELECT number FROM tickets WHERE subject = ?", subject)
  if ticket then
    return ticket.number
  end
  local number, now = next_number(tx), clock.now()
  tx:exec([[
    INSERT INTO tickets (number, subject, call, kind, opened_at, changed_at, opened_by, category)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)]], number, subject, data.call, kind, now, now, data.by, data.category)
  return number
end

---Writes an event down, once.
---@param kind string
---@param key string
---@param data table
---@param at number   When it happened
---@param state "untold"|"waiting"   Whether somebody is to be told
---@return TicketEvent
function desk.note(kind, key, data, at, state)
  return db.transaction(function(tx)
    local known = tx:one("SELECT * FROM events WHERE kind = ? AND key = ?", kind, key)
    if known then
      return known
    end
    local number = ticket_of(tx, kind, key, data)
    return tx:one([[
      INSERT INTO events (ticket, kind, key, at, data, state) VALUES (?, ?, ?, ?, ?, ?)
      RETURNING *]], number, kind, key, at, json.encode(data), state)
  end)
end

---@param id integer
---@return TicketEvent?
function desk.event(id)
  return db.one("SELECT * FROM events WHERE id = ?", id)
end

---An earlier event of the same ticket that has yet to be told.
---@param event TicketEvent
---@return TicketEvent?
function desk.before(event)
  return db.one([[
    SELECT * FROM events WHERE ticket = ? AND id < ? AND state = 'waiting'
    ORDER BY id LIMIT 1]], event.ticket, event.id)
end

---Events that nobody has tried to tell yet, the oldest hundred.
---@return TicketEvent[]
function desk.untried()
  return db.query("SELECT * FROM events WHERE state = 'waiting' AND attempts = 0 ORDER BY id LIMIT 100")
end

---What has become of an event.
---@param event TicketEvent
---@param state "waiting"|"delivered"|"failed"|"refused"
---@param attempts integer
---@param why? string
function desk.mark(event, state, attempts, why)
  db.exec("UPDATE events SET state = ?, attempts = ?, error = ? WHERE id = ?", state, attempts, why, event.id)
end

---By its number, or by the call that it is about.
---@param number string
---@return table?
function desk.ticket(number)
  return db.one("SELECT * FROM tickets WHERE number = ?1 OR call = ?1", number)
end

---@param number string
---@return TicketEvent[]
function desk.events(number)
  return db.query("SELECT * FROM events WHERE ticket = ? ORDER BY id", number)
end

---The newest tickets, a hundred at most.
---@param state? string
---@param reach? string[]   Opened by, or assigned to, one of these, or nobody's yet; all when left out
---@return table[]
function desk.list(state, reach)
  return db.query([[
    SELECT * FROM tickets WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL
      OR (opened_by IS NULL AND assigned_to IS NULL)
      OR opened_by IN (SELECT value FROM json_each(?2)) OR assigned_to IN (SELECT value FROM json_each(?2)))
    ORDER BY number DESC LIMIT 100]], state, reach and json.encode(reach))
end

-- What the ticket system calls a ticket that nobody has to see to.
local OVER = "state IN ('closed', 'done', 'resolved')"

---How many tickets wait for a user, how many of theirs are under way, and how many of those that wait were urged since
---somebody did something about them.
---@param user string
---@return { to_do: integer, under_way: integer, urged: integer }
function desk.numbers(user)
  return db.one([[
    SELECT count(*) FILTER (WHERE assigned_to = ?1) AS to_do, count(*) AS under_way,
      count(*) FILTER (WHERE assigned_to = ?1 AND urged_at >= changed_at) AS urged
    FROM tickets WHERE (assigned_to = ?1 OR opened_by = ?1) AND NOT ]] .. OVER, user)
end

---The newest open ticket whose number ends so.
---@param digits string
---@return table?
function desk.ending(digits)
  return db.one([[
    SELECT * FROM tickets WHERE number LIKE '%-' || ? AND NOT ]] .. OVER .. " ORDER BY number DESC LIMIT 1", digits)
end

---Somebody asks for a ticket to be seen to; how often by now.
---@param number string
---@return integer
function desk.urge(number)
  local row = db.one("UPDATE tickets SET urges = urges + 1, urged_at = ? WHERE number = ? RETURNING urges",
    clock.now(), number)
  return row.urges
end

---What the ticket system says of a ticket; what it does not say stays.
---@param number string
---@param said { state: string?, key: string?, url: string?, assigned_to: string? }
function desk.change(number, said)
  db.exec([[
    UPDATE tickets SET state = coalesce(?, state), key = coalesce(?, key), url = coalesce(?, url),
      assigned_to = coalesce(?, assigned_to), changed_at = ?
    WHERE number = ?]], said.state, said.key, said.url, said.assigned_to, clock.now(), number)
end

return desk
