-- call:menu: asks for a choice until it is one of the keys, and runs what stands behind it.
local gather, play, read = ...
local type = type

local function run(choice, call)
  if type(choice) == "function" then
    return choice(call)
  end
  return choice
end

return function(call, options)
  local menu = read(call, options)
  local why
  for try = 1, menu.tries do
    local digits
    digits, why = gather(call, menu.gather)
    local choice = digits and menu.keys[digits]
    if choice ~= nil then
      return run(choice, call)
    end
    if digits then
      why = "no_match"
    end
    local prompt = why == "timeout" and menu.silence or why ~= "timeout" and menu.invalid
    if prompt then
      play(call, prompt)
    end
  end
  if menu.otherwise ~= nil then
    return run(menu.otherwise, call)
  end
  return nil, why
end
