---@meta
-- What plugins are made of, and dialplans may use too: requests to and from other machines, jobs; and what only plugins
-- have: their settings and tables. Beside moonswitch.lua.
error("type stubs for editors; never loaded by the engine")

---Asks other machines. Waits, as call methods do. An HTTP status is a value; what keeps an answer from
---coming (no such host, no connection, too late) is an error. Redirects are not followed, an answer has
---at most 8 MB, and addresses of this machine and of private networks are refused, unless a plugin's
---manifest lists them and an administrator has allowed it.
---@class Http
http = {}

---@class HttpOptions
---@field json? any                       Sent as JSON
---@field body? string                    Sent as it is; instead of json
---@field headers? table<string, string>
---@field bearer? string                  A token for Authorization
---@field timeout? Duration               10; for the whole exchange, at most 2m
---@field retry? integer                  0; how often more it is tried, after 1 s, 2 s, 4 s or what Retry-After says
---                                       (30 s at most), when nobody answers or the answer is 429, 502, 503 or 504. In
---                                       a job let the job retry
---@field webhook? WebhookOptions         Signs it (Standard Webhooks: webhook-id, -timestamp, -signature)

---@class WebhookOptions
---@field id string                       The same for every attempt: the job's id
---@field secret string|string[]          "whsec_..." or text of 16 characters or more; several while they are changed

---@class HttpReply
---@field status integer
---@field headers table<string, string>   By lower-case name
---@field body string
---@field json any                        nil when the answer is no JSON
---@field retry_after number?             Seconds for which the other side wants to be left alone (Retry-After)

---@param url string
---@param options? HttpOptions
---@return HttpReply
function http.get(url, options) end

---@param url string
---@param options? HttpOptions
---@return HttpReply
function http.post(url, options) end

---@param url string
---@param options? HttpOptions
---@return HttpReply
function http.put(url, options) end

---@param url string
---@param options? HttpOptions
---@return HttpReply
function http.patch(url, options) end

---@param url string
---@param options? HttpOptions
---@return HttpReply
function http.delete(url, options) end

---@class RouteOptions
---@field auth RouteAuthOptions|"agent"|"none"   Who may ask. "agent": who has a token of this tenant with the scope
---                                              plugins:use (`moonswitch token add`), and its people at desks. "none": everybody
---@field query? string[]                        The names that may stand behind the question mark; others are refused with
---                                              400, so that a slip does not give everything. Left out: anything may

---@class RouteAuthOptions
---@field bearer string|string[]                 A secret of 16 characters or more, or several while they are changed

---@alias DeskRole "agent"|"leader"|"quality"|"tickets"|"admin"|"integrator"

---A request that has come in.
---@class HttpRequest
---@field method string
---@field path string                       Below the tenant's own prefix
---@field params table<string, string>      What stands at the names in the path
---@field query table<string, string>       Behind the question mark; of several with one name the first
---@field headers table<string, string>     By lower-case name; without authorization
---@field body string
---@field json any                          When the body says that it is JSON; what is none is refused with 400
---@field form table<string, string>?       When the body is application/x-www-form-urlencoded
---@field source string                     The address that it comes from
---@field by string?                        The name of the token that it came with, or the extension of whoever sits at a desk
---@field user string?                      The extension of whoever sits at a desk; nil for programs
---@field role DeskRole?                    What they are; nil for programs
---@field reach string[]?                   Whose calls they see; nil is everybody's, which programs see, too
---@field reaches fun(extension: string?): boolean   Whether somebody is within it; give each no more than that

