---@meta
-- What scripts can use, for editors and for people. Never loaded by the engine; a test holds it
-- against what the engine really has.
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
---@alias Cause "normal"|"busy"|"no_answer"|"cancelled"|"rejected"|"unallocated"|"unavailable"|"congestion"|"forbidden"|"incompatible"|"failure"|"lost"

---Something that is said from recorded pieces, in the call's language. Exactly one of these.
---@class Say
---@field number? integer   Read as a quantity: 203
---@field digits? string    Read one by one, as a telephone number
---@field date? integer     Seconds since 1970, read as a date in the tenant's zone
---@field time? integer     The same, with hours and minutes

---What a number leads to. What it returns is of no consequence.
---@alias Handler fun(call: Call): ...any

----------------------------------------------------------------------------------------------------
-- The call

---One call, as its handler sees it. Methods that wait look like plain calls. When the caller hangs
---up the script ends inside the method that was waiting, and its `<close>` variables are closed;
---`pcall` does not stop that. What the network answers is a value (`nil, "busy"`); what you wrote
---wrong is an error, and the caller gets the tenant's fallback.
---
---A handler that returns hangs up; one that never answered refuses the call.
---@class Call
---@field id string                       Also in the log and in the record
---@field tenant string                   The enterprise number (企业编号)
---@field direction "inbound"|"outbound"  Outbound: one of our own phones calls
---@field context string                  Where its number was looked up
---@field from string?                    The caller's number, as +E.164 where known; nil if withheld
---@field from_name string?               The caller's name, as shown
---@field to string                       The dialled number
---@field user User?                      The registered user who calls, if one does; nobody after a transfer
---@field trunk string?                   The trunk that it came by, if it did
---@field transferred_by string?          Who put the caller through to this number by their phone, if somebody did
---@field headers table<string, string>   Header fields of the INVITE, names in any case
---@field vars table<string, any>         Yours; written to the call's record
---@field language string                 Of prompts; set it: call.language = "en"
---@field started_at number               Seconds since 1970
---@field answered_at number?             Seconds since 1970, once `answer` or `bridge` has answered
local Call = {}

---A registered user.
---@class User
---@field extension string
---@field name string?
---@field mailbox string   The extension, unless config.lua says otherwise

---Tells the caller that it rings (180).
function Call:ring() end

---Opens the audio path before the answer (183), so that sounds are heard free of charge.
function Call:progress() end

---Answers. A second time does nothing.
function Call:answer() end

---Refuses a call that is not answered yet. Never returns.
---@param cause? Cause   "rejected" when left out
function Call:reject(cause) end

---Ends the call. Never returns.
---@param cause? Cause   "normal" when left out
function Call:hangup(cause) end

---@class PlayOptions
---@field interrupt_on? Keys     Keys that end it; none when left out
---@field loop? integer|boolean  How often; true is until a key or the end of the call

---Plays one sound, or several in a row.
---@param sound Sound|Sound[]
---@param options? PlayOptions
---@return string? key   The key that interrupted, if any
function Call:play(sound, options) end

---Says a number, digits, a date or a time.
---@param what Say
---@return string? key
function Call:say(what) end

---@class GatherOptions
---@field play? Sound|Sound[]     Played first; a key cuts it
---@field say? Say                Said after it
---@field min_digits? integer     1
---@field max_digits? integer     1; ends at once when reached
---@field timeout? Duration       5, for the first digit, after the prompt
---@field digit_timeout? Duration 3, between digits
---@field finish_on? Keys         "#"; such a key ends the input and is not part of it
---@field match? string           A dialplan pattern that the digits must match: "_10XX"
---@field barge_in? boolean       true; false plays the prompt to its end

---Plays, listens, returns the digits.
---@param options? GatherOptions
---@return string? digits
---@return nil|"timeout"|"no_match" why
function Call:gather(options) end

