-- The queue log tells where a call went that an agent of a queue has transferred.

ALTER TABLE queue_log ADD COLUMN target TEXT;
