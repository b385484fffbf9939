-- db.transaction: begins, runs the body, commits what it did; undone when the body ends in any other way.
local begin, commit = ...

local function finish(tx, ...)
  commit(tx)
  return ...
end

return function(body)
  local tx <close> = begin(body)
  return finish(tx, body(tx))
end
