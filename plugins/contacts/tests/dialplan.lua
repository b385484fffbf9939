-- 100 rings 1001, *41 is the plugin's; 197 says how many are open and what was heard of last.
local contacts = require "plugins.contacts"

local heard = store("heard")

on("contacts.closed", function(contact)
  heard:set("last", ("%s %s %s"):format(contact.category, contact.result or "-", contact.closed_by))
end)

local function ring(call)
  local leg, why = call:bridge("user:1001", { timeout = 20 })
  if not leg then
    call:reject(why)
  end
end

context "internal" {
  ["100"] = ring,
  ["197"] = function(call)
    call.vars.open, call.vars.heard = contacts.open("1001"), heard:get("last")
    call:answer()
  end,
}

codes "internal" {
  idle = { { "*41", "*41<X>", "*41<XX>", does = contacts.from_phone } },
}

context "inbound" { ["100"] = ring }
