-- What becomes of messages. Run with: moonswitch test
local function world(transcriber)
  return {
    asr     = simulate.http("POST https://asr.example.com/v1/text", transcriber or 200, { text = "请回电，谢谢。" }),
    desk    = simulate.http("POST https://desk.example.com/hooks", 204),
    carrier = simulate.http("POST https://sms.example.com/v1/messages", 201),
  }
end

local function leaves_message()
  dial { to = "8000", at = "mon 22:00", from = "13800138000" }:leaves_message { mailbox = "8000", seconds = 7 }
  simulate.wait("1s")
end

local function messages()
  return simulate.request("GET /voicemail?mailbox=8000").json.messages
end

test("a message is made into text, and told by mail, webhook and SMS", function()
  local around = world()
  leaves_message()
  expect(#around.asr.requests).equals(1)
  expect(around.asr.requests[1].body:sub(1, 4)).equals("RIFF")
  local letter = simulate.mails()[1]
  expect(letter.to[1]).equals("desk@example.com")
  expect(letter.text).matches("请回电，谢谢。")
  expect(letter.attachments[1]).equals("message.wav")
  local told = around.desk.requests[1].json
  expect(told.type).equals("voicemail.recorded")
  expect(told.data.text).equals("请回电，谢谢。")
  expect(around.carrier.requests[1].json.to).equals("+8613900139000")
  expect(messages()[1].text).equals("请回电，谢谢。")
  expect(#simulate.jobs()).equals(0)
end)

test("a transcriber that is down keeps nobody waiting for long", function()
  local around = world(503)
  leaves_message()
  expect(#simulate.mails()).equals(0)
  simulate.wait("3m")
  expect(#around.asr.requests).equals(3)
  expect(#simulate.mails()).equals(1)
  expect(around.desk.requests[1].json.data.text).is_nil()
end)

test("a relay that is down for ten minutes gets one mail, and the others are not told twice", function()
  local around = world()
  simulate.relay(false)
  leaves_message()
  simulate.wait("10m")
  expect(#simulate.mails()).equals(0)
  simulate.relay(true)
  simulate.wait("2h")
  expect(#simulate.mails()).equals(1)
  expect(#around.desk.requests).equals(1)
  expect(#around.carrier.requests).equals(1)
end)

test("a message is given to somebody who is to see to it", function()
  world()
  leaves_message()
  local id = messages()[1].id
  expect(simulate.request("POST /voicemail/" .. id .. "/assign", { json = { to = "1001" } }).status).equals(200)
  expect(messages()[1].assigned_to).equals("1001")
  expect(#simulate.request("GET /voicemail?assigned_to=1002").json.messages).equals(0)
  expect(simulate.request("POST /voicemail/" .. id .. "/assign", { json = { to = "1999" } }).status).equals(400)
  expect(simulate.request("POST /voicemail/x/assign", { json = { to = "1001" } }).status).equals(404)
end)

test("the newest three stay", function()
  local around = world()
  for _ = 1, 4 do
    leaves_message()
  end
  expect(#messages()).equals(4)
  simulate.wait("2h")
  expect(#messages()).equals(3)
  expect(around.desk.requests[5].json.type).equals("voicemail.deleted")
end)

test("a message that nobody has heard stays for sixty days", function()
  world()
  leaves_message()
  simulate.wait("59d")
  expect(#messages()).equals(1)
  simulate.wait("2d")
  expect(#messages()).equals(0)
end)
