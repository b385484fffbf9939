//! What a call begins with, and whose rights it has.

use serde::{Deserialize, Serialize};

use crate::{CallId, TenantId};

/// What is known of a call when it begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// Its id.
    pub id: CallId,
    /// Whose call it is.
    pub tenant: TenantId,
    /// Where its number is looked up: the toll fence.
    pub context: String,
    /// The caller's number as `+E.164` or internal number; `None` if withheld.
    pub from: Option<String>,
    /// The caller's number as it came.
    pub from_raw: String,
    /// The display name.
    pub from_name: Option<String>,
    /// The dialled number.
    pub to: String,
    /// The registered user who calls, if any; read by [`calling_user`](Self::calling_user),
    /// [`acting_user`](Self::acting_user) or [`payer`](Self::payer), for they are not always the same.
    pub user: CallingUser,
    /// The trunk that it came by, if any.
    pub trunk: Option<String>,
    /// Header fields of the INVITE that scripts may read, names as they came.
    pub headers: Vec<(String, String)>,
    /// The user who put the caller through to this number, if that was a transfer.
    #[serde(default)]
    pub transferred_by: Option<String>,
    /// The language of prompts for whom the call serves, `zh`, `en`: of the user who calls, else the
    /// tenant's.
    pub language: String,
    /// Microseconds since 1970, UTC.
    pub started_at: i64,
}

/// The registered user who calls, if any. Whose rights count is another question, so that this is
/// put in and never read but by the methods of [`Setup`].
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallingUser(Option<String>);

impl From<Option<String>> for CallingUser {
    fn from(user: Option<String>) -> Self {
        Self(user)
    }
}

/// Whose rights a call to the outside has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Payer<'a> {
    /// A user's: who calls, or who has put the call through to the number.
    User(&'a str),
    /// Those of calls that come by this trunk.
    Trunk(&'a str),
    /// Those of scripts and programs, which act for nobody here.
    Nobody,
}

impl Setup {
    /// Whoever has chosen the number pays: a transfer is paid by whoever transfers.
    pub fn payer(&self) -> Payer<'_> {
        match (&self.transferred_by, &self.user.0, &self.trunk) {
            (Some(user), _, _) | (None, Some(user), _) => Payer::User(user),
            (None, None, Some(trunk)) => Payer::Trunk(trunk),
            (None, None, None) => Payer::Nobody,
        }
    }

    /// The user whose phone calls, or who has taken the caller's place. Says nothing of rights.
    pub fn calling_user(&self) -> Option<&str> {
        self.user.0.as_deref()
    }

    /// The user who acts: who calls, as long as nobody else has chosen the number. Whoever was put
    /// through to it by somebody's transfer acts for nobody.
    pub fn acting_user(&self) -> Option<&str> {
        match self.transferred_by {
            None => self.calling_user(),
            Some(_) => None,
        }
    }
}
