-- Keys that the demo exchange has besides those of agents, leaders and colleagues. Run with: moonswitch test
local OPEN = "mon 10:00"

---@param code string
---@param user? string
---@return Caller
local function dials(code, user)
  return dial { user = user or "1049", to = code, at = OPEN }
end

---An agent has chosen a PIN and is logged in.
local function logs_in()
  local agent = dials("*22")
  agent:hears("vm/choose-pin")
  agent:presses("2580#")
  agent:hears("vm/repeat-pin")
  agent:presses("2580#")
  agent:hears("agent/login-ok")
  agent:is_hung_up()
end

---A caller reaches 1049, who hangs up after so long.
---@param seconds integer
local function is_called_for(seconds)
  simulate.agent("1049", "idle")
  simulate.phone("1049", { hangs_up_after = seconds })
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("1")
  caller:is_answered_by("1049")
  caller:waits(seconds)
  caller:is_hung_up()
  simulate.wait("1s")
end

test("the menu reads functions with their keys and does what is typed", function()
  simulate.agent("1049", "busy")
  local agent = dials("*2")
  agent:hears("menu/codes", "code/log-in", "menu/press", "digits:22")
  agent:presses("23#")
  agent:hears("agent/idle-ok", "agent/waiting-nobody")
end)

test("keys of the menu are matched whole, may begin with a star, and are asked again where they are none", function()
  simulate.agent("1049", "busy")
  local agent = dials("*2")
  agent:hears("menu/codes")
  agent:presses("99#")
  agent:hears("menu/invalid")
  agent:presses("*242#")
  agent:hears("agent/busy-ok", "agent/reason-meeting")
  -- The end of it is that nothing more comes.
  local other = dials("*2")
  other:hears("menu/codes")
  other:presses("47")
  other:stays_silent("4s")
  other:hears("agent/state-is")
end)

test("a new PIN is chosen with the old one", function()
  logs_in()
  local changes = dials("*11")
  changes:hears("agent/enter-pw")
  changes:presses("2580#")
  changes:hears("vm/choose-pin")
  changes:presses("3690#")
  changes:hears("vm/repeat-pin")
  changes:presses("3690#")
  changes:hears("agent/pin-changed")
end)

test("a phone says its number, and plays the music that callers hear", function()
  dials("*65"):hears("agent/number-is", "digits:1049")
  dials("*9664"):hears("music/default")
end)

test("the state is told with the calls of the day, and who logs out hears what is not closed", function()
  is_called_for(90)
  local state = dials("*47")
  state:hears("agent/state-is", "agent/state-wrap-up")
  dials("*20"):hears("agent/logout-ok", "agent/drafts-one")
  dials("*4111"):hears("record/closed")
  dials("*41"):hears("record/ask-category")
end)

test("tickets are opened by category, counted and urged", function()
  dials("*44"):hears("ticket/to-do", "number:0", "ticket/under-way", "number:0", "ticket/urged", "number:0")
  is_called_for(20)
  dials("*429"):hears("record/no-such-category")
  local opens = dials("*422")
  opens:hears("ticket/opened", "digits:00001")
  opens:hangs_up()
  dials("*44"):hears("ticket/to-do", "number:0", "ticket/under-way", "number:1")
  dials("*44000001"):hears("ticket/urge-ok")
  dials("*44000009"):hears("ticket/unknown")
end)

test("only who has the right records a prompt", function()
  dials("*779", "1001"):hears("prompt/unknown")
  local agent = dials("*771")
  agent:hears("vm/record-greeting", "tone:beep")
  agent:speaks("4s")
  agent:presses("#")
  agent:hears("vm/review")
  agent:presses("2")
  agent:hears("hours/switch-denied")
end)

test("who has a language of their own is spoken to in it", function()
  local english = dials("*2", "1051")
  english:hears("menu/codes")
  expect(english.language).equals("en")
  expect(dials("*2", "1050").language).equals("zh")
end)
