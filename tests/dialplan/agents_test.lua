-- What agents do by phone, as the demo exchange has it. Run with: moonswitch test
local OPEN = "mon 10:00"

---Dials a code as a user.
---@param code string
---@param user? string
---@return Caller
local function dials(code, user)
  return dial { user = user or "1049", to = code, at = OPEN }
end

test("an agent chooses a PIN, logs in, is idle and is put through to the next caller", function()
  local agent = dials("*22")
  agent:hears("vm/choose-pin")
  agent:presses("2580#")
  agent:hears("vm/repeat-pin")
  agent:presses("2580#")
  agent:hears("agent/login-ok", "agent/state-busy")
  agent:is_hung_up()

  local idle = dials("*23")
  idle:hears("agent/idle-ok", "agent/waiting-nobody")
  idle:is_hung_up()

  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("1")
  caller:is_answered_by("1049")
end)

test("who is busy for a meeting is not rung, and says so when asked", function()
  simulate.agent("1049", "idle")
  dials("*242"):hears("agent/busy-ok", "agent/reason-meeting")
  simulate.wait("12m")
  local state = dials("*47")
  state:hears("agent/state-is", "agent/state-busy", "agent/reason-meeting", "agent/lasted", "number:12", "queue/minutes")
  state:hears("agent/waiting-nobody")

  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("1")
  caller:waits_in("it")
  dials("*47"):hears("agent/waiting-one")
end)

test("wrap-up is made longer, and ended", function()
  local wen = simulate.agent("1049", "idle")
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("1")
  caller:is_answered_by("1049")
  wen:hangs_up()
  caller:is_hung_up()

  dials("*255"):hears("agent/wrap-up-longer", "number:5", "queue/minutes")
  dials("*47"):hears("agent/state-is", "agent/state-wrap-up")
  dials("*25"):hears("agent/wrap-up-ended", "agent/waiting-nobody")
  dials("*25"):hears("agent/not-in-wrap-up")
end)

test("three wrong PINs log nobody in", function()
  local agent = dials("*22")
  agent:hears("vm/choose-pin")
  agent:presses("2580#")
  agent:hears("vm/repeat-pin")
  agent:presses("2580#")
  agent:hears("agent/login-ok")
  agent:is_hung_up()
  dials("*20"):hears("agent/logout-ok")

  local stranger = dials("*22")
  for _ = 1, 3 do
    stranger:hears("agent/enter-pw")
    stranger:presses("1111#")
  end
  stranger:hears("agent/failed")
  dials("*23"):hears("agent/not-logged-in")
end)

test("who serves no queue is told so", function()
  dials("*22", "1001"):hears("agent/not-an-agent")
end)
