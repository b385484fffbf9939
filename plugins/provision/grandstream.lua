-- Grandstream: `cfgc074adaabbcc.xml`, P values.
local markup = require "plugins.provision.markup"

local grandstream = {}

---@param phone ProvisionedPhone
---@param file string   In small letters
---@return boolean
function grandstream.asks_for(phone, file)
  return file == "cfg" .. phone.mac .. ".xml"
end

grandstream.type = "text/xml; charset=utf-8"

-- The virtual keys: mode and account stand in pairs from P1363 on, label and number from P1465 on. There are six.
local MODE, LABEL, KEYS = 1363, 1465, 6
-- Mode 11 is a lamp that watches a number, and dials it.
local LAMP = 11

---@param phone ProvisionedPhone
---@param common table
---@return string
function grandstream.settings(phone, common)
  local lines = {
    '<?xml version="1.0" encoding="UTF-8"?>', '<gs_provision version="1">', markup.element("mac", phone.mac), '<config version="1">',
  }
  local function set(number, value)
    lines[#lines + 1] = markup.element("P" .. number, value)
  end
  set(271, 1)                                    -- account 1 is in use
  set(270, phone.name)                           -- its name
  set(47, common.host .. ":" .. common.port)     -- SIP server
  set(35, phone.user)                            -- SIP user
  set(36, phone.user)                            -- who proves it
  set(34, phone.password)
  set(3, phone.name)                             -- shown to others
  set(33, common.voicemail)
  set(130, common.transport == "tcp" and 1 or 0)
  set(99, 1)                                     -- subscribes to its mailbox
  set(2301, 0)                                   -- keys in the sound
  set(2302, 1)                                   -- keys by RFC 4733
  set(2303, 0)                                   -- keys by INFO
  set(1347, common.pickup)                       -- before a lamp's number
  set(298, common.auto_answer and 1 or 0)        -- answers by Call-Info and Alert-Info
  for index, key in ipairs(phone.keys) do
    -- The first key is the line itself.
    if index < KEYS then
      set(MODE + 2 * index, LAMP)
      set(MODE + 2 * index + 1, 0)
      set(LABEL + 2 * index, key.name)
      set(LABEL + 2 * index + 1, key.number)
    end
  end
  lines[#lines + 1] = "</config>"
  lines[#lines + 1] = "</gs_provision>"
  return table.concat(lines, "\n") .. "\n"
end

return grandstream
