-- What leaders do with the calls of their team. Run with: moonswitch test

---Dials a code as the leader.
---@param code string
---@return Caller
local function dials(code)
  return dial { user = "1001", to = code, at = "mon 10:00" }
end

test("a leader listens to an agent, whispers and stops", function()
  local leader = dials("*331049")
  leader:presses("5")
  leader:waits("1m")
  leader:presses("#")
  leader:is_hung_up()
end)

test("a leader barges in and hangs up", function()
  local leader = dials("*341049")
  leader:waits("1m")
  leader:hangs_up()
end)

test("nobody is forced by a phone whose owner is not known", function()
  local leader = dials("*371049")
  for _ = 1, 3 do
    leader:stays_silent()
  end
  leader:hears("agent/failed")
  leader:is_hung_up()
end)
