-- Who made a call or took part in it, beside each of its recordings, so that a team's recordings are found in their
-- order without looking at all others'.

CREATE TABLE recorded (
  tenant      TEXT   NOT NULL,
  recording   BLOB   NOT NULL,
  party       TEXT   NOT NULL, -- an extension
  started_at  BIGINT NOT NULL, -- the recording's
  PRIMARY KEY (tenant, recording, party)
) WITHOUT ROWID;

INSERT OR IGNORE INTO recorded (tenant, recording, party, started_at)
  SELECT recordings.tenant, recordings.id, calls.caller, recordings.started_at
  FROM recordings JOIN calls ON calls.tenant = recordings.tenant AND calls.id = recordings.call_id
  WHERE calls.caller IS NOT NULL;
INSERT OR IGNORE INTO recorded (tenant, recording, party, started_at)
  SELECT recordings.tenant, recordings.id, segments.agent, recordings.started_at
  FROM recordings JOIN segments
    ON segments.tenant = recordings.tenant AND segments.call_id = recordings.call_id
  WHERE segments.agent IS NOT NULL;

CREATE INDEX recorded_by_party ON recorded (tenant, party, started_at, recording);

-- Calls, their stretches and their recordings are written in any order.
CREATE TRIGGER recorded_as_it_begins AFTER INSERT ON recordings
BEGIN
  INSERT OR IGNORE INTO recorded (tenant, recording, party, started_at)
    SELECT NEW.tenant, NEW.id, caller, NEW.started_at FROM calls
    WHERE tenant = NEW.tenant AND id = NEW.call_id AND caller IS NOT NULL;
  INSERT OR IGNORE INTO recorded (tenant, recording, party, started_at)
    SELECT NEW.tenant, NEW.id, agent, NEW.started_at FROM segments
    WHERE tenant = NEW.tenant AND call_id = NEW.call_id AND agent IS NOT NULL;
END;
CREATE TRIGGER recorded_as_somebody_calls AFTER INSERT ON calls WHEN NEW.caller IS NOT NULL
BEGIN
  INSERT OR IGNORE INTO recorded (tenant, recording, party, started_at)
    SELECT tenant, id, NEW.caller, started_at FROM recordings
    WHERE tenant = NEW.tenant AND call_id = NEW.id;
END;
CREATE TRIGGER recorded_as_somebody_takes_part AFTER INSERT ON segments WHEN NEW.agent IS NOT NULL
BEGIN
  INSERT OR IGNORE INTO recorded (tenant, recording, party, started_at)
    SELECT tenant, id, NEW.agent, started_at FROM recordings
    WHERE tenant = NEW.tenant AND call_id = NEW.call_id;
END;
CREATE TRIGGER recorded_no_more AFTER DELETE ON recordings
BEGIN
  DELETE FROM recorded WHERE tenant = OLD.tenant AND recording = OLD.id;
END;
-- A call that is written anew has other stretches, perhaps.
CREATE TRIGGER recorded_otherwise AFTER DELETE ON segments WHEN OLD.agent IS NOT NULL
BEGIN
  DELETE FROM recorded
    WHERE tenant = OLD.tenant AND party = OLD.agent
      AND recording IN (SELECT id FROM recordings WHERE tenant = OLD.tenant AND call_id = OLD.call_id)
      AND NOT EXISTS (SELECT 1 FROM calls
        WHERE tenant = OLD.tenant AND id = OLD.call_id AND caller = OLD.agent);
END;
