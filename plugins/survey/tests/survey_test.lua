-- How callers are asked, and what becomes of it. Run with: moonswitch test
local function talks(seconds, about)
  local agent = simulate.phone("1001", { hangs_up_after = seconds })
  about = about or {}
  local caller = dial { to = "100", at = about.at, from = about.from or "13900139000", user = about.user }
  caller:is_answered_by("1001")
  caller:waits(seconds)
  return caller, agent
end

local function results(query)
  return simulate.request("GET /survey/results" .. (query or "")).json
end

test("after the agent has hung up a key is the score", function()
  local caller = talks(30)
  caller:hears("rate/ask-5")
  caller:presses("1")
  caller:hears("rate/thanks")
  caller:is_hung_up()
  local now = results("?agent=1001")
  expect(now.scores).equals({ 1, 0, 0, 0, 0 })
  expect(now.participation).equals(1)
  expect(results("?agent=1002").asked).equals(0)
  expect(results("?from=2026-03-03").asked).equals(0)
end)

test("agents see what was said about them, leaders about their team, and quality about everybody", function()
  local caller = talks(30)
  caller:hears("rate/ask-5")
  caller:presses("1")
  caller:is_hung_up()
  local function seen(who)
    local listed = #simulate.request("GET /survey/answers", who).json.answers
    expect(simulate.request("GET /survey/results", who).json.asked).equals(listed)
    return listed
  end
  expect(seen { user = "1001" }).equals(1)
  expect(seen { user = "1002" }).equals(0)
  expect(seen { user = "1002", role = "leader", reach = { "1001", "1002" } }).equals(1)
  expect(seen { user = "1002", role = "quality" }).equals(1)
  for _, path in ipairs { "answers", "results" } do
    local refused = simulate.request("GET /survey/" .. path .. "?agent=1001", { user = "1002" })
    expect(refused.status).equals(403)
    expect(refused.json.error).matches("not within your reach")
  end
end)

test("a few words are not rated, nor are colleagues", function()
  talks(9):is_hung_up()
  talks(30, { user = "1002" }):is_hung_up()
  expect(results().asked).equals(0)
  talks(11):hears("rate/ask-5")
end)

test("one number is asked once a day", function()
  local caller = talks(30)
  caller:hears("rate/ask-5")
  caller:presses("2")
  caller:is_hung_up()
  talks(30):is_hung_up()
  expect(results().asked).equals(1)
  simulate.wait("1d")
  talks(30):hears("rate/ask-5")
end)

test("who presses nothing has not rated, and who hangs up is counted as that", function()
  local silent = talks(30)
  silent:hears("rate/ask-5")
  silent:stays_silent("10s")
  silent:stays_silent("10s")
  silent:is_hung_up()
  local asked = 0
  for _, sound in ipairs(silent.heard) do
    asked = asked + (sound == "rate/ask-5" and 1 or 0)
  end
  expect(asked).equals(2)
  local gone = talks(30, { from = "13900139001" })
  gone:hears("rate/ask-5")
  gone:hangs_up()
  simulate.wait("1s")
  local now = results()
  expect(now.unrated).equals(1)
  expect(now.hung_up).equals(1)
  expect(now.participation).equals(0)
end)

test("a low score is followed by a comment and by a ticket", function()
  local caller = talks(30)
  caller:hears("rate/ask-5")
  caller:presses("5")
  caller:hears("rate/comment", "tone:beep")
  caller:speaks("4s")
  caller:hangs_up()
  simulate.wait("5s")
  local answer = simulate.request("GET /survey/answers").json.answers[1]
  expect(answer.score).equals(5)
  expect(answer.outcome).equals("rated")
  expect(answer.comment).matches("^%x+%-%x+")
  local ticket = simulate.request("GET /tickets").json.tickets[1]
  expect(ticket.kind).equals("survey.low")
  expect(ticket.call).equals(answer.call)
  local event = simulate.request("GET /tickets/" .. ticket.number).json.events[1]
  expect(event.data.comment).equals(answer.comment)
  expect(event.data.agent).equals("1001")
end)

test("who hangs up lowers the participation, not the average; days are counted whole", function()
  local caller = talks(30, { at = "2026-03-02 10:00" })
  caller:hears("rate/ask-5")
  caller:presses("2")
  caller:is_hung_up()
  local gone = talks(30, { from = "13900139001" })
  gone:hears("rate/ask-5")
  gone:hangs_up()
  simulate.wait("1s")
  local now = results("?from=2026-03-02&to=2026-03-02")
  expect(now.participation).equals(0.5)
  expect(now.average).equals(2)
  expect(results("?to=2026-03-01").asked).equals(0)
end)

test("a score is low from 4 on: scripts hear of it, and it opens a ticket", function()
  local content = talks(30)
  content:hears("rate/ask-5")
  content:presses("3")
  content:hears("rate/thanks")
  content:is_hung_up()
  expect(dial({ user = "1002", to = "197" }).vars.low).is_nil()
  local angry = talks(30, { from = "13900139001" })
  angry:hears("rate/ask-5")
  angry:presses("4")
  angry:hears("rate/comment", "tone:beep")
  angry:speaks("0.5s")
  angry:hangs_up()
  simulate.wait("5s")
  expect(dial({ user = "1002", to = "197" }).vars.low).equals(4)
  expect(#simulate.request("GET /tickets").json.tickets).equals(1)
  local answers = simulate.request("GET /survey/answers").json.answers
  expect(answers[1].comment).is_nil()
  expect(answers[1].by).equals("script")
end)

test("who dials the hand-over by themselves is asked nothing", function()
  dial { user = "1001", to = "*9" }:is_refused("rejected")
end)

test("a question that is not known, or not readable, is refused and not swallowed", function()
  local asked, why = pcall(simulate.request, "GET /survey/results?form=2026-01-01")
  expect(asked).equals(false)
  expect(why).matches("did you mean 'from'")
  expect(simulate.request("GET /survey/answers?from=yesterday").status).equals(400)
end)
