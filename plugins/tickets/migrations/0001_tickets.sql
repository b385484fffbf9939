-- What the desk is to see to. Times are seconds since 1970.
CREATE TABLE tickets (
  number      TEXT PRIMARY KEY,              -- 202603-00001
  subject     TEXT NOT NULL UNIQUE,          -- what there is one ticket of: "call ID"
  call        TEXT,
  kind        TEXT NOT NULL,                 -- of the event that opened it
  state       TEXT NOT NULL DEFAULT 'open',  -- the ticket system's word
  key         TEXT,                          -- its name in the ticket system
  url         TEXT,
  assigned_to TEXT,
  opened_at   REAL NOT NULL,
  changed_at  REAL NOT NULL
);

-- What has happened, in this order for each ticket.
CREATE TABLE events (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket   TEXT NOT NULL REFERENCES tickets (number),
  kind     TEXT NOT NULL,                    -- call.missed
  key      TEXT NOT NULL,                    -- what makes it one event
  at       REAL NOT NULL,
  data     TEXT NOT NULL,                    -- JSON
  state    TEXT NOT NULL DEFAULT 'waiting',  -- or delivered, failed, refused
  attempts INTEGER NOT NULL DEFAULT 0,
  error    TEXT,
  UNIQUE (kind, key)
);

CREATE INDEX events_of_tickets ON events (ticket, id);

-- How many tickets a month has had.
CREATE TABLE numbers (
  month TEXT PRIMARY KEY,
  last  INTEGER NOT NULL
);
