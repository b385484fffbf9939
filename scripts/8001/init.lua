-- The dialplan of tenant 8001. A context is what a caller may reach; nothing else exists for them.
require "scripts.8001.queues"
local agent_codes  = require "scripts.8001.agent_codes"
local blacklist    = require "scripts.8001.blacklist"
local colleagues   = require "scripts.8001.colleagues"
local extension    = require "scripts.8001.extension"
local history      = require "scripts.8001.history"
local leader_codes = require "scripts.8001.leader_codes"
local outside      = require "scripts.8001.outside"
local reception    = require "scripts.8001.reception"
local survey       = require "plugins.survey"
local switch       = require "scripts.8001.switch"
local tickets      = require "plugins.tickets"

context "inbound" {
  ["4001234567"] = reception,
}

context "internal" {
  ["4001234567"] = reception,
  ["_10XX"]      = extension,

  -- Mailboxes: one's own, any, the hotline's. Each asks for its PIN.
  ["*97"]  = function(call) return call:voicemail_menu(call.user and call.user.mailbox) end,
  ["*98"]  = function(call) return call:voicemail_menu() end,
  ["*980"] = function(call) return call:voicemail_menu("8000") end,

  -- The hotline's switch: how it stands; open, closed, emergency.
  ["*28"]       = switch.code,
  ["_*28[012]"] = switch.code,

  -- A ticket for the call that one had last; and where callers are transferred to, to say how satisfied they are.
  ["*42"] = tickets.from_phone,
  ["*9"]  = survey.hand_over,

  -- Hear yourself: to try a headset before the first call of the day. # ends it.
  ["*43"] = function(call)
    call:answer()
    call:echo()
  end,

  -- Outside numbers: mobiles, area codes, local numbers, 400 and 800, short numbers such as 12345 and 95588. 00, the way abroad, is left out on purpose.
  ["_1[3-9]XXXXXXXXX"] = outside,
  ["_0Z."]             = outside,
  ["_[2-8]XXXXXXX"]    = outside,
  ["_[48]00XXXXXXX"]   = outside,
  ["_1[0-2]X[0-9]X"]     = outside,
  ["_9[56]X[0-9]X!"]     = outside,

  ["110"] = outside,
  ["119"] = outside,
  ["120"] = outside,
  ["122"] = outside,
}

-- *20 to *25, *45 to *47: logging in, 置闲, 置忙, 事后.
context "internal"(agent_codes)

-- *5900 to *5999, **10XX and *8, *8800 to *8899: parking calls, picking them up, rooms.
context "internal"(colleagues)

-- *33 to *38: leaders listen, barge in, whisper, end calls and set states of their team.
context "internal"(leader_codes)

-- *870, *69, *690: one's own calls again.
context "internal"(history)

-- *30 to *32: callers who are not wanted.
context "internal"(blacklist)
