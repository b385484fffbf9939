-- Yealink: `001565aabbcc.cfg`, lines of `name = value`.
local yealink = {}

---@param phone ProvisionedPhone
---@param file string   In small letters
---@return boolean
function yealink.asks_for(phone, file)
  return file == phone.mac .. ".cfg"
end

yealink.type = "text/plain; charset=utf-8"

-- Type 16 is a lamp that watches a number, and dials it.
local LAMP = "16"

---@param phone ProvisionedPhone
---@param common table
---@return string
function yealink.settings(phone, common)
  local lines = { "#!version:1.0.0.1" }
  local function set(name, value)
    -- A line's end in a value would be another setting.
    lines[#lines + 1] = name .. " = " .. tostring(value):gsub("[\r\n]", " ")
  end
  local yes = { [true] = "1", [false] = "0" }
  set("account.1.enable", 1)
  set("account.1.label", phone.name)
  set("account.1.display_name", phone.name)
  set("account.1.user_name", phone.user)
  set("account.1.auth_name", phone.user)
  set("account.1.password", phone.password)
  set("account.1.sip_server.1.address", common.host)
  set("account.1.sip_server.1.port", common.port)
  set("account.1.sip_server.1.transport_type", common.transport == "tcp" and 1 or 0)
  set("account.1.subscribe_mwi", 1)
  set("voice_mail.number.1", common.voicemail)
  set("account.1.dtmf.type", 1)
  set("features.pickup.direct_pickup_code", common.pickup)
  set("features.intercom.allow", yes[common.auto_answer])
  set("features.intercom.barge", 0)
  for index, key in ipairs(phone.keys) do
    -- The first key is the line itself.
    local name = "linekey." .. index + 1 .. "."
    set(name .. "type", LAMP)
    set(name .. "line", 1)
    set(name .. "value", key.number)
    set(name .. "label", key.name)
    set(name .. "extension", common.pickup .. key.number)
  end
  return table.concat(lines, "\n") .. "\n"
end

return yealink
