-- What can be asked over HTTP, below /t/TENANT/survey: ?from=2026-03-01&to=2026-03-31&agent=1049, each may be left out.
local answers = require "plugins.survey.answers"

local ASKED = { "from", "to", "agent" }

---Why a question is not answered.
---@param request HttpRequest
---@return integer? status
---@return table? why
local function refused(request)
  local query = request.query
  for _, name in ipairs { "from", "to" } do
    local day = query[name] ---@type string?
    if day and not day:find("^%d%d%d%d%-%d%d%-%d%d$") then
      return 400, { error = name .. ": expected a day such as 2026-11-30" }
    end
  end
  local agent = query.agent ---@type string?
  if agent and not request.reaches(agent) then
    return 403, { error = ("the answers about %s are not within your reach"):format(agent) }
  end
end

http.route("GET /survey/results", { auth = "agent", query = ASKED }, function(request)
  local status, why = refused(request)
  if status then
    return status, why
  end
  ---@type table<string, any>
  local sums = { asked = 0, rated = 0, unrated = 0, hung_up = 0 }
  local scores, total = { 0, 0, 0, 0, 0 }, 0
  for _, row in ipairs(answers.count(request.query, request.reach)) do
    sums.asked = sums.asked + row.count
    if row.outcome ~= "asked" then
      sums[row.outcome] = sums[row.outcome] + row.count
    end
    if row.score then
      scores[row.score] = (scores[row.score] or 0) + row.count
      total = total + row.score * row.count
    end
  end
  sums.scores = scores
  if sums.asked > 0 then
    sums.participation = sums.rated / sums.asked
  end
  if sums.rated > 0 then
    sums.average = total / sums.rated
  end
  return 200, sums
end)

http.route("GET /survey/answers", { auth = "agent", query = ASKED }, function(request)
  local status, why = refused(request)
  if status then
    return status, why
  end
  return 200, { answers = json.list(answers.list(request.query, request.reach)) }
end)
