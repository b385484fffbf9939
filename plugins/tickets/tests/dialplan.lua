-- 100 rings 1001, 8000 takes a message, *42 is the plugin's, 198 questions order 7, 199 leaves what a crash leaves, and
-- 197 says what was heard of tickets last.
local desk    = require "plugins.tickets.desk"
local tickets = require "plugins.tickets"

local changed = store("changed")

on("tickets.changed", function(ticket) changed:set("last", ticket.number .. " " .. ticket.state) end)

context "internal" {
  ["100"]  = function(call)
    local leg, why = call:bridge("user:1001", { timeout = 20 })
    if not leg then
      call:reject(why)
    end
  end,
  ["8000"] = function(call) call:voicemail("8000", { review = false }) end,
  ["*42"]  = tickets.from_phone,
  ["197"]  = function(call) call.vars.changed = changed:get("last") end,
  ["198"]  = function(call) call.vars.ticket = tickets.report("order.questioned", "order 7", { order = 7 }) end,
  -- Written down, and then the exchange was killed.
  ["199"]  = function(call) desk.note("ticket.opened", call.id, { call = call.id }, clock.now(), "waiting") end,
}

codes "internal" {
  idle = {
    { "*42<X>", does = tickets.from_phone },
    { "*44", does = tickets.say_mine },
    { "*440", "*440<XXXXX>", does = tickets.urge_by_phone },
  },
}

context "inbound" {
  ["100"]  = function(call) call:transfer("100", { context = "internal" }) end,
  ["8000"] = function(call) call:transfer("8000", { context = "internal" }) end,
}
