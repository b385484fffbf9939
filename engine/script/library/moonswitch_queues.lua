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
