//! What is done with a party of a conversation from outside of its phone: by a program, a script, or
//! keys that were a code.

use serde::{Deserialize, Serialize};

use crate::Sound;

/// Something that is done for a party.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Steer {
    /// The other one waits with music, as by the phone's own key.
    Hold,
    /// And no longer.
    Retrieve,
    /// The party talks with somebody in another call: the other one waits with music, and what the
    /// party hears is that call's business.
    Away,
    /// It is back.
    Back {
        /// There was nobody there, or they have left: it hears so, and has a moment's time.
        failed: bool,
    },
    /// Begins or ends the recording of the conversation; `None` turns it round.
    Record(Option<bool>),
    /// Leaves what is said out of the recording, whose time goes on; `None` turns it round.
    Mask(Option<bool>),
    /// It alone hears this, over the conversation.
    Tell(Sound),
}
