-- What is mailed, to whom, and how often. Run with: moonswitch test
local function told(number)
  dial({ to = number, user = "1001" }):is_hung_up()
  simulate.wait("1s")
  return simulate.mails()
end

test("an alarm is mailed to all who are named, once a day", function()
  local letters = told("101")
  expect(#letters).equals(1)
  expect(letters[1].to).equals({ "boss@example.com", "desk@example.com" })
  expect(letters[1].subject).equals("外呼告警：分机 1049 今日话费 40/50")
  expect(#told("101")).equals(1)
  simulate.wait("1d")
  expect(#told("101")).equals(2)
end)

test("what is the whole tenant's names nobody", function()
  expect(told("102")[1].subject).equals("外呼告警：全企业 企业今日话费 500/500")
end)

test("a call that was ended, a new country and an alert say what they are of", function()
  expect(told("103")[1].subject).equals("外呼被切断：0085221234567")
  expect(told("104")[2].subject).equals("首次拨打国家/地区 +852")
  expect(told("105")[3].subject).equals("告警：wait")
end)
