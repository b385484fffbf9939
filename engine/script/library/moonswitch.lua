---@meta
-- What scripts can use, for editors and for people: here the words that all of it is written in, and what files declare.
-- The call stands in moonswitch_call.lua, what goes on besides in moonswitch_exchange.lua, queues in moonswitch_queues.lua,
-- what scripts keep and count in moonswitch_tools.lua, plugins in moonswitch_plugins.lua, tests in moonswitch_test.lua. Never
-- loaded by the engine; a test holds them against what the engine really has.
error("type stubs for editors; never loaded by the engine")

---A name under sounds/, without language and extension: "menu/main". Or "tone:beep" (also busy,
---congestion, ringback, confirm, apology), "silence:2", "silence:500ms", "recording:ID".
---@alias SoundName string

---Something to be heard. Lists may be mixed: { "vm/you-have", { number = 3 }, "vm/new" }.
---@alias Sound SoundName|Say|Recording|Message

---Who is rung: "user:1049", "trunk:carrier/13800138000" or "sip:name@host".
---@alias Target string

---Seconds, or text such as "20s", "5m", "1h", "1d", "500ms".
---@alias Duration number|string

---Keys, as "12#", or "any"; "" is none.
---@alias Keys string

---Why a call or a leg ended.
---@alias Cause "normal"|"busy"|"no_answer"|"cancelled"|"rejected"|"unallocated"|"switched_off"|"unavailable"|"congestion"|"forbidden"|"not_allowed"|"limit_reached"|"incompatible"|"failure"|"lost"

---Something that is said from recorded pieces, in the call's language. Exactly one of these.
---@class Say
---@field number? integer   Read as a quantity: 203
---@field digits? string    Read one by one, as a telephone number
---@field date? integer     Seconds since 1970, read as a date in the tenant's zone
---@field time? integer     The same, with hours and minutes

---What a number leads to. What it returns is of no consequence.
---@alias Handler fun(call: Call): ...any

----------------------------------------------------------------------------------------------------
-- While files load

---Declares what can be dialled in a context. A context is also the fence: what is not in it
---cannot be reached by those who call in it.
---
---    context "internal" {
---      ["_10XX"] = extension,
---      ["*97"]   = function(call) return call:voicemail_menu(call.user.mailbox) end,
---    }
---
---Patterns begin with _: X is 0-9, Z 1-9, N 2-9, [..] one of these; a last . is one or more
---characters, a last ! any number. The most specific wins.
---@param name string
---@return fun(routes: table<string, Handler>)
function context(name) end

---The table of codes: what phones of this context dial, and what their users type in conversations, where it is a name
---space of its own. Loading refuses codes that stand in each other's way or in that of an extension or an emergency number.
---
---    codes "internal" {
---      idle = {
---        { "*24", "*24<X>", does = busy, name = "code/busy", lamp = "busy-<me>" },   -- busy(call), busy(call, "3")
---      },
---      in_call = {
---        { "*2<number>#", does = "consult", name = "code/consult" },
---      },
---    }
---
---What is dialled is matched whole; phones end it with # or after three seconds. Behind the keys of a code stands, in <>, a
---pattern as in `context` of what may follow, which `does` has as its second argument. In a conversation a code of keys alone
---counts as soon as it is complete, one with <number># at # or when nothing more comes; `does` is a command of `desk.order`.
---@param context string
---@return fun(tables: CodeTables)
function codes(context) end

---@class CodeTables
---@field idle? CodeRow[]      What is dialled
---@field in_call? CodeRow[]   What is typed in conversations; replaces the usual ones, and `in_call_codes` in config.lua

---A row: its codes one after the other, and
---@class CodeRow
---@field does any          A function(call, behind); in a conversation a command such as "consult"
---@field name? string      How it is called: a sound, for a menu and for messages about the table
---@field lamp? string      What a key that dials the code shows: a lamp's name. <me> is whoever is at that phone, <number> what follows
---@field menu? boolean     true; yours: whether a menu reads it

---Opening hours in the tenant's time zone.
---
---    local hours = schedule {
---      ["mon-fri"] = "09:00-12:00,13:30-18:00",
---      calendar    = "cn",                                  -- 节假日 and 调休
---      holidays    = { "12-31", { date = "2026-02-13", name = "半天", hours = "09:00-12:00" } },
---    }
---
---Keys: mon ... sun, "mon-fri", "sat,sun"; `workday` (hours of make-up working days), `holidays`,
---`workdays`, `calendar`, `timezone`.
---@param week table<string, any>
---@return Hours
function schedule(week) end

---@class Hours
local Hours = {}

---@param at? number   Seconds since 1970; now when left out
---@return boolean
function Hours:is_open(at) end

---Why it is open or closed, in words for people.
---@param at? number
---@return string
function Hours:explain(at) end

---The name of the holiday that is on.
---@param at? number
---@return string?
function Hours:holiday(at) end

---When it opens or closes next, in seconds since 1970.
---@param at? number
---@return number?
function Hours:next_change(at) end

---@class OnOptions
---@field durable? boolean     false; true: told in any case, see below. For call.ended and voicemail.…
---@field attempts? integer    As of jobs: 10
---@field retry? Duration[]    As of jobs

---An event that is told in any case.
---@class DurableEvent
---@field id string        The same for every attempt
---@field attempt integer  From 1
---@field key string
---@field added_at number  Seconds since 1970, when it happened

