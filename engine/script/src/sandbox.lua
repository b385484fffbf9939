-- What scripts see of the standard library. Run once in each VM, with the raw functions still there.
local host = ...
local made, pending = host.made, host.pending
local caught, stopping, refuse_wait, mark = host.caught, host.stopping, host.refuse_wait, host.mark
local error, type, rawget, tostring, tonumber = error, type, rawget, tostring, tonumber
local pack, unpack, concat = table.pack, table.unpack, table.concat
local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield
local running, status, close, isyieldable =
  coroutine.running, coroutine.status, coroutine.close, coroutine.isyieldable
local raw_pcall, raw_xpcall, raw_setmetatable = pcall, xpcall, setmetatable

-- An error that stops the script passes; any other is handed over as a value that scripts can read.
local function passed(ok, ...)
  if ok then
    return ok, ...
  end
  return false, caught((...))
end

function pcall(...)
  return passed(raw_pcall(...))
end

function xpcall(f, handler, ...)
  local function readable(err)
    if stopping() then
      return err
    end
    return handler(caught(err))
  end
  return passed(raw_xpcall(f, readable, ...))
end

function setmetatable(object, meta)
  if type(meta) == "table" and rawget(meta, "__gc") ~= nil then
    error("setmetatable: __gc is not available; a <close> variable ends with its block", 2)
  end
  return raw_setmetatable(object, meta)
end

-- A method waits inside a coroutine that the script made: the call's own coroutine waits with it.
local function waited(co)
  local left = false
  local guard <close> = raw_setmetatable({}, {
    __close = function()
      if not left then
        close(co)
      end
    end,
  })
  while true do
    if not isyieldable() then
      left = true
      close(co)
      refuse_wait("a method that waits")
    end
    local results = pack(resume(co, yield(pending)))
    if not results[1] then
      left = true
      return false, caught(results[2])
    elseif results[2] ~= pending then
      left = true
      return unpack(results, 1, results.n)
    end
  end
end

local function resumed(co, ok, ...)
  if not ok then
    return false, caught((...))
  elseif (...) == pending then
    return waited(co)
  end
  return ok, ...
end

local function unwrapped(co, ok, ...)
  if ok then
    return ...
  end
  if status(co) == "dead" then
    close(co)
  end
  error((...), 0)
end

function coroutine.create(f)
  local co = create(f)
  made[co] = true
  return co
end

function coroutine.resume(co, ...)
  return resumed(co, resume(co, ...))
end

function coroutine.wrap(f)
  local co = coroutine.create(f)
  return function(...)
    return unwrapped(co, resumed(co, resume(co, ...)))
  end
end

function coroutine.yield(...)
  if not made[running()] then
    error("coroutine.yield outside of a coroutine: a call waits with its own methods, as call:sleep(1)", 2)
  end
  return yield(...)
end

function coroutine.close(co)
  return passed(close(co))
end

function print(...)
  local words = pack(...)
  for i = 1, words.n do
    words[i] = tostring(words[i])
  end
  host.print(concat(words, "\t"))
end

-- Library functions that can run long in C, where nobody counts instructions: those that repeat are
-- capped; those that search say where they are, so that the watchdog can name the line.
local LARGEST_TEXT, MOST_MOVES, SHORT_TEXT = 16 * 1024 * 1024, 10000000, 32
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

for _, name in ipairs { "find", "match", "gmatch", "gsub" } do
  local search = string[name]
  string[name] = function(text, ...)
    if type(text) == "string" and #text > SHORT_TEXT then
      mark()
    end
    return search(text, ...)
  end
end

-- Nothing else is left, and nothing can be added.
string.dump = nil
getmetatable("").__metatable = "string"
for name in pairs(os) do
  if not host.os[name] then
    os[name] = nil
  end
end
local globals = _G
local kept, gone = {}, {}
for name in pairs(globals) do
  local list = host.allowed[name] and kept or gone
  list[#list + 1] = name
end
for _, name in ipairs(gone) do
  globals[name] = nil
end
raw_setmetatable(globals, {
  __index = function(_, name)
    host.unknown(name)
  end,
  __newindex = function(_, name)
    host.undeclared(name)
  end,
  __metatable = "the globals are closed",
})
return kept
