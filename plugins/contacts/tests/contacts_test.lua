-- What is left open after conversations, and how it is closed. Run with: moonswitch test
local function talks(about)
  about = about or {}
  simulate.phone("1001", { hangs_up_after = 30 })
  local caller = dial { to = "100", from = "13900139000", user = about.user }
  caller:is_answered_by("1001")
  caller:waits(30)
  caller:is_hung_up()
  simulate.wait("1s")
end

local function now()
  local asked = dial { user = "1002", to = "197" }
  asked:is_hung_up()
  return asked.vars
end

local function dials(code)
  return dial { user = "1001", to = code }
end

test("a conversation with a customer is open until its agent has closed it by code", function()
  dials("*41"):hears("record/none")
  talks()
  talks { user = "1002" }
  expect(now().open).equals(1)

  dials("*41" .. "21"):hears("record/closed")

  expect(now().open).equals(0)
  expect(now().heard).equals("fault solved user:1001")
end)

test("who dials no code is asked, and who chose wrongly closes it again", function()
  talks()
  local asks = dials("*41")
  asks:hears("record/ask-category")
  asks:presses("3")
  asks:hears("record/ask-result")
  asks:presses("2")
  asks:hears("record/closed")
  expect(now().heard).equals("complaint follow-up user:1001")
  dials("*419"):hears("record/no-such-category")

  dials("*411"):hears("record/closed")

  expect(now().heard).equals("enquiry - user:1001")
  expect(#simulate.request("GET /contacts?agent=1001").json.contacts).equals(1)
end)

test("agents see and close their own contacts, leaders their team's, and quality closes none", function()
  talks()
  local function seen(who)
    return #simulate.request("GET /contacts", who).json.contacts
  end
  local leader = { user = "1002", role = "leader", reach = { "1001", "1002" } }
  expect(seen { user = "1001" }).equals(1)
  expect(seen { user = "1002" }).equals(0)
  expect(seen(leader)).equals(1)
  expect(seen { user = "1002", role = "quality" }).equals(1)
  expect(simulate.request("GET /contacts?agent=1001", { user = "1002" }).status).equals(403)

  local path = "PUT /contacts/" .. simulate.request("GET /contacts").json.contacts[1].call .. "/1001"
  local function closes(who)
    who.json = { category = "fault" }
    return simulate.request(path, who)
  end
  local refused = closes { user = "1002" }
  expect(refused.status).equals(403)
  expect(refused.json.error).equals("the contacts of 1001 are not within your reach")
  expect(closes({ user = "1002", role = "quality" }).status).equals(403)
  expect(now().open).equals(1)
  expect(closes({ user = "1001" }).status).equals(200)
  expect(closes(leader).json.closed_by).equals("1002")
end)

test("a program closes it the same way", function()
  talks()
  local open = simulate.request("GET /contacts?agent=1001&open=1").json.contacts[1]
  expect(open.direction).equals("inbound")
  local path = "PUT /contacts/" .. open.call .. "/1001"

  expect(simulate.request(path, { json = { category = "nonsense" } }).status).equals(400)
  local closed = simulate.request(path, { json = { category = "fault", result = "unsolved" } })

  expect(closed.status).equals(200)
  expect(closed.json.category).equals("fault")
  expect(now().open).equals(0)
  expect(simulate.request("PUT /contacts/nowhere/1001", { json = { category = "fault" } }).status).equals(404)
end)
