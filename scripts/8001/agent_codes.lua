-- What agents do from their phones. Each sets a state and says so; doing it twice changes nothing. Which code does it
-- stands in codes.lua.
local contacts = require "plugins.contacts"

local STATES = {
  logged_out = "agent/state-logged-out",
  busy       = "agent/state-busy",
  idle       = "agent/state-idle",
  offered    = "agent/state-offered",
  dialling   = "agent/state-dialling",
  calling    = "agent/state-calling",
  talking    = "agent/state-talking",
  holding    = "agent/state-holding",
  consulting = "agent/state-consulting",
  conference = "agent/state-conference",
  internal   = "agent/state-internal",
  monitoring = "agent/state-monitoring",
  barging    = "agent/state-barging",
  wrap_up    = "agent/state-wrap-up",
}

-- Reasons of config.lua, and the exchange's own; one that is not here is not read out.
local REASONS = {
  ["break"]   = "agent/reason-break",
  meeting     = "agent/reason-meeting",
  training    = "agent/reason-training",
  meal        = "agent/reason-meal",
  paperwork   = "agent/reason-paperwork",
  other       = "agent/reason-other",
  no_answer   = "agent/reason-no-answer",
  rejected    = "agent/reason-rejected",
  phone_busy  = "agent/reason-phone-busy",
  unreachable = "agent/reason-unreachable",
  lost        = "agent/reason-lost",
}

local REFUSALS = {
  not_an_agent   = "agent/not-an-agent",
  logged_out     = "agent/not-logged-in",
  in_call        = "agent/in-call",
  not_in_wrap_up = "agent/not-in-wrap-up",
  no_such_reason  = "agent/no-such-reason",
  reason_required = "agent/reason-required",
  approval_needed = "agent/approval-asked",
  no_such_agent   = "agent/no-such-agent",
  device_taken    = "agent/device-taken",
  not_in_call     = "agent/nothing-to-pull",
}

---How many wait in the queues that an agent serves.
---@param status AgentStatus
---@return Sound[]
local function waiting(status)
  local mine, count = {}, 0
  for _, name in ipairs(status.queues) do
    mine[name] = true
  end
  for _, queue in ipairs(queues.list()) do
    count = count + (mine[queue.name] and queue.waiting or 0)
  end
  if count < 2 then
    return { count == 0 and "agent/waiting-nobody" or "agent/waiting-one" }
  end
  return { "agent/waiting-1", { number = count }, "agent/waiting-2" }
end

---@param status AgentStatus
---@return Sound[]
local function lasted(status)
  local minutes = math.floor(status.lasted / 60)
  if minutes < 2 then
    return { minutes == 0 and "agent/lasted-moment" or "agent/lasted-minute" }
  end
  return { "agent/lasted", { number = minutes }, "queue/minutes" }
end

