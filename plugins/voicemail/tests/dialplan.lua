-- 8000 and 1001 take messages; *980 listens to the hotline's; *981 calls back, *9811 to *9814 say what came of it.
local vm = require "plugins.voicemail"

local function leave(call) return call:voicemail(call.to) end

context "inbound" { ["8000"] = leave, ["1001"] = leave }

context "internal" {
  ["8000"]       = leave,
  ["*980"]       = function(call) return call:voicemail_menu("8000") end,
  ["*981"]       = vm.call_back,
  ["_*981[1-4]"] = vm.result,
  ["_1[3-9]X."]  = function(call) call:bridge("trunk:carrier/" .. call.to) end,
}