---@class MenuOptions
---@field play? Sound|Sound[]        The question
---@field say? Say
---@field keys table<string, any>    What each key does: a function(call), or a value to return
---@field tries? integer             3
---@field timeout? Duration          5
---@field digit_timeout? Duration    3, where a choice has several digits
---@field invalid? Sound|Sound[]     After a wrong key
---@field silence? Sound|Sound[]     After no key
---@field otherwise? any             After the last try: a function(call), or a value to return
---@field barge_in? boolean          true

---Asks until one of the keys is pressed, and returns what its choice returns.
---@param options MenuOptions
---@return any result
---@return nil|"timeout"|"no_match" why
function Call:menu(options) end

---@class RecordOptions
---@field max_duration? Duration  120
---@field silence? Duration       5; so long of silence ends it, 0 never
---@field beep? boolean           true
---@field finish_on? Keys         "#"

---A finished recording. It can be played: call:play(recording).
---@class Recording
---@field id string
---@field duration number   Seconds

---Records the caller alone.
---@param options? RecordOptions
---@return Recording? recording
---@return nil|"silence" why
function Call:record(options) end

---@class StartRecordingOptions
---@field beep? boolean   false; a beep to both

---Records the conversation from now on, in stereo: customer left, agent right.
---@param options? StartRecordingOptions
function Call:start_recording(options) end

---Ends what `start_recording` began.
---@return Recording? recording
function Call:stop_recording() end

---@class BridgeOptions
---@field timeout? Duration             30; for each in order, or for all at once
---@field caller_id? string             The number shown; the caller's own when left out
---@field strategy? "all"|"in_order"    "all": at once
---@field ringback? Sound               What the caller hears while it rings
---@field record? boolean               Records the conversation in stereo

---The one who was talked to.
---@class Leg
---@field target string   "user:1049"
---@field user string?    The user who answered, if it was one
---@field talked number   Seconds
---@field cause Cause     Why they parted

---Rings one or several and connects the first that answers. Returns when they have parted; when
---the other side hung up, the script goes on with the caller.
---@param target Target|Target[]
---@param options? BridgeOptions
---@return Leg? leg
---@return nil|"busy"|"no_answer"|"rejected"|"unavailable"|"congestion"|"cancelled" why
function Call:bridge(target, options) end

---@class QueueOptions
---@field priority? integer     A head start in seconds: served as if they had come so much earlier; 0, at most 3600
---@field max_wait? Duration    So long the caller waits; as the queue says when left out
---@field record? boolean       Records the conversation in stereo; as the queue says when left out
---@field exit_keys? string     Keys that take the caller out of the queue

---Waits in a queue, with music and announcements, until an agent has the call, and returns when they
---have parted. A misspelt queue is an error.
---
---    local leg, why, key = call:queue("support", { exit_keys = "0" })
---
---When nobody came, `why` is "timeout" (waited for as long as a caller may), "full", "empty" (no agent to
---wait for), "left" (by the exit key, which is the third result), or "overflow" (the queue has sent the
---caller to a mailbox, and that is done).
---@param name string
---@param options? QueueOptions
---@return Leg? leg
---@return "timeout"|"full"|"empty"|"left"|"overflow"|"busy"|"no_answer"|"rejected"|"unavailable"|"congestion"|nil why
---@return string? key
function Call:queue(name, options) end

---@class ParkOptions
---@field timeout? Duration   3m
---@field music? string       A name under sounds/music; the tenant's own when left out
---@field announce? boolean   true; the place, where it is a number, is told to whoever parks the call by transferring
---                           it here, or to the caller who dialled this

---Parks the call: it waits with music until somebody fetches it with `retrieve`, and the two talk. Returns when they
---have parted, or with `nil, why`: "timeout" when nobody came, "busy" when that place is taken, "full" when none is
---free. `call.transferred_by` is who has parked it by their phone.
---
---    local leg, why = call:park()
---    if why == "timeout" and call.transferred_by then
---      call:bridge("user:" .. call.transferred_by)
---    end
---@param slot? string   Where; the first free one of 5901 to 5999 when left out
---@param options? ParkOptions
---@return Leg? leg
---@return nil|"timeout"|"busy"|"full" why
function Call:park(slot, options) end

