-- What outlives a restart of agents and queues, each caller's stay in a queue, and a log of all that
-- happens there, to which is only ever added.

CREATE TABLE agents (
  tenant      TEXT   NOT NULL,
  agent       TEXT   NOT NULL,
  state       TEXT   NOT NULL, -- JSON
  saved_at    BIGINT NOT NULL,
  PRIMARY KEY (tenant, agent)
);

CREATE TABLE queue_marks (
  tenant      TEXT   NOT NULL,
  queue       TEXT   NOT NULL,
  agent       TEXT   NOT NULL, -- whom the last call was offered to
  PRIMARY KEY (tenant, queue)
);

CREATE TABLE queue_episodes (
  tenant      TEXT   NOT NULL,
  id          BLOB   NOT NULL,
  call_id     BLOB   NOT NULL,
  queue       TEXT   NOT NULL,
  entered_at  BIGINT NOT NULL,
  place       BIGINT NOT NULL, -- when the caller came; 1 is the next
  priority    BIGINT NOT NULL, -- a head start in seconds
  offers      TEXT   NOT NULL, -- JSON list
  outcome     TEXT   NOT NULL,
  waited      BIGINT NOT NULL, -- microseconds, in this queue
  waited_before BIGINT NOT NULL, -- microseconds, in those before it
  agent       TEXT,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX queue_episodes_by_call ON queue_episodes (tenant, call_id, entered_at);

CREATE TABLE queue_log (
  tenant      TEXT   NOT NULL,
  id          BLOB   NOT NULL,
  at          BIGINT NOT NULL,
  kind        TEXT   NOT NULL, -- entered, offered, offer_ended, left, state, phone
  queue       TEXT,
  call_id     BLOB,
  agent       TEXT,
  why         TEXT,            -- how it ended; the reason of a state
  place       BIGINT,
  lasted      BIGINT,          -- microseconds: of the wait, the offer, the state before
  state       TEXT,
  was         TEXT,
  reachable   BOOLEAN,
  by_whom     TEXT,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX queue_log_by_time ON queue_log (tenant, at, id);
CREATE INDEX queue_log_by_queue ON queue_log (tenant, queue, at, id) WHERE queue IS NOT NULL;
CREATE INDEX queue_log_by_agent ON queue_log (tenant, agent, at, id) WHERE agent IS NOT NULL;
CREATE INDEX queue_log_by_call ON queue_log (tenant, call_id, at, id) WHERE call_id IS NOT NULL;
