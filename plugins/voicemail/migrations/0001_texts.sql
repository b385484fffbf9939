-- What was said in messages, as a transcriber has heard it.
CREATE TABLE texts (
  message TEXT PRIMARY KEY,
  text    TEXT NOT NULL,
  at      REAL NOT NULL
);
