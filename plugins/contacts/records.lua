-- The table: conversations with customers, and how their agents have closed them.
local records = {}

---@class Contact
---@field call string
---@field agent string
---@field number string?
---@field direction "inbound"|"outbound"
---@field at number
---@field category string?
---@field result string?
---@field closed_at number?
---@field closed_by string?

---A conversation is over: its record is open. What is there already stays.
---@param call string
---@param agent string
---@param about { number: string?, direction: string, at: number }
function records.add(call, agent, about)
  db.exec([[
    INSERT OR IGNORE INTO contacts (call, agent, number, direction, at) VALUES (?, ?, ?, ?, ?)]],
    call, agent, about.number, about.direction, about.at)
end

---How many an agent has yet to close.
---@param agent string
---@return integer
function records.open(agent)
  return db.one("SELECT count(*) AS n FROM contacts WHERE agent = ? AND closed_at IS NULL", agent).n
end

---The last one of an agent.
---@param agent string
---@return Contact?
function records.last(agent)
  return db.one("SELECT * FROM contacts WHERE agent = ? ORDER BY at DESC LIMIT 1", agent)
end

---Closes one, or says otherwise how it was closed; nil when there is none.
---@param call string
---@param agent string
---@param said { category: string, result: string?, by: string }
---@return Contact?
function records.close(call, agent, said)
  return db.one([[
    UPDATE contacts SET category = ?, result = ?, closed_by = ?, closed_at = coalesce(closed_at, ?)
    WHERE call = ? AND agent = ? RETURNING *]], said.category, said.result, said.by, clock.now(), call, agent)
end

---The newest, a hundred at most.
---@param asked table<string, string>   agent, open: each may be missing
---@param reach? string[]                Whose; everybody's when left out
---@return Contact[]
function records.list(asked, reach)
  return db.query([[
    SELECT * FROM contacts WHERE (?1 IS NULL OR agent = ?1) AND (?2 IS NULL OR closed_at IS NULL)
      AND (?3 IS NULL OR agent IN (SELECT value FROM json_each(?3)))
    ORDER BY at DESC LIMIT 100]], asked.agent, asked.open, reach and json.encode(reach))
end

return records
