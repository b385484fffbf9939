-- The plugin with little set. Run with: moonswitch test
local function leaves_message(urgent)
  dial { to = "8000", at = "mon 03:00", from = "13800138000" }:leaves_message { seconds = 7, urgent = urgent }
  simulate.wait("2s")
end

test("a mail has a link instead of the sound, and no empty lines where there is no text", function()
  simulate.http("POST https://asr.example.com/v1/text", 200, { text = "" })
  leaves_message(true)
  local letter = simulate.mails()[1]
  local id = simulate.request("GET /voicemail").json.messages[1].id
  expect(letter.subject).equals("【紧急】新留言：+8613800138000")
  expect(#letter.attachments).equals(0)
  expect(letter.text).matches("秒。\n\n请于 2026-03-02 04:00 前回电。\nhttps://desk.example.com/messages/" .. id)
end)

test("a desk without hours is always open, and one without a leader tells nobody by mail", function()
  simulate.http("POST https://asr.example.com/v1/text", 200, { text = "您好" })
  leaves_message()
  simulate.wait("5h")
  expect(simulate.request("GET /voicemail").json.messages[1].call_back.late).equals(true)
  expect(#simulate.mails()).equals(1)
  expect(#simulate.jobs()).equals(0)
end)

test("what the relay refuses and the transcriber cannot do is listed as failed in the end", function()
  simulate.http("POST https://asr.example.com/v1/text", 500)
  simulate.relay("550 no such user")
  leaves_message()
  simulate.wait("4d")
  local why = {}
  for _, job in ipairs(simulate.jobs()) do
    why[job.name] = job.failed and job.error
  end
  expect(why.mail).matches("the relay takes no mail to desk@example.com")
  expect(why.transcribe).matches("the transcriber answered 500")
end)
