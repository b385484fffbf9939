-- One number for each kind of work that is measured.
require "scripts.routes"

local HOUR = 3600
local TEN_SECONDS = { "rate/ask", "menu/repeat" }

local function bridge(target, options)
  return function(call)
    call:bridge(target, options)
  end
end

-- Nobody serves it, so callers wait.
queue "waiting" { agents = {}, join_if = "always", stay_if = "always", max_wait = HOUR }

-- Whom programs tell what to do.
queue "told" { agents = { "1049" } }

local function room(call)
  call:conference("room" .. call.to, { announce = false })
end

context "bench" {
  answer = function(call)
    call:answer()
    call:sleep(HOUR)
  end,

  echo = function(call)
    call:answer()
    call:echo()
  end,

  bridge = bridge "trunk:callee/bridge",
  alaw   = bridge "trunk:alaw/alaw",
  record = bridge("trunk:callee/record", { record = true }),

  queue = function(call)
    call:queue("waiting")
  end,

  -- Three callers each.
  ["_8X"]  = room,
  ["_8XX"] = room,

  ivr = function(call)
    call:answer()
    call:play(TEN_SECONDS, { loop = true })
  end,
}

-- What the callee may dial.
context "nothing" {}
