-- What becomes of messages. Run with: moonswitch test
local function world(transcriber, desk)
  return {
    asr     = simulate.http("POST https://asr.example.com/v1/text", transcriber or 200, { text = "请回电，谢谢。" }),
    desk    = simulate.http("POST https://desk.example.com/hooks", desk or 204),
    carrier = simulate.http("POST https://sms.example.com/v1/messages", 201),
  }
end

local function leaves_message(at, options)
  local about = options or {}
  dial { to = "8000", at = at, from = about.from or "13800138000" }:leaves_message {
    mailbox = "8000", seconds = 7, urgent = about.urgent,
  }
  simulate.wait("2s")
end

local function messages(query)
  return simulate.request("GET /voicemail?mailbox=8000" .. (query or "")).json.messages
end

local function told(desk)
  local types = {}
  for _, request in ipairs(desk.requests) do
    types[#types + 1] = request.json.type
  end
  return table.concat(types, " ")
end

test("a message is made into text, and told by mail, webhook and SMS", function()
  local around = world()
  leaves_message("mon 22:00")
  expect(#around.asr.requests).equals(1)
  expect(around.asr.requests[1].body:sub(1, 4)).equals("RIFF")
  local letter = simulate.mails()[1]
  expect(letter.to[1]).equals("desk@example.com")
  expect(letter.subject).equals("新留言：+8613800138000")
  expect(letter.text).matches("请回电，谢谢。")
  expect(letter.text).matches("请于 2026-03-03 11:00 前回电。")
  expect(letter.attachments[1]).equals("message.wav")
  expect(told(around.desk)).equals("voicemail.created voicemail.transcribed")
  local created = around.desk.requests[1]
  expect(created.headers["webhook-signature"]).matches("v1,")
  expect(created.json.timestamp).matches("2026-03-02T22:00")
  expect(created.json.data.seconds).equals(7)
  expect(around.desk.requests[2].json.data.text).equals("请回电，谢谢。")
  expect(around.carrier.requests[1].json.to).equals("13900139000")
  expect(messages()[1].text).equals("请回电，谢谢。")
  for _, job in ipairs(simulate.jobs()) do
    expect(job.name).equals("due")
  end
end)

test("a transcriber that is down keeps nobody waiting for long", function()
  local around = world(503)
  leaves_message("mon 22:00")
  expect(#simulate.mails()).equals(0)
  expect(told(around.desk)).equals("voicemail.created")
  simulate.wait("3m")
  expect(#around.asr.requests).equals(3)
  expect(#simulate.mails()).equals(1)
  expect(told(around.desk)).equals("voicemail.created")
end)

test("a relay that is down for ten minutes gets one mail, and the others are not told twice", function()
  local around = world()
  simulate.relay(false)
  leaves_message("mon 22:00")
  simulate.wait("10m")
  expect(#simulate.mails()).equals(0)
  simulate.relay(true)
  simulate.wait("2h")
  expect(#simulate.mails()).equals(1)
  expect(#around.desk.requests).equals(2)
  expect(#around.carrier.requests).equals(1)
end)

test("a receiver that is down is told in order, by the same id each time", function()
  local around = world(200, { 500, 204 })
  leaves_message("mon 22:00")
  simulate.wait("1m")
  expect(told(around.desk)).equals("voicemail.created voicemail.created voicemail.transcribed")
  local first, second = around.desk.requests[1], around.desk.requests[2]
  expect(second.headers["webhook-id"]).equals(first.headers["webhook-id"])
end)

test("a receiver that wants no more gets no more", function()
  local around = world(200, 410)
  leaves_message("mon 22:00")
  simulate.wait("10m")
  leaves_message()
  simulate.wait("10m")
  expect(#around.desk.requests).equals(1)
end)

test("what comes out of hours is to be called back within open hours, the urgent sooner", function()
  world()
  leaves_message("mon 10:00")
  expect(messages()[1].call_back).is_nil()
  leaves_message("fri 17:30", { from = "13800138001" })
  leaves_message("fri 22:00", { from = "13800138002" })
  leaves_message("fri 23:00", { from = "13800138003", urgent = true })
  local open = messages("&state=open")
  expect(#open).equals(2)
  expect(open[1].from).equals("+8613800138003")
  expect(clock.text("%a %H:%M", open[1].call_back.due_at)).equals("Mon 10:00")
  expect(clock.text("%a %H:%M", open[2].call_back.due_at)).equals("Mon 11:00")
end)

test("who calls back and is heard has settled the message, and who is not has tried", function()
  local around = world()
  leaves_message("mon 22:00")
  simulate.phone("trunk:carrier", { answers_after = false })
  local trying = dial { user = "1001", to = "13800138000", at = "tue 09:05" }
  trying:waits("20s")
  trying:hangs_up()
  simulate.wait("2s")
  local id = messages()[1].id
  local seen = simulate.request("GET /voicemail/" .. id).json
  expect(seen.attempts[1].result).equals("not_reached")
  expect(seen.attempts[1].by).equals("1001")
  expect(seen.call_back.state).equals("open")

  simulate.phone("trunk:carrier", { answers_after = 3 })
  local caller = dial { user = "1001", to = "13800138000" }
  caller:is_bridged_to("trunk:carrier/13800138000")
  caller:waits("30s")
  caller:hangs_up()
  simulate.wait("2s")
  local case = messages()[1].call_back
  expect(case.state).equals("settled")
  expect(case.settled_by).equals("1001")
  expect(told(around.desk)).equals("voicemail.created voicemail.transcribed voicemail.tried voicemail.settled")
  simulate.wait("5h")
  expect(simulate.request("GET /voicemail/figures").json.in_time).equals(1)
  expect(simulate.request("GET /voicemail/figures").json.late).equals(0)
end)

---Listens to the hotline's mailbox.
local function listens(options)
  local agent = dial { user = "1001", to = "*980", at = options and options.at }
  agent:presses("1379#")
  if options and options.first_time then
    agent:presses("1379#")
  end
  agent:hears("message")
  return agent
end

test("key 2 in the mailbox calls back, and *9813 says what came of it", function()
  world()
  leaves_message("mon 22:00")
  simulate.phone("trunk:carrier", { hangs_up_after = 2 })
  local agent = listens { at = "tue 09:05", first_time = true }
  agent:presses("2")
  agent:is_bridged_to("trunk:carrier/13800138000")
  agent:is_hung_up()
  simulate.wait("2s")
  expect(messages()[1].call_back.result).equals("not_reached")
  dial { user = "1001", to = "*9813" }:hears("vm/settled")
  expect(messages()[1].call_back.result).equals("wrong_number")
end)

test("key 5 in the mailbox gives the message to whoever listens", function()
  world()
  leaves_message("mon 22:00")
  local agent = listens { first_time = true }
  agent:presses("5")
  agent:hears("vm/yours")
  expect(messages("&state=open&assigned_to=1001")[1].assigned_to).equals("1001")
end)

test("*981 gives each agent another message, the most pressing first, and dials", function()
  world()
  leaves_message("mon 22:00", { from = "13800138001" })
  leaves_message("mon 22:10", { from = "13800138002", urgent = true })
  local first = dial { user = "1001", to = "*981", at = "tue 09:00" }
  first:hears("vm/yours", { digits = "13800138002" })
  first:is_bridged_to("trunk:carrier/13800138002")
  local second = dial { user = "1002", to = "*981" }
  second:is_bridged_to("trunk:carrier/13800138001")
  expect(messages("&assigned_to=1001")[1].from).equals("+8613800138002")
  first:hangs_up()
  dial { user = "1001", to = "*9812" }:hears("vm/still-open")
  dial { user = "1001", to = "*9814" }:hears("vm/settled")
  second:waits("20s")
  second:hangs_up()
  simulate.wait("2s")
  dial { user = "1001", to = "*981" }:hears("vm/none-open")
  dial { user = "1002", to = "*9811" }:hears("vm/settled")
end)

test("what is not settled in time is told once, and the leader gets a mail", function()
  local around = world()
  leaves_message("mon 22:00")
  simulate.wait("12h")
  expect(#simulate.mails()).equals(1)
  simulate.wait("1d")
  local letter = simulate.mails()[2]
  expect(letter.to[1]).equals("leader@example.com")
  expect(letter.subject).equals("超时未回电：+8613800138000")
  expect(#simulate.mails()).equals(2)
  expect(told(around.desk)).matches("voicemail.overdue$")
  expect(messages()[1].call_back.late).equals(true)
end)

test("desks give messages to people and settle them over HTTP", function()
  world()
  leaves_message("mon 22:00")
  local id = messages()[1].id
  local path = "POST /voicemail/" .. id
  expect(simulate.request(path .. "/assign", { json = { to = "1001" } }).status).equals(200)
  expect(messages()[1].assigned_to).equals("1001")
  expect(#messages("&state=open&assigned_to=1002")).equals(0)
  expect(simulate.request(path .. "/assign", { json = { to = "1999" } }).status).equals(400)
  expect(simulate.request("POST /voicemail/x/assign", { json = { to = "1001" } }).status).equals(404)

  expect(simulate.request(path .. "/result", { json = { result = "fine" } }).status).equals(400)
  local note = { result = "not_needed", note = "已发邮件", by = "1001" }
  expect(simulate.request(path .. "/result", { json = note }).json.call_back.state).equals("settled")
  expect(#messages("&state=open")).equals(0)
  expect(simulate.request("GET /voicemail/" .. id).json.attempts[1].note).equals("已发邮件")
  local figures = simulate.request("GET /voicemail/figures?from=2026-03-02&to=2026-03-02").json
  expect(figures.messages).equals(1)
  expect(figures.results.not_needed).equals(1)
  expect(simulate.request("GET /voicemail/figures?from=2026-03-03").json.messages).equals(0)
end)

test("a deleted message need not be called back until it is restored", function()
  local around = world()
  leaves_message("mon 22:00")
  local id = messages()[1].id
  expect(simulate.request("DELETE /voicemail/" .. id).status).equals(200)
  simulate.wait("3s")
  expect(#messages()).equals(0)
  expect(#messages("&deleted=true")).equals(1)
  expect(messages("&deleted=true")[1].call_back.state).equals("cleared")
  expect(told(around.desk)).matches("voicemail.deleted$")
  expect(simulate.request("POST /voicemail/" .. id .. "/restore").json.call_back.state).equals("open")
  expect(#messages("&state=open")).equals(1)
  expect(simulate.request("DELETE /voicemail/" .. id .. "x").status).equals(404)
end)

test("the newest three stay, and what waits for a call", function()
  local around = world()
  leaves_message("mon 05:00")
  for _ = 1, 4 do
    leaves_message("mon 10:00")
  end
  simulate.wait("2h")
  local left = messages()
  expect(#left).equals(4)
  expect(left[4].call_back.state).equals("open")
  expect(told(around.desk)).matches("voicemail.deleted")
end)

test("a message that was heard goes after a day, and one that nobody has heard after three", function()
  local around = world()
  leaves_message("mon 10:00")
  leaves_message("mon 10:00")
  local agent = listens { first_time = true }
  agent:presses("1*")
  simulate.wait("2s")
  expect(told(around.desk)).matches("voicemail.heard")
  simulate.wait("22h")
  expect(#messages()).equals(2)
  simulate.wait("4h")
  expect(#messages()).equals(1)
  simulate.wait("2d")
  expect(#messages()).equals(0)
end)
