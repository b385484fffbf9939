-- Whose handlers are told of what, so that an event is written in the transaction of its cause: as a job of each.
CREATE TABLE subscribers (
  tenant TEXT NOT NULL,
  event  TEXT NOT NULL,  -- call.ended
  owner  TEXT NOT NULL,  -- a plugin, or the dialplan
  PRIMARY KEY (tenant, event, owner)
);
