-- What a ticket system gets to know. Run with: moonswitch test
local HOOK = "POST https://desk.example.com/hooks/calls"

local function missed_call()
  simulate.phone("1001", { answers_after = false })
  dial { at = "mon 10:00", from = "13900139000" }:is_refused("no_answer")
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
  local caller = dial("mon 10:00")
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
  simulate.wait("4d")
  expect(#desk.requests).equals(10)
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
