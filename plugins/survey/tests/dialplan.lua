-- 100 rings 1001 and asks afterwards; *9 is what agents transfer to.
local survey = require "plugins.survey"

local function hotline(call)
  local leg, why = call:bridge("user:1001", { timeout = 20 })
  if not leg then
    call:reject(why)
  end
  call.vars.score, call.vars.why = survey.ask(call, leg)
end

context "internal" { ["100"] = hotline, ["*9"] = survey.hand_over }
context "inbound"  { ["100"] = hotline }
