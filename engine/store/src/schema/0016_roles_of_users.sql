-- What users who were added while the exchange ran may do, and whose leaders reach them. Those who stand in
-- config.lua have both there.

ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'agent';
ALTER TABLE users ADD COLUMN team TEXT;
