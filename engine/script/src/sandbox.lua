-- What scripts see of the standard library. Run once in each VM, with the raw functions still there.
local host = ...
local made, pending = host.made, host.pending
local caught, stopping, refuse_wait = host.caught, host.stopping, host.refuse_wait
local contents, within = host.contents, host.within
local error, type, tostring = error, type, tostring
local pack, unpack, concat = table.pack, table.unpack, table.concat
local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield
local running, status, close, isyieldable =
  coroutine.running, coroutine.status, coroutine.close, coroutine.isyieldable
local raw_pcall, raw_xpcall, raw_setmetatable = pcall, xpcall, setmetatable
local raw_get, raw_set, raw_next, raw_len = rawget, rawset, next, rawlen

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
  if type(meta) == "table" and raw_get(meta, "__gc") ~= nil then
    error("setmetatable: __gc is not available; a <close> variable ends with its block", 2)
  end
  return raw_setmetatable(object, meta)
end

-- Libraries and globals are read-only tables: these see through them, and write to none.
function rawset(object, key, value)
  if contents[object] ~= nil then
    error("rawset: this table is the exchange's and cannot be set", 2)
  end
  return raw_set(object, key, value)
end

function rawget(object, key)
  local content = contents[object]
  if content == nil then
    return raw_get(object, key)
  end
  return within(object, key, raw_get(content, key))
end

function rawlen(object)
  local content = contents[object]
  if content == nil then
    content = object
  end
  return raw_len(content)
end

function next(object, key)
  local content = contents[object]
  if content == nil then
    return raw_next(object, key)
  end
  local name, value = raw_next(content, key)
  return name, within(object, name, value)
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

-- Nothing else is left, and nothing can be added.
string.dump = nil
getmetatable("").__metatable = false
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
-- The globals are empty and show what is elsewhere: a name that is there can be set as little as
-- one that is not.
local content = {}
for _, name in ipairs(kept) do
  local value = globals[name]
  if type(value) == "table" and contents[value] == nil then
    value = host.read_only(name, value)
  end
  content[name] = value
end
for _, name in ipairs(kept) do
  globals[name] = nil
end
contents[globals] = content
raw_setmetatable(content, {
  __index = function(_, name)
    host.unknown(name)
  end,
})
raw_setmetatable(globals, {
  __index = content,
  __pairs = function()
    local copy = {}
    for name, value in raw_next, content do
      copy[name] = value
    end
    return raw_next, copy, nil
  end,
  __newindex = function(_, name)
    host.undeclared(name)
  end,
  __metatable = "the globals are closed",
})
return kept
