-- Work that must not be lost: what a script or plugin has asked for and what has not been done yet.
-- And what an administrator has allowed each plugin to do.

CREATE TABLE jobs (
  tenant      TEXT   NOT NULL,
  id          BLOB   NOT NULL,
  owner       TEXT   NOT NULL, -- a plugin's name, or script
  name        TEXT   NOT NULL,
  key         TEXT,            -- of two with one key the second is not added
  data        TEXT   NOT NULL, -- JSON
  state       TEXT   NOT NULL, -- waiting, running, failed, done
  attempts    BIGINT NOT NULL,
  added_at    BIGINT NOT NULL,
  due_at      BIGINT NOT NULL,
  ended_at    BIGINT,
  node        TEXT,            -- who runs it
  last_error  TEXT,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX jobs_by_key ON jobs (tenant, owner, name, key) WHERE key IS NOT NULL;
CREATE INDEX jobs_due ON jobs (tenant, owner, name, due_at) WHERE state = 'waiting';
CREATE INDEX jobs_running ON jobs (node) WHERE state = 'running';
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE plugin_grants (
  tenant      TEXT   NOT NULL,
  plugin      TEXT   NOT NULL,
  permissions TEXT   NOT NULL, -- JSON
  PRIMARY KEY (tenant, plugin)
);