---Fetches the call that is parked there: its caller and this one talk, in that call, and this handler ends (`call:on`
---hears the hang-up). Returns only when there is none.
---@param slot string
---@return nil
---@return "nobody" why
function Call:retrieve(slot) end

---Picks up what rings at one of these users, the longest first: its caller and this one talk, in that call, the phones
---that rang show no missed call, and this handler ends. Returns only when nothing rings there. What a queue offers is
---its agent's to take.
---@param target Target|Target[]   "user:1050"
---@return nil
---@return "nobody" why
function Call:pickup(target) end

---@class ConferenceOptions
---@field max_members? integer   10; from 2 to 64
---@field leave_on? Keys         A key that leaves the room; none when left out
---@field announce? boolean      true; a tone when somebody comes or goes
---@field music? string          For who is alone: a name under sounds/music; the tenant's own when left out
---@field record? boolean        Records what this call says on the left and the others on the right

---Goes into a room of the tenant, where everybody hears everybody else. Who is left with one other has an ordinary
---conversation: either can hold and transfer. Returns when it has left the room by a key, with how long it was there,
---or `nil, "full"`.
---@param room string
---@param options? ConferenceOptions
---@return number? seconds
---@return nil|"full" why
function Call:conference(room, options) end

---@class VoicemailOptions
---@field greeting? Sound|"busy"|"unavailable"|false  "unavailable": the mailbox's own, or a standard one with the
---                              owner's name where that is recorded; "busy" the same. The owner's temporary greeting
---                              wins over all of these while it is there; false: none
---@field max_duration? Duration  180
---@field min_duration? Duration  2; a shorter one is asked for again
---@field silence? Duration       5; so long of silence ends it
---@field beep? boolean           true
---@field review? boolean         true; after # offers 1 to listen, 2 to save, 3 to record again, 4 to mark as
---                               urgent (4 again takes that back), `*` to cancel

---A message that was left.
---@class Message
---@field id string
---@field mailbox string
---@field duration number   Seconds
---@field urgent boolean    The caller has marked it so

---Takes a message. A caller who hangs up after speaking has left one.
---@param mailbox string
---@param options? VoicemailOptions
---@return Message? message   nil if nothing was said
function Call:voicemail(mailbox, options) end

---The listening menu of a mailbox; asks for its PIN, and for its number when none is given. Keys: 1 again, 2 call
---back (hands the call on to that number in the call's own context), 4 previous, 5 see to it oneself (it is assigned
---to the user who listens), 6 next, 7 delete, 0 greetings, `*` leave. Greetings: 1 unavailable, 2 busy, 3 temporary, 4 the name, `*` back; of one that is there 1 listen,
---3 record again, 7 delete. Urgent messages are told of and come first.
---@param mailbox? string
function Call:voicemail_menu(mailbox) end

---Asks for a mailbox's PIN, to know who is at the phone. Where the mailbox has none yet its owner chooses one, so name
---only a mailbox whose owner the phone belongs to (`call.user.mailbox`).
---@param mailbox string
---@return true? right
---@return "rejected"? why   Too often wrong
function Call:ask_pin(mailbox) end

---@class TransferOptions
---@field context? string   Where the number is looked up; this call's context when left out

---Hands the call to the handler of another number. Never returns.
---@param to string
---@param options? TransferOptions
function Call:transfer(to, options) end

---Sends keys to the caller.
---@param keys string   0-9 * # A-D; a comma waits a second
function Call:send_dtmf(keys) end

---Starts music behind the script and returns at once; false ends it.
---@param name? string|boolean   A name under sounds/music; the tenant's own when left out
function Call:music(name) end

---Lets the caller hear itself until `#`: to try a headset, or how long sound is on its way.
function Call:echo() end

---Waits, while keys are still noticed.
---@param duration Duration
function Call:sleep(duration) end

---Runs a function when something happens to this call: "hangup" when it is over (its methods can
---then no longer be used), "dtmf" with `about.digit`, "bridged" with `about.with`.
---@param event "hangup"|"dtmf"|"bridged"
---@param handler fun(about: table)
function Call:on(event, handler) end

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

