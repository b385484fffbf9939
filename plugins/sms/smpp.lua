-- The driver smpp: a connection that stays, by which messages go and come, segment by segment.
local inbox    = require "plugins.sms.inbox"
local messages = require "plugins.sms.messages"

local config = plugin.config
if not (config.host and config.system_id) then
  error("config.lua: plugins.sms: the driver smpp needs host and system_id", 0)
end

local driver = {}

-- Seconds for which a message that was put together is known by its pieces, and for which one waits for them.
local REMEMBERED, PATIENCE = 600, 3600

-- A receipt may come before the answer that tells which message it is about: whichever is second finds the other. Providers
-- use their ids again.
local function apply(theirs)
  local found = db.one([[
    SELECT s.message, s.number, r.state, r.error FROM receipts r JOIN segments s ON s.theirs = r.theirs
    WHERE r.theirs = ? AND s.state = 'sent' ORDER BY s.message DESC LIMIT 1]], theirs)
  if not found then
    return
  end
  db.exec("UPDATE segments SET state = ?, error = ? WHERE message = ? AND number = ?",
    found.state, found.error, found.message, found.number)
  db.exec("DELETE FROM receipts WHERE theirs = ?", theirs)
  local left = db.one([[
    SELECT m.segments - sum(s.state = 'delivered') AS undelivered, sum(s.state = 'failed') AS failed
    FROM messages m JOIN segments s ON s.message = m.id WHERE m.id = ?]], found.message)
  if found.state == "failed" then
    inbox.receipt(found.message, "failed", found.error)
  elseif left and left.undelivered == 0 then
    inbox.receipt(found.message, "delivered")
  end
end

---Hands a message to the provider: those of its segments that it does not have yet.
---@param row table
---@return Sent
function driver.send(row)
  local first
  local to = messages.dialled(row.number)
  for number = 1, row.segments do
    local segment = db.one("SELECT theirs FROM segments WHERE message = ? AND number = ?", row.id, number)
    if not segment then
      local answer = smpp.submit { to = to, text = row.text, reference = row.id, part = number }
      if answer.status ~= 0 then
        return {
          why   = "the provider answered " .. answer.name,
          again = answer.temporary,
          rest  = answer.retry_after,
        }
      end
      segment = { theirs = answer.id }
      db.exec("INSERT INTO segments VALUES (?, ?, ?, 'sent', NULL)", row.id, number, answer.id)
      apply(answer.id)
    end
    first = first or segment.theirs
  end
  local lost = db.one("SELECT error FROM segments WHERE message = ? AND state = 'failed'", row.id)
  return lost and { why = lost.error or "undeliverable" } or { id = first }
end

local function take_receipt(receipt)
  if receipt.state == "under_way" then
    return
  end
  local why = receipt.state == "failed" and receipt.word or nil
  if why and receipt.error then
    why = why .. " " .. receipt.error
  end
  db.exec("INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?)", receipt.id, receipt.state, why, clock.now())
  apply(receipt.id)
end

-- Pieces of one message may come at the same time: whoever takes them out tells of it. A mark, number 0, stays for who
-- hands one over again.
---What the pieces of a message say, those that are missing as an ellipsis; nil when somebody else has taken them.
---@param of table   sender, receiver, reference, total
---@return string?
local function joined(of)
  local pieces = db.query([[
    DELETE FROM pieces WHERE sender = ? AND receiver = ? AND reference = ? AND total = ? AND number > 0
    RETURNING number, coding, data]],
    of.sender, of.receiver, of.reference, of.total)
  if #pieces == 0 then
    return nil
  end
  db.exec("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, 0, 0, '', ?)",
    of.sender, of.receiver, of.reference, of.total, clock.now())
  table.sort(pieces, function(one, other) return one.number < other.number end)
  local said, run, last = {}, "", 0
  for index, piece in ipairs(pieces) do
    if piece.number > last + 1 then
      said[#said + 1] = "…"
    end
    -- Joined before they are read: some phones cut between the halves of a letter.
    run, last = run .. piece.data, piece.number
    local next = pieces[index + 1]
    if not next or next.number > last + 1 or next.coding ~= piece.coding then
      said[#said + 1] = smpp.text(piece.coding, run) or ""
      run = ""
    end
  end
  if last < of.total then
    said[#said + 1] = "…"
  end
  return table.concat(said)
end

---@param of table   sender, receiver, reference, total
local function tell(of)
  local said = joined(of)
  if said then
    inbox.take { from = of.sender, to = of.receiver, text = said }
  end
end

local function take(message)
  -- A sender may be a name: it is kept as it is.
  local from = messages.canonical(message.from) or message.from
  local piece = message.piece
  if not piece then
    return inbox.take { from = from, to = message.to, text = message.text or "" }
  end
  local of = { sender = from, receiver = message.to, reference = piece.reference, total = piece.total }
  local here = [[
    SELECT count(*) AS pieces FROM pieces
    WHERE sender = ? AND receiver = ? AND reference = ? AND total = ? AND %s]]
  local told = db.one(here:format("number = 0 AND at > ?"),
    of.sender, of.receiver, of.reference, of.total, clock.now() - REMEMBERED)
  if told and told.pieces > 0 then
    return -- it is complete, and comes once more
  end
  db.exec("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    of.sender, of.receiver, of.reference, of.total, piece.number, message.coding, message.data, clock.now())
  local there = db.one(here:format("number > 0"), of.sender, of.receiver, of.reference, of.total)
  if there and there.pieces == piece.total then
    tell(of)
  end
end

smpp.line({
  host          = config.host,
  port          = config.port,
  tls           = config.tls,
  system_id     = config.system_id,
  password      = config.password,
  system_type   = config.system_type,
  from          = config.from,
  from_ton      = config.from_ton,
  from_npi      = config.from_npi,
  to_ton        = config.to_ton,
  to_npi        = config.to_npi,
  window        = config.window,
  per_second    = config.per_second,
  enquire_link  = config.enquire_link,
  timeout       = config.timeout,
  concatenation = config.concatenation,
  receipt_ids   = config.receipt_ids,
}, function(message)
  if message.kind == "receipt" then
    return take_receipt(message)
  end
  return take(message)
end)

-- What has waited for its other pieces for long is told as it is; receipts of nothing are forgotten after a day.
every("10m", function()
  local now = clock.now()
  local old = db.query([[
    SELECT sender, receiver, reference, total FROM pieces WHERE number > 0
    GROUP BY sender, receiver, reference, total HAVING max(at) < ? LIMIT 100]], now - PATIENCE)
  for _, of in ipairs(old) do
    tell(of)
  end
  db.exec("DELETE FROM pieces WHERE number = 0 AND at < ?", now - REMEMBERED)
  db.exec("DELETE FROM receipts WHERE at < ?", now - 86400)
end)

return driver
