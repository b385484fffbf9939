-- Contacts: each conversation with a customer leaves a record that its agent closes, by phone or at a desk.
local records = require "plugins.contacts.records"

local contacts = {}

local config = plugin.config

---How many records of their conversations an agent has yet to close.
---@param agent string
---@return integer
function contacts.open(agent)
  return records.open(agent)
end

---The keys of a table in order.
---@param words table<string, string>
---@return string[]
local function keys(words)
  local all = {}
  for key in pairs(words) do
    all[#all + 1] = key
  end
  table.sort(all)
  return all
end

---@param words table<string, string>
---@param word any
---@return boolean
local function is_one(words, word)
  for _, known in pairs(words) do
    if known == word then
      return true
    end
  end
  return false
end

---Closes the record of a conversation; who does it again corrects it.
---@param call string
---@param agent string
---@param said { category: string, result: string?, by: string }
---@return Contact? contact
---@return nil|"no_such_category"|"no_such_result"|"no_contact" why
function contacts.close(call, agent, said)
  if not is_one(config.categories, said.category) then
    return nil, "no_such_category"
  end
  if said.result and not is_one(config.results, said.result) then
    return nil, "no_such_result"
  end
  local contact = records.close(call, agent, said)
  if not contact then
    return nil, "no_contact"
  end
  emit("contacts.closed", contact)
  return contact
end

---Asks for one of several by a key.
---@param call Call
---@param question Sound
---@param words table<string, string>
---@return string? word
local function choose(call, question, words)
  local said = { question } ---@type Sound[]
  for _, key in ipairs(keys(words)) do
    local word = words[key]
    said[#said + 1] = word == "other" and "agent/reason-other" or "record/" .. word
    said[#said + 1] = "menu/press"
    said[#said + 1] = { digits = key }
  end
  for _ = 1, 3 do
    local key = call:gather { play = said, finish_on = "" }
    if words[key] then
      return words[key]
    end
    call:play(key and "menu/invalid" or "menu/timeout")
  end
end

---What a phone dials (*41 and a key for the category, *41 and a second one for the result): closes the record of the
---conversation that the user had last; asks for what is not said.
---@param call Call
---@param said? string
function contacts.from_phone(call, said)
  call:answer()
  local user = call.user
  local last = user and records.last(user.extension)
  if not (user and last) then
    return call:play("record/none")
  end
  local category, result = said and config.categories[said:sub(1, 1)], said and config.results[said:sub(2, 2)]
  if said and (not category or (#said > 1 and not result)) then
    return call:play("record/no-such-category")
  end
  category = category or choose(call, "record/ask-category", config.categories)
  if not said and category then
    result = choose(call, "record/ask-result", config.results)
  end
  local closed = category and contacts.close(last.call, user.extension, {
    category = category, result = result, by = "user:" .. user.extension,
  })
  call:play(closed and "record/closed" or "agent/failed")
end

on("call.ended", { durable = true }, function(call)
  if call.direction == "internal" or not call.answered or call.to:find("^[*#]") then
    return
  end
  local about = {
    number = call.user and call.to or call.from, direction = call.user and "outbound" or "inbound", at = call.ended_at,
  }
  for _, agent in ipairs(call.agents) do
    if agent ~= about.number then
      records.add(call.id, agent, about)
    end
  end
end)

---@param agent string
local function not_yours(agent)
  return { error = ("the contacts of %s are not within your reach"):format(agent) }
end

http.route("GET /contacts", { auth = "agent", query = { "agent", "open" } }, function(request)
  local agent = request.query.agent
  if agent and not request.reaches(agent) then
    return 403, not_yours(agent)
  end
  return 200, { contacts = json.list(records.list(request.query, request.reach)) }
end)

-- Who sees everybody's contacts by their role, and closes none.
---@type table<string?, boolean?>
local READERS = { quality = true, integrator = true }

http.route("PUT /contacts/:call/:agent", { auth = "agent" }, function(request)
  if READERS[request.role] then
    return 403, { error = "your role reads contacts, and closes none" }
  end
  if not request.reaches(request.params.agent) then
    return 403, not_yours(request.params.agent)
  end
  local said = request.json
  if type(said) ~= "table" or type(said.category) ~= "string" then
    return 400, { error = "say what it was about: { \"category\": \"enquiry\", \"result\": \"solved\" }" }
  end
  local contact, why = contacts.close(request.params.call, request.params.agent, {
    category = said.category, result = said.result, by = request.by or "api",
  })
  if not contact then
    return why == "no_contact" and 404 or 400, { error = why }
  end
  return 200, contact
end)

return contacts
