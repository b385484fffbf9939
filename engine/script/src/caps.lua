-- Library functions that can run long in C, where nobody counts instructions, are capped; those
-- that search are not Lua's own (patterns.lua).
local error, tostring, tonumber = error, tostring, tonumber
local LARGEST_TEXT, MOST_MOVES = 16 * 1024 * 1024, 10000000
local raw_rep, raw_move = string.rep, table.move

function string.rep(text, n, separator)
  local length = #tostring(text) + #tostring(separator or "")
  local times = tonumber(n)
  if times and (times > LARGEST_TEXT or times * length > LARGEST_TEXT) then
    error("string.rep: the text would be longer than 16 MB", 2)
  end
  return raw_rep(text, n, separator)
end

function table.move(from, first, last, ...)
  local from_here, to_here = tonumber(first), tonumber(last)
  if from_here and to_here and to_here - from_here > MOST_MOVES then
    error("table.move: more than 10,000,000 values", 2)
  end
  return raw_move(from, first, last, ...)
end
