---@meta
-- What goes on in the exchange besides one's own call: calls, agents, queues, messages. Beside moonswitch.lua.
error("type stubs for editors; never loaded by the engine")

---Calls that go on, and calls that are made for others (click to dial). A plugin needs `calls = true`
---to make or end any.
---@class Calls
calls = {}

---@alias CallState "menu"|"queued"|"ringing"|"talking"|"held"|"parked"|"conference"|"supervising"|"voicemail"|"fallback"|"ending"

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
---@return nil|"busy"|"no_answer"|"rejected"|"unallocated"|"switched_off"|"not_allowed"|"limit_reached"|"unavailable"|"congestion"|"cancelled" why
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

---A call on a user's list.
---@class HistoryEntry
---@field call string
---@field direction "out"|"in"   Whether the user has called
---@field number? string         Of the other, as it is dialled here; nil when it was withheld
---@field name? string
---@field at number              Seconds since 1970
---@field answered boolean
---@field result? string         As of records; nil while it goes on, as `cause`
---@field cause? Cause
---@field seconds number         Of talk

---Whom a user has called and who has called them, newest first, also by other phones and before a restart. Star codes
---are left out. A plugin needs `calls = true`.
---@param user string
---@param limit? integer   20; at most 100
---@return HistoryEntry[]
function calls.history(user, limit) end

---How agents stand, and what they do; an agent is a user who serves a queue. What an agent does is refused with one of
---the words of `AgentRefusal`; what changes nothing is fine. In an offer or a call idle and busy apply afterwards. These
---are commands of `desk.order` under names of their own: whoever calls acts with their own rights, so that an agent's call has no say over
---another agent; a script that is in no user's call acts for the tenant. A plugin needs `agents = true` to change anything.
---@class Agents
agents = {}

---@alias AgentState
---| "logged_out"    未登录
---| "busy"          置忙
---| "idle"          置闲
---| "offered"       准备接听
---| "dialling"      外呼振铃
---| "calling"       呼叫对方
---| "talking"       通话中
---| "holding"       保持中
---| "consulting"    咨询中
---| "conference"    会议中
---| "internal"      内部通话
---| "monitoring"    监听中
---| "barging"       强插中
---| "wrap_up"       事后

---@class AgentStatus
---@field id string
---@field name string?             The user's, in config.lua
---@field state AgentState
---@field reason string?           Of busy: a name of `agents.reasons` in config.lua, or login, after_call, no_answer, rejected, phone_busy, unreachable, lost, reset
---@field reachable boolean        A phone of theirs answers
---@field lasted number            Seconds in this state
---@field since number             Seconds since 1970
---@field wrap_up_left number?     Seconds; nil out of wrap-up, or when only the agent ends it
---@field queues string[]
---@field today table<AgentState, number>   Seconds in each state today
---@field asks string?             A reason for busy that they have asked for, and a leader is to approve
---@field auto_answer boolean
---@field do_not_disturb boolean
---@field accept_items boolean     接受新客户, by chat; else only those whom they have had a chat with in the last 24 hours, and VIPs
---@field auto_idle boolean        自动置闲
---@field auto_busy boolean        自动置忙
---@field device string?           The user at whose phone they sit, when it is not their own

---@alias AgentRefusal
---| "not_an_agent"     Serves no queue
---| "no_such_user"
---| "not_allowed"      Whoever calls may not do this for others (`role` and `team` in config.lua)
---| "logged_out"       Logs in first
---| "in_call"          Logs out after it
---| "not_in_wrap_up"
---| "no_such_reason"
---| "reason_required"  `agents.reason_required` in config.lua
---| "approval_needed"  A leader has been asked
---| "nothing_asked"    There is nothing to approve
---| "exclusive"        自动置闲 and 自动置忙 exclude each other
---| "not_in_call"

---One agent.
---@param id string
---@return AgentStatus? status
---@return "not_an_agent"? why
function agents.get(id) end

