-- Text messages, sent and received. Times are seconds since 1970.
CREATE TABLE messages (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  direction TEXT NOT NULL,   -- out or in
  number    TEXT NOT NULL,   -- the other side's
  text      TEXT NOT NULL,
  segments  INTEGER NOT NULL,
  state     TEXT NOT NULL,   -- out: waiting, sent, delivered, failed; in: received
  theirs    TEXT,            -- the provider's id
  error     TEXT,
  by        TEXT,            -- the user or token that had it sent
  call      TEXT,
  at        REAL NOT NULL,
  changed_at REAL NOT NULL
);

CREATE UNIQUE INDEX messages_received ON messages (theirs) WHERE direction = 'in';
CREATE INDEX messages_by_number ON messages (number, id);

-- Who wants no messages.
CREATE TABLE opt_outs (
  number TEXT PRIMARY KEY,
  at     REAL NOT NULL
);
