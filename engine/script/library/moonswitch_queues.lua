---@meta
-- Queues, as files declare them: who serves them, how long callers wait, what happens then. Beside moonswitch.lua.
error("type stubs for editors; never loaded by the engine")

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
---@field strategy? QueueStrategy   Who is offered a call; "longest_idle"
---@field window? Duration          So far back "fewest_calls" and "least_talk" count; "1h"
---@field one_more_after? Duration   "ring_progressive" lets one more ring after so long; 10
---@field skills? table<string, Skills>   What agents can, by agent; what stands at a member goes before
---@field relax? QueueRing[]        The ladder down which required skills are given up; at most 6 steps
---@field tiers? QueueTiers         When the next level of agents opens; all are open when left out
---@field penalty_rules? QueuePenaltyRule[]   Which penalties a caller is offered to from when on
---@field penalty_members_limit? integer   With so few agents or fewer penalties count for nothing; 0
---@field familiar? Duration        So long a caller is offered to nobody but the agent who talked with them last, or whom `call:queue` names
---@field weight? integer           Where two queues want one agent, the heavier goes first; 0
---@field guard? Duration           Nobody overtakes who has waited for so long; "10m", 0 never
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
---@field music_restart? boolean    The music begins anew for each caller; else all hear the same bar
---@field record? boolean           Conversations are recorded
---@field resume? Duration          Who hangs up and calls again within so long, by number, has the old place; over a restart too
---@field say_agent? boolean        Callers hear the number of who serves them (工号 1049 为您服务), over the first words
---@field whisper? QueueWhisper     What the agent alone hears, over the first words
---@field callback? QueueCallback   How callers are called back who do not want to wait on the line
---@field announce? QueueAnnouncements
---@field delays? QueueSetbacks     So long an agent rests after an offer that failed; 10, busy 30, unreachable 5
---@field pause_after? QueueSetbacks   After so many failed offers in a row the agent is 置忙; no_answer 3, 0 never
---@field overflow? QueueOverflow[]    What happens instead of waiting on

---Our own, or those of Asterisk and FreeSWITCH by their names there.
---@alias QueueStrategy
---| "longest_idle"
---| "round_robin"
---| "fewest_calls"
---| "least_talk"
---| "linear"
---| "random"
---| "weighted"
---| "ring_all"
---| "ring_progressive"
---| "skill_best"
---| "ringall"
---| "leastrecent"
---| "fewestcalls"
---| "rrmemory"
---| "rrordered"
---| "wrandom"
---| "longest-idle-agent"
---| "round-robin"
---| "top-down"
---| "agent-with-least-talk-time"
---| "agent-with-fewest-calls"
---| "sequentially-by-agent-order"
---| "ring-all"
---| "ring-progressively"

---Each with a proficiency from 1 to 10; one that is only named has 1, or is wanted from 1 on.
---@alias Skills table<string, integer>|string[]

---@class QueueMember
---@field penalty? integer    Offered a call only when no free agent has a lower one; 0
---@field level? integer      Offered a call only when it is open to the caller (`tiers`), and after those of lower levels; 1
---@field position? integer   The place within the level; that in the list when left out
---@field weight? integer     How likely "weighted" takes them; 1
---@field priority? integer   Where several of their queues want them, the one with the highest goes first; 0
---@field skills? Skills      What they can, for this queue

---@class QueueTiers
---@field wait Duration       So long a caller waits for the next level; a level where nobody is at work holds nobody up
---@field by_level? boolean   true; times the number of the level, else all open at once

---@class QueuePenaltyRule
---@field after Duration        When the caller has waited for so long:
---@field min? integer|string   the lowest penalty that they are offered to; "+1" shifts it
---@field max? integer|string   the highest
---@field raise? integer|string   lower ones count as this one

---@class QueueRing
---@field after Duration             When the caller has waited for so long:
---@field drop? string|string[]      these skills are required no longer; "all"
---@field lower? integer             the others are wanted so much less, down to 1; 0

---@class QueueAnnouncements
---@field position? boolean           Say how many are ahead
---@field wait? boolean               Say how many minutes the wait is likely to be; nothing while that cannot be said
---@field first? Duration             For the first time after so long; 10
---@field every? Duration             And again after so long; once when left out
---@field at_least? Duration          A better place is told without waiting for `every`, so long after the last time at the earliest
---@field only_if_improved? boolean   Only when fewer are ahead than last time
---@field limit? integer              Say "more than" above this
---@field list? string[]              Sounds that are said in turn, one each time
---@field list_every? Duration        The next of them after so long; 60

---@class QueueWhisper
---@field play? string[]             These sounds
---@field wait? boolean              How long the caller has waited
---@field before_bridge? boolean     Before the two are put through, who wait for so long more

---@class QueueCallback
---@field trunk? string         The trunk that they are called by; without one nobody is called back
---@field caller_id? string     The number that they are shown
---@field ring? Duration        Their phone rings for so long; 30
---@field tries? integer        They are called so often at most; 3
---@field retry? Duration       Left alone for so long after a try in vain; 5m
---@field at_once? integer      So many are called at the same time, each while an agent is held free for them; 1

---@class QueueSetbacks
---@field no_answer? Duration|integer     It rang and nobody came
---@field rejected? Duration|integer      Declined, also by a reject key that says "busy" (486) after it has rung
---@field busy? Duration|integer          "Busy" without ringing: in a call, or do-not-disturb
---@field unreachable? Duration|integer   Could not be rung

