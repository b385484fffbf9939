-- XML, as far as phones need it.
local markup = {}

local NAMED = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&apos;" }

---An element with text in it.
---@param name string
---@param value any
---@return string
function markup.element(name, value)
  local text = tostring(value):gsub("[%c]", " "):gsub("[&<>\"']", NAMED)
  return "<" .. name .. ">" .. text .. "</" .. name .. ">"
end

return markup
