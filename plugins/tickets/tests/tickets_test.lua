-- What a ticket system gets to know. Run with: moonswitch test
local HOOK = "POST https://desk.example.com/hooks/calls"

local function missed_call()
  simulate.phone("1001", { answers_after = false })
  dial { to = "100", at = "mon 10:00", from = "13900139000" }:is_refused("no_answer")
end

---@param ticket string
---@param index integer
local function event(ticket, index)
  return simulate.request("GET /tickets/" .. ticket).json.events[index]
end

test("a missed call is told, signed", function()
  local desk = simulate.http(HOOK, 204)
  missed_call()
  expect(#desk.requests).equals(1)
  local request = desk.requests[1]
  expect(request.json.type).equals("call.missed")
  expect(request.json.timestamp).equals("2026-03-02T10:00:20+08:00")
  expect(request.json.data.from).equals("+8613900139000")
  expect(request.headers["webhook-signature"]).matches("v1,")
  expect(#simulate.jobs()).equals(0)
end)

test("an answered call is not", function()
  local desk = simulate.http(HOOK, 204)
  local caller = dial { to = "100", at = "mon 10:00" }
  caller:is_answered_by("1001")
  caller:hangs_up()
  expect(#desk.requests).equals(0)
end)

test("a message is told with its mailbox", function()
  local desk = simulate.http(HOOK, 204)
  dial { to = "8000" }:leaves_message { mailbox = "8000", seconds = 7 }
  local data = desk.requests[1].json.data
  expect(data.mailbox).equals("8000")
  expect(data.seconds).equals(7)
end)

test("a desk that is down is told after five seconds, and again after five minutes, by the same id", function()
  local desk = simulate.http(HOOK, { false, 500, 200 })
  missed_call()
  expect(simulate.jobs()[1].error).matches("desk.example.com is not reached")
  simulate.wait("5s")
  expect(simulate.jobs()[1].error).matches("the ticket system answered 500")
  simulate.wait("4m")
  expect(#desk.requests).equals(2)
  simulate.wait("1m")
  expect(#desk.requests).equals(3)
  expect(desk.requests[3].headers["webhook-id"]).equals(desk.requests[1].headers["webhook-id"])
  expect(#simulate.jobs()).equals(0)
end)

test("a desk that is down for days leaves a failed job behind", function()
  local desk = simulate.http(HOOK, 503)
  missed_call()
  simulate.wait("52h")
  expect(simulate.jobs()[1].failed).equals(false)
  expect(event("202603-00001", 1).state).equals("waiting")
  simulate.wait("44h")
  expect(#desk.requests).equals(10)
  expect(event("202603-00001", 1).state).equals("failed")
  local job = simulate.jobs()[1]
  expect(job.failed).equals(true)
  expect(job.attempts).equals(10)
end)

test("a desk that wants no more gets no more", function()
  local desk = simulate.http(HOOK, 410)
  missed_call()
  missed_call()
  expect(#desk.requests).equals(1)
  expect(#simulate.jobs()).equals(0)
end)

local function talks_with_1001()
  local caller = dial { to = "100", at = "mon 10:00", from = "13900139000" }
  caller:is_answered_by("1001")
  caller:waits("30s")
  caller:hangs_up()
end

test("*42 opens a ticket for the last call, says its number, and adds what was said", function()
  local desk = simulate.http(HOOK, { 201, 204 }, { key = "SUP-7", url = "https://desk.example.com/7" })
  talks_with_1001()

  local agent = dial { user = "1001", to = "*42" }
  agent:hears("ticket/opened", { digits = "00001" }, "ticket/note", "tone:beep")
  agent:speaks("8s")
  agent:hangs_up()
  simulate.wait("5s")

  local opened, noted = desk.requests[1].json, desk.requests[2].json
  expect(opened.type).equals("ticket.opened")
  expect(opened.data.ticket).equals("202603-00001")
  expect(opened.data.from).equals("+8613900139000")
  expect(opened.data.by).equals("1001")
  expect(noted.type).equals("ticket.noted")
  expect(noted.data.seconds).equals(8)
  expect(noted.data.call).equals(opened.data.call)

  local ticket = simulate.request("GET /tickets/" .. opened.data.call).json
  expect(ticket.number).equals("202603-00001")
  expect(ticket.key).equals("SUP-7")
  expect(ticket.events[2].state).equals("delivered")
end)

test("*42 without a call before it opens nothing", function()
  dial { at = "mon 10:00", user = "1001", to = "*42" }:hears("ticket/none")
  expect(#simulate.request("GET /tickets").json.tickets).equals(0)
end)

test("agents see and urge tickets that they opened or that are assigned to them, others by their role all", function()
  simulate.http(HOOK, 204)
  talks_with_1001()
  local opens = dial { user = "1001", to = "*42" }
  opens:hears("ticket/opened")
  opens:hangs_up()
  local function sees(who)
    local status = simulate.request("GET /tickets/202603-00001", who).status
    local listed = #simulate.request("GET /tickets", who).json.tickets
    expect(status).equals(listed == 1 and 200 or 403)
    return listed == 1
  end
  expect(sees { user = "1001" }).equals(true)
  expect(sees { user = "1002" }).equals(false)
  expect(sees { user = "1002", role = "leader", reach = { "1001", "1002" } }).equals(true)
  for _, role in ipairs { "tickets", "quality", "admin" } do
    expect(sees { user = "1002", role = role }).equals(true)
  end

  local urge = "POST /tickets/202603-00001/urge"
  expect(simulate.request(urge, { user = "1002" }).status).equals(403)
  expect(simulate.request(urge, { user = "1002", role = "quality" }).status).equals(403)
  expect(simulate.request("POST /tickets/202603-00001/replay", { user = "1002" }).status).equals(403)
  expect(simulate.request(urge, { user = "1001" }).json.urges).equals(1)
  simulate.request("POST /tickets/202603-00001", { json = { assigned_to = "1002" } })
  expect(sees { user = "1002" }).equals(true)
  expect(simulate.request(urge, { user = "1002" }).json.urges).equals(2)
end)

test("the ticket of a missed call is nobody's and seen by all agents until it is somebody's", function()
  simulate.http(HOOK, 204)
  missed_call()
  local function sees(who)
    return simulate.request("GET /tickets/202603-00001", who).status == 200 and #simulate.request("GET /tickets", who).json.tickets == 1
  end
  expect(sees { user = "1002" }).equals(true)
  simulate.request("POST /tickets/202603-00001", { json = { assigned_to = "1001" } })
  expect(sees { user = "1002" }).equals(false)
  expect(sees { user = "1001" }).equals(true)
end)

test("what happens in one call is one ticket", function()
  simulate.http(HOOK, 204)
  talks_with_1001()
  for _ = 1, 2 do
    local agent = dial { user = "1001", to = "*42" }
    agent:hears("ticket/opened")
    agent:hangs_up()
  end
  expect(#simulate.request("GET /tickets").json.tickets).equals(1)
end)

test("the ticket system says that a ticket is closed", function()
  simulate.http(HOOK, 204)
  missed_call()
  local reply = simulate.request("POST /tickets/202603-00001", { json = { state = "closed" } })
  expect(reply.status).equals(200)
  expect(simulate.request("GET /tickets?state=closed").json.tickets[1].number).equals("202603-00001")
  expect(simulate.request("POST /tickets/202603-00002", { json = { state = "closed" } }).status).equals(404)
end)

test("what was told can be told again, by the same id", function()
  local desk = simulate.http(HOOK, 204)
  missed_call()
  expect(simulate.request("POST /tickets/202603-00001/replay").json.replayed).equals(1)
  simulate.wait("1s")
  expect(desk.requests[2].headers["webhook-id"]).equals(desk.requests[1].headers["webhook-id"])
end)

test("what was written down before a crash is told within a minute after it, once", function()
  local desk = simulate.http(HOOK, 204)
  dial { user = "1001", to = "199", at = "mon 10:00" }
  simulate.wait("61s")
  expect(desk.requests[1].json.type).equals("ticket.opened")
  simulate.wait("1h")
  expect(#desk.requests).equals(1)
end)

-- What a receiver answers that is there, and cannot now.
for _, status in ipairs { 502, 504 } do
  test(("a desk that answers %d is left alone by all events for a minute"):format(status), function()
    local desk = simulate.http(HOOK, { status, 204 })
    missed_call()
    missed_call()
    simulate.wait("30s")
    expect(#desk.requests).equals(1)
    simulate.wait("1m")
    expect(#desk.requests).equals(3)
  end)
end

test("a desk that says for how long is left alone for as long", function()
  local desk = simulate.http(HOOK, { 503, 204 }, nil, { headers = { ["retry-after"] = "3600" } })
  missed_call()
  missed_call()
  simulate.wait("58m")
  expect(#desk.requests).equals(1)
  simulate.wait("2h")
  expect(#desk.requests).equals(3)
end)

test("a desk that is only broken keeps no other event from being told", function()
  local desk = simulate.http(HOOK, { 500, 204 })
  missed_call()
  missed_call()
  expect(desk.requests[2].json.data.ticket).equals("202603-00002")
end)

test("a desk that wanted no more gets what is replayed, and what comes after it", function()
  local desk = simulate.http(HOOK, { 410, 204 })
  missed_call()
  expect(event("202603-00001", 1).state).equals("refused")
  simulate.request("POST /tickets/202603-00001/replay")
  simulate.wait("1s")
  expect(event("202603-00001", 1).state).equals("delivered")
  missed_call()
  expect(#desk.requests).equals(3)
end)

test("what two jobs are to tell is told once", function()
  local desk = simulate.http(HOOK, { 502, 204 })
  missed_call()
  expect(simulate.request("POST /tickets/202603-00001/replay").json.replayed).equals(1)
  simulate.wait("1h")
  expect(#desk.requests).equals(2)
  expect(#simulate.jobs()).equals(0)
end)

test("what is reported twice counts once", function()
  local desk = simulate.http(HOOK, 204)
  for _ = 1, 2 do
    expect(dial({ user = "1001", to = "198", at = "mon 10:00" }).vars.ticket).equals("202603-00001")
  end
  expect(#desk.requests).equals(1)
end)

test("a note of less than a second is none", function()
  local desk = simulate.http(HOOK, 204)
  talks_with_1001()
  local agent = dial { user = "1001", to = "*42" }
  agent:hears("ticket/note", "tone:beep")
  agent:speaks("0.5s")
  agent:hangs_up()
  simulate.wait("5s")
  expect(#desk.requests).equals(1)
end)

test("scripts hear what the ticket system says, and it says no more than 500 characters", function()
  simulate.http(HOOK, 204)
  missed_call()
  local long = ("a"):rep(501)
  expect(simulate.request("POST /tickets/202603-00001", { json = { assigned_to = long } }).status).equals(400)
  local said = { state = "closed", assigned_to = long:sub(2) }
  expect(simulate.request("POST /tickets/202603-00001", { json = said }).status).equals(200)
  expect(dial({ user = "1001", to = "197" }).vars.changed).equals("202603-00001 closed")
end)