---Declares a queue: where callers wait, and which agents they are put through to (`call:queue`).
---What is written is applied to the living queue when the file is saved: callers keep their places,
---agents their states.
---
---    queue "support" {
---      agents       = { "1049", { "1050", penalty = 1 } },
---      strategy     = "longest_idle",
---      ring_timeout = 15,
---      max_wait     = "10m",
---      announce     = { position = true, every = 45 },
---    }
---@param name string   Letters, digits, - and _
---@return fun(settings: QueueSettings)
function queue(name) end

---@class QueueSettings
---@field agents (string|QueueMember)[]   Users, in the order that `linear` and `round_robin` keep
---@field strategy? "longest_idle"|"round_robin"|"ring_all"|"linear"|"fewest_calls"   Who is offered a call; "longest_idle"
---@field window? Duration          So far back "fewest_calls" counts; "1h"
---@field choose? fun(candidates: QueueCandidate[], call: QueueCaller): string|string[]|nil   Instead of a strategy: whom to offer the call to, best first; nil to ask again later
---@field choose_within? Duration   So long may `choose` take before "longest_idle" decides; "50ms"
---@field ring_timeout? Duration    So long an agent's phone rings; 15
---@field wrap_up? Duration         The longest 事后 after a call; left out, only the agent ends it
---@field max_wait? Duration        So long a caller waits; "10m", 0 for ever
---@field hard? boolean             `max_wait` cuts also an offer that rings
---@field max_callers? integer      So many wait at most
---@field join_if? string           Callers join while an agent is so: "not logged_out", "reachable and not paused"
---@field stay_if? string           Callers stay while an agent is so; the same
---@field grace? Duration           They stay for so long without; 30
---@field music? string             A name under sounds/music; the tenant's when left out
---@field record? boolean           Conversations are recorded
---@field announce? QueueAnnouncements
---@field delays? QueueSetbacks     So long an agent rests after an offer that failed; 10, busy 30, unreachable 5
---@field pause_after? QueueSetbacks   After so many failed offers in a row the agent is 置忙; no_answer 3, 0 never
---@field overflow? QueueOverflow[]    What happens instead of waiting on

---@class QueueMember
---@field penalty? integer   Offered a call only when no free agent has a lower one

---@class QueueAnnouncements
---@field position? boolean           Say how many are ahead
---@field first? Duration             For the first time after so long; 10
---@field every? Duration             And again after so long; once when left out
---@field only_if_improved? boolean   Only when fewer are ahead than last time
---@field limit? integer              Say "more than" above this

---@class QueueSetbacks
---@field no_answer? Duration|integer     It rang and nobody came
---@field rejected? Duration|integer      Declined, also by a reject key that says "busy" (486) after it has rung
---@field busy? Duration|integer          "Busy" without ringing: in a call, or do-not-disturb
---@field unreachable? Duration|integer   Could not be rung

---@class QueueOverflow
---@field after? Duration         When the caller has waited for so long, or
---@field when? "full"|"empty"    when the queue is so:
---@field to? string              go to "queue:sales", "voicemail:8000", "user:1001", "trunk:carrier/10086", or
---@field emit? string            tell `on` handlers this event, with call, queue, and wait on

---@class QueueCandidate
---@field agent string      The user
---@field idle number       Idle for so many seconds
---@field calls integer     Calls answered within the last hour
---@field penalty integer

