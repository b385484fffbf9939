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
  expect(segments(("a"):rep(307))).equals(3)
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
  expect(provider.requests[1].json.to).equals("+8613900139000")
  expect(provider.requests[1].json.text).equals("【云桥】1001号坐席为您服务，回电请拨4001234567。")
end)
