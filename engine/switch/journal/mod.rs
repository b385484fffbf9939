//! What the switch writes into calls' journals besides the machine's own lines, for
//! `moonswitch trace`: the SIP messages of a call, and how its sound fared.

mod messages;
mod sound;

pub(super) use messages::SipLog;
pub(super) use sound::Told;
