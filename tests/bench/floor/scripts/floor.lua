-- A hotline of three skills, and a second queue of the same agents. AGENTS is set by the bench.
local AGENTS = 300

---Those of the floor whose place divides by `each`.
---@param each integer
---@return string[]
local function every(each)
  local some = {}
  for place = 1, AGENTS do
    if place % each == 0 then
      some[#some + 1] = tostring(2000 + place)
    end
  end
  return some
end

local skills = {}
for _, agent in ipairs(every(5)) do
  skills[agent] = { english = 5 }
end
for _, agent in ipairs(every(10)) do
  skills[agent] = { english = 8, vendor = 3 }
end

queue "hotline" {
  agents       = every(1),
  strategy     = "longest_idle",
  skills       = skills,
  ring_timeout = 10,
  wrap_up      = 6,
  max_wait     = "10m",
}

queue "sales" {
  agents       = every(2),
  strategy     = "fewest_calls",
  ring_timeout = 10,
  wrap_up      = 6,
  max_wait     = "10m",
}

---Early media until an agent answers: so 200 says to the customers' phones that somebody is there.
local function waits(name, options)
  return function(call)
    call:progress()
    call:queue(name, options)
  end
end

---A star code: what it does for whoever dials it.
local function code(deed)
  return function(call)
    call:answer()
    desk.order(call.user.extension, deed)
  end
end

context "inbound" {
  ["4001"] = waits("hotline", {}),
  ["4002"] = waits("hotline", { required = { english = 4 } }),
  ["4003"] = waits("hotline", { required = { vendor = 1 } }),
  ["4004"] = waits("sales", {}),
}

context "internal" {
  ["*22"] = code { command = "log_in" },
  ["*23"] = code { command = "idle" },
}
