-- The dialplan of tenant 8001. A context is what a caller may reach; nothing else exists for them.
require "scripts.8001.queues"
local extension = require "scripts.8001.extension"
local keys      = require "scripts.8001.codes"
local outside   = require "scripts.8001.outside"
local reception = require "scripts.8001.reception"

context "inbound" {
  ["4001234567"] = reception,
}

context "internal" {
  ["4001234567"] = reception,
  ["_10XX"]      = extension,

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

-- All keys of phones: *20 logs out, *2 reads a menu of them.
codes "internal"(keys)
