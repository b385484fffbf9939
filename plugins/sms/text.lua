-- What a text costs, and what templates become.
local text = {}

-- The alphabet of GSM 03.38, and what takes two of its places.
local BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
  .. "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
local EXTENDED = "\f^{}\\[~]|€"

local places = {}
for _, code in utf8.codes(BASIC) do
  places[code] = 1
end
for _, code in utf8.codes(EXTENDED) do
  places[code] = 2
end

---How many messages a text takes with so many places in each; what takes two places is not cut in half.
---@param content string
---@param place fun(code: integer): integer
---@param room integer
---@return integer
local function parts(content, place, room)
  local count, left = 0, 0
  for _, code in utf8.codes(content) do
    local needs = place(code)
    if needs > left then
      count, left = count + 1, room
    end
    left = left - needs
  end
  return count
end

local function in_gsm7(code) return places[code] end
local function in_ucs2(code) return code > 0xFFFF and 2 or 1 end

---How many messages a text is billed as: 160 places, or 153 in each of several; 70 and 67 when one character is not of
---the alphabet.
---@param content string
---@return integer segments
---@return string alphabet   gsm7 or ucs2
function text.segments(content)
  local alphabet, place, alone, joined = "gsm7", in_gsm7, 160, 153
  for _, code in utf8.codes(content) do
    if not places[code] then
      alphabet, place, alone, joined = "ucs2", in_ucs2, 70, 67
      break
    end
  end
  local whole = parts(content, place, alone)
  return whole <= 1 and whole or parts(content, place, joined), alphabet
end

---Puts values into {places}; a place without a value is a mistake.
---@param template string
---@param values? table<string, string|number>
---@return string
function text.fill(template, values)
  return (template:gsub("{([%w_]+)}", function(name)
    local value = values and values[name]
    if value == nil then
      error(("sms.send: values: no '%s', which the template names"):format(name), 0)
    end
    return tostring(value)
  end))
end

return text
