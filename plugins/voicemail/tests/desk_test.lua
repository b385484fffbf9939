-- Who is called back, by whom, until when. Run with: moonswitch test
local function world()
  simulate.http("POST https://asr.example.com/v1/text", 200, { text = "请回电。" })
  simulate.http("POST https://desk.example.com/hooks", 204)
  simulate.http("POST https://sms.example.com/v1/messages", 201)
end

local function leaves_message(at, from, to)
  dial { to = to or "8000", at = at, from = from or "13800138000" }:leaves_message { seconds = 7 }
  simulate.wait("2s")
end

local function messages(query)
  return simulate.request("GET /voicemail?" .. (query or "mailbox=8000")).json.messages
end

local function due(message)
  return clock.text("%a %H:%M", message.call_back.due_at)
end

local function told(event)
  return simulate.request("GET /told/" .. event).json
end

test("only open hours count until a message is due", function()
  world()
  leaves_message("mon 15:59", nil, "1001")
  leaves_message("mon 17:00", nil, "1001")
  local found = messages("mailbox=1001")
  expect(due(found[1])).equals("Tue 10:00")
  expect(due(found[2])).equals("Mon 17:59")
end)

test("a message that is due when the desk closes is due then", function()
  world()
  simulate.time("mon 15:59")
  simulate.wait("53s") -- the message takes seven seconds
  leaves_message(nil, nil, "1001")
  expect(due(messages("mailbox=1001")[1])).equals("Mon 18:00")
end)

test("who talks for ten seconds has reached the caller, and the shorter has not", function()
  world()
  leaves_message("mon 22:00")
  simulate.phone("trunk:carrier", { hangs_up_after = 9 })
  dial { user = "1001", to = "13800138000", at = "tue 09:00" }:is_hung_up()
  simulate.wait("2s")
  expect(messages()[1].call_back.result).equals("not_reached")
  expect(told("voicemail.tried").about.by).equals("1001")
  simulate.phone("trunk:carrier", { hangs_up_after = 10 })
  dial { user = "1001", to = "013800138000" }:is_hung_up()
  simulate.wait("2s")
  expect(messages()[1].call_back.result).equals("reached")
  expect(told("voicemail.settled").count).equals(1)
end)

test("a colleague who has left a message is called back, too", function()
  world()
  dial { user = "1002", to = "8000", at = "mon 22:00" }:leaves_message { seconds = 7 }
  simulate.wait("2s")
  simulate.phone("1002", { hangs_up_after = 20 })
  dial { user = "1001", to = "1002" }:is_hung_up()
  simulate.wait("2s")
  expect(messages()[1].call_back.state).equals("settled")
end)

test("*981 dials numbers as they are dialled in the country and abroad", function()
  world()
  for _, from in ipairs { "01087654321", "+4930123456" } do
    leaves_message("mon 22:00", from)
  end
  for _, number in ipairs { "01087654321", "004930123456" } do
    local agent = dial { user = "1001", to = "*981" }
    agent:is_bridged_to("trunk:carrier/" .. number)
    agent:waits("20s")
    agent:hangs_up()
    simulate.wait("2s")
  end
end)

test("*981 gives one's own messages first, though others are due before them", function()
  world()
  leaves_message("mon 22:00", "13800138001")
  leaves_message("tue 08:00", "13800138002")
  simulate.request("POST /voicemail/" .. messages()[1].id .. "/assign", { json = { to = "1001" } })
  dial { user = "1001", to = "*981" }:is_bridged_to("trunk:carrier/13800138002")
end)

test("what somebody has just taken by *981 is nobody else's for ten minutes", function()
  world()
  leaves_message("mon 22:00")
  simulate.phone("trunk:carrier", { answers_after = false })
  local agent = dial { user = "1001", to = "*981" }
  agent:waits("5s")
  agent:hangs_up()
  simulate.request("POST /voicemail/" .. messages()[1].id .. "/assign", { json = {} })
  expect(messages()[1].assigned_to).is_nil()
  dial { user = "1002", to = "*981" }:hears("vm/none-open")
  simulate.wait("10m")
  dial { user = "1002", to = "*981" }:hears("vm/yours")
end)

test("what was settled too late is late in the figures, and what is opened again is open", function()
  world()
  leaves_message("mon 22:00")
  simulate.wait("14h")
  expect(told("voicemail.overdue").count).equals(1)
  local path = "POST /voicemail/" .. messages()[1].id .. "/result"
  simulate.request(path, { json = { result = "reached" }, by = "desk" })
  local figures = simulate.request("GET /voicemail/figures").json
  expect(figures.settled).equals(1)
  expect(figures.in_time).equals(0)
  expect(figures.late).equals(1)
  expect(messages()[1].call_back.settled_by).equals("desk")
  simulate.request(path, { json = { result = "not_reached" } })
  expect(messages("state=open")[1].call_back.settled_by).is_nil()
  expect(simulate.request("GET /voicemail/figures?from=2026-3-2").status).equals(400)
end)

test("results are refused that nobody could read", function()
  world()
  leaves_message("mon 22:00")
  leaves_message("tue 10:00")
  local needs_none, path = messages()[1].id, "POST /voicemail/" .. messages()[2].id .. "/result"
  for _, said in ipairs { { result = "reached", note = ("a"):rep(2001) }, { result = "reached", by = 7 } } do
    expect(simulate.request(path, { json = said }).status).equals(400)
  end
  local wrong = simulate.request("POST /voicemail/" .. needs_none .. "/result", { json = { result = "reached" } })
  expect(wrong.status).equals(409)
  expect(#messages("before=" .. needs_none)).equals(1)
  expect(simulate.request("GET /voicemail?before=x").status).equals(400)
  expect(simulate.request("GET /voicemail?state=shut").status).equals(400)
end)

test("a deleted message stays cleared, until somebody restores it by whatever way", function()
  world()
  leaves_message("mon 22:00")
  local id = messages()[1].id
  simulate.request("DELETE /voicemail/" .. id)
  simulate.wait("2h")
  expect(messages("deleted=true")[1].call_back.state).equals("cleared")
  simulate.request("POST /elsewhere/" .. id .. "/restore")
  simulate.wait("2h")
  expect(messages("state=open")[1].id).equals(id)
end)
