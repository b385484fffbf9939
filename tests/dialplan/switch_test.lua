-- The hotline's switch. Run with: moonswitch test
local OPEN   = "mon 10:00"
local CLOSED = "mon 22:00"

---Dials a code as a user.
---@param code string
---@param user? string
---@return Caller
local function dials(code, user)
  return dial { user = user or "1001", to = code, at = OPEN }
end

test("an emergency is said and takes a message, at any hour, until it is over", function()
  dials("*282"):hears("hours/switch-emergency")
  for _, at in ipairs { OPEN, CLOSED } do
    dial(at):hears("greet/welcome", "hours/emergency", "vm/leave")
  end
  dials("*28"):hears("hours/switch-emergency")

  dials("*280"):hears("hours/switch-open")
  dial(OPEN):hears("greet/welcome", "menu/main")
end)

test("a closed hotline is as out of hours", function()
  dials("*281"):hears("hours/switch-closed")
  dial(OPEN):hears("greet/welcome", "hours/closed")
end)

test("only a leader sets it, and everybody may ask", function()
  dials("*281", "1049"):hears("hours/switch-denied")
  dials("*28", "1049"):hears("hours/switch-open")
  dial(OPEN):hears("greet/welcome", "menu/main")
end)

test("the plan of the week closes the hotline while all meet, and opens it again", function()
  dial("thu 17:29"):hears("greet/welcome", "menu/main")
  simulate.wait("1m")
  dial("thu 17:31"):hears("greet/welcome", "hours/closed")
  simulate.wait("29m")
  dial("thu 18:01"):hears("greet/welcome")
  dials("*28"):hears("hours/switch-open")
end)