---@class AgentListOptions
---@field queue? string
---@field state? AgentState

---All agents, by id.
---@param options? AgentListOptions
---@return AgentStatus[]
function agents.list(options) end

---登录: busy afterwards, unless config.lua says otherwise.
---@param id string
---@return AgentStatus? status
---@return AgentRefusal? why
---@return string? sentence
function agents.log_in(id) end

---登出: no call is offered any more; refused in a call.
---@param id string
---@return AgentStatus? status
---@return AgentRefusal? why
---@return string? sentence
function agents.log_out(id) end

---置闲.
---@param id string
---@return AgentStatus? status
---@return AgentRefusal? why
---@return string? sentence
function agents.idle(id) end

---置忙.
---@param id string
---@param reason? string|integer   A name of `agents.reasons` in config.lua, or its place there
---@return AgentStatus? status
---@return AgentRefusal? why
---@return string? sentence
function agents.busy(id, reason) end

---Ends 事后 with 置闲.
---@param id string
---@return AgentStatus? status
---@return AgentRefusal? why
---@return string? sentence
function agents.end_wrap_up(id) end

---Makes 事后 last longer, an hour from now at most.
---@param id string
---@param by Duration   Whole minutes
---@return AgentStatus? status
---@return AgentRefusal? why
---@return string? sentence
function agents.extend_wrap_up(id, by) end

---重置: an offer is taken back, a call goes on; busy.
---@param id string
---@return AgentStatus? status
---@return AgentRefusal? why
---@return string? sentence
function agents.reset(id) end

---What people do at their desks, in one form for keys, star codes, the API and scripts. Whoever calls acts with their own
---rights (`role` and `team` in config.lua); a script that is in no user's call acts for the tenant. A plugin needs `agents = true`.
---@class Desk
desk = {}

---@class Deed
---@field command "log_in"|"log_out"|"idle"|"busy"|"end_wrap_up"|"extend_wrap_up"|"reset"|"busy_after_call"|"approve"|"deny"|"heartbeat"|"auto_answer"|"do_not_disturb"|"accept_items"|"auto_idle"|"auto_busy"|"sit"|"pull"|"hang_up"|"pick"|"listen"|"whisper"|"barge"|"take_over"|"release"|"force_busy"|"force_idle"|"force_log_out"|"message"|"stop"|"hold"|"retrieve"|"consult"|"swap"|"cancel_consult"|"complete"|"conference"|"transfer"|"park"|"survey"|"dtmf"|"answer"|"record"|"mask"|"tag"|"save_prompt"|"list_add"|"list_remove"|"queue_switch"|"take_item"|"decline_item"|"finish_item"
---@field reason? string     Of busy and force_busy: a name of `agents.reasons` in config.lua, or its number; of release: for the log; of list_add: any word
---@field list? "blacklist"|"vip"|"whitelist"   Of list_add and list_remove
---@field number? string     Of list_add and list_remove, however it is written
---@field prefix? boolean    Of list_add and list_remove: it is how canonical numbers begin; on the blacklist with 7 digits or more, unless an administrator or a script says so
---@field switch? string     Of queue_switch: one of `switches` in config.lua
---@field state? SwitchState  Of queue_switch
---@field days? integer      Of list_add: for ever when left out
---@field minutes? integer   Of extend_wrap_up
---@field prompt? string     Of save_prompt: a sound's name, "greet/welcome", of which the recording takes the place
---@field recording? string  Of save_prompt: its id; what `call:record` has made, in a call of whoever orders it or of whom they reach
---@field language? string   Of save_prompt: "zh" or "en"; the tenant's when left out
---@field call? string       Of pick: the call that waits, or
---@field queue? string      whoever is next in that queue; with neither, whoever waits longest in the queues that the user serves (in any, for who serves none). Who dials a star code has the caller at once; else an agent is rung
---@field leader? string     Of listen, whisper, barge, take_over and stop: who supervises, where nobody calls who could be meant
---@field follow? "agent"|"customer"  Of listen, whisper and barge: who is followed when the agent puts the customer through
---@field notice? boolean    Of the same: the agent hears a tone when it begins
---@field parting? "hang_up"|"goodbye"|"requeue"  Of release: the call ends, after a good-bye; or its caller is the first in the queue
---@field text? string       Of message
---@field to? string         Of consult and transfer: a colleague, or a number that the user may dial
---@field only_idle? boolean Of consult: only if that agent is 置闲, who is reserved for it
---@field digits? string     Of dtmf: keys for whom the user talks with; `,` waits a second
---@field tag? string        Of tag: a word for the call's record, `marked` when left out
---@field on? boolean        Of auto_answer, do_not_disturb, accept_items, auto_idle and auto_busy; of record and mask, where it is turned round when left out
---@field internal? boolean  Of auto_answer: colleagues who call directly, too
---@field seconds? integer   Of auto_idle and auto_busy: the agent's own longest 事后
---@field device? string     Of sit: the user whose phone it is
---@field take_over? boolean Of sit: whoever sits there is logged out
---@field item? string       Of take_item, decline_item and finish_item: what `desk.offer` returned

