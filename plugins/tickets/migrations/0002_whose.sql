-- Who has opened a ticket and what it is about, and how often somebody has asked for it to be seen to.
ALTER TABLE tickets ADD COLUMN opened_by TEXT;
ALTER TABLE tickets ADD COLUMN category TEXT;
ALTER TABLE tickets ADD COLUMN urges INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN urged_at REAL;
