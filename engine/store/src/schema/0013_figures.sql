-- What figures are made of is found by time, and calls that nobody took are kept until somebody has seen
-- to them.

CREATE INDEX queue_episodes_by_time ON queue_episodes (tenant, entered_at, id);
CREATE INDEX queue_log_states ON queue_log (tenant, agent, at, id) WHERE kind = 'state';

-- How long before it the same customer called last, where that is two days at most.
ALTER TABLE calls ADD COLUMN repeated_after BIGINT;

CREATE TABLE missed_calls (
  tenant      TEXT   NOT NULL,
  call_id     BLOB   NOT NULL,
  number      TEXT,            -- canonical; NULL if withheld: nobody can call back
  raw         TEXT   NOT NULL, -- as it came
  at          BIGINT NOT NULL,
  dialled     TEXT   NOT NULL,
  result      TEXT   NOT NULL,
  queue       TEXT,            -- the last that it waited in
  waited      BIGINT NOT NULL, -- microseconds, in queues
  state       TEXT   NOT NULL, -- open, tried, called_back, came_again, done
  tries       BIGINT NOT NULL, -- calls to the number since
  last_by     TEXT,            -- who called last, or has settled it
  last_at     BIGINT,
  last_call   BLOB,
  PRIMARY KEY (tenant, call_id)
);
CREATE INDEX missed_by_time ON missed_calls (tenant, at, call_id);
CREATE INDEX missed_by_queue ON missed_calls (tenant, queue, at, call_id) WHERE queue IS NOT NULL;
CREATE INDEX missed_unsettled ON missed_calls (tenant, at, call_id) WHERE state IN ('open', 'tried');
CREATE INDEX missed_of_number ON missed_calls (tenant, number, at)
  WHERE state IN ('open', 'tried') AND number IS NOT NULL;