---Runs a function when something has happened: one of the exchange's events, or one of your own.
---
---| event                | `about`                                                         |
---|----------------------|-----------------------------------------------------------------|
---| "agent.changed"      | agent, state, reason, before, reachable, by                     |
---| "agent.paused"       | agent, queue, reason, after: so many offers in a row failed      |
---| "call.started"       | id, from, from_name, to, context, user, trunk, started_at       |
---| "call.answered"      | id; when the caller's side is answered                          |
---| "call.bridged"       | id, with: the user or number that the caller talks with now     |
---| "call.ended"         | id, direction, from, from_name, to, user, trunk, outcome,       |
---|                      | cause, ended_by, answered, started_at, answered_at, ended_at,   |
---|                      | agents, recordings, vars, called: whom it rang, the first 50,   |
---|                      | each kind, number, seconds (of talk; nil when not answered)     |
---| "call.transferred"   | id, from, by (the user), to (number or party), attended, queue  |
---| "call.hold_reminded" | id, user (who holds), waited (seconds)                           |
---| "generation.published" | generation, hash, warnings (how many): this one runs from now on |
---| "item.offered"       | item, queue, agent, within (seconds), from, about               |
---| "item.withdrawn"     | item, queue, agent: offered to them no longer                   |
---| "item.taken"         | item, queue, agent                                              |
---| "item.returned"      | item, queue, agent, who has logged out: it waits again          |
---| "item.finished"      | item, queue, agent                                              |
---| "message.received"   | from, from_name, to, text, delivered: users' own phones text     |
---| "queue.entered"      | queue, call, from, position                                     |
---| "queue.left"         | queue, call, outcome, waited, agent, offers                     |
---| "queue.switched"     | switch, state ("open", "closed", "emergency"), by               |
---| "voicemail.recorded" | id, call, mailbox, recording, from, seconds, urgent, left_at    |
---| "voicemail.heard"    | the same, the first time that it is listened to                 |
---| "voicemail.deleted"  | the same                                                        |
---| "trunk.down"         | trunk, address; "trunk.up" the same                             |
---| "alert.raised"       | alert, of, value, limit; "alert.cleared" the same               |
---| "script.failed"      | call, error                                                     |
---| "list.changed"       | list, number, prefix, reason, change ("added", "removed"), by     |
---| "toll.refused"       | call, user, trunk, number, why: the toll fence let them not out  |
---| "toll.alarm"         | user (nil: everybody), limit, used, of: what a day has is nearly |
---|                      | spent: calls, minutes, money                                     |
---| "toll.cut"           | call, user, trunk, number, why: it has cost what it may, and has |
---|                      | been ended                                                       |
---| "toll.country"       | call, user, number, country: nobody has called there before      |
---| "emergency.called"   | call, user, trunk, number                                        |
---| "user.registered"    | user, contact: a phone has registered, or done so again         |
---
---With { durable = true } an event is stored in the same transaction as the call's record or the message. The handler
---is a job then: it runs after a restart too, again after an error, and in rare cases twice, with the same `event.id`.
---Without, it runs at once, and what happens while the exchange is killed or the scripts are far behind is not told.
---
---    on("call.ended", { durable = true }, function(call, event)
---      http.post(config.url, { json = call, webhook = { id = event.id, secret = config.secret } })
---    end)
---@overload fun(event: string, handler: fun(about: table))
---@param event "agent.changed"|"alert.raised"|"alert.cleared"|"call.started"|"call.answered"|"call.bridged"|"call.ended"|"call.transferred"|"message.received"|"queue.entered"|"queue.left"|"queue.switched"|"voicemail.recorded"|"voicemail.heard"|"voicemail.deleted"|"trunk.down"|"trunk.up"|"script.failed"|"list.changed"|"toll.refused"|"toll.alarm"|"toll.cut"|"toll.country"|"emergency.called"|"generation.published"|"user.registered"|string
---@param event "agent.changed"|"alert.raised"|"alert.cleared"|"call.started"|"call.answered"|"call.bridged"|"call.ended"|"call.transferred"|"item.offered"|"item.withdrawn"|"item.taken"|"item.returned"|"item.finished"|"message.received"|"queue.entered"|"queue.left"|"queue.switched"|"voicemail.recorded"|"voicemail.heard"|"voicemail.deleted"|"trunk.down"|"trunk.up"|"script.failed"|"generation.published"|"user.registered"|string
---@param event "agent.changed"|"agent.paused"|"alert.raised"|"alert.cleared"|"call.started"|"call.answered"|"call.bridged"|"call.ended"|"call.transferred"|"item.offered"|"item.withdrawn"|"item.taken"|"item.returned"|"item.finished"|"message.received"|"queue.entered"|"queue.left"|"queue.switched"|"voicemail.recorded"|"voicemail.heard"|"voicemail.deleted"|"trunk.down"|"trunk.up"|"script.failed"|"generation.published"|"user.registered"|string
---@param options OnOptions?
---@param handler fun(about: table, event: DurableEvent)
function on(event, options, handler) end

---Runs a function again and again: "5m", "1h", "day 03:00", "mon 08:30". Reloading does not shift
---the times.
---@param rhythm Duration|string
---@param handler fun()
function every(rhythm, handler) end

----------------------------------------------------------------------------------------------------
-- Any time

---Loads a file of the project, once: require "scripts.8001.hours".
---@param module string
---@return any
function require(module) end

---Tells your own `on` handlers: emit("order.paid", { id = 7 }). The events of a plugin begin with its
---name, and nobody else can emit them: plugin sms emits "sms.received".
---@param event string   noun.past, with a noun that the exchange does not use
---@param about? any     Plain data
function emit(event, about) end

---Runs a function beside this one. It belongs to the call, and ends with it.
---@param task function
---@param ... any   Its arguments
function spawn(task, ...) end
