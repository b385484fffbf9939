-- The keys of phones: what is dialled, and what is typed in a conversation. A row begins with its codes; behind each may
-- stand, in <>, a pattern of what follows it. `does` is what happens, `name` is how the menu says it, `lamp` is what a key
-- (BLF) that dials the code shows; `menu = false` leaves a row out of the menu. Change a code here, and everything follows.
local agent      = require "scripts.8001.agent_codes"
local blacklist  = require "scripts.8001.blacklist"
local colleagues = require "scripts.8001.colleagues"
local history    = require "scripts.8001.history"
local leader     = require "scripts.8001.leader_codes"
local menu       = require "scripts.8001.code_menu"
local own        = require "scripts.8001.own_phone"
local prompts    = require "scripts.8001.prompts"
local switch     = require "scripts.8001.switch"
local contacts   = require "plugins.contacts"
local survey     = require "plugins.survey"
local tickets    = require "plugins.tickets"

-- The queues by the digit behind *27; without one it takes whoever waits longest in one's own.
local QUEUES = { ["1"] = "it" }

---@type CodeRow[]
local idle = {
  -- 座席: logging in, 置闲, 置忙, 事后.
  { "*22", "*45", "*22<XX.>", does = agent.log_in, name = "code/log-in", lamp = "logged-in-<me>" },
  { "*23", does = agent.idle, name = "code/idle", lamp = "idle-<me>" },
  { "*24", "*24<X>", does = agent.busy, name = "code/busy", lamp = "busy-<me>" },
  { "*46", does = agent.toggle, menu = false, lamp = "busy-<me>" },
  { "*25", "*25<Z>", "*25<ZX>", does = agent.wrap_up, name = "code/end-wrap-up", lamp = "wrap-up-<me>" },
  { "*47", does = agent.my_state, name = "code/my-state", lamp = "agent-<me>" },
  { "*20", does = agent.log_out, name = "code/log-out", lamp = "logged-out-<me>" },
  { "*26", does = agent.pull, name = "code/pull" },
  { "*29", does = agent.reset, name = "code/reset" },

  -- What somebody has set for themselves.
  { "*481", does = agent.auto_answer_on, name = "code/auto-answer-on", lamp = "auto-answer-<me>" },
  { "*480", does = agent.auto_answer_off, name = "code/auto-answer-off", lamp = "no-auto-answer-<me>" },
  { "*78", does = agent.dnd_on, name = "code/dnd-on", lamp = "dnd-<me>" },
  { "*79", does = agent.dnd_off, name = "code/dnd-off", lamp = "no-dnd-<me>" },
  { "*431", does = agent.chats_on, name = "code/chats-on", lamp = "chats-<me>" },
  { "*430", does = agent.chats_off, name = "code/chats-off", lamp = "no-chats-<me>" },
  { "*11", does = own.change_pin, name = "code/change-pin" },

  -- One's own calls again, and what is to be done after them.
  { "*870", does = history.redial, name = "code/redial" },
  { "*69", does = history.call_back, name = "code/call-back" },
  { "*690", does = history.choose, name = "code/last-numbers" },
  { "*732", does = own.last_recording, name = "code/last-recording" },
  { "*41", "*41<X>", "*41<XX>", does = contacts.from_phone, name = "code/close-record" },
  { "*42", "*42<X>", does = tickets.from_phone, name = "code/open-ticket" },
  { "*44", does = tickets.say_mine, name = "code/my-tickets" },
  { "*440", "*440<XXXXX>", does = tickets.urge_by_phone, name = "code/urge-ticket" },
  -- Only where the plugin sms is set up: with `local sms = require "plugins.sms"` above, take this in.
  -- { "*76<X>", does = sms.from_phone, menu = false },

  -- Mailboxes: one's own, any, the hotline's. Each asks for its PIN.
  { "*97", does = function(call) return call:voicemail_menu(call.user and call.user.mailbox) end, name = "code/my-mailbox" },
  { "*98", does = function(call) return call:voicemail_menu() end, name = "code/any-mailbox" },
  { "*980", does = function(call) return call:voicemail_menu("8000") end, name = "code/hotline-mailbox" },

  -- Colleagues: parking, picking up, who waits, rooms.
  { "*5900", "70", does = colleagues.park, name = "code/park" },
  { "*59<0Z>", "*59<ZX>", does = colleagues.retrieve, name = "code/fetch", lamp = "parked-59<number>" },
  { "7<Z>", does = function(call, place) return colleagues.retrieve(call, "0" .. place) end, menu = false },
  { "**<10XX>", does = colleagues.pick_up, menu = false },
  { "*8", does = colleagues.pick_up_team, name = "code/pick-up" },
  { "*27", "*27<Z>", does = colleagues.take(QUEUES), name = "code/take-waiting" },
  { "*88<XX>", does = colleagues.room, name = "code/room" },

  -- Leaders: hear, speak, end calls and set states of their team; the hotline's switch; who is not wanted; prompts.
  { "*33<10XX>", does = leader.listen, name = "code/listen", lamp = "agent-<number>" },
  { "*34<10XX>", does = leader.barge, name = "code/barge", lamp = "agent-<number>" },
  { "*35<10XX>", does = leader.whisper, name = "code/whisper", lamp = "agent-<number>" },
  { "*36<10XX>", does = leader.release, name = "code/release", lamp = "agent-<number>" },
  { "*37<10XX>", does = leader.force_busy, name = "code/force-busy", lamp = "busy-<number>" },
  { "*38<10XX>", does = leader.force_log_out, name = "code/force-log-out", lamp = "logged-out-<number>" },
  { "*28", does = switch.code, name = "code/queue-switch", lamp = "hotline" },
  { "*28<[012]>", does = switch.code, menu = false, lamp = "hotline-<number>" },
  { "*30", does = blacklist.add, name = "code/blacklist-add" },
  { "*31", does = blacklist.remove, name = "code/blacklist-remove" },
  { "*32", does = blacklist.add_last, name = "code/blacklist-last" },
  { "*77<X>", "*77<XX>", does = prompts.record, name = "code/record-prompt" },

  -- Before the shift: hear oneself, one's number, music.
  { "*43", does = own.echo, name = "code/echo" },
  { "*65", does = own.number, name = "code/my-number" },
  { "*9664", does = own.music, name = "code/music" },

  -- Where callers are transferred to, to say how satisfied they are.
  { "*9", does = survey.hand_over, name = "code/survey", menu = false },
}

---@type CodeRow[]
local in_call = {
  { "*1", does = "record", name = "code/record", lamp = "recording-<me>" },
  { "*2<number>#", does = "consult", name = "code/consult" },
  { "*3", does = "cancel_consult", name = "code/cancel-consult" },
  { "*4", does = "complete", name = "code/complete" },
  { "*5", does = "conference", name = "code/conference" },
  { "*6", does = "swap", name = "code/swap" },
  { "*7", does = "mask", name = "code/mask" },
  { "*8", does = "tag", name = "code/tag" },
  { "*9", does = "survey", name = "code/survey" },
  { "##<number>#", does = "transfer", name = "code/transfer" },
}

-- The menu, for whoever remembers nothing.
idle[#idle + 1] = { "*2", does = menu(idle), menu = false }

return { idle = idle, in_call = in_call }
