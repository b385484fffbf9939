-- Survey: callers rate a talk by one key. Rows are written before and after the question, so that who hangs up counts, too.
local answers = require "plugins.survey.answers"
require "plugins.survey.routes"

local survey = {}

local config = plugin.config
local asked  = plugin.store("asked", { expires = config.again_after })

-- A name that is no literal: who does not use that plugin is not told that there is none.
local TICKETS = "plugins.tickets"
---@type table?
local tickets = config.tickets and require(TICKETS) or nil

local KEYS = { ["1"] = 1, ["2"] = 2, ["3"] = 3, ["4"] = 4, ["5"] = 5 }

---@param call Call
---@param agent? string
---@param by "script"|"agent"
---@return integer? score
---@return nil|"unrated" why
local function ask(call, agent, by)
  answers.ask(call, agent, by)
  call:as_survey(agent)
  local score = call:menu { play = "rate/ask-5", keys = KEYS, tries = 2, invalid = "menu/invalid" }
  answers.rate(call.id, score)
  if not score then
    return nil, "unrated"
  end
  if score >= config.low and config.comment then
    call.vars.survey_comment = true
    call:play("rate/comment")
    call:record { max_duration = "1m" }
  end
  call:play("rate/thanks")
  return score
end

---Asks a caller, after the agent has hung up, where the rules say so: not colleagues, not after a few words, and not
---again and again.
---@param call Call
---@param leg Leg   What `call:bridge` or `call:queue` has returned
---@return integer? score   1 非常满意 to 5 非常不满意
---@return nil|"internal"|"short"|"again"|"unrated" why
function survey.ask(call, leg)
  if call.user then
    return nil, "internal"
  end
  if leg.talked < config.min_talk then
    return nil, "short"
  end
  if call.from and not asked:add(call.from) then
    return nil, "again"
  end
  return ask(call, leg.user, "script")
end

---What agents transfer callers to (*9): asks, and hangs up. Who dials it themselves is asked nothing.
---@param call Call
function survey.hand_over(call)
  if not call.transferred_by then
    return call:reject("rejected")
  end
  call:answer()
  ask(call, call.transferred_by, "agent")
end

---The recording of a comment.
---@param call table   As call.ended tells it
---@return string?
local function comment(call)
  if type(call.vars) ~= "table" or not call.vars.survey_comment then
    return nil
  end
  for _, recording in ipairs(recordings.list(call.id)) do
    if recording.purpose == "script" then
      if not recording.seconds then
        jobs.later("1s", "the comment is not on disk yet")
      end
      if recording.seconds >= 1 then
        return recording.id
      end
    end
  end
end

on("call.ended", { durable = true }, function(call)
  local answer = answers.close(call.id, comment(call))
  if not answer or not answer.score or answer.score < config.low then
    return
  end
  local about = {
    call = answer.call, agent = answer.agent, from = answer.caller, score = answer.score, comment = answer.comment,
  }
  if tickets then
    tickets.report("survey.low", answer.call, about)
  end
  emit("survey.low", about)
end)

return survey
