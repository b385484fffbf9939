-- 100 rings 1001 and asks afterwards; *9 is what agents transfer to; 197 says which low score was heard of last.
local survey = require "plugins.survey"

local function hotline(call)
  local leg, why = call:bridge("user:1001", { timeout = 20 })
  if not leg then
    call:reject(why)
  end
  call.vars.score, call.vars.why = survey.ask(call, leg)
end

local low = store("low")

on("survey.low", function(about) low:set("last", about.score) end)

context "internal" {
  ["100"] = hotline,
  ["*9"]  = survey.hand_over,
  ["197"] = function(call) call.vars.low = low:get("last") end,
}
context "inbound"  { ["100"] = hotline }