---@class Performed
---@field agent AgentStatus?   How the agent stands then, of commands about their state
---@field call string?         The call that it was done in

---Does what a user could do at their desk; it was done, or has begun. What is not known of a command is an error.
---@param user string?    Whose state, phone or call it is about; nil for a switch or a list of callers, which are nobody's
---@param deed Deed
---@param options? OrderOptions
---@return Performed? done
---@return string? why       not_allowed, not_in_call, no_consult, not_answered, taken, no_such_number, no_such_user … or a word of AgentRefusal
---@return string? sentence  For people
function desk.order(user, deed, options) end

---@class OrderOptions
---@field as? string   In the name of this user, who has proved by their PIN that they are at the phone (`call:ask_pin`)

---@class ItemOptions
---@field from? string          From whom, as whoever offers it knows them: by this who comes back is known
---@field about? any            What events about it are to tell besides
---@field priority? integer     A head start in seconds; 0, at most 3600
---@field max_wait? Duration    So long it waits; as the queue says when left out
---@field required? Skills      As of `call:queue`, and so the others
---@field preferred? Skills
---@field agent? string
---@field agent_for? Duration
---@field vip? boolean          Also for agents who accept no new customers
---@field min_penalty? integer
---@field max_penalty? integer
---@field raise_penalty? integer

---Lets something that is no call, a chat, wait in a queue: in the same line as calls, for the same agents, by the same
---rules, and beside calls as far as `capacity` in config.lua says. Nothing rings: `item.offered` says whom it is offered
---to, who takes, declines and finishes it by `desk.order` (`take_item` …) or the API. Agents need no phone for it. It does
---not outlive the exchange.
---
---    local id = desk.offer("web", { from = "wx:anna", about = { chat = 17 }, required = { "english" } })
---@param queue string
---@param options? ItemOptions
---@return string id
function desk.offer(queue, options) end

---The customer is gone, or it is over: it waits and is had no longer.
---@param id string   What `desk.offer` returned
---@return boolean was   Whether there was such a thing still
function desk.withdraw(id) end

---How queues stand.
---@class Queues
queues = {}

---@class QueueStatus
---@field name string
---@field gone boolean          Gone from the files: who waits is served, and nobody else gets in
---@field waiting integer       How many wait, those who are being offered included
---@field longest_wait number   Seconds; 0 when nobody waits
---@field expected_wait number?   Seconds that whoever came now would likely wait; nil while that cannot be said
---@field handling number?     Seconds that a call keeps its agent, talk and 事后 together; nil while that cannot be said
---@field agents string[]       Who serves it
---@field callers WaitingCaller[]   The next first

---@class WaitingCaller
---@field call string      The call's id
---@field position integer
---@field waited number    Seconds
---@field offered boolean  An agent is rung for them
---@field callback boolean   They are not on the line, and will be called back

