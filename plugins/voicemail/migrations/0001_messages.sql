-- What was said in messages, as a transcriber has heard it. Times are seconds since 1970.
CREATE TABLE texts (
  message TEXT PRIMARY KEY,
  text    TEXT NOT NULL,
  at      REAL NOT NULL
);

-- Messages that somebody is to call back.
CREATE TABLE call_backs (
  message    TEXT PRIMARY KEY,
  mailbox    TEXT NOT NULL,
  number     TEXT,                          -- the caller's
  left_at    REAL NOT NULL,
  day        TEXT NOT NULL,                 -- on which it was left, in the tenant's zone: 2026-11-30
  due_at     REAL NOT NULL,
  state      TEXT NOT NULL DEFAULT 'open',  -- open, settled, cleared
  late       INTEGER NOT NULL DEFAULT 0,    -- 1: it was not settled when it was due
  result     TEXT,                          -- the last one
  settled_by TEXT,
  settled_at REAL,
  taken_by   TEXT,                          -- whoever has taken it by phone, and when
  taken_at   REAL
);

CREATE INDEX call_backs_open ON call_backs (due_at) WHERE state = 'open';
CREATE INDEX call_backs_by_number ON call_backs (number) WHERE state = 'open';
CREATE INDEX call_backs_by_day ON call_backs (day);

-- What was tried, and what came of it.
CREATE TABLE attempts (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  message TEXT NOT NULL,
  call    TEXT,                             -- in which it was tried; none when somebody says so
  by      TEXT,                             -- a user or a token
  result  TEXT NOT NULL,                    -- reached, not_reached, wrong_number, not_needed
  note    TEXT,
  at      REAL NOT NULL
);

CREATE UNIQUE INDEX attempts_by_call ON attempts (message, call);
CREATE INDEX attempts_by_user ON attempts (by, id);

-- What webhooks tell.
CREATE TABLE hooks (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  message  TEXT NOT NULL,
  kind     TEXT NOT NULL,
  key      TEXT NOT NULL,
  at       REAL NOT NULL,
  data     TEXT NOT NULL,                   -- JSON
  state    TEXT NOT NULL DEFAULT 'waiting', -- waiting, delivered, failed, refused
  attempts INTEGER NOT NULL DEFAULT 0,
  error    TEXT
);

CREATE UNIQUE INDEX hooks_once ON hooks (kind, key);
CREATE INDEX hooks_by_message ON hooks (message, id);

-- Messages that were deleted: once they are purged, what is known of them goes.
CREATE TABLE deleted (
  message TEXT PRIMARY KEY,
  at      REAL NOT NULL
);
