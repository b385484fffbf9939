-- 8000 and 1001 take messages; *980 listens to the hotline's; *981 calls back, *9811 to *9814 say what came of it. What
-- scripts are told is shown at /told.
local vm = require "plugins.voicemail"

local function leave(call) return call:voicemail(call.to) end
local function outside(call) call:bridge("trunk:carrier/" .. call.to) end

context "inbound" { ["8000"] = leave, ["1001"] = leave }

context "internal" {
  ["8000"]       = leave,
  ["*980"]       = function(call) return call:voicemail_menu("8000") end,
  ["*981"]       = vm.call_back,
  ["_*981[1-4]"] = vm.result,
  ["_1[3-9]X."]  = outside,
  ["_0X."]       = outside,
  ["1002"]       = function(call) call:bridge("user:1002") end,
}

local told = store("told")
for _, event in ipairs { "voicemail.tried", "voicemail.settled", "voicemail.overdue" } do
  on(event, function(about)
    told:incr(event .. " count")
    told:set(event, about)
  end)
end

http.route("GET /told/:event", { auth = "agent" }, function(request)
  local event = request.params.event
  return 200, { about = told:get(event), count = told:get(event .. " count") or 0 }
end)

-- As somebody else does by the exchange's own API.
http.route("POST /elsewhere/:id/restore", { auth = "agent" }, function(request)
  return 200, voicemail.restore(request.params.id)
end)
