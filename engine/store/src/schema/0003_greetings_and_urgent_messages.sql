-- A mailbox greets in several ways, and a caller may call a message urgent. What greeted so far did
-- for everybody who found nobody.

CREATE TABLE greetings (
  tenant      TEXT   NOT NULL,
  mailbox     TEXT   NOT NULL,
  kind        TEXT   NOT NULL, -- unavailable, busy, temporary, name
  recording   BLOB   NOT NULL,
  PRIMARY KEY (tenant, mailbox, kind)
);

INSERT INTO greetings (tenant, mailbox, kind, recording)
  SELECT tenant, mailbox, 'unavailable', greeting FROM mailboxes WHERE greeting IS NOT NULL;

ALTER TABLE mailboxes DROP COLUMN greeting;

ALTER TABLE messages ADD COLUMN urgent BOOLEAN NOT NULL DEFAULT FALSE;
