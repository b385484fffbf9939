-- Webhooks, as their specification wants them. Run with: moonswitch test
local function receiver(status, headers)
  simulate.http("POST https://asr.example.com/v1/text", 200, { text = "请回电。" })
  simulate.http("POST https://sms.example.com/v1/messages", 201)
  return simulate.http("POST https://desk.example.com/hooks", status, nil, { headers = headers })
end

local function leaves_message()
  dial { to = "8000", at = "mon 10:00", from = "13800138000" }:leaves_message { seconds = 7 }
  simulate.wait("1s")
end

local function first_hook(id)
  return simulate.request("GET /voicemail/" .. id).json.webhooks[1]
end

test("both secrets sign while the receiver changes over", function()
  local desk = receiver(204)
  leaves_message()
  expect(desk.requests[1].headers["webhook-signature"]).matches("^v1,%S+ v1,%S+$")
end)

for _, status in ipairs { 429, 502, 504 } do
  test(status .. " is a rest for all messages, of a minute", function()
    local desk = receiver { status, 204 }
    leaves_message()
    leaves_message()
    simulate.wait("50s")
    expect(#desk.requests).equals(1)
    simulate.wait("2m")
    expect(#desk.requests).equals(5)
  end)
end

test("who asks for a rest has it for as long as they ask", function()
  local desk = receiver({ 500, 204 }, { ["Retry-After"] = "120" })
  leaves_message()
  leaves_message()
  simulate.wait("110s")
  expect(#desk.requests).equals(1)
  simulate.wait("2m")
  expect(#desk.requests).equals(5)
end)

test("a receiver that is away for days leaves a failed job behind after ten attempts, and holds up nothing", function()
  local desk = receiver(503)
  leaves_message()
  local id = simulate.request("GET /voicemail").json.messages[1].id
  simulate.wait("60h")
  expect(first_hook(id).attempts).equals(9)
  expect(first_hook(id).state).equals("waiting")
  simulate.wait("40h")
  expect(first_hook(id).state).equals("failed")
  expect(first_hook(id).error).equals("the receiver answered 503")
  expect(simulate.jobs()[1].failed).equals(true)
  expect(desk.requests[11].json.type).equals("voicemail.transcribed")
end)

test("each time that a message is deleted is told", function()
  local desk = receiver(204)
  leaves_message()
  local id = simulate.request("GET /voicemail").json.messages[1].id
  for _ = 1, 2 do
    simulate.request("DELETE /voicemail/" .. id)
    simulate.wait("5s")
    simulate.request("POST /voicemail/" .. id .. "/restore")
  end
  expect(#desk.requests).equals(4)
  expect(desk.requests[4].json.type).equals("voicemail.deleted")
end)
