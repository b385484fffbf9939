-- What programs ask for: lists by each party and by result without reading every call, messages by
-- whom they were given to, and answers that are given again when a request is repeated.

CREATE INDEX calls_by_from_number ON calls (tenant, from_number, started_at, id);
CREATE INDEX calls_by_from_raw ON calls (tenant, from_raw, started_at, id);
CREATE INDEX calls_by_dialled ON calls (tenant, dialled, started_at, id);
CREATE INDEX calls_by_caller ON calls (tenant, caller, started_at, id) WHERE caller IS NOT NULL;
CREATE INDEX calls_by_result ON calls (tenant, result, started_at, id) WHERE result IS NOT NULL;
CREATE INDEX calls_going_on ON calls (tenant, started_at, id) WHERE ended_at IS NULL;

-- The call's own beginning beside each segment, so that calls are found by agent in their order.
ALTER TABLE segments ADD COLUMN call_started_at BIGINT;
UPDATE segments SET call_started_at = (SELECT started_at FROM calls
  WHERE calls.tenant = segments.tenant AND calls.id = segments.call_id);
CREATE INDEX segments_by_agent ON segments (tenant, agent, call_started_at, call_id)
  WHERE agent IS NOT NULL;

CREATE INDEX recordings_by_time ON recordings (tenant, started_at, id);
DROP INDEX recordings_by_call;
CREATE INDEX recordings_by_call ON recordings (tenant, call_id, started_at, id);

-- Who is to see to a message, in whosever mailbox it is.
ALTER TABLE messages ADD COLUMN assigned_to TEXT;
CREATE INDEX messages_of_mailbox ON messages (tenant, mailbox, id);
CREATE INDEX messages_unheard ON messages (tenant, id)
  WHERE heard_at IS NULL AND deleted_at IS NULL;
CREATE INDEX messages_restorable ON messages (tenant, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX messages_assigned ON messages (tenant, assigned_to, id)
  WHERE assigned_to IS NOT NULL;

CREATE INDEX jobs_by_state ON jobs (tenant, state, id);
CREATE INDEX jobs_not_done ON jobs (tenant, id) WHERE state <> 'done';

CREATE TABLE answers (
  tenant      TEXT   NOT NULL,
  token       TEXT   NOT NULL, -- whose request it was
  key         TEXT   NOT NULL, -- of its own making
  request     BLOB   NOT NULL, -- SHA-256
  run         BIGINT NOT NULL, -- of the exchange
  at          BIGINT NOT NULL,
  status      BIGINT,          -- NULL while it is being done
  kind        TEXT,            -- the Content-Type
  body        BLOB,
  PRIMARY KEY (tenant, token, key)
);
CREATE INDEX answers_by_time ON answers (at);
