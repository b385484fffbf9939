-- Each phone gets its own settings, and nobody else gets them. Run with: moonswitch test
local function asked(path)
  return simulate.request("GET /provision/" .. path)
end

local function has(text, lines)
  for _, line in ipairs(lines) do
    expect(text:find(line, 1, true) and line or text).equals(line)
  end
end

test("a Yealink phone registers, has lamps with pick-up, and answers by itself when asked to", function()
  local answer = asked("yealink-0123456789/001565aabb01.cfg")
  expect(answer.status).equals(200)
  expect(answer.headers["cache-control"]).equals("no-store")
  has(answer.body, {
    "#!version:1.0.0.1\n",
    "account.1.display_name = 班长\n", "account.1.user_name = 1001\n", "account.1.password = a<b&c\n",
    "account.1.sip_server.1.address = 10.0.0.5\n", "account.1.sip_server.1.port = 5070\n",
    "account.1.sip_server.1.transport_type = 0\n", "voice_mail.number.1 = *97\n", "features.intercom.allow = 1\n",
    "linekey.2.type = 16\n", "linekey.2.value = 1002\n", "linekey.2.label = 李娜\n", "linekey.2.extension = **1002\n",
    "linekey.4.value = *24\n",
  })
end)

test("a Grandstream phone gets P values, and as many keys as it has", function()
  local answer = asked("grandstream-0123456789/cfgc074adaabb02.xml")
  expect(answer.status).equals(200)
  has(answer.body, {
    "<mac>c074adaabb02</mac>", "<P271>1</P271>", "<P47>10.0.0.5:5070</P47>", "<P35>1002</P35>", "<P34>secret-1002</P34>",
    "<P3>李娜</P3>", "<P298>1</P298>", "<P1365>11</P1365>", "<P1366>0</P1366>", "<P1467>班长</P1467>", "<P1468>1001</P1468>",
    "<P1373>11</P1373>", "<P1476>*5900</P1476>",
  })
  expect(answer.body:find("*47", 1, true)).equals(nil)
end)

test("a Fanvil phone gets XML in which nothing of a password is markup", function()
  local answer = asked("fanvil-0123456789/0C383EAABB03.cfg")
  expect(answer.status).equals(200)
  has(answer.body, {
    "<RegisterAddr>10.0.0.5</RegisterAddr>", "<RegisterUser>1001</RegisterUser>", "<RegisterPswd>a&lt;b&amp;c</RegisterPswd>",
    "<EnableIntercom>1</EnableIntercom>", '<Fkey index="1">\n<Type>1</Type>\n<Value>1002@1/ba**1002</Value>\n<Title>李娜</Title>',
  })
end)

test("who has made a phone can be named", function()
  local answer = asked("another-0123456789/020000aabb04.cfg")
  expect(answer.status).equals(200)
  has(answer.body, { "account.1.user_name = 1002\n" })
end)

test("a secret opens its own phone's file and nothing else", function()
  for _, path in ipairs {
    "yealink-0123456789/c074adaabb02.cfg", "yealink-0123456789/cfg001565aabb01.xml", "grandstream-0123456789/001565aabb01.cfg",
    "yealink-012345678/001565aabb01.cfg", "001565aabb01/001565aabb01.cfg", "yealink-0123456789/y000000000028.cfg",
  } do
    local answer = asked(path)
    expect(answer.status).equals(404)
    expect((answer.body or ""):find("1001", 1, true)).equals(nil)
  end
end)
