-- string.gsub with a function or a table; the searching is done by the exchange, step by step.
local substitute, search = ...
local gsub, sub, concat = string.gsub, string.sub, table.concat
local pack, unpack, error, tostring, type = table.pack, table.unpack, error, tostring, type

-- Through the library's own gsub, so that the function cannot wait and says where it stands.
local function called(by, ...)
  local captures, value = pack(...), nil
  gsub("x", "x", function()
    value = by(unpack(captures, 1, captures.n))
  end)
  return value
end

function string.gsub(text, pattern, by, most)
  local kind = type(by)
  if kind ~= "function" and kind ~= "table" then
    return substitute(text, pattern, by, most)
  end
  local following = search(text, pattern, by, most)
  local parts, count, kept = {}, 0, 1
  text = tostring(text)

  local function replace(from, to, ...)
    if not from then
      return false
    end
    count = count + 1
    local value
    if kind == "table" then
      value = by[(...)]
    else
      value = called(by, ...)
    end
    if value then
      local found = type(value)
      if found ~= "string" and found ~= "number" then
        error("invalid replacement value (a " .. found .. ")", 3)
      end
      parts[#parts + 1] = sub(text, kept, from - 1)
      parts[#parts + 1] = value
      kept = to + 1
    end
    return true
  end

  while replace(following()) do
  end
  if kept == 1 and #parts == 0 then
    return text, count
  end
  parts[#parts + 1] = sub(text, kept)
  return concat(parts), count
end
