-- What stands below all that runs: an error comes no further than here with anything left to close, since that
-- would be closed outside of all protection, where memory that is out ends the whole exchange.
local xpcall, error, type, traced, out_of_memory = ...

-- Errors of ours, and panics, know where they come from.
local function known(err)
  if type(err) == "userdata" then
    return err
  end
  return traced(err)
end

local function passed(ok, ...)
  if ok then
    return ...
  end
  if (...) == "not enough memory" then
    out_of_memory()
  end
  error((...), 0)
end

return function(run, ...)
  return passed(xpcall(run, known, ...))
end
