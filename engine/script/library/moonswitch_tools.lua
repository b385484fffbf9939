---@meta
-- What scripts can use anywhere, also outside of a call: what they keep, log, count and write. Beside moonswitch.lua.
error("type stubs for editors; never loaded by the engine")

---@class StoreOptions
---@field expires? Duration   How long a value stays; for ever when left out

---Values that outlive calls and reloads: text keys, plain data up to 64 KB, per tenant.
---@param name string
---@param options? StoreOptions
---@return Store
function store(name, options) end

---@class Store
local Store = {}

---@param key string
---@return any value   nil when there is none
function Store:get(key) end

---@param key string
---@param value any   nil takes it out
function Store:set(key, value) end

---Sets a value if there is none; of many who try, one gets true.
---@param key string
---@param value? any   true when left out
---@return boolean added
function Store:add(key, value) end

---@param key string
---@return boolean deleted
function Store:delete(key) end

---Adds to a whole number; what is not there counts as 0.
---@param key string
---@param by? integer   1
---@return integer sum
function Store:incr(key, by) end

---The values whose keys begin with a prefix, in the order of the keys, at most 1,000.
---@param prefix? string
---@return { key: string, value: any }[]
function Store:each(prefix) end

---The exchange's log; each line carries the tenant and the call. Tables are written as JSON.
---@class Log
log = {}

---@param ... any
function log.error(...) end

---@param ... any
function log.warn(...) end

---@param ... any
function log.info(...) end

---@param ... any
function log.debug(...) end

---What time it is where the tenant is.
---@class Clock
clock = {}

---Seconds since 1970.
---@return number
function clock.now() end

---@param at? number   Seconds since 1970; now when left out
---@return { year: integer, month: integer, day: integer, hour: integer, minute: integer, second: integer, weekday: "mon"|"tue"|"wed"|"thu"|"fri"|"sat"|"sun" }
function clock.date(at) end

---The time as text: clock.text("%Y-%m-%d %H:%M").
---@param format string
---@param at? number
---@return string
function clock.text(format, at) end

---Waits. In a call, call:sleep also notices keys.
---@param duration Duration
function clock.sleep(duration) end

---@class Json
---@field null any   A null inside a list
json = {}

---@param value any   Plain data
---@return string
function json.encode(value) end

---@param text string
---@return any value   nil when the text is no JSON
---@return string? why
function json.decode(text) end

---Marks a table as a list, so that an empty one is written as [].
---@param list? table
---@return table
function json.list(list) end

---The tenant's part of config.lua, as far as dialplans need it. No secrets.
---@class Config
---@field tenant string
---@field domain string
---@field timezone string
---@field language string
---@field users table<string, { name: string?, mailbox: string? }>       By extension
---@field mailboxes table<string, { name: string? }>                     Shared ones
config = {}
