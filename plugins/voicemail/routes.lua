-- What desks ask and say over HTTP, below /t/TENANT/voicemail.
local desk   = require "plugins.voicemail.desk"
local hooks  = require "plugins.voicemail.hooks"
local notify = require "plugins.voicemail.notify"

local NONE = { error = "there is no such message" }

---@param case table
local function shown_case(case)
  return {
    state = case.state, due_at = case.due_at, late = case.late == 1, result = case.result, settled_by = case.settled_by,
    settled_at = case.settled_at,
  }
end

---A message with what was said in it and how it stands.
---@param message any
---@return any
local function shown(message)
  local case = desk.get(message.id)
  message.text = notify.text_of(message.id)
  message.call_back = case and shown_case(case)
  return message
end

---The message that a path names; nil when there is none.
---@param id string
---@return VoicemailAbout?
local function found(id)
  local is_id, message = pcall(voicemail.get, id)
  return is_id and message or nil
end

---@param query table<string, string?>
---@return table[]
local function list_open(query)
  local rows = json.list {}
  for _, case in ipairs(desk.due_first(query.mailbox)) do
    local message = voicemail.get(case.message)
    if message and not message.deleted_at and (not query.assigned_to or message.assigned_to == query.assigned_to) then
      rows[#rows + 1] = shown(message)
    end
    if #rows >= 100 then
      break
    end
  end
  return rows
end

local ASKED = { "state", "mailbox", "assigned_to", "before", "deleted" }

http.route("GET /voicemail", { auth = "agent", query = ASKED }, function(request)
  local query = request.query ---@type table<string, string?>
  if query.state == "open" then
    return 200, { messages = list_open(query) }
  end
  if query.state then
    return 400, { error = "state: there is only open" }
  end
  local listed, rows = pcall(voicemail.list, {
    mailbox = query.mailbox, assigned_to = query.assigned_to, before = query.before, deleted = query.deleted == "true",
  })
  if not listed then
    return 400, { error = "before: expected the id of a message" }
  end
  local messages = json.list {}
  for _, message in ipairs(rows) do
    messages[#messages + 1] = shown(message)
  end
  return 200, { messages = messages }
end)

http.route("GET /voicemail/figures", { auth = "agent", query = { "from", "to" } }, function(request)
  for _, name in ipairs { "from", "to" } do
    local day = request.query[name] ---@type string?
    if day and not day:find("^%d%d%d%d%-%d%d%-%d%d$") then
      return 400, { error = name .. ": expected a day such as 2026-11-30" }
    end
  end
  return 200, desk.figures(request.query)
end)

http.route("GET /voicemail/:id", { auth = "agent" }, function(request)
  local message = found(request.params.id)
  if not message then
    return 404, NONE
  end
  local whole = shown(message)
  whole.attempts = json.list(desk.attempts(message.id))
  whole.webhooks = json.list(hooks.of(message.id))
  return 200, whole
end)

http.route("POST /voicemail/:id/assign", { auth = "agent" }, function(request)
  local to = type(request.json) == "table" and request.json.to or nil
  if not found(request.params.id) then
    return 404, NONE
  end
  local given, message = pcall(voicemail.assign, request.params.id, to)
  if not given then
    return 400, { error = "to: there is no such user" }
  end
  return 200, shown(message)
end)

http.route("POST /voicemail/:id/result", { auth = "agent" }, function(request)
  local said = type(request.json) == "table" and request.json or {}
  if desk.RESULTS[said.result] == nil then
    return 400, { error = "result: expected reached, not_reached, wrong_number or not_needed" }
  end
  if said.note ~= nil and (type(said.note) ~= "string" or #said.note > 2000) then
    return 400, { error = "note: expected text of 2000 characters at most" }
  end
  if said.by ~= nil and type(said.by) ~= "string" then
    return 400, { error = "by: expected a user's extension" }
  end
  local message = found(request.params.id)
  if not message then
    return 404, NONE
  end
  if not desk.get(message.id) then
    return 409, { error = "the message need not be called back: call_back of its mailbox says so" }
  end
  desk.note(message.id, { result = said.result, note = said.note, by = said.by or request.by })
  return 200, shown(message)
end)

http.route("DELETE /voicemail/:id", { auth = "agent" }, function(request)
  local message = found(request.params.id) and voicemail.delete(request.params.id)
  if not message then
    return 404, NONE
  end
  return 200, shown(message)
end)

http.route("POST /voicemail/:id/restore", { auth = "agent" }, function(request)
  local message = found(request.params.id) and voicemail.restore(request.params.id)
  if not message then
    return 404, NONE
  end
  desk.clear(message.id, true)
  return 200, shown(message)
end)
