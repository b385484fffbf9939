-- Who was asked, and what they said; one row a call. Times are seconds since 1970.
CREATE TABLE answers (
  call     TEXT PRIMARY KEY,
  agent    TEXT,
  caller   TEXT,                            -- their number
  asked_at REAL NOT NULL,
  day      TEXT NOT NULL,                   -- 2026-03-02, where the tenant is
  by       TEXT NOT NULL,                   -- script or agent: who had it asked
  outcome  TEXT NOT NULL DEFAULT 'asked',   -- or rated, unrated, hung_up
  score    INTEGER,                         -- 1 非常满意 … 5 非常不满意
  comment  TEXT                             -- a recording
);

CREATE INDEX answers_by_day ON answers (day);
