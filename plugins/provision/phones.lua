-- Which phone may ask for which file, and what it is told.
local phones = {}

local config = plugin.config

-- Makers' address blocks (IEEE OUI); phones with another name their maker in `makes`.
local MAKERS = {
  ["001565"] = "yealink", ["249ad8"] = "yealink", ["44dbd2"] = "yealink", ["805e0c"] = "yealink", ["805ec0"] = "yealink",
  ["000b82"] = "grandstream", ["c074ad"] = "grandstream", ["ec74d7"] = "grandstream",
  ["0c383e"] = "fanvil",
}

local LEAST = 16

---`00:15:65:AA:BB:CC` is `001565aabbcc`.
---@param text string
---@return string? mac
function phones.mac(text)
  local plain = text:gsub("[:%-%.]", ""):lower()
  return plain:match("^%x%x%x%x%x%x%x%x%x%x%x%x$")
end

---@param text string
---@return string[]
local function words(text)
  local found = {}
  for word in text:gmatch("%S+") do
    found[#found + 1] = word
  end
  return found
end

---@param of string   An extension
---@return { number: string, name: string }[]
local function keys(of)
  local found = {}
  for index, number in ipairs(words(config.keys[of] or config.all_keys)) do
    found[index] = { number = number, name = config.names[number] or number }
  end
  return found
end

local host, port = config.server:match("^(.-):?(%d*)$")
port = port ~= "" and port or "5060"

---@param settings table<string, string>
---@param mac string
---@return string?
local function of_mac(settings, mac)
  for written, value in pairs(settings) do
    if phones.mac(written) == mac then
      return value
    end
  end
end

---@param mac string
---@param what string
---@return string
local function wrong(mac, what)
  return "config.lua: plugins.provision: phone " .. mac .. " " .. what
end

---@class ProvisionedPhone
---@field mac string
---@field make string
---@field secret string
---@field user string
---@field name string
---@field password string
---@field keys { number: string, name: string }[]

---@type table<string, ProvisionedPhone>
local known = {}

for written, user in pairs(config.phones) do
  local mac = phones.mac(written)
  if not mac then
    error(wrong(written, "has no MAC address such as 001565aabbcc"), 0)
  end
  local secret, make = of_mac(config.secrets, mac), of_mac(config.makes, mac) or MAKERS[mac:sub(1, 6)]
  if not secret or #secret < LEAST or not secret:match("^[%w_%-]+$") then
    error(wrong(mac, "needs a secret of " .. LEAST .. " or more letters and digits"), 0)
  end
  local other = known[secret] ---@type ProvisionedPhone?
  if other then
    error(wrong(mac, "has the secret of another phone"), 0)
  end
  if not make then
    error(wrong(mac, "is of no maker that is known: name it in makes"), 0)
  end
  if not config.passwords[user] then
    error(wrong(mac, "is of " .. user .. ", who has no password in passwords"), 0)
  end
  known[secret] = {
    mac      = mac,
    make     = make,
    secret   = secret,
    user     = user,
    name     = config.names[user] or user,
    password = config.passwords[user],
    keys     = keys(user),
  }
end

---What all phones are told.
phones.common = {
  host        = host,
  port        = port,
  transport   = config.transport,
  voicemail   = config.voicemail,
  pickup      = config.pickup,
  auto_answer = config.auto_answer,
}

---The phone that asks with this secret.
---@param secret string
---@return ProvisionedPhone?
function phones.by_secret(secret)
  return known[secret]
end

return phones
