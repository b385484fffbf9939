-- The table: who was asked, and what they said.
local answers = {}

---@class SurveyAnswer
---@field call string
---@field agent string?
---@field caller string?
---@field asked_at number
---@field day string
---@field by "script"|"agent"
---@field outcome "asked"|"rated"|"unrated"|"hung_up"
---@field score integer?
---@field comment string?

---@param call Call
---@param agent? string
---@param by "script"|"agent"
function answers.ask(call, agent, by)
  db.exec([[
    INSERT OR REPLACE INTO answers (call, agent, caller, asked_at, day, by) VALUES (?, ?, ?, ?, ?, ?)]],
    call.id, agent, call.from, clock.now(), clock.text("%Y-%m-%d"), by)
end

---@param call string
---@param score? integer   nil when no key was pressed
function answers.rate(call, score)
  db.exec("UPDATE answers SET outcome = ?, score = ? WHERE call = ?", score and "rated" or "unrated", score, call)
end

---The call is over: who has not answered by now has hung up.
---@param call string
---@param comment? string
---@return SurveyAnswer?
function answers.close(call, comment)
  return db.one([[
    UPDATE answers SET outcome = iif(outcome = 'asked', 'hung_up', outcome), comment = coalesce(?, comment)
    WHERE call = ? RETURNING *]], comment, call)
end

---The newest answers, a hundred at most.
---@param asked table<string, string>   from, to, agent: each may be missing
---@param reach? string[]                About whom; about everybody when left out
---@return SurveyAnswer[]
function answers.list(asked, reach)
  return db.query([[
    SELECT * FROM answers
    WHERE day >= coalesce(?, '') AND day <= coalesce(?, '9') AND (?3 IS NULL OR agent = ?3)
      AND (?4 IS NULL OR agent IN (SELECT value FROM json_each(?4)))
    ORDER BY asked_at DESC LIMIT 100]], asked.from, asked.to, asked.agent, reach and json.encode(reach))
end

---How many said what.
---@param asked table<string, string>   from, to, agent: each may be missing
---@param reach? string[]                About whom; about everybody when left out
---@return { outcome: string, score: integer?, count: integer }[]
function answers.count(asked, reach)
  return db.query([[
    SELECT outcome, score, count(*) AS count FROM answers
    WHERE day >= coalesce(?, '') AND day <= coalesce(?, '9') AND (?3 IS NULL OR agent = ?3)
      AND (?4 IS NULL OR agent IN (SELECT value FROM json_each(?4)))
    GROUP BY outcome, score]], asked.from, asked.to, asked.agent, reach and json.encode(reach))
end

return answers
