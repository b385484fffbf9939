-- Phones that watch something by SIP, so that their lamps are right after a restart.

CREATE TABLE watchers (
  tenant      TEXT   NOT NULL,
  name        TEXT   NOT NULL, -- our tag
  state       TEXT   NOT NULL, -- JSON
  expires_at  BIGINT NOT NULL,
  PRIMARY KEY (tenant, name)
);
