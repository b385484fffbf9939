-- When agents are to work, and when they are to rest.

CREATE TABLE shifts (
  tenant      TEXT   NOT NULL,
  agent       TEXT   NOT NULL,
  began_at    BIGINT NOT NULL,
  ended_at    BIGINT NOT NULL,
  activity    TEXT   NOT NULL, -- work, or a reason for being busy
  PRIMARY KEY (tenant, agent, began_at)
);
CREATE INDEX shifts_by_time ON shifts (tenant, ended_at, agent);
