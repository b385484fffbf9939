-- The hotline 4001234567 as its callers have it. Run with: moonswitch test
local OPEN    = "mon 10:00"
local CLOSED  = "mon 22:00"
local HOLIDAY = "2026-10-01 10:00"

test("in hours the menu follows the greeting", function()
  local caller = dial(OPEN)
  caller:hears("greet/welcome", "menu/main")
end)

test("key 1 leads to whoever has been idle for longest", function()
  simulate.agent("1049", "idle")
  simulate.wait("1m")
  simulate.agent("1050", "idle")
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("1")
  caller:hears("agent/record", "music/default")
  caller:is_answered_by("1049")
end)

test("when 1049 does not answer, 1050 rings after 15 seconds", function()
  simulate.agent("1049", "idle")
  simulate.wait(1)
  simulate.agent("1050", "idle")
  simulate.phone("1049", { answers_after = false })
  simulate.phone("1050", { answers_after = 4 })
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("1")
  caller:is_bridged_to("user:1050")
  expect(caller.elapsed).equals(19)
end)

test("who waits is told the place, and is answered when an agent comes", function()
  simulate.agent("1049", "busy")
  local first, second = dial(OPEN), dial(OPEN)
  for _, caller in ipairs { first, second } do
    caller:hears("menu/main")
    caller:presses("1")
    caller:waits_in("it")
  end
  second:hears("queue/ahead-one")
  simulate.agent("1049", "idle")
  first:is_answered_by("1049")
  second:waits_in("it")
end)

test("who waits is told of the keys, goes home by 3 pressed twice, and is called back", function()
  simulate.agent("1049", "busy")
  local caller = dial { at = OPEN, from = "13900139000" }
  caller:hears("menu/main")
  caller:presses("1")
  caller:waits_in("it")
  caller:hears("queue/continue")
  caller:presses("3")
  caller:hears("queue/confirm-callback")
  caller:presses("3")
  caller:hears("queue/callback-ok")
  caller:is_hung_up()
end)

test("who waits may leave a message by 2 pressed twice", function()
  simulate.agent("1049", "busy")
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("1")
  caller:waits_in("it")
  caller:presses("2")
  caller:hears("queue/confirm")
  caller:presses("2")
  caller:leaves_message { mailbox = "8000", seconds = 12 }
  caller:is_hung_up()
  expect(caller.outcome).equals("left_message")
end)

test("who goes on in English is put through to who speaks it, and to anybody after half a minute", function()
  simulate.agent("1050", "idle")
  simulate.wait(10)
  simulate.agent("1049", "idle")
  for _, agent in ipairs { "1049", "1050" } do
    local caller = dial(OPEN)
    caller:hears("menu/main")
    caller:stays_silent()
    caller:presses("*")
    caller:hears("menu/main")
    caller:presses("1")
    caller:is_answered_by(agent)
  end
end)

test("five minutes in the queue are followed by the mailbox", function()
  simulate.agent("1049", "busy")
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("1")
  caller:waits_in("it")
  caller:waits("5m")
  caller:hears("call/noanswer", "vm/leave")
end)

test("key 2 passes over who is in another call", function()
  simulate.phone("1050", { busy = true })
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("2")
  caller:is_answered_by("1051")
end)

test("key 0 leads to the leader", function()
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("0")
  caller:is_answered_by("1001")
end)

test("whoever was helped is thanked", function()
  local wen = simulate.agent("1049", "idle")
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("1")
  caller:is_answered_by("1049")
  wen:hangs_up()
  caller:hears("bye/thanks")
  caller:is_hung_up()
  expect(caller.outcome).equals("answered")
end)

test("a queue without agents is followed by the mailbox", function()
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("1")
  caller:hears("call/noanswer", "vm/leave")
  caller:leaves_message { mailbox = "8000", seconds = 20 }
  caller:is_hung_up()
  expect(caller.outcome).equals("left_message")
end)

test("key 3 takes a message", function()
  local caller = dial { at = OPEN, from = "13900139000" }
  caller:hears("menu/main")
  caller:presses("3")
  caller:leaves_message { mailbox = "8000", seconds = 12 }
  caller:hears("vm/saved")
  caller:is_hung_up()
  local message = simulate.mailbox("8000")[1]
  expect(message.from).equals("+8613900139000")
  expect(message.seconds).equals(12)
end)

test("the star goes on in English", function()
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:stays_silent()
  caller:hears("menu/repeat")
  caller:presses("*")
  caller:hears("menu/main")
  expect(caller.language).equals("en")
  caller:presses("0")
  caller:is_answered_by("1001")
end)

test("a wrong key is told so and asked again", function()
  local caller = dial(OPEN)
  caller:hears("menu/main")
  caller:presses("9")
  caller:hears("menu/invalid", "menu/main")
end)

test("three silences end in the mailbox", function()
  local caller = dial(OPEN)
  for _ = 1, 3 do
    caller:hears("menu/main")
    caller:stays_silent()
    caller:hears("menu/repeat")
    caller:stays_silent()
    caller:hears("menu/timeout")
  end
  expect(caller.elapsed).equals(16.5)
  caller:leaves_message { mailbox = "8000", hangs_up = true }
  expect(#simulate.mailbox("8000")).equals(1)
end)

test("out of hours it says so in both languages and takes a message", function()
  local caller = dial(CLOSED)
  caller:hears("greet/welcome", "hours/closed", "hours/closed", "vm/leave")
  caller:leaves_message { mailbox = "8000", seconds = 12, urgent = true }
  caller:is_hung_up()
  expect(simulate.mailbox("8000")[1].urgent).equals(true)
end)

test("the last minute of the day is open, the next one is not", function()
  dial("fri 17:59"):hears("menu/main")
  dial("fri 18:00"):hears("hours/closed")
end)

test("on a public holiday it says which", function()
  local caller = dial(HOLIDAY)
  caller:hears("hours/holiday")
end)

test("the Sunday that makes up for a holiday is open", function()
  dial("2026-10-10 10:00"):hears("menu/main")
end)

test("nobody may dial out from outside", function()
  dial { at = OPEN, to = "13800138000" }:is_refused("unallocated")
end)

test("a missing prompt never drops a caller unheard", function()
  simulate.no_sound("menu/main")
  local caller = dial(OPEN)
  caller:hears("sys/error")
  caller:is_bridged_to("user:1001")
  expect(caller.error).matches("scripts/8001/english.lua:14: call:gather: play: sound 'menu/main' not found")
end)

test("a colleague who is away has a mailbox", function()
  simulate.phone("1050", { answers_after = false })
  local caller = dial { user = "1049", to = "1050", at = OPEN }
  caller:leaves_message { mailbox = "1050" }
  caller:is_hung_up()
end)

test("a number that is nobody's is said to be none", function()
  local caller = dial { user = "1049", to = "1077", at = OPEN }
  caller:hears("call/invalid")
  caller:is_refused("unallocated")
end)

test("outside numbers go by the carrier, and a busy one is told", function()
  simulate.phone("trunk:carrier", { busy = true })
  local caller = dial { user = "1049", to = "13800138000", at = OPEN }
  caller:hears("call/busy")
  caller:is_refused("busy")
end)
