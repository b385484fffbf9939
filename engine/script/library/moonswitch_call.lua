---@meta
-- The call, as its handler has it: what it is and what can be done with it. Beside moonswitch.lua.
error("type stubs for editors; never loaded by the engine")

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
---@field language string                 Of prompts for who calls, a user's own at first; set it: call.language = "en". Colleagues in the call hear theirs
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
---@return nil|"busy"|"no_answer"|"rejected"|"unallocated"|"switched_off"|"not_allowed"|"limit_reached"|"unavailable"|"congestion"|"cancelled" why
function Call:bridge(target, options) end

---@class QueueOptions
---@field priority? integer     A head start in seconds: served as if they had come so much earlier; 0, at most 3600
---@field max_wait? Duration    So long the caller waits; as the queue says when left out
---@field record? boolean       Records the conversation in stereo; as the queue says when left out
---@field exit_keys? string     Keys that take the caller out of the queue; the same call finds its old place there for ten minutes
---@field keys? table<string, string|QueueKey>   Keys that lead elsewhere: "callback", "queue:sales", "voicemail:8000", "user:1001", "leave"
---                             (as exit_keys). The place is kept until the key was pressed again, and an agent may still answer
---@field display? string       Whom agents' phones show in place of the caller's name: "VIP 王先生"
---@field whisper? Sound|Sound[]   What the agent alone hears first, in place of what the queue says
---@field required? Skills      Who lacks one of these is not offered the call: { english = 5 }
---@field preferred? Skills     Who has these goes first
---@field agent? string         Whom the caller is meant for or who knows them: nobody else is offered the call at first
---@field agent_for? Duration   For so long; as the queue's `familiar` says when left out
---@field vip? boolean          Goes before all who are not, but for those who have waited for as long as the queue's `guard`
---@field min_penalty? integer  The lowest penalty of an agent that the caller is offered to, to begin with
---@field max_penalty? integer  The highest
---@field raise_penalty? integer   Agents with a lower penalty count as if they had this one

---@class QueueKey
---@field to? string                Where it leads, or:
---@field confirm? Sound|boolean    What asks for it once more; false for at once
---@field emit? string              the event that `on` handlers and plugins are told, with call, queue, from …, once; the caller waits on
---@field play? Sound               What the caller hears then

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
---@return "timeout"|"full"|"empty"|"left"|"overflow"|"busy"|"no_answer"|"rejected"|"unallocated"|"switched_off"|"not_allowed"|"limit_reached"|"unavailable"|"congestion"|nil why
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
---`"queue:it"` takes whoever is next in a queue, `"call:" .. id` the caller of that call (`queues.get`).
---@param target Target|Target[]   "user:1050", "queue:it"
---@return nil
---@return "nobody"|"taken" why   taken: somebody was quicker with a caller of a queue
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

---@class SuperviseOptions
---@field mode? "listen"|"whisper"|"barge"  "listen"; who hears the leader at first: nobody, the agent, everybody
---@field follow? "agent"|"customer"        "agent"; who is followed when the agent puts the customer through
---@field notice? boolean                   false; the agent hears a tone when it begins

---Supervises an agent (监听, 耳语, 强插): hears the agent and all that the agent hears, in this call of theirs and in those that
---follow; where there is none it says so and waits. Keys: 4 listens, 5 whispers (the agent hears the leader, the customer does
---not), 6 barges in (everybody does), 7 takes the agent's place, 99 ends the agent's call, `*` goes on to the next agent in a
---call, `#` stops. Whoever calls needs the role for it (`role` in config.lua), and must not be 置闲. Returns how long it was.
---@param agent string      "1049"
---@param options? SuperviseOptions
---@return number? seconds
---@return string? why      not_allowed, no_such_user, not_busy, yourself
function Call:supervise(agent, options) end

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
---@param options? AskPinOptions
---@return true? right
---@return "rejected"? why   Too often wrong
function Call:ask_pin(mailbox, options) end

---@class AskPinOptions
---@field choose? boolean   Whoever has no PIN yet chooses one; false where the phone is not its owner's
---@field change? boolean   false; whoever knows the PIN chooses a new one

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

---What the caller is asked from here on is how satisfied they were: the record says `survey` and not `ivr`, until they talk with
---somebody or wait for them. Returns at once.
---@param agent? string   The user whom it is about
function Call:as_survey(agent) end

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
