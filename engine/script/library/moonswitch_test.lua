---@meta
-- What test files (tests/dialplan/*_test.lua) can use besides what scripts can, for editors and for people. Never
-- loaded by the engine; a test holds it against what the engine really has.
error("type stubs for editors; never loaded by the engine")

----------------------------------------------------------------------------------------------------
-- Tests. Calls are the exchange's own, with its own scripts; phones, sounds, records and time are simulated. A sound
-- takes no time; waits do, and nobody waits for them. Each test has fresh scripts and empty records, and begins on
-- Monday, 2 March 2026, at midnight in the tenant's zone, an ordinary week.

---A sentence that is to hold. Run with: moonswitch test
---@param name string
---@param body fun()
function test(name, body) end

---When: "mon 10:00" (the next Monday, today included), "2026-10-01 10:00", "22:00", in the tenant's zone.
---@alias Moment string

---@class DialOptions
---@field to? string          The number; the only one of the context when left out
---@field at? Moment          What the clock is set to; as it is when left out
---@field from? string        A number outside: "13800138000", "+491701234567"
---@field from_name? string
---@field user? string        One of our users calls: "1049"
---@field trunk? string       By which trunk it comes; the first when left out
---@field context? string     The user's or the trunk's own when left out
---@field headers? table<string, string>

---Somebody calls. A time alone dials the only number of the trunk's context.
---@param options? DialOptions|Moment
---@return Caller
function dial(options) end

---Somebody who calls. Expectations let the call go on until they are met; the caller stays silent for two seconds
---for that, and not longer: press keys, speak, stay silent or hang up.
---@class Caller
---@field error string?      What the script failed with, with file and line
---@field elapsed number     Seconds since the call began
---@field language string    Of prompts, now
---@field vars table         `call.vars`, once the script has ended
---@field outcome string?    As the record names it, once the call is over: "answered", "left_message" …
---@field heard string[]     All that was heard, in order
---@field story string       What happened, line by line
local Caller = {}

---Expects sounds, in this order; others may come between. "menu/main", "tone:beep", "recording", "message",
---"music/default", or what is said: { number = 3 }.
---@param sound SoundName|Say
---@param ... SoundName|Say
function Caller:hears(sound, ...) end

---Presses keys, one after the other.
---@param keys string   0-9 * # A-D
function Caller:presses(keys) end

---Says and presses nothing: for so long, or until something is heard or the call goes on.
---@param duration? Duration
function Caller:stays_silent(duration) end

---Lets so much time pass, whatever happens.
---@param duration Duration
function Caller:waits(duration) end

---Speaks for so long; heard by whoever records.
---@param duration Duration
function Caller:speaks(duration) end

function Caller:hangs_up() end

---Expects to wait in a queue.
---@param queue string
function Caller:waits_in(queue) end

---Expects to be parked: "5901".
---@param slot string
function Caller:is_parked_at(slot) end

---Expects to be in a room of `call:conference`.
---@param room string
function Caller:is_in_room(room) end

---Expects to talk with somebody: "user:1049", "trunk:carrier/13800138000".
---@param target Target
function Caller:is_bridged_to(target) end

---Expects to talk with a user.
---@param user string
function Caller:is_answered_by(user) end

---Expects to be refused without an answer.
---@param cause? Cause
function Caller:is_refused(cause) end

---Expects that the exchange hangs up.
---@param cause? Cause
function Caller:is_hung_up(cause) end

---@class LeavesMessageOptions
---@field mailbox? string     Where it is to be found
---@field seconds? Duration   10, how long it is
---@field urgent? boolean     false; marks it in the review
---@field hangs_up? boolean   false; hangs up when all is said, instead of pressing #

---Leaves a message after the beep, saves it in the review, and expects that it is kept.
---@param options? LeavesMessageOptions
function Caller:leaves_message(options) end

---The world around a test.
simulate = {}

---The same as `dial`.
---@param options? DialOptions|Moment
---@return Caller
function simulate.call(options) end

---Sets the wall clock. What waits is due no sooner for that.
---@param at Moment
function simulate.time(at) end

---Takes a sound away.
---@param name SoundName
function simulate.no_sound(name) end

---No phone of this user is registered.
---@param user string
function simulate.unavailable(user) end

---Says how an agent stands; nobody is logged in before. What they do when their phone rings is `simulate.phone`'s.
---@param id string
---@param state "idle"|"busy"|"logged_out"
---@return Phone
function simulate.agent(id, state) end

---@class StandingOptions
---@field user? string        One of our users calls
---@field from? string        The caller's number; the user's own, or one outside
---@field to? string          The dialled number; `talks_with` when left out
---@field trunk? string       By which they came
---@field context? string     The user's or the trunk's own when left out
---@field state? CallState    "talking"
---@field talks_with? string  The user or number that the caller talks with: "1049"

---So many calls like this stand from now on, beside those of the test; 0 takes them away. `calls.count`, `calls.list`
---and `calls.get` find them, `calls.hangup` ends one. Nothing happens in them.
---@param count integer
---@param options? StandingOptions
function simulate.calls(count, options) end

---The calls that scripts have made with `calls.originate`, oldest first: who was rung first is the caller.
---@return Caller[]
function simulate.originated() end

---@class PhoneOptions
---@field registered? boolean             true
---@field busy? boolean                   Refuses: in another call
---@field rejects? boolean                Refuses: declined
---@field answers_after? Duration|false   3 seconds of ringing; false never answers
---@field hangs_up_after? Duration|false  false; after so much talk

---Says what somebody does who is rung: "1049", "trunk:carrier". All others answer after three seconds.
---@param name string
---@param options? PhoneOptions
---@return Phone
function simulate.phone(name, options) end

---Somebody who is rung.
---@class Phone
local Phone = {}

---Ends the talk that this phone is in.
function Phone:hangs_up() end

---Transfers whom this user talks with, by the phone's own key and with this user's rights: "1051", "*5900". The call
---comes back to this phone when nobody answers there.
---@param to string   A number of the user's context
function Phone:transfers_to(to) end

---@class SimulatedMessage
---@field from string?
---@field seconds number
---@field urgent boolean
---@field heard boolean

---The messages of a mailbox, oldest first.
---@param number string
---@return SimulatedMessage[]
function simulate.mailbox(number) end

---@class SimulatedAnswer
---@field headers? table<string, string>

---A request that was made.
---@class SimulatedRequest
---@field method string
---@field url string
---@field headers table<string, string>   Names in small letters
---@field body string
---@field json any                        The body read, where it is JSON

---Another machine, as a test lets it answer.
---@class Machine
---@field requests SimulatedRequest[]   What it was asked so far
local Machine = {}

---Lets another machine answer: "POST https://api.example.com/v1/messages", 201, { id = "m1" }. A `*` at the end of
---the address is whatever follows. Of several that fit a request the newest answers. Requests that fit none fail.
---@param request string                       Method and address
---@param status? integer|false|(integer|false)[]   200; false is not reached; a list answers in turn, its last stays
---@param body? any                            Text as it is; anything else as JSON
---@param options? SimulatedAnswer
---@return Machine
function simulate.http(request, status, body, options) end

---Something happens to the exchange: simulate.event("trunk.down", { trunk = "carrier" }).
---@param name string
---@param about? any   Plain data
function simulate.event(name, about) end

---Lets so much time pass, whatever happens: calls go on, jobs that failed are done again.
---@param duration Duration
function simulate.wait(duration) end

---A job that is not done.
---@class SimulatedJob
---@field name string
---@field owner string      The plugin's name, or "script"
---@field data any
---@field attempts integer
---@field failed boolean    For good: no more attempts
---@field error string?     Why the last attempt failed

---The jobs that are not done, oldest first.
---@return SimulatedJob[]
function simulate.jobs() end

---@class SimulatedText
---@field from string
---@field to? string
---@field text string
---@field lacks? integer   The piece of a long text that does not come

---@class SimulatedReceipt
---@field id string
---@field word string     "DELIVRD", "UNDELIV", "ACCEPTD"
---@field error? string

---A provider of text messages by SMPP.
---@class Smsc
---@field messages { from: string, to: string, text: string, reference: integer, part: integer, parts: integer, id: string? }[]
local Smsc = {}

---Somebody writes to it; a long text comes in pieces.
---@param message SimulatedText
---@return boolean taken   Whether the plugin has taken it
function Smsc:delivers(message) end

---It tells what has become of a message.
---@param receipt SimulatedReceipt
---@return boolean taken
function Smsc:receipt(receipt) end

---Says how a provider answers messages: by statuses such as 0 or "ESME_RTHROTTLED", false where it is not reached; one
---after the other, the last one from then on. The ids that it gives are "1", "2", …
---
---    local smsc = simulate.smpp("smsc.example:2775", { false, "ESME_RTHROTTLED", 0 })
---@param place string
---@param answers? integer|string|false|(integer|string|false)[]   0
---@return Smsc
function simulate.smpp(place, answers) end

---What the mail relay says from now on: it takes every letter (true), is not reached (false), or refuses with a text.
---@param answer? boolean|string
function simulate.relay(answer) end

---A letter that the relay has taken.
---@class SimulatedMail
---@field from string
---@field to string[]            Addresses
---@field subject string
---@field text string
---@field html string?
---@field attachments string[]   Names
---@field id string

---What the mail relay has taken, oldest first.
---@return SimulatedMail[]
function simulate.mails() end

---@class SimulatedVisit
---@field json? any                       Sent as JSON
---@field body? string                    Sent as it is; instead of json
---@field headers? table<string, string>
---@field by? string                      The name of the token that it comes with; left out: user
---@field user? string                    Who sits at the desk; a program asks when left out
---@field role? DeskRole                  Theirs: agent
---@field reach? string[]                 Left out: themselves; everybody for quality, admin and integrator

---@class SimulatedReply
---@field status integer
---@field body string
---@field json any                        nil when the body is no JSON
---@field headers table<string, string>

---Somebody asks a route of the scripts, and is let in: simulate.request("POST /sms/incoming", { json = { ... } }).
---@param route string   A method and a path, with a query behind ?
---@param options? SimulatedVisit
---@return SimulatedReply
function simulate.request(route, options) end

---@class Expectation
---@field equals fun(value: any)            Tables by what is in them
---@field differs_from fun(value: any)
---@field matches fun(text: string)         The text is in it, as it stands or as a Lua pattern
---@field is_nil fun()
---@field is_at_least fun(value: number)
---@field is_at_most fun(value: number)

---expect(#simulate.mailbox("8000")).equals(1)
---@param value any
---@return Expectation
function expect(value) end
