-- What colleagues do with each other's calls. Run with: moonswitch test

-- 13800138000 talks with 1049.
local function customer()
  simulate.agent("1049", "idle")
  local caller = dial("mon 10:00")
  caller:hears("menu/main")
  caller:presses("1")
  caller:is_answered_by("1049")
  return caller
end

test("a call that 1049 parks is fetched by 1050", function()
  local caller = customer()
  simulate.phone("1049"):transfers_to("*5900")
  caller:is_parked_at("5901")
  caller:hears("music/default")

  caller:waits(1)
  local colleague = dial { user = "1050", to = "*5901" }
  caller:is_answered_by("1050")
  expect(colleague.outcome).equals("transferred")
  simulate.phone("1050"):hangs_up()
  caller:is_hung_up()
end)

test("a call that nobody fetches goes back to who has parked it", function()
  local caller = customer()
  simulate.phone("1049"):transfers_to("*5900")
  caller:waits("2m")
  caller:is_parked_at("5901")
  caller:waits("64s")
  caller:is_answered_by("1049")
end)

test("a call that not even who has parked it takes leaves a message", function()
  local caller = customer()
  simulate.phone("1049", { answers_after = false }):transfers_to("*5900")
  caller:waits("3m")
  caller:leaves_message { mailbox = "8000" }
end)

test("an empty place says so", function()
  local caller = dial { user = "1050", to = "*5917" }
  caller:hears("park/empty")
  caller:is_hung_up()
end)

test("what rings at 1049 is picked up by name, and by whoever is on the team", function()
  simulate.phone("1049", { answers_after = false })
  for _, code in ipairs { "**1049", "*8" } do
    local caller = dial { user = "1001", to = "1049" }
    dial { user = "1051", to = code }
    caller:is_answered_by("1051")
    caller:hangs_up()
  end
end)

test("where nothing rings there is nothing to pick up", function()
  for _, code in ipairs { "**1049", "*8" } do
    local caller = dial { user = "1051", to = code }
    caller:hears("pickup/nobody")
    caller:is_hung_up()
  end
end)

test("three meet in a room, and each leaves it by #", function()
  local first = dial { user = "1001", to = "*8801" }
  first:hears("conf/alone", "music/default")
  local second, third = dial { user = "1049", to = "*8801" }, dial { user = "1050", to = "*8801" }
  for _, caller in ipairs { first, second, third } do
    caller:is_in_room("8801")
    caller:presses("#")
    caller:is_hung_up()
  end
end)

test("1049 takes a customer into a room by transferring them there", function()
  local caller = customer()
  simulate.phone("1049"):transfers_to("*8801")
  caller:is_in_room("8801")
end)
