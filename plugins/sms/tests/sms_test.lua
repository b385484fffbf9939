-- What the provider gets and says. Run with: moonswitch test
local API = "POST https://sms.example.com/v1/messages"

local function send(text)
  return simulate.request("POST /sms", { by = "desk", json = { to = "139 0013 9000", text = text } })
end

local function newest()
  return simulate.request("GET /sms").json.messages[1]
end

test("a message reaches the provider once, signed, and its receipt turns it delivered", function()
  local provider = simulate.http(API, 201, { id = "p7" })
  expect(send("您好").status).equals(202)
  simulate.wait("1s")
  expect(#provider.requests).equals(1)
  local request = provider.requests[1]
  expect(request.json.to).equals("13900139000")
  expect(request.json.text).equals("【云桥】您好")
  expect(request.json.from).equals("10690000")
  expect(request.headers.authorization).equals("Bearer a-token-of-some-length")
  expect(newest().state).equals("sent")
  expect(newest().by).equals("desk")
  local receipt = { reference = request.json.reference, state = "delivered" }
  expect(simulate.request("POST /sms/receipts", { json = receipt }).status).equals(204)
  expect(newest().state).equals("delivered")
end)

test("71 Chinese characters are two messages, and 161 letters, too", function()
  simulate.http(API, 201)
  -- The signature has four characters.
  expect(send(("字"):rep(66)).json.segments).equals(1)
  expect(send(("字"):rep(67)).json.segments).equals(2)
  expect(send(("字"):rep(131)).json.segments).equals(3)
  local segments = require("plugins.sms.text").segments
  expect(segments(("a"):rep(160))).equals(1)
  expect(segments(("a"):rep(161))).equals(2)
  expect(segments(("a"):rep(306))).equals(2)
  expect(segments(("a"):rep(307))).equals(3)
  expect(segments(("字"):rep(70))).equals(1)
  expect(segments(("字"):rep(71))).equals(2)
  expect(segments(("字"):rep(134))).equals(2)
  expect(segments(("字"):rep(135))).equals(3)
  expect(segments(("€"):rep(80))).equals(1)
  expect(segments(("€"):rep(81))).equals(2)
  expect(segments(("😀"):rep(36))).equals(2)
  -- 67 places hold 33 of them: the 67th is in a third message.
  expect(segments(("😀"):rep(66))).equals(2)
  expect(segments(("😀"):rep(67))).equals(3)
end)

test("a provider that is down for ten minutes gets it by one key", function()
  local provider = simulate.http(API, { false, 500, 503, 201 })
  send("您好")
  simulate.wait("10m")
  expect(#provider.requests).equals(4)
  expect(provider.requests[4].headers["idempotency-key"]).equals(provider.requests[2].headers["idempotency-key"])
  expect(newest().state).equals("sent")
  expect(#simulate.jobs()).equals(0)
end)

test("what the provider never will take has failed at once", function()
  local provider = simulate.http(API, 400)
  send("您好")
  simulate.wait("1h")
  expect(#provider.requests).equals(1)
  expect(newest().state).equals("failed")
  expect(newest().error).equals("the provider answered 400")
end)

test("whoever answers 退订 or td gets no more, until a desk takes that back", function()
  simulate.http(API, 201)
  for index, word in ipairs { "退订", " td " } do
    local said = { id = "i" .. index, from = "+8613900139000", to = "10690000", text = word }
    expect(simulate.request("POST /sms/incoming", { json = said }).status).equals(204)
    expect(send("您好").json.error).equals("opted_out")
    expect(simulate.request("DELETE /sms/opt-outs/13900139000").status).equals(204)
    expect(send("您好").status).equals(202)
  end
end)

test("what is told twice is received once", function()
  local said = { id = "i1", from = "13900139000", to = "10690000", text = "几点开门？" }
  simulate.request("POST /sms/incoming", { json = said })
  simulate.request("POST /sms/incoming", { json = said })
  expect(#simulate.request("GET /sms").json.messages).equals(1)
  expect(newest().text).equals("几点开门？")
  expect(simulate.request("POST /sms/incoming", { json = { id = "i2" } }).status).equals(400)
end)

test("*761 sends the first template to the last caller", function()
  local provider = simulate.http(API, 201)
  dial { user = "1001", to = "*761", at = "mon 10:00" }:hears("sms/nobody")
  local caller = dial { to = "100", from = "13900139000" }
  caller:is_answered_by("1001")
  caller:waits("30s")
  caller:hangs_up()
  dial { user = "1001", to = "*761" }:hears("sms/sent")
  dial { user = "1001", to = "*762" }:hears("sms/failed")
  simulate.wait("1s")
  expect(#provider.requests).equals(1)
  expect(provider.requests[1].json.to).equals("13900139000")
  expect(provider.requests[1].json.text).equals("【云桥】1001号坐席为您服务，回电请拨4001234567。")
  -- What the user dialled since were star codes, and nobody to talk with.
  dial { user = "1001", to = "*761" }:hears("sms/sent")
  simulate.wait("1s")
  expect(provider.requests[2].json.to).equals("13900139000")
end)

test("a text of more than ten messages is none", function()
  local provider = simulate.http(API, 201)
  -- With the signature's four characters.
  expect(send(("字"):rep(666)).json.segments).equals(10)
  local refused = send(("字"):rep(667))
  expect(refused.status).equals(409)
  expect(refused.json.error).equals("too_long")
  simulate.wait("1s")
  expect(#provider.requests).equals(1)
end)

test("receipts are of messages that were sent, have a word that is known, and take nothing back", function()
  local provider = simulate.http(API, 201)
  send("您好")
  simulate.wait("1s")
  local reference = provider.requests[1].json.reference
  local function receipt(of, state)
    return simulate.request("POST /sms/receipts", { json = { reference = of, state = state } }).status
  end
  expect(receipt(reference, "lost")).equals(400)
  expect(newest().state).equals("sent")
  expect(receipt(reference, "delivered")).equals(204)
  expect(receipt(reference, "failed")).equals(204)
  expect(newest().state).equals("delivered")
  simulate.request("POST /sms/incoming", { json = { id = "i1", from = "13900139000", to = "10690000", text = "？" } })
  expect(receipt(tostring(newest().id), "delivered")).equals(404)
  expect(newest().state).equals("received")
  expect(receipt("999", "delivered")).equals(404)
end)

test("a provider that has no time, is broken, or knows us not gets the message later", function()
  for _, status in ipairs { 401, 403, 408, 429, 500, 503 } do
    local provider = simulate.http(API, { status, 201 })
    send("您好")
    simulate.wait("2m")
    expect(#provider.requests).equals(2)
    expect(newest().state).equals("sent")
  end
end)

test("a message whose provider stays away has failed, and its job can be done again", function()
  for _, answer in ipairs { false, 500 } do
    local provider = simulate.http(API, answer)
    send("您好")
    simulate.wait("1h")
    expect(newest().state).equals("waiting")
    simulate.wait("3d")
    expect(#provider.requests).equals(10)
    expect(newest().state).equals("failed")
    expect(newest().error).matches(answer and "answered 500" or "is not reached")
    local jobs = simulate.jobs()
    expect(jobs[#jobs].failed).equals(true)
  end
end)

test("a number is one number, however it is written", function()
  simulate.http(API, 201)
  for _, nobody in ipairs { "1001", "110", "what?", "" } do
    expect(simulate.request("POST /sms", { json = { to = nobody, text = "您好" } }).json.error).equals("no_number")
  end
  for number, forms in pairs {
    ["+8613900139000"] = { "13900139000", "+86 139 0013 9000", "8613900139000", "0086 139-0013-9000", "013900139000" },
    ["+861087654321"]  = { "010-87654321", "01087654321", "+86 10 8765 4321", "861087654321" },
    ["+85221234567"]   = { "0085221234567", "+852 2123 4567" },
  } do
    for _, form in ipairs(forms) do
      local said = { id = form, from = form, to = "10690000", text = "退订" }
      expect(simulate.request("POST /sms/incoming", { json = said }).status).equals(204)
      for _, other in ipairs(forms) do
        local sent = simulate.request("POST /sms", { json = { to = other, text = "您好" } })
        expect(sent.json.error).equals("opted_out")
        local listed = simulate.request("GET /sms?number=" .. other:gsub("%+", "%%2B"):gsub(" ", "%%20")).json.messages
        expect(listed[1].number).equals(number)
      end
      expect(simulate.request("DELETE /sms/opt-outs/" .. forms[1]:gsub(" ", "%%20")).status).equals(204)
    end
  end
end)
