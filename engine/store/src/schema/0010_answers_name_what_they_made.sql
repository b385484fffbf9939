-- An answer that is given again names what was made, too.

ALTER TABLE answers ADD COLUMN location TEXT;
