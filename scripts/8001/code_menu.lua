-- The menu of codes (座席菜单): reads what can be done and the keys for it, and does what is typed, as if it had been
-- dialled. Keys are matched whole, after # or three seconds.

---A code as a pattern of Lua: "*24<X>" is "^%*24%d$".
---@param code string
---@return string
local function pattern(code)
  local first  = code:gsub("<.*", "")
  local behind = code:match("<(.*)>") or ""
  local wild = { X = "%d", Z = "[1-9]", N = "[2-9]", ["!"] = ".*", ["."] = ".+" }
  return "^" .. first:gsub("[*#]", "%%%0") .. behind:gsub("[XZN!.]", wild) .. "$"
end

---@param code string
---@return string keys   What is said and typed in the menu: "24"
local function typed(code)
  return code:match("^%*?([^<]*)") or ""
end

---What is read out: each function and its keys.
---@param rows table[]   As of `codes`
---@return Sound[]
local function read(rows)
  local said = { "menu/codes" } ---@type Sound[]
  for _, row in ipairs(rows) do
    if row.menu ~= false and row.name then
      said[#said + 1] = row.name
      said[#said + 1] = "menu/press"
      said[#said + 1] = { digits = typed(row[1]) }
      -- An agent's number follows.
      if row[1]:find("<10XX>", 1, true) then
        said[#said + 1] = "agent/no-1"
      end
    end
  end
  return said
end

---@param rows table[]   As of `codes`
---@param dialled string
---@return boolean
local function is_code(rows, dialled)
  for _, row in ipairs(rows) do
    for _, code in ipairs(row) do
      if dialled:find(pattern(code)) then
        return true
      end
    end
  end
  return false
end

---Makes the menu of a table of codes.
---@param rows table[]   As of `codes`
---@return fun(call: Call)
return function(rows)
  return function(call)
    call:answer()
    local prompt = read(rows) ---@type Sound|Sound[]
    for _ = 1, 3 do
      local keys = call:gather { play = prompt, max_digits = 16, timeout = 5, digit_timeout = 3, finish_on = "#" }
      local dialled = keys and (keys:find("^%*") and keys or "*" .. keys)
      if dialled and dialled ~= call.to and is_code(rows, dialled) then
        return call:transfer(dialled)
      end
      prompt = { keys and "menu/invalid" or "menu/timeout", table.unpack(read(rows)) }
    end
  end
end
