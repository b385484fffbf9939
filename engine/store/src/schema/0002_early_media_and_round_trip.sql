-- What features ask of a leg beside its ringing and its jitter: early media, and RTCP's round trip.

ALTER TABLE legs ADD COLUMN early_at BIGINT;
ALTER TABLE legs ADD COLUMN round_trip BIGINT;
