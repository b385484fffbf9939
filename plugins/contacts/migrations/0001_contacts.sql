-- What agents have to close: each conversation with a customer, once for each agent in it. Times are seconds since 1970.
CREATE TABLE contacts (
  call      TEXT NOT NULL,
  agent     TEXT NOT NULL,
  number    TEXT,                -- the customer's
  direction TEXT NOT NULL,       -- inbound, outbound
  at        REAL NOT NULL,       -- when it ended
  category  TEXT,
  result    TEXT,
  closed_at REAL,                -- NULL while it is open
  closed_by TEXT,
  PRIMARY KEY (call, agent)
);

CREATE INDEX contacts_of_agents ON contacts (agent, at);
