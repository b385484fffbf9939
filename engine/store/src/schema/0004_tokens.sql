-- Tokens of the HTTP API. Of the token itself only its SHA-256 is kept: who reads the disk cannot
-- use it. Its public half, the id, is what lists, logs and records name.

CREATE TABLE tokens (
  tenant      TEXT   NOT NULL,
  id          TEXT   NOT NULL,
  name        TEXT   NOT NULL,
  hash        BLOB   NOT NULL,
  scopes      TEXT   NOT NULL, -- JSON list
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT,
  revoked_at  BIGINT,
  PRIMARY KEY (tenant, id)
);
-- A token says itself whose it is, so its id is looked up without a tenant.
CREATE UNIQUE INDEX tokens_by_id ON tokens (id);
