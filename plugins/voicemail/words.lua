-- What mails and text messages say of a message: templates of config.lua, with {places}.
local words = {}

local settings = plugin.config

---@param time number
---@return string
local function at(time) return clock.text("%Y-%m-%d %H:%M", time) end

---What stands at the places.
---@param message VoicemailAbout
---@param text? string      What was said
---@param due_at? number    When it is to be settled
---@return table<string, string>
local function values(message, text, due_at)
  local mailbox = config.mailboxes[message.mailbox] or config.users[message.mailbox]
  local link = settings.sound == "linked" and settings.link or ""
  return {
    message      = message.id,
    call         = message.call or "",
    from         = message.from or "未知号码",
    mailbox      = message.mailbox,
    mailbox_name = mailbox and mailbox.name or "",
    seconds      = ("%.0f"):format(message.seconds),
    at           = at(message.left_at),
    urgent       = message.urgent and "【紧急】" or "",
    text         = text or "",
    due          = due_at and ("请于 %s 前回电。"):format(at(due_at)) or "",
    link         = (link:gsub("{message}", message.id)),
  }
end

---Puts a message's values into a template. Lines that are empty then, one after the other, become one.
---@param template string
---@param message VoicemailAbout
---@param text? string
---@param due_at? number
---@return string
function words.fill(template, message, text, due_at)
  local known = values(message, text, due_at)
  local filled = template:gsub("{([%w_]+)}", known)
  return (filled:gsub("\n\n\n+", "\n\n"):gsub("%s+$", ""))
end

-- A place that does not exist is found before a message comes.
for _, name in ipairs { "mail_subject", "mail_text", "sms_text" } do
  local example = { id = "", mailbox = "", recording = "", seconds = 0, left_at = 0, urgent = false }
  local wrong = words.fill(settings[name], example):match("{[%w_]+}")
  if wrong then
    error(("voicemail: %s: there is no place %s"):format(name, wrong))
  end
end
if settings.sound == "linked" and not settings.link then
  error("voicemail: link is missing: sound = \"linked\" puts it into mails")
end

return words
