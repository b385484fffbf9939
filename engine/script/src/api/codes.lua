-- A row's function, with what was dialled behind the keys of its code; # ends whatever is dialled.
return function(does, keys)
  return function(call)
    local behind = call.to:sub(keys + 1):gsub("#$", "")
    return does(call, behind ~= "" and behind or nil)
  end
end
