-- Clears what is old, and forgets what is known of messages that are gone.
local desk  = require "plugins.voicemail.desk"
local hooks = require "plugins.voicemail.hooks"

local settings = plugin.config

-- So long can a deleted message be restored; then it is purged.
local RESTORABLE = 30 * 86400

---Whether a message is to go, when so many newer ones are in its mailbox. One that waits to be called back stays.
---@param message VoicemailAbout
---@param newer integer
---@return boolean
local function is_old(message, newer)
  local keep = message.heard_at and settings.keep or not message.heard_at and settings.keep_new or nil
  local is_too_much = settings.keep_count and newer >= settings.keep_count
  if not (is_too_much or keep and clock.now() - message.left_at > keep) then
    return false
  end
  local case = desk.get(message.id)
  return not (case and case.state == "open")
end

local function clear()
  local newer, last = {}, nil
  repeat
    local page = voicemail.list { before = last, limit = 500 }
    for _, message in ipairs(page) do
      local count = newer[message.mailbox] or 0
      if is_old(message, count) then
        voicemail.delete(message.id)
      else
        newer[message.mailbox] = count + 1
      end
      last = message.id
    end
  until #page < 500
end

---Nobody's words and numbers are kept for longer than their message.
---@param message string
local function forget(message)
  db.transaction(function(tx)
    tx:exec("DELETE FROM texts WHERE message = ?", message)
    tx:exec("DELETE FROM hooks WHERE message = ?", message)
    tx:exec("UPDATE attempts SET note = NULL WHERE message = ?", message)
    tx:exec("UPDATE call_backs SET number = NULL WHERE message = ?", message)
    tx:exec("DELETE FROM deleted WHERE message = ?", message)
  end)
end

---Looks what has become of deleted messages: some are back, some are gone for good.
local function follow()
  for _, row in ipairs(db.query("SELECT * FROM deleted ORDER BY at LIMIT 1000")) do
    local message = voicemail.get(row.message)
    if message and not message.deleted_at then
      desk.clear(row.message, true)
      db.exec("DELETE FROM deleted WHERE message = ?", row.message)
    elseif not message and clock.now() - row.at > RESTORABLE then
      forget(row.message)
    end
  end
end

every("1h", function()
  if settings.keep or settings.keep_new or settings.keep_count then
    clear()
  end
  follow()
  hooks.catch_up()
end)
