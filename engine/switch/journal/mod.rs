//! What the switch writes into calls' journals besides the machine's own lines, for
//! `moonswitch trace`: the SIP messages of a call, and how its sound fared; and for the next start:
//! the dialogs that stand.

mod dialogs;
mod messages;
mod sound;

pub(crate) use dialogs::left_over;
pub(super) use messages::SipLog;
pub(super) use sound::Told;
