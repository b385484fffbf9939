-- What desks ask over HTTP, below /t/TENANT/voicemail.
local function shown(message)
  local row = db.one("SELECT text FROM texts WHERE message = ?", message.id)
  message.text = row and row.text
  return message
end

http.route("GET /voicemail", { auth = "agent" }, function(request)
  local found = json.list {}
  local query = request.query
  for _, message in ipairs(voicemail.list { mailbox = query.mailbox, assigned_to = query.assigned_to }) do
    found[#found + 1] = shown(message)
  end
  return 200, { messages = found }
end)

http.route("POST /voicemail/:id/assign", { auth = "agent" }, function(request)
  local to = type(request.json) == "table" and request.json.to or nil
  if to ~= nil and not config.users[to] then
    return 400, { error = "to: there is no such user" }
  end
  local found, message = pcall(voicemail.assign, request.params.id, to)
  if not found or not message then
    return 404, { error = "there is no such message" }
  end
  return 200, shown(message)
end)
