-- English by key: after the Chinese menu one English sentence says "to hear this again, press star", and whoever
-- presses star goes on in English.
local english = { KEY = "*" }

---Plays a menu and waits for one key. After `*` the call's language is English.
---@param call Call
---@param prompt Sound|Sound[]
---@return string? key, string? why
function english.ask(call, prompt)
  if call.language == "en" then
    return call:gather { play = prompt, timeout = 5, finish_on = "" }
  end

  local key = call:gather { play = prompt, timeout = 0.5, finish_on = "" }
  if not key then
    call.language = "en"
    key = call:gather { play = "menu/repeat", timeout = 5, finish_on = "" }
  end
  call.language = key == english.KEY and "en" or "zh"
  return key
end

return english