---Sounds one after the other.
---@param ... Sound|Sound[]|nil
---@return Sound[]
local function joined(...)
  local all = {}
  for index = 1, select("#", ...) do
    local part = select(index, ...)
    for _, sound in ipairs(type(part) == "table" and part or { part }) do
      all[#all + 1] = sound
    end
  end
  return all
end

---What is wanted, and that it comes after the call where the agent is in one.
---@param status AgentStatus
---@param wanted string
---@param sound string
---@return Sound[]
local function done(status, wanted, sound)
  return status.state == wanted and { sound } or { sound, "agent/after-call" }
end

---Whether somebody calls from their own phone, and not from the one where they sit.
---@param call Call
---@param me string
---@return boolean
local function is_own(call, me)
  return (call.headers["From"] or ""):find("sips?:" .. me .. "@") ~= nil
end

---Does something about oneself, as whoever is at the phone.
---@param me string
---@param deed Deed
---@return AgentStatus? status
---@return string? why
local function order(me, deed)
  local done, why = desk.order(me, deed)
  return done and done.agent, why
end

---Logs in; whoever still sits at another phone comes back to their own.
local function log_in(call, me)
  local before, unknown = agents.get(me)
  if not before then
    return nil, unknown
  end
  local comes_back = before.device and is_own(call, me)
  if (before.state == "logged_out" or comes_back) and not call:ask_pin(call.user.mailbox) then
    return "agent/failed"
  end
  local status, why = order(me, { command = "log_in" })
  if comes_back and not why then
    status, why = order(me, { command = "sit" })
  end
  return status and { "agent/login-ok", STATES[status.state] }, why
end

---Sits down at whatever phone this is: calls ring here, and what is done here is theirs until they log out.
local function sit(call, here, who)
  local before = agents.get(who)
  if not before then
    return nil, "no_such_agent"
  end
  if not call:ask_pin(who, { choose = false }) then
    return "agent/failed"
  end
  local mine = { as = who } ---@type OrderOptions
  local done, why = desk.order(who, { command = "log_in" }, mine)
  if done then
    done, why = desk.order(who, { command = "sit", device = here }, mine)
  end
  if not done and before.state == "logged_out" then
    -- Without the phone it was nothing.
    desk.order(who, { command = "log_out" }, mine)
  end
  local status = done and done.agent
  return status and { "agent/login-ok", STATES[status.state] }, why
end

local function log_in_or_sit(call, me, who)
  if who then
    return sit(call, me, who)
  end
  return log_in(call, me)
end

---What is still open of an agent's calls: records of contacts that nobody has closed.
---@param me string
---@return Sound[]?
local function drafts(me)
  local count = contacts.open(me)
  if count < 2 then
    return count == 1 and { "agent/drafts-one" } or nil
  end
  return { "agent/drafts-1", { number = count }, "agent/drafts-2" }
end

local function log_out(_, me)
  local status, why = order(me, { command = "log_out" })
  return status and joined("agent/logout-ok", drafts(me)), why
end

local function idle(_, me)
  local status, why = order(me, { command = "idle" })
  return status and joined(done(status, "idle", "agent/idle-ok"), waiting(status)), why
end

local function busy(_, me, reason)
  local status, why = order(me, { command = "busy", reason = reason })
  return status and joined(done(status, "busy", "agent/busy-ok"), REASONS[status.reason]), why
end

local function toggle(call, me)
  local status = agents.get(me)
  local other = status and status.state == "busy" and idle or busy
  return other(call, me)
end

local function end_wrap_up(_, me)
  local status, why = order(me, { command = "end_wrap_up" })
  return status and joined(done(status, "idle", "agent/wrap-up-ended"), waiting(status)), why
end

local function extend_wrap_up(_, me, more)
  -- The exchange lets it last for an hour from now at most.
  local minutes = math.min(math.tointeger(tonumber(more)) or 1, 60)
  local status, why = order(me, { command = "extend_wrap_up", minutes = minutes })
  if minutes == 1 then
    return status and "agent/wrap-up-longer-minute", why
  end
  return status and { "agent/wrap-up-longer", { number = minutes }, "queue/minutes" }, why
end

local function wrap_up(call, me, more)
  if more then
    return extend_wrap_up(call, me, more)
  end
  return end_wrap_up(call, me)
end

---Sets something for oneself, and says so.
---@param deed Deed
---@param sound string
---@return fun(call: Call, me: string): string?, string?
local function sets(deed, sound)
  return function(_, me)
    local done, why = desk.order(me, deed)
    return done and sound, why
  end
end

local function reset(_, me)
  local status, why = order(me, { command = "reset" })
  return status and done(status, "busy", "agent/reset-ok"), why
end

local function pull(_, me)
  local _, why = desk.order(me, { command = "pull" })
  return nil, why
end

---How long one has been in one's state today, where that is more than since it began.
---@param status AgentStatus
---@return Sound[]?
local function today(status)
  local all = status.today[status.state] or 0
  local minutes = math.floor(all / 60)
  return minutes > math.floor(status.lasted / 60) and minutes > 1
    and { "agent/today", { number = minutes }, "queue/minutes" } or nil
end

---Calls taken and made today, and how long they took (接听量, 呼出量, 平均通话时长).
---@param me string
---@return Sound[]?
local function figures(me)
  local mine = statistics.agents()[me]
  if not mine then
    return nil
  end
  local said = { "agent/answered-today", { number = mine.inbound_answered }, "agent/called-today", { number = mine.outbound } }
  local average = math.floor(mine.average_talk or 0)
  if average >= 60 then
    return joined(said, "agent/average-talk", { { number = average // 60 }, "queue/minutes" })
  end
  return average > 0 and joined(said, "agent/average-talk", { { number = average }, "queue/seconds" }) or said
end

local function my_state(_, me)
  local status, why = agents.get(me)
  if not status then
    return nil, why
  end
  local state = joined("agent/state-is", STATES[status.state], REASONS[status.reason], lasted(status), today(status))
  if status.state ~= "logged_out" then
    state = joined(state, waiting(status))
  end
  return joined(state, figures(me))
end

---Makes a handler of what an agent does, which returns what they hear, or nil and why not.
---@param act fun(call: Call, me: string, behind: string?): Sound|Sound[]|nil, string?
---@return fun(call: Call, behind: string?)
local function code(act)
  return function(call, behind)
    local said, why
    if call.user then
      said, why = act(call, call.user.extension, behind)
    else
      why = "not_an_agent"
    end
    call:answer()
    return call:play(said or REFUSALS[why] or "agent/failed")
  end
end

return {
  log_in          = code(log_in_or_sit),
  log_out         = code(log_out),
  idle            = code(idle),
  busy            = code(busy),
  toggle          = code(toggle),
  wrap_up         = code(wrap_up),
  pull            = code(pull),
  reset           = code(reset),
  my_state        = code(my_state),
  auto_answer_on  = code(sets({ command = "auto_answer", on = true }, "agent/auto-answer-on")),
  auto_answer_off = code(sets({ command = "auto_answer", on = false }, "agent/auto-answer-off")),
  dnd_on          = code(sets({ command = "do_not_disturb", on = true }, "agent/dnd-on")),
  dnd_off         = code(sets({ command = "do_not_disturb", on = false }, "agent/dnd-off")),
  chats_on        = code(sets({ command = "accept_items", on = true }, "agent/chats-on")),
  chats_off       = code(sets({ command = "accept_items", on = false }, "agent/chats-off")),
}
