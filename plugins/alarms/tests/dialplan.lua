-- Each number tells an alarm, as the exchange would.
local alarms = require "plugins.alarms"

local function tells(event, about)
  return function(call)
    alarms.tell(event, about)
    call:answer()
    call:hangup()
  end
end

context "inbound" {}
context "internal" {
  ["101"] = tells("toll.alarm", { user = "1049", limit = "cost_a_day", used = 40, of = 50 }),
  ["102"] = tells("toll.alarm", { limit = "tenant_cost_a_day", used = 500, of = 500 }),
  ["103"] = tells("toll.cut", { call = "c", user = "1049", trunk = "carrier", number = "0085221234567", why = "cost_a_call" }),
  ["104"] = tells("toll.country", { call = "c", user = "1049", number = "0085221234567", country = "+852" }),
  ["105"] = tells("alert.raised", { alert = "wait", of = "it", value = 90, limit = 60 }),
}