---One queue; a name that is not declared is a mistake.
---@param name string
---@return QueueStatus
function queues.get(name) end

---All queues, by name.
---@return QueueStatus[]
function queues.list() end

---@alias SwitchState "open"|"closed"|"emergency"

---How a switch stands, which leaders set by `desk.order` { command = "queue_switch", switch = "hotline", state = "closed" };
---"open" when nobody ever has. It outlives restarts; `queue.switched` tells of each change. A name that `switches` in
---config.lua lacks is a mistake.
---@param name string
---@return SwitchState
function queues.switch(name) end

---@class CallBackOptions
---@field number string        The number to call
---@field priority? integer    A head start in seconds; 0
---@field required? Skills       Nobody who lacks one of these is held free for them: { english = 5 }
---@field preferred? Skills      Who has these goes first
---@field agent? string          Whom they are meant for: nobody else is held free at first
---@field agent_for? Duration    For so long; as the queue's `familiar` says when left out
---@field vip? boolean           Goes before all who are not
---@field min_penalty? integer   As for `call:queue`
---@field max_penalty? integer
---@field raise_penalty? integer

---Somebody is called back when it is their turn in a queue that has `callback`. In a call that has left that queue a moment ago
---the place is the one that it had. Who is to be called at this number already keeps the place that they have.
---
---    local leg, why = call:queue("it", { max_wait = "2m" })
---    if why == "timeout" and call.from then queues.call_back("it", { number = call.from }) end
---@param name string
---@param options CallBackOptions
---@return integer? position   1 is the next
---@return "not_offered"|"no_queue"|"no_number"|"not_allowed"|"full"|nil why
function queues.call_back(name, options) end

---Lamps of phones' keys (BLF) that stand for no user's calls: is the hotline closed, is a line free. A phone subscribes
---(RFC 4235) to what its key dials; who can dial that sees the lamp, and a lamp that was set is seen by all users. The
---exchange forgets lamps when it stops: set them in `on("generation.published", ...)` too. The dialplan's alone, not for plugins.
---
---A code of the table of `codes` has the lamp that its row names. Lamps of people's own states are lit by the exchange, as in
---`lamp = "dnd-<me>"`: `logged-in`, `logged-out`, `idle`, `busy`, `wrap-up`, `auto-answer`, `no-auto-answer`, `dnd`, `no-dnd`,
---`chats`, `no-chats`, `recording`; and `agent-<number>`, which is dark for whoever would take a call, and blinks while it rings.
---@class Lamps
lamps = {}

---Lights a lamp, darkens it, or has it blink. All phones that watch it are told at once.
---
---    lamps.set("*281", switch.state() == "closed")
---@param name string   What a key dials, such as "*281", or any other word: letters, digits, * # - _ and .
---@param light boolean|"blinking"
function lamps.set(name, light) end

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

----------------------------------------------------------------------------------------------------
-- Lists of callers

---A number, or how numbers begin, on a list.
---@class Listed
---@field number string       Canonical: "+8613800138000"; "anonymous" for callers who show none
---@field prefix boolean      All numbers that begin so
---@field reason? string
---@field added_by string     "user:1049", "api:NAME", "script"
---@field added_at number     Seconds since 1970
---@field expires_at? number  When it leaves the list by itself

---黑名单, VIP, 白名单. Who is on the blacklist is not let in before any script runs, VIPs have a head start in queues, the
---whitelist is spared. They are changed by `desk.order`: { command = "list_add", list = "vip", number = "13800138000",
---days = 30 } and { command = "list_remove", … }; `prefix = true` is for how numbers begin.
lists = {}

---What the lists say of a number, however it is written.
---@param number string?   nil: a caller who shows none
---@return { blacklist?: Listed, vip?: Listed, whitelist?: Listed }
function lists.check(number) end

---All on one list, by number.
---@param list "blacklist"|"vip"|"whitelist"
---@return Listed[]
function lists.all(list) end
