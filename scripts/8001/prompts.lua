-- Prompts that are recorded by phone, by their numbers: whoever has the right to (leaders) hears the one that is, speaks a
-- new one, listens to it, and keeps it. It is in the language of the phone that records it.
local PROMPTS = {
  ["1"] = "greet/welcome",
  ["2"] = "menu/main",
  ["3"] = "hours/closed",
  ["4"] = "hours/holiday",
  ["5"] = "hours/emergency",
  ["6"] = "queue/busy",
  ["7"] = "vm/leave",
}

local REFUSALS = {
  not_allowed    = "hours/switch-denied",
  no_such_prompt = "prompt/unknown",
}

local prompts = {}

---@param call Call
---@param number string
function prompts.record(call, number)
  call:answer()
  local name = PROMPTS[number]
  if not (name and call.user) then
    return call:play("prompt/unknown")
  end
  for _ = 1, 3 do
    call:play { "vm/record-greeting" }
    local recording = call:record { max_duration = "2m" }
    local key = "1" ---@type string?
    while recording and key == "1" do
      call:play(recording)
      key = call:gather { play = "vm/review", finish_on = "" }
    end
    if recording and key == "2" then
      local deed = { command = "save_prompt", prompt = name, recording = recording.id, language = call.language }
      local done, why = desk.order(call.user.extension, deed)
      return call:play(done and "prompt/saved" or REFUSALS[why] or "agent/failed")
    end
  end
end

return prompts
