//! Calls through the whole exchange, with simulated phones that know who they hear.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

#[path = "calls/across_codecs.rs"]
mod across_codecs;
#[path = "calls/agent_codes.rs"]
mod agent_codes;
#[path = "calls/agent_settings.rs"]
mod agent_settings;
#[path = "calls/agent_states.rs"]
mod agent_states;
#[path = "calls/between_users.rs"]
mod between_users;
#[path = "calls/cancelled.rs"]
mod cancelled;
#[path = "calls/conferences.rs"]
mod conferences;
#[path = "calls/conformance/mod.rs"]
mod conformance;
#[path = "calls/consulted.rs"]
mod consulted;
#[path = "calls/control/mod.rs"]
mod control;
#[path = "calls/early_media.rs"]
mod early_media;
#[path = "calls/faxes.rs"]
mod faxes;
#[path = "calls/golden/mod.rs"]
mod golden;
#[path = "calls/handed_on.rs"]
mod handed_on;
#[path = "calls/hold.rs"]
mod hold;
#[path = "calls/hotline.rs"]
mod hotline;
#[path = "calls/keys.rs"]
mod keys;
#[path = "calls/lamps_of_colleagues.rs"]
mod lamps_of_colleagues;
#[path = "calls/lamps_of_mailboxes.rs"]
mod lamps_of_mailboxes;
#[path = "calls/lamps_that_are_set.rs"]
mod lamps_that_are_set;
#[path = "calls/languages.rs"]
mod languages;
#[path = "calls/lists.rs"]
mod lists;
#[path = "calls/live_events.rs"]
mod live_events;
#[path = "calls/lived_again.rs"]
mod lived_again;
#[path = "calls/not_taken.rs"]
mod not_taken;
#[path = "calls/originated.rs"]
mod originated;
#[path = "calls/outcomes.rs"]
mod outcomes;
#[path = "calls/over.rs"]
mod over;
#[path = "calls/parked.rs"]
mod parked;
#[path = "calls/picked_up.rs"]
mod picked_up;
#[path = "calls/queues/mod.rs"]
mod queues;
#[path = "calls/recording.rs"]
mod recording;
#[path = "calls/registering.rs"]
mod registering;
#[path = "calls/replaced.rs"]
mod replaced;
#[path = "calls/ringing_several.rs"]
mod ringing_several;
#[path = "calls/supervision/mod.rs"]
mod supervision;
#[path = "calls/surveyed.rs"]
mod surveyed;
#[path = "calls/switched.rs"]
mod switched;
#[path = "calls/texts.rs"]
mod texts;
#[path = "calls/toll.rs"]
mod toll;
#[path = "calls/toll_money.rs"]
mod toll_money;
#[path = "calls/traced.rs"]
mod traced;
#[path = "calls/transferred.rs"]
mod transferred;
#[path = "calls/trunk_groups.rs"]
mod trunk_groups;
#[path = "calls/trunk_identity.rs"]
mod trunk_identity;
#[path = "calls/trunk_sound.rs"]
mod trunk_sound;
#[path = "calls/trunks.rs"]
mod trunks;
#[path = "calls/voicemail.rs"]
mod voicemail;
#[path = "calls/voicemail_desk.rs"]
mod voicemail_desk;
#[path = "calls/ways_of_writing.rs"]
mod ways_of_writing;
