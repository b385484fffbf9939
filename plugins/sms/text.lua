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

local OF_A_LINK = { template = true, text = true, url = true }

---What the setting `link` sends to callers.
---@param link table<string, string>        template or text, and url
---@param templates table<string, string>
---@return string? said   nil where nothing is set, or it is wrong
---@return string? why    What is wrong
function text.link(link, templates)
  for name in pairs(link) do
    if not OF_A_LINK[name] then
      return nil, ("unknown '%s': there are template, text and url"):format(name)
    end
  end
  local template = link.template ---@type string?
  local said = link.text ---@type string?
  if template and said then
    return nil, "name a template or give a text, not both"
  end
  if template then
    said = templates[template]
    if not said then
      return nil, ("no template '%s' in templates"):format(template)
    end
  end
  if not said then
    return nil, link.url and "the url goes into a template or a text: add one" or nil
  end
  for name in said:gmatch("{([%w_]+)}") do
    if name ~= "url" then
      return nil, ("there is no {%s}, only {url}"):format(name)
    end
    if not link.url then
      return nil, "url is missing, which the text names"
    end
  end
  return text.fill(said, { url = link.url })
end

return text