---@class QueueOverflow
---@field after? Duration         When the caller has waited for so long, or
---@field when? "full"|"empty"    when the queue is so:
---@field to? string              go to "queue:sales", "voicemail:8000", "user:1001", "trunk:carrier/10086", "callback" (home, to be
---                               called back), or
---@field play? string            hear this and be hung up, or
---@field emit? string            tell `on` handlers this event, with call, queue, and wait on

---@class QueueCandidate
---@field agent string      The user
---@field idle number       Idle for so many seconds
---@field calls integer     Calls answered within the last hour
---@field penalty integer
---@field level integer
---@field skill integer     How good they are at what the call requires and prefers, added up

---@class QueueCaller
---@field id string
---@field queue string
---@field from string?
---@field from_name string?
---@field to string
---@field language string

---Figures of queues, agents and missed calls, from the records. A script that wants an alarm of its own looks here:
---
---    every("5m", function()
---      local it = statistics.queues()["support"]
---      if it and it.offered >= 20 and it.service_level < 0.7 then
---        mail.send { to = "leader@example.com", subject = "support", text = "only " .. it.answered .. " answered" }
---      end
---    end)
statistics = {}

---Figures of queues by name; of today when nothing is said. Queues of which nothing is known are left out.
---@param options StatisticsOptions?
---@return table<string, QueueFigures>
function statistics.queues(options) end

---Figures of agents by number; of today when nothing is said.
---@param options StatisticsOptions?
---@return table<string, AgentFigures>
function statistics.agents(options) end

---How far agents have kept to their shifts (遵时率), by number, up to now; of today when nothing is said. Shifts are planned by the
---API; agents without any are left out.
---@param options AdherenceOptions?
---@return table<string, Adherence>
function statistics.adherence(options) end

---@class AdherenceOptions
---@field since? number     Seconds since 1970; the tenant's midnight when left out. 92 days at most
---@field until? number     Now when left out

---@class Adherence
---@field planned number      Seconds
---@field kept number         Of them, in the planned state: for work in every one but logged out and 置忙, else 置忙 for that reason
---@field adherence? number   0 to 1; nil when nothing was planned yet

---Customers' calls that nobody took (漏话), newest first.
---@param options MissedOptions?
---@return MissedCall[]
function statistics.missed(options) end

---@class StatisticsOptions
---@field since? number     Seconds since 1970; the tenant's midnight when left out. 92 days at most
---@field until? number     Now when left out
---@field within? Duration  Who is answered within this counts for the service level; that of config.lua
---@field short? Duration   Who gives up earlier does not count as offered; that of config.lua

---@class MissedOptions
---@field since? number       Seconds since 1970
---@field until? number
---@field queue? string       That waited in this queue last
---@field unsettled? boolean  Only those that nobody has seen to, or only the others
---@field limit? integer      100, 1,000 at most

---@class QueueFigures
---@field entered integer          Callers who came in
---@field offered integer          Without those who left before it was long enough to count
---@field answered integer
---@field abandoned integer        Gave up after it was long enough to count (排队放弃)
---@field short integer            Left before it was
---@field timed_out integer        Waited for as long as one may (排队超时)
---@field no_agent integer
---@field by_key integer
---@field overflowed integer
---@field full integer             Found no room
---@field handled integer          Calls in which somebody was talked to
---@field service_level? number    Answered soon enough, of the offered: 0 to 1; nil when there was nobody
---@field abandon_rate? number     Of the offered
---@field transfer_rate? number    Of the handled
---@field hold_rate? number        Of the handled
---@field average_wait? number     Seconds, of the answered (ASA)
---@field average_handling? number Seconds of talking, holding and wrapping up for each call (AHT)
---@field longest_wait number      Seconds
---@field talk number              Seconds
---@field hold number              Seconds
---@field wrap_up number           Seconds

---@class AgentFigures
---@field outbound integer           Calls to customers, answered or not (呼出量)
---@field outbound_answered integer
---@field inbound_answered integer   Customers' calls in which they have talked (接听量)
---@field offers integer             Calls of queues that their phones were to ring for
---@field no_answer integer
---@field rejected integer
---@field average_talk? number       Seconds with a customer, holding included (平均通话时长)
---@field average_handling? number   The same with wrapping up (AHT)
---@field occupancy? number          At work for a customer, of that and 置闲
---@field utilisation? number        Of the time logged in
---@field talk number                Seconds with customers, holding included
---@field hold number                Seconds
---@field wrap_up number             Seconds
---@field logged_in number           Seconds
---@field first_login? number        Seconds since 1970
---@field last_login? number         Seconds since 1970 (电话登录时间)
---@field states table<string, number>   Seconds in each state
---@field busy table<string, number>     Seconds of 置忙 for each reason; that of none is ""

---@class MissedCall
---@field call string
---@field from? string      Canonical; nil when withheld
---@field to string
---@field at number         Seconds since 1970
---@field outcome string    "abandoned_in_queue", "rang_out" …
---@field queue? string
---@field waited number     Seconds in queues
---@field state string      "open", "tried", "called_back", "came_again", "done"
---@field tries integer     Calls to the number since
---@field last_by? string   Who called last, or has settled it
---@field last_at? number   Seconds since 1970