---@class QueueCaller
---@field id string
---@field queue string
---@field from string?
---@field from_name string?
---@field to string
---@field language string

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
---| "call.ended"         | id, direction, from, from_name, to, user, trunk, outcome,       |
---|                      | cause, ended_by, answered, started_at, answered_at, ended_at,   |
---|                      | agents, recordings, vars, called: whom it rang, the first 50,   |
---|                      | each kind, number, seconds (of talk; nil when not answered)     |
---| "call.transferred"   | id, from, by (the user), to (number or party), attended, queue  |
---| "message.received"   | from, from_name, to, text, delivered: users' own phones text     |
---| "queue.entered"      | queue, call, from, position                                     |
---| "queue.left"         | queue, call, outcome, waited, agent, offers                     |
---| "voicemail.recorded" | id, call, mailbox, recording, from, seconds, urgent, left_at    |
---| "voicemail.heard"    | the same, the first time that it is listened to                 |
---| "voicemail.deleted"  | the same                                                        |
---| "trunk.down"         | trunk, address; "trunk.up" the same                             |
---| "script.failed"      | call, error                                                     |
---
---With { durable = true } an event is stored in the same transaction as the call's record or the message. The handler
---is a job then: it runs after a restart too, again after an error, and in rare cases twice, with the same `event.id`.
---Without, it runs at once, and what happens while the exchange is killed or the scripts are far behind is not told.
---
---    on("call.ended", { durable = true }, function(call, event)
---      http.post(config.url, { json = call, webhook = { id = event.id, secret = config.secret } })
---    end)
---@overload fun(event: string, handler: fun(about: table))
---@param event "agent.changed"|"call.ended"|"call.transferred"|"message.received"|"queue.entered"|"queue.left"|"voicemail.recorded"|"voicemail.heard"|"voicemail.deleted"|"trunk.down"|"trunk.up"|"script.failed"|string
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

---Calls that go on, and calls that are made for others (click to dial). A plugin needs `calls = true`
---to make or end any.
---@class Calls
calls = {}

---@alias CallState "menu"|"queued"|"ringing"|"talking"|"held"|"parked"|"conference"|"voicemail"|"fallback"|"ending"

---@class CallStatus
---@field id string
---@field from string?             The caller's number
---@field from_name string?
---@field to string
---@field context string
---@field user string?             The user who calls
---@field trunk string?            The trunk that it came by
---@field state CallState
---@field talks_with string?       The user or number that the caller talks with
---@field started_at number        Seconds since 1970

---@class OriginateOptions
---@field from string              Who is rung first: "user:1049", "trunk:carrier/13800138000"
---@field to string                The number that is dialled for them when they have answered
---@field context? string          Where it is looked up; the user's own when left out
---@field timeout? Duration        How long the first rings; 30
---@field caller_id? string        What the first is shown; `to` for a user, the trunk's own for others

---Rings somebody, and dials a number for them when they have answered, with their rights: from then
---on it is their call, and the handler of the number runs for it. Returns when they have answered.
---
---    local call, why = calls.originate { from = "user:1049", to = "13800138000" }
---@param options OriginateOptions
---@return CallStatus? call
---@return nil|"busy"|"no_answer"|"rejected"|"unavailable"|"congestion"|"cancelled" why
function calls.originate(options) end

---A call that goes on; nil when there is none with this id.
---@param id string
---@return CallStatus?
function calls.get(id) end

---@class CallListOptions
---@field user? string             Who calls or is talked with
---@field from? string             The caller's number
---@field to? string               The dialled number
---@field trunk? string            By which they came
---@field state? CallState

---The calls that go on, the longest first, at most 1,000. The one that asks is among them.
---@param options? CallListOptions
---@return CallStatus[]
function calls.list(options) end

---How many calls go on, the one that asks among them: for a limit of your own.
---
---    if calls.count { to = call.to } > 30 then
---      return call:reject("busy")
---    end
---@param options? CallListOptions
---@return integer
function calls.count(options) end

---Ends a call; false when there is none with this id. Its record names whoever did it.
---@param id string
---@return boolean
function calls.hangup(id) end

---@class KnownNumber
---@field canonical string?  The one form by which numbers are compared: "+8613800138000"; nil when it is none
---@field national string?   As it is dialled within the country: "13800138000", "0085221234567"
---@field kind "mobile"|"fixed"|"toll_free"|"short"|"emergency"|"sms_port"|"international"|"internal"|"withheld"|"unknown"

---Understands a number, however it is written.
---@param number string
---@return KnownNumber
function calls.number(number) end

---How agents stand, and what they do; an agent is a user who serves a queue. What an agent does is refused with one of
---the words of `AgentRefusal`; what changes nothing is fine. In an offer or a call idle and busy apply afterwards. The
---records name who did it: the agent, when it is their own call that asks. A plugin needs `agents = true` to change anything.
---@class Agents
agents = {}

