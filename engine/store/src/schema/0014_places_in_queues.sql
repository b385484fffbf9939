-- Places of callers, and who is to be called back: both outlive a restart. And the queue log is never changed.

CREATE TABLE queue_kept (
  tenant   TEXT NOT NULL,
  kind     TEXT NOT NULL,
  key      TEXT NOT NULL,
  state    TEXT NOT NULL,
  saved_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, kind, key)
);

CREATE TRIGGER queue_log_is_not_changed BEFORE UPDATE ON queue_log
BEGIN SELECT RAISE(ABORT, 'the queue log is only added to'); END;

CREATE TRIGGER queue_log_is_not_deleted BEFORE DELETE ON queue_log
BEGIN SELECT RAISE(ABORT, 'the queue log is only added to'); END;
