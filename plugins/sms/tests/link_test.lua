-- Links that callers in a queue want. Run with: moonswitch test
local API = "POST https://sms.example.com/v1/messages"

local function waits(from)
  local caller = dial { to = "200", from = from }
  caller:waits_in("it")
  return caller
end

test("a caller has a link sent to their mobile phone by a key, once in a call", function()
  local provider = simulate.http(API, 201)
  local caller = waits("13900139000")
  caller:presses("5")
  caller:hears("sms/sent")
  caller:waits("1s")
  expect(#provider.requests).equals(1)
  expect(provider.requests[1].json.to).equals("13900139000")
  expect(provider.requests[1].json.text).equals("【云桥】自助办理：https://m.example.com/it")
  -- Neither the key nor the step of the queue sends it again.
  caller:presses("5")
  caller:waits("40s")
  expect(#provider.requests).equals(1)
  caller:hangs_up()
  local again = waits("13900139000")
  again:presses("5")
  again:waits("1s")
  expect(#provider.requests).equals(2)
end)

test("a step of the queue sends it to who has pressed nothing", function()
  local provider = simulate.http(API, 201)
  local caller = waits("13900139000")
  caller:waits("29s")
  expect(#provider.requests).equals(0)
  caller:waits("5s")
  expect(#provider.requests).equals(1)
  expect(simulate.request("GET /sms").json.messages[1].number).equals("+8613900139000")
end)

test("nothing is sent where it would not arrive, or is not wanted", function()
  local provider = simulate.http(API, 201)
  local said = { id = "i1", from = "13900139000", to = "10690000", text = "退订" }
  expect(simulate.request("POST /sms/incoming", { json = said }).status).equals(204)
  for _, from in ipairs { "01087654321", "+85221234567", "13900139000" } do
    local caller = waits(from)
    caller:presses("5")
    caller:hears("sms/failed")
    caller:waits("40s")
    caller:hangs_up()
  end
  expect(#provider.requests).equals(0)
end)

test("what is wrong with the setting is said when it is read", function()
  local link = require("plugins.sms.text").link
  local templates = { link = "自助办理：{url}", ["1"] = "{agent}号坐席为您服务" }
  local url = "https://m.example.com/it"
  expect(link({ template = "link", url = url }, templates)).equals("自助办理：" .. url)
  expect(link({ text = "请加微信 it-desk" }, templates)).equals("请加微信 it-desk")
  expect(link({}, templates)).equals(nil)
  for sentence, wrong in pairs {
    ["unknown 'uri'"]      = { text = "{url}", uri = url },
    ["not both"]           = { text = "{url}", template = "link", url = url },
    ["no template '2'"]    = { template = "2", url = url },
    ["add one"]            = { url = url },
    ["url is missing"]     = { template = "link" },
    ["there is no {agent}"] = { template = "1", url = url },
  } do
    local said, why = link(wrong, templates)
    expect(said).equals(nil)
    expect(why).matches(sentence)
  end
end)