---Answers requests from outside; while files load. Path parts that begin with : are any one part. The address is
---http://EXCHANGE/t/TENANT and the path, so this one is at /t/8001/tickets/ID:
---
---    http.route("GET /tickets/:call", { auth = "agent" }, function(request)
---      local ticket = tickets:get(request.params.call)
---      if not ticket then return 404, { error = "no ticket for this call" } end
---      return 200, { ticket = ticket }
---    end)
---
---A handler returns a status, a body (a table is sent as JSON, text as text) and headers; each may be left out, and
---nothing at all is 204. It has 20 seconds. A body has at most 1 MB, 64 KB where auth is "none".
---@param route string   A method (GET POST PUT PATCH DELETE) and a path
---@param options RouteOptions
---@param handler fun(request: HttpRequest): integer?, any, table<string, string>?
function http.route(route, options, handler) end

---Work that must not be lost. A job is on disk when `add` returns, runs outside of any call, and is done
---again when its handler ends with an error. `moonswitch jobs list` shows those that were given up.
---@class Jobs
jobs = {}

---@class JobAddOptions
---@field at? number    Seconds since 1970; at once when left out
---@field key? string   Of two jobs with one name and key the second is not added, for a week after the first is done

---Adds a job for a handler of the same plugin, or of the dialplan.
---@param name string
---@param data? any   Plain data up to 64 KB
---@param options? JobAddOptions
---@return boolean added   false when there is, or was, one with its key
function jobs.add(name, data, options) end

---Ends this attempt of a job: it is to be done later, and the attempt does not count. After a week of that it does. Never
---returns.
---
---    if reply.status == 429 then jobs.later(reply.retry_after or "1m", "the provider wants a rest") end
---@param after Duration
---@param why? string   Shown by `moonswitch jobs list`
function jobs.later(after, why) end

---@class JobOptions
---@field attempts? integer    10; after 10 s, 30 s, 2 m, 10 m, 1 h, 3 h, 6 h, 12 h, 24 h
---@field retry? Duration[]    The waits themselves, instead of attempts

---@class Job
---@field id string        The same for every attempt
---@field attempt integer  From 1
---@field key string?
---@field added_at number  Seconds since 1970

---Says who does a job; while files load. An attempt has 5 minutes.
---@param name string
---@param options JobOptions?
---@param handler fun(data: any, job: Job)
function jobs.handle(name, options, handler) end

---Mail by the relay of config.lua (`smtp`). Needs `mail = true` in a plugin's `permissions`.
---@class Mail
mail = {}

