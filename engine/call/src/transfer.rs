//! Transfers that a party asks for by its phone's own key: their names, and how they go.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Cause, LegId, Target};

/// One transfer that somebody asks for; unique in the exchange.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct TransferId(pub u64);

/// How a transfer goes, for whoever asked for it (NOTIFY with sipfrag, RFC 3515).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum TransferNews {
    /// It is tried.
    Accepted,
    /// It is not even tried, and everything stays as it is.
    Refused(Cause),
    /// Somebody rings.
    Ringing,
    /// It has come about; whoever asked for it is out of the call.
    Done,
    /// It has not, and the call goes back to whoever asked for it.
    Failed(Cause),
}

/// A leg of another call that becomes one of this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Newcomer {
    /// Its number here: the next that is free ([`Call::next_leg`](crate::Call::next_leg)).
    pub leg: LegId,
    /// Whom it rang there; `None` when it had called.
    pub target: Option<Target>,
    /// The user on it.
    pub user: Option<String>,
    /// Its number, as those whom it is connected with may see it.
    pub number: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The trunk that it came by, if it had called by one.
    pub trunk: Option<String>,
    /// How long ago it was invited, or invited us.
    pub invited: Duration,
    /// How long ago it was answered.
    pub answered: Duration,
    /// Its phone holds.
    pub is_held: bool,
}
