-- Who asks twice for the same message, as after a crash, gets it once.
ALTER TABLE messages ADD COLUMN key TEXT;

CREATE UNIQUE INDEX messages_by_key ON messages (key);
