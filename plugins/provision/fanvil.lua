-- Fanvil: `0c383eaabbcc.cfg`, XML.
local markup = require "plugins.provision.markup"

local fanvil = {}

---@param phone ProvisionedPhone
---@param file string   In small letters
---@return boolean
function fanvil.asks_for(phone, file)
  return file == phone.mac .. ".cfg"
end

fanvil.type = "text/xml; charset=utf-8"

-- Type 1 is a memory key; its value says that it watches a number of line 1, and what takes a call that rings there.
local LAMP = 1

---@param phone ProvisionedPhone
---@param common table
---@return string
function fanvil.settings(phone, common)
  local lines = { '<?xml version="1.0" encoding="UTF-8"?>', "<sysConf>", markup.element("Version", "2.0000000000") }
  local function add(line)
    lines[#lines + 1] = line
  end
  local function set(name, value)
    add(markup.element(name, value))
  end
  add("<sip>")
  add('<line index="1">')
  set("PhoneNumber", phone.user)
  set("DisplayName", phone.name)
  set("RegisterAddr", common.host)
  set("RegisterPort", common.port)
  set("RegisterUser", phone.user)
  set("RegisterPswd", phone.password)
  set("EnableReg", 1)
  set("Transport", common.transport == "tcp" and 1 or 0)
  set("Subscribe", 1)
  set("MWINum", common.voicemail)
  set("DTMFMode", 1)
  add("</line>")
  add("</sip>")
  add("<call>")
  add('<port index="1">')
  set("EnableIntercom", common.auto_answer and 1 or 0)
  set("IntercomBarge", 0)
  add("</port>")
  add("</call>")
  add("<dsskey>")
  add('<internal index="1">')
  for index, key in ipairs(phone.keys) do
    add('<Fkey index="' .. index .. '">')
    set("Type", LAMP)
    set("Value", key.number .. "@1/ba" .. common.pickup .. key.number)
    set("Title", key.name)
    add("</Fkey>")
  end
  add("</internal>")
  add("</dsskey>")
  add("</sysConf>")
  return table.concat(lines, "\n") .. "\n"
end

return fanvil