---@class MailOptions
---@field to string|string[]            "desk@example.com" or "客服 <desk@example.com>"; 50 at most
---@field cc? string|string[]
---@field reply_to? string
---@field subject string
---@field text string
---@field html? string                  The same for those who read HTML
---@field attachments? MailAttachment[] 20 MB at most
---@field id? string                    The same for every attempt (a job's id): becomes the Message-ID, so that a letter
---                                     that was sent twice is known

---@class MailAttachment
---@field name? string
---@field type? string        "text/csv"; of a recording audio/wav
---@field body? string        What is in it
---@field recording? string   Instead of a body: the id of a recording

---Sends a letter. Waits until the relay has taken it. What keeps it from being taken now (the relay is down, or says
---later) is an error, so that a job tries again; what the relay never will take is `nil, why`.
---@param letter MailOptions
---@return boolean? sent
---@return string? why   "permanent error (550): no such user"
function mail.send(letter) end

---A line to a provider of text messages (SMPP 3.4). Only plugins have it, and need the provider in `permissions.smpp`.
---@class Smpp
smpp = {}

---@class SmppLineOptions
---@field host string                   "smsc.example"
---@field port? integer                 2775
---@field tls? boolean                  false
---@field system_id string              15 letters of ASCII at most
---@field password? string              8
---@field system_type? string           12
---@field from? string                  Where messages come from, when the provider does not know
---@field from_ton? integer             By its looks: 1 with a plus, 5 with letters, else 0
---@field from_npi? integer             By its looks
---@field to_ton? integer               The same for whom they go to
---@field to_npi? integer
---@field window? integer               10; messages without an answer at one time
---@field per_second? integer           10; messages in a second
---@field enquire_link? Duration        "30s"; after so much silence the provider is asked whether it is there
---@field timeout? Duration             "15s"; for a message's turn, and for its answer
---@field concatenation? "udh"|"sar"    "udh"; how the messages of a long text are marked
---@field receipt_ids? "same"|"hex"|"decimal"  "same"; "hex": receipts write in hexadecimal what answers write in decimal

---What came in by a line. A message has `from to coding data`, `text` where it is text, and `piece` where it is one of
---several; a receipt has `id state word error`.
---@class SmppIncoming
---@field kind "message"|"receipt"
---@field from? string
---@field to? string
---@field text? string
---@field coding? integer    `data_coding`
---@field data? string       What is in it, in hexadecimal
---@field piece? { reference: integer, total: integer, number: integer }   From 1
---@field id? string         As the answer to the message gave it
---@field state? "delivered"|"failed"|"under_way"
---@field word? string       The provider's: "UNDELIV"
---@field error? string

---Declares the plugin's line; while files load. It stands from the moment that the generation is published, outlives
---reloads that do not change it, and comes back by itself. What comes in runs the handler of the current generation; the
---provider keeps it until that returns, and hands it over again when it fails or takes longer than 20 seconds.
---@param options SmppLineOptions
---@param handler fun(message: SmppIncoming)
function smpp.line(options, handler) end

---@class SmppMessageOptions
---@field to string
---@field text string
---@field reference? integer  The plugin's own number of the text: the same for every attempt
---@field part? integer       1; which of the messages that a long text becomes

---@class SmppAnswer
---@field status integer        0 when the provider has taken it
---@field name string           "ESME_RTHROTTLED"
---@field id string             The provider's own
---@field temporary boolean     Whether it may take the same later
---@field retry_after number?   Seconds, when the provider has too much

---Sends one message, or one of several that a long text becomes, and waits for the answer. It is an error when no answer
---comes; whether the provider may have the message stands in the sentence.
---@param message SmppMessageOptions
---@return SmppAnswer answer
function smpp.submit(message) end

---What a message says, or several of one that were put together.
---@param coding integer
---@param data string   In hexadecimal
---@return string? text   nil when it is no text
function smpp.text(coding, data) end

---Recordings of calls and messages. Needs `recordings = true` in a plugin's `permissions`.
---@class Recordings
recordings = {}

---@class RecordingAbout
---@field id string
---@field call string
---@field purpose "call"|"script"|"message"|"greeting"
---@field started_at number
---@field seconds number?     nil while it is made, as bytes
---@field bytes integer?
---@field channels integer    2: customer left, agent right
---@field rate integer

---@param id string
---@return RecordingAbout? recording
function recordings.get(id) end

---All of a call, oldest first: of the conversation, of messages, and what `call:record` took.
---@param call string   Its id
---@return RecordingAbout[]
function recordings.list(call) end

---The whole file, WAV, of 32 MB at most: to post it to whoever makes text of it.
---@param id string
---@return string? audio
---@return string? why
function recordings.audio(id) end

---The messages in mailboxes, outside of a call. Needs `voicemail = true` in a plugin's `permissions`. Lamps and those
---who watch by the API are told of each change.
---@class VoicemailLibrary
voicemail = {}

---@class VoicemailAbout
---@field id string
---@field call string?
---@field mailbox string
---@field recording string
---@field from string?
---@field seconds number
---@field urgent boolean
---@field left_at number
---@field heard_at number?
---@field deleted_at number?
---@field assigned_to string?

---@class VoicemailListOptions
---@field mailbox? string
---@field assigned_to? string
---@field heard? boolean      Only those that were listened to, or only those that were not
---@field deleted? boolean    false; those that were deleted and can come back, instead of the others
---@field before? string      Older than this message's id: the last one of the list before
---@field limit? integer      100, at most 1000

---@param id string
---@return VoicemailAbout? message
function voicemail.get(id) end

---Newest first.
---@param options? VoicemailListOptions
---@return VoicemailAbout[]
function voicemail.list(options) end

---@param id string
---@return VoicemailAbout? message   nil when there is none
function voicemail.mark_heard(id) end

---Deletes a message; it can come back until it is purged.
---@param id string
---@return VoicemailAbout? message
function voicemail.delete(id) end

---@param id string
---@return VoicemailAbout? message
function voicemail.restore(id) end

---@param id string
---@param user? string   Who is to see to it; nil is nobody in particular
---@return VoicemailAbout? message
function voicemail.assign(id, user) end

---In a plugin's files: what it is, and what it is set to in config.lua.
---@class Plugin
---@field name string
---@field version string
---@field config table<string, any>   Durations are seconds; nil where nothing is given
plugin = {}

---A store of the plugin's own.
---@param name string
---@param options? StoreOptions
---@return Store
function plugin.store(name, options) end

---In a plugin's files: a folder of its own for each tenant (data/plugins/TENANT/NAME), without folders in it, for what is
---too large for a store: a transcript, a report. Needs `files = true` in `permissions`. A name is letters, digits, `.`, `-`
---and `_`; a file has 32 MB at most, and all together have 10,000 files and 1 GB. What keeps the disk from doing it is an
---error, so that a job tries again.
---@class Files
files = {}

---@class FileAbout
---@field name string
---@field bytes integer
---@field changed_at number   Seconds since 1970

---All that is in a file.
---@param name string
---@return string? content   nil when it is not there
function files.read(name) end

---Puts a file there, in place of one with this name, and waits until it is on disk. Whoever reads finds all of the old one
---or all of the new one.
---@param name string
---@param content string
function files.write(name, content) end

---@param name string
---@return boolean deleted   false when it was not there
function files.delete(name) end

---All files, by name.
---@return FileAbout[]
function files.list() end

---In a plugin's files: tables of its own, in SQLite, one file for each tenant. Needs `db = true` in `permissions`, and
---migrations: plugins/NAME/migrations/0001_words.sql, 0002_words.sql … are done once each, in order, before a
---generation goes live; one that was done is not changed any more. Each function waits, as records do.
---
---Marks in a statement are `?`, filled in order, or `:name`, filled from one table: true and false become 1 and 0. One
---statement at a time, of 2 seconds at most; a result has 10,000 rows and 8 MB at most, a file 1 GB. Full-text search
---(FTS5) is there; ATTACH, PRAGMA, VACUUM and BEGIN are not.
---@class Db
db = {}

---@alias SqlValue string|number|boolean|nil

---All rows.
---@param sql string
---@param ... SqlValue|table<string, SqlValue>
---@return any[] rows   Each a table by column
function db.query(sql, ...) end

---The first row.
---@param sql string
---@param ... SqlValue|table<string, SqlValue>
---@return any row   A table by column, or nil
function db.one(sql, ...) end

---Does something that gives no rows.
---@param sql string
---@param ... SqlValue|table<string, SqlValue>
---@return integer changed   How many rows
---@return integer last_id   Of the row that was put in last
function db.exec(sql, ...) end

---Does several statements together or not at all: what the body did counts when it returns, and is undone when it ends
---with an error or with its call. All other statements wait meanwhile, so it has 5 seconds; ask nobody else in it.
---
---    db.transaction(function(tx)
---      tx:exec("UPDATE tickets SET state = 'open' WHERE id = ?", id)
---      tx:exec("INSERT INTO history (ticket, what) VALUES (?, 'opened')", id)
---    end)
---@generic T
---@param body fun(tx: Transaction): T
---@return T
function db.transaction(body) end

---@class Transaction
local Transaction = {}

---@param sql string
---@param ... SqlValue|table<string, SqlValue>
---@return any[] rows   Each a table by column
function Transaction:query(sql, ...) end

---@param sql string
---@param ... SqlValue|table<string, SqlValue>
---@return any row   A table by column, or nil
function Transaction:one(sql, ...) end

---@param sql string
---@param ... SqlValue|table<string, SqlValue>
---@return integer changed
---@return integer last_id
function Transaction:exec(sql, ...) end
