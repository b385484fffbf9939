-- A dialplan of 5,000 routes, for measuring a reload: change the revision, save, and watch the calls.
local REVISION = 1
local ROUTES = 5000

local function handler(number)
  return function(call)
    call.vars.route, call.vars.revision = number, REVISION
    call:answer()
    call:hangup()
  end
end

local routes = {}
for i = 1, ROUTES do
  local number = tostring(100000 + i)
  routes[i % 2 == 0 and number or "_" .. number .. "X"] = handler(number)
end

context "bench" (routes)
