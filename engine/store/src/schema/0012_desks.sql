-- People at their desks: passwords, sessions, and what they have done. Passwords stand here as Argon2id has
-- made them, sessions as SHA-256 of what the browser holds: who reads the disk cannot use either.

CREATE TABLE desk_passwords (
  tenant      TEXT   NOT NULL,
  extension   TEXT   NOT NULL,
  hash        TEXT   NOT NULL, -- PHC string: $argon2id$v=19$...
  changed_at  BIGINT NOT NULL,
  PRIMARY KEY (tenant, extension)
);

CREATE TABLE desk_sessions (
  tenant      TEXT   NOT NULL,
  id          BLOB   NOT NULL, -- SHA-256 of the cookie
  extension   TEXT   NOT NULL,
  source      TEXT   NOT NULL, -- the address that logged in
  began_at    BIGINT NOT NULL,
  seen_at     BIGINT NOT NULL,
  ended_at    BIGINT,
  taken_over_at BIGINT,        -- another desk has taken over: this one may look, and do nothing
  PRIMARY KEY (tenant, id)
);
-- A cookie says itself whose it is, so it is looked up without a tenant.
CREATE UNIQUE INDEX desk_sessions_by_id ON desk_sessions (id);
CREATE INDEX desk_sessions_by_user ON desk_sessions (tenant, extension) WHERE ended_at IS NULL;

-- What was done and looked at, by whom. Lines are added; nothing changes or deletes one.
CREATE TABLE audit (
  tenant      TEXT   NOT NULL,
  id          BLOB   NOT NULL, -- UUID version 7
  at          BIGINT NOT NULL,
  by_whom     TEXT   NOT NULL, -- user:1001, api:NAME, plugin:NAME, script
  act         TEXT   NOT NULL,
  about       TEXT   NOT NULL, -- a user, a call, a recording ...
  outcome     TEXT   NOT NULL, -- done, or the word of why not
  source      TEXT,            -- the address that asked
  PRIMARY KEY (tenant, id)
);
CREATE INDEX audit_by_time ON audit (tenant, at, id);
CREATE INDEX audit_by_whom ON audit (tenant, by_whom, at, id);

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
