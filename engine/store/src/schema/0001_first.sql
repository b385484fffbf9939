-- The first schema. Times are microseconds since 1970 UTC, ids are UUIDs of 16 bytes, and every
-- row carries its tenant first. Only what SQLite and PostgreSQL both understand (BLOB is BYTEA
-- there).

CREATE TABLE users (
  tenant      TEXT   NOT NULL,
  extension   TEXT   NOT NULL,
  name        TEXT,
  realm       TEXT   NOT NULL,
  ha1_md5     BLOB   NOT NULL, -- sealed
  ha1_sha256  BLOB   NOT NULL, -- sealed
  context     TEXT   NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (tenant, extension)
);

CREATE TABLE registrations (
  tenant      TEXT   NOT NULL,
  extension   TEXT   NOT NULL,
  contact     TEXT   NOT NULL,
  instance    TEXT,
  call_id     TEXT   NOT NULL,
  cseq        BIGINT NOT NULL,
  path        TEXT   NOT NULL, -- JSON list
  source      TEXT   NOT NULL,
  expires_at  BIGINT NOT NULL,
  user_agent  TEXT,
  PRIMARY KEY (tenant, extension, contact)
);

CREATE TABLE calls (
  tenant       TEXT   NOT NULL,
  id           BLOB   NOT NULL,
  node         TEXT   NOT NULL,
  direction    TEXT   NOT NULL,
  from_raw     TEXT   NOT NULL,
  from_number  TEXT,
  from_name    TEXT,
  dialled      TEXT   NOT NULL,
  context      TEXT   NOT NULL,
  caller       TEXT,
  trunk_in     TEXT,
  generation   BIGINT,
  started_at   BIGINT NOT NULL,
  answered_at  BIGINT,
  ended_at     BIGINT,         -- NULL while it goes on
  ended_by     TEXT,
  result       TEXT,
  cause        TEXT,
  sip_status   BIGINT,
  q850         BIGINT,
  trunk_out    TEXT,
  mos_min      DOUBLE PRECISION,
  vars         TEXT,           -- JSON
  script_error TEXT,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX calls_by_time ON calls (tenant, started_at, id);
CREATE INDEX calls_unfinished ON calls (node) WHERE ended_at IS NULL;

CREATE TABLE legs (
  tenant      TEXT   NOT NULL,
  call_id     BLOB   NOT NULL,
  leg         BIGINT NOT NULL,
  kind        TEXT   NOT NULL,
  peer        TEXT   NOT NULL,
  user_agent  TEXT,
  invited_at  BIGINT NOT NULL,
  ringing_at  BIGINT,
  up_at       BIGINT,
  ended_at    BIGINT NOT NULL,
  cause       TEXT   NOT NULL,
  codec       TEXT,
  received    BIGINT,
  lost        BIGINT,
  jitter      BIGINT,
  mos         DOUBLE PRECISION,
  PRIMARY KEY (tenant, call_id, leg)
);

CREATE TABLE segments (
  tenant      TEXT   NOT NULL,
  call_id     BLOB   NOT NULL,
  seq         BIGINT NOT NULL,
  kind        TEXT   NOT NULL,
  began_at    BIGINT NOT NULL,
  ended_at    BIGINT NOT NULL,
  agent       TEXT,
  queue       TEXT,
  recording   BLOB,
  note        TEXT,
  PRIMARY KEY (tenant, call_id, seq)
);

CREATE TABLE journal (
  tenant      TEXT   NOT NULL,
  call_id     BLOB   NOT NULL,
  seq         BIGINT NOT NULL,
  at          BIGINT NOT NULL, -- since the call began
  json        TEXT   NOT NULL,
  PRIMARY KEY (tenant, call_id, seq)
);

CREATE TABLE recordings (
  tenant      TEXT   NOT NULL,
  id          BLOB   NOT NULL,
  node        TEXT   NOT NULL,
  call_id     BLOB   NOT NULL,
  path        TEXT   NOT NULL,
  channels    BIGINT NOT NULL,
  rate        BIGINT NOT NULL,
  started_at  BIGINT NOT NULL,
  purpose     TEXT   NOT NULL,
  duration    BIGINT,          -- NULL while it goes on
  bytes       BIGINT,
  sha256      BLOB,
  lost        BOOLEAN,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX recordings_by_call ON recordings (tenant, call_id);
CREATE INDEX recordings_unfinished ON recordings (node) WHERE duration IS NULL;

CREATE TABLE mailboxes (
  tenant      TEXT   NOT NULL,
  mailbox     TEXT   NOT NULL,
  pin         BLOB,            -- sealed
  greeting    BLOB,
  PRIMARY KEY (tenant, mailbox)
);

CREATE TABLE messages (
  tenant      TEXT   NOT NULL,
  id          BLOB   NOT NULL,
  mailbox     TEXT   NOT NULL,
  recording   BLOB   NOT NULL,
  call_id     BLOB,
  from_number TEXT,
  left_at     BIGINT NOT NULL,
  duration    BIGINT NOT NULL,
  heard_at    BIGINT,
  deleted_at  BIGINT,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX messages_by_mailbox ON messages (tenant, mailbox, left_at);
CREATE INDEX messages_deleted ON messages (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE kv (
  tenant      TEXT   NOT NULL,
  scope       TEXT   NOT NULL,
  key         TEXT   NOT NULL,
  value       TEXT   NOT NULL, -- JSON
  expires_at  BIGINT,
  PRIMARY KEY (tenant, scope, key)
);
CREATE INDEX kv_expiring ON kv (expires_at) WHERE expires_at IS NOT NULL;
