-- What leaders do from their phones with the calls and states of their team (role and team in config.lua). Which code
-- does it stands in codes.lua; the agent's number follows the code.
local REFUSALS = {
  not_allowed     = "hours/switch-denied",
  no_such_user    = "leader/no-such-agent",
  no_such_reason  = "agent/no-such-reason",
  not_an_agent    = "leader/no-such-agent",
  not_busy        = "leader/not-busy",
  not_in_call     = "leader/not-in-call",
  logged_out      = "leader/logout-ok",
}

---Makes a handler that hears an agent's calls, and is heard at first as the mode says. Then 4 listens, 5 whispers, 6 barges
---in, 7 takes over, 99 ends the agent's call, * goes on to the next agent, # stops.
---@param mode "listen"|"whisper"|"barge"
---@return fun(call: Call, agent: string)
local function supervise(mode)
  return function(call, agent)
    local seconds, why = call:supervise(agent, { mode = mode })
    if not seconds then
      return call:play(REFUSALS[why] or "agent/failed")
    end
  end
end

---Makes a handler that asks who is at the phone and why, and does it then.
---@param done Sound
---@param deed fun(reason: string): Deed
---@return fun(call: Call, agent: string)
local function force(done, deed)
  return function(call, agent)
    if not call.user or not call:ask_pin(call.user.mailbox) then
      return call:play("agent/failed")
    end
    local reason = call:gather { play = "leader/reason", min_digits = 0, max_digits = 2, finish_on = "#" }
    local performed, why = desk.order(agent, deed(reason or ""))
    return call:play(performed and done or REFUSALS[why] or "agent/failed")
  end
end

local function release(reason)
  return { command = "release", reason = reason }
end

local function set_busy(reason)
  return { command = "force_busy", reason = reason ~= "" and reason or nil }
end

local function log_out()
  return { command = "force_log_out" }
end

return {
  listen        = supervise("listen"),
  barge         = supervise("barge"),
  whisper       = supervise("whisper"),
  release       = force("leader/released", release),
  force_busy    = force("leader/busy-ok", set_busy),
  force_log_out = force("leader/logout-ok", log_out),
}
