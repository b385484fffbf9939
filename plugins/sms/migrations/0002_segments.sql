-- What SMPP knows of single segments. Times are seconds since 1970.

-- Those of messages that were sent: one of each message at least.
CREATE TABLE segments (
  message INTEGER NOT NULL,
  number  INTEGER NOT NULL,  -- from 1
  theirs  TEXT NOT NULL,     -- the provider's id
  state   TEXT NOT NULL,     -- sent, delivered, failed
  error   TEXT,
  PRIMARY KEY (message, number)
);

CREATE INDEX segments_by_id ON segments (theirs, message);

-- Receipts that have come before the answer to their message.
CREATE TABLE receipts (
  theirs TEXT PRIMARY KEY,
  state  TEXT NOT NULL,      -- delivered, failed
  error  TEXT,
  at     REAL NOT NULL
);

-- Pieces of messages that come in, until all are there.
CREATE TABLE pieces (
  sender    TEXT NOT NULL,
  receiver  TEXT NOT NULL,
  reference INTEGER NOT NULL,
  total     INTEGER NOT NULL,
  number    INTEGER NOT NULL,
  coding    INTEGER NOT NULL, -- data_coding of SMPP
  data      TEXT NOT NULL,    -- in hexadecimal
  at        REAL NOT NULL,
  PRIMARY KEY (sender, receiver, reference, total, number)
);
