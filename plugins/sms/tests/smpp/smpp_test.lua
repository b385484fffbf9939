-- The same over SMPP: what the SMSC gets and says. Run with: moonswitch test
local SMSC = "smsc.example:2775"

local function send(text)
  return simulate.request("POST /sms", { by = "desk", json = { to = "139 0013 9000", text = text } })
end

local function newest()
  return simulate.request("GET /sms").json.messages[1]
end

test("a message reaches the SMSC once, signed, and its receipt turns it delivered", function()
  local smsc = simulate.smpp(SMSC)
  expect(send("您好").status).equals(202)
  simulate.wait("1s")
  expect(#smsc.messages).equals(1)
  expect(smsc.messages[1].to).equals("13900139000")
  expect(smsc.messages[1].from).equals("10690000")
  expect(smsc.messages[1].text).equals("【云桥】您好")
  expect(newest().state).equals("sent")
  expect(newest().theirs).equals("1")
  expect(smsc:receipt { id = "1", word = "ACCEPTD" }).equals(true)
  expect(newest().state).equals("sent")
  expect(smsc:receipt { id = "1", word = "DELIVRD" }).equals(true)
  expect(newest().state).equals("delivered")
end)

test("a long text is as many messages as it is billed, and delivered when the last one is", function()
  local smsc = simulate.smpp(SMSC)
  for _, said in ipairs { ("字"):rep(67), ("😀"):rep(70), ("a"):rep(200) .. "字" } do
    local before = #smsc.messages
    local segments = send(said).json.segments
    simulate.wait("1s")
    expect(#smsc.messages - before).equals(segments)
    local whole = {}
    for index = before + 1, #smsc.messages do
      local message = smsc.messages[index]
      expect(message.parts).equals(segments)
      expect(message.part).equals(index - before)
      whole[#whole + 1] = message.text
    end
    expect(table.concat(whole)).equals("【云桥】" .. said)
  end
  expect(newest().segments).equals(4)
  for number = #smsc.messages, #smsc.messages - 3, -1 do
    expect(newest().state).equals("sent")
    smsc:receipt { id = tostring(number), word = "DELIVRD" }
  end
  expect(newest().state).equals("delivered")
end)

test("an SMSC that is down for ten minutes gets each message once", function()
  local smsc = simulate.smpp(SMSC, { false, false, false, 0 })
  send("您好")
  simulate.wait("1s")
  expect(newest().state).equals("waiting")
  expect(simulate.jobs()[1].error).matches("smsc.example:2775 is not reached")
  simulate.wait("10m")
  expect(#smsc.messages).equals(4)
  expect(newest().state).equals("sent")
  simulate.wait("1d")
  expect(#smsc.messages).equals(4)
  expect(#simulate.jobs()).equals(0)
end)

test("of a long text only what the SMSC does not have is sent again", function()
  local smsc = simulate.smpp(SMSC, { 0, false, 0 })
  send(("字"):rep(150))
  simulate.wait("1m")
  local parts = {}
  for _, message in ipairs(smsc.messages) do
    parts[#parts + 1] = message.part
  end
  expect(table.concat(parts, " ")).equals("1 2 2 3")
  expect(newest().state).equals("sent")
end)

test("an SMSC that has too much is left alone, by all messages", function()
  local smsc = simulate.smpp(SMSC, { "ESME_RTHROTTLED", 0 })
  send("one")
  send("two")
  simulate.wait("10s")
  expect(newest().state).equals("sent")
  expect(#smsc.messages <= 4).equals(true)
  expect(#simulate.jobs()).equals(0)
end)

test("what the SMSC never will take has failed at once, and what is undeliverable says why", function()
  local smsc = simulate.smpp(SMSC, { "ESME_RINVDSTADR", 0 })
  send("您好")
  simulate.wait("1h")
  expect(#smsc.messages).equals(1)
  expect(newest().state).equals("failed")
  expect(newest().error).equals("the provider answered ESME_RINVDSTADR")
  send("您好")
  simulate.wait("1s")
  smsc:receipt { id = "2", word = "UNDELIV", error = "012" }
  expect(newest().state).equals("failed")
  expect(newest().error).equals("UNDELIV 012")
end)

test("a receipt that is sooner than the answer finds its message", function()
  local smsc = simulate.smpp(SMSC)
  smsc:receipt { id = "1", word = "DELIVRD" }
  send("您好")
  simulate.wait("1s")
  expect(newest().state).equals("delivered")
end)

test("a long Chinese message comes in pieces and is told once, joined", function()
  local smsc = simulate.smpp(SMSC)
  local said = ("几点开门？"):rep(30) .. "😀"
  expect(smsc:delivers { from = "+8613900139000", to = "10690000", text = said }).equals(true)
  local messages = simulate.request("GET /sms").json.messages
  expect(#messages).equals(1)
  expect(messages[1].text).equals(said)
  expect(messages[1].number).equals("+8613900139000")
  expect(messages[1].state).equals("received")
end)

test("whoever answers 退订 gets no more, until a desk takes that back", function()
  local smsc = simulate.smpp(SMSC)
  smsc:delivers { from = "+8613900139000", to = "10690000", text = "退订" }
  expect(send("您好").json.error).equals("opted_out")
  expect(simulate.request("DELETE /sms/opt-outs/13900139000").status).equals(204)
  expect(send("您好").status).equals(202)
end)

test("a message of which a segment is lost has failed, though the others are delivered", function()
  local smsc = simulate.smpp(SMSC)
  smsc:receipt { id = "1", word = "EXPIRED" }
  send(("字"):rep(100))
  simulate.wait("1s")
  smsc:receipt { id = "2", word = "DELIVRD" }
  expect(#smsc.messages).equals(2)
  expect(newest().state).equals("failed")
  expect(newest().error).equals("EXPIRED")
  -- The same when it is lost before the others are sent.
  local other = simulate.smpp(SMSC, { 0, false, 0 })
  other:receipt { id = "1", word = "DELETED" }
  send(("字"):rep(100))
  simulate.wait("1m")
  expect(#other.messages).equals(3)
  expect(newest().state).equals("failed")
end)

test("a message that waits for its other pieces is told after an hour as it is", function()
  local smsc = simulate.smpp(SMSC)
  local said = ("几"):rep(67) .. ("点"):rep(10)
  smsc:delivers { from = "13900139000", to = "10690000", text = said, lacks = 2 }
  expect(#simulate.request("GET /sms").json.messages).equals(0)
  simulate.wait("2h")
  expect(newest().text).equals(("几"):rep(67) .. "…")
  smsc:delivers { from = "13900139000", to = "10690000", text = said, lacks = 1 }
  simulate.wait("2h")
  expect(newest().text).equals("…" .. ("点"):rep(10))
end)

test("pieces of a message that is complete and come once more are no other message", function()
  local smsc = simulate.smpp(SMSC)
  local said = ("几"):rep(67) .. ("点"):rep(10)
  smsc:delivers { from = "13900139000", to = "10690000", text = said }
  smsc:delivers { from = "13900139000", to = "10690000", text = said, lacks = 1 }
  simulate.wait("2h")
  expect(#simulate.request("GET /sms").json.messages).equals(1)
  smsc:delivers { from = "13900139000", to = "10690000", text = said }
  expect(#simulate.request("GET /sms").json.messages).equals(2)
end)

test("what is amiss at the SMSC for now is tried again", function()
  local smsc = simulate.smpp(SMSC, { "ESME_RSYSERR", 0 })
  send("您好")
  simulate.wait("1m")
  expect(#smsc.messages).equals(2)
  expect(newest().state).equals("sent")
end)

test("there are no routes for a provider that has a line", function()
  local done, why = pcall(simulate.request, "POST /sms/incoming", { json = {} })
  expect(done).equals(false)
  expect(why).matches("no route for")
end)