---@class AgentStatus
---@field id string
---@field name string?             The user's, in config.lua
---@field state "logged_out"|"busy"|"idle"|"offered"|"talking"|"wrap_up"   未登录 置忙 置闲 准备接听 通话中 事后
---@field reason string?           Of busy: a name of `agents.reasons` in config.lua, or login, after_call, no_answer, rejected, phone_busy, unreachable, lost, reset
---@field reachable boolean        A phone of theirs answers
---@field lasted number            Seconds in this state
---@field since number             Seconds since 1970
---@field wrap_up_left number?     Seconds; nil out of wrap-up, or when only the agent ends it
---@field queues string[]

---@alias AgentRefusal
---| "not_an_agent"     Serves no queue
---| "logged_out"       Logs in first
---| "in_call"          Logs out after it
---| "not_in_wrap_up"
---| "no_such_reason"

---One agent.
---@param id string
---@return AgentStatus? status
---@return "not_an_agent"? why
function agents.get(id) end

---@class AgentListOptions
---@field queue? string
---@field state? "logged_out"|"busy"|"idle"|"offered"|"talking"|"wrap_up"

---All agents, by id.
---@param options? AgentListOptions
---@return AgentStatus[]
function agents.list(options) end

---登录: busy afterwards, unless config.lua says otherwise.
---@param id string
---@return AgentStatus? status
---@return AgentRefusal? why
function agents.log_in(id) end

---登出: no call is offered any more; refused in a call.
---@param id string
---@return AgentStatus? status
---@return AgentRefusal? why
function agents.log_out(id) end

---置闲.
---@param id string
---@return AgentStatus? status
---@return AgentRefusal? why
function agents.idle(id) end

---置忙.
---@param id string
---@param reason? string|integer   A name of `agents.reasons` in config.lua, or its place there
---@return AgentStatus? status
---@return AgentRefusal? why
function agents.busy(id, reason) end

---Ends 事后 with 置闲.
---@param id string
---@return AgentStatus? status
---@return AgentRefusal? why
function agents.end_wrap_up(id) end

---Makes 事后 last longer, an hour from now at most.
---@param id string
---@param by Duration
---@return AgentStatus? status
---@return AgentRefusal? why
function agents.extend_wrap_up(id, by) end

---重置: an offer is taken back, a call goes on; busy.
---@param id string
---@return AgentStatus? status
---@return AgentRefusal? why
function agents.reset(id) end

---How queues stand.
---@class Queues
queues = {}

---@class QueueStatus
---@field name string
---@field gone boolean          Gone from the files: who waits is served, and nobody else gets in
---@field waiting integer       How many wait, those who are being offered included
---@field longest_wait number   Seconds; 0 when nobody waits
---@field agents string[]       Who serves it
---@field callers WaitingCaller[]   The next first

---@class WaitingCaller
---@field call string      The call's id
---@field position integer
---@field waited number    Seconds
---@field offered boolean  An agent is rung for them

---One queue; a name that is not declared is a mistake.
---@param name string
---@return QueueStatus
function queues.get(name) end

---All queues, by name.
---@return QueueStatus[]
function queues.list() end

---Text on the screens of users' phones. Users' phones send text to each other by themselves: see
---`on("message.received", ...)`. A plugin needs `messages = true`.
---@class Messages
messages = {}

---@class TextMessage
---@field to string     "user:1050"
---@field text string   At most 1,000 octets: 333 Chinese characters
---@field from? string  "user:1001", whose phone an answer goes to; the tenant when left out
---@field name? string  Whom phones show as the sender

---Sends text to every phone of a user, and returns when the first one has it, 16 seconds later at most.
---
---    local sent, why = messages.send { to = "user:1050", text = "请回电 13800138000", name = "工单" }
---@param message TextMessage
---@return true? sent
---@return "unavailable"|"rejected"|"congestion"? why   No phone is there; none takes text; too much is on its way
function messages.send(message) end
