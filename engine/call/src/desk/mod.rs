//! What people do with agents and calls from their desks, in one form for all ways of doing it: keys of a phone,
//! star codes, the API, scripts.
//!
//! Whatever the way, an [`Order`] comes out of it, is looked at by [`allowed`] and nowhere else, and is carried out by
//! the switch's `desk`. A new deed is one row in the table of [`Deed`]: its fields, its word, its rights; and an arm there;
//! all ways have it then. Words are the same everywhere: `{"command": "busy", "reason": "meeting"}` is what the API
//! takes, what `desk.order` in Lua takes, and what the audit log shows.

mod deed;
mod habits;
mod house;
mod item;
mod lever;
mod role;
mod supervise;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::CallId;
use crate::acd::{self, Refusal, Status};
use crate::screen::Change;

pub use deed::Deed;
pub use item::ItemDeed;
pub use lever::SwitchState;
pub use role::{Needs, Person, Right, Role, allowed};
pub use supervise::Terms;

/// Who wants something done.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum By {
    /// A user of the exchange, from a phone or a desk: what their role allows.
    User(String),
    /// A program with a token, as the records name it: `api:tour`. Its scope was looked at.
    Program(String),
    /// A script or plugin of the tenant's own: `script`, `plugin:tickets`. Its permission was looked at.
    Script(String),
}

impl By {
    /// Whom agents' records name when it is about this user.
    pub fn about(&self, user: &str) -> acd::By {
        match self {
            Self::User(by) if by == user => acd::By::Agent,
            by => acd::By::Leader(by.to_string()),
        }
    }
}

impl fmt::Display for By {
    /// The word in records: `user:1001`, `api:tour`, `plugin:tickets`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "user:{user}"),
            Self::Program(word) | Self::Script(word) => f.write_str(word),
        }
    }
}

/// Something that is to be done.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Who wants it.
    pub by: By,
    /// The user whose state, phone or call it is about: `1049`. Nobody's where a program or script changes what is no
    /// one's ([`NOBODY`]).
    pub user: String,
    /// What.
    pub deed: Deed,
}

/// The user whom an order of a program or script is about that changes a list of callers, or a switch.
pub const NOBODY: &str = "";

impl Order {
    /// Changes a list of callers: about whoever does it, at a phone or a desk.
    pub fn about_list(by: By, change: &Change) -> Self {
        let user = match &by {
            By::User(user) => user.clone(),
            By::Program(_) | By::Script(_) => NOBODY.to_owned(),
        };
        let deed = Deed::change(change);
        Self { by, user, deed }
    }

    /// What the audit log names: the user whom it is about, or the list, or the switch.
    pub fn about(&self) -> &str {
        match &self.deed {
            Deed::ListAdd { list, .. } | Deed::ListRemove { list, .. } if self.user == NOBODY => {
                list.word()
            }
            Deed::QueueSwitch { switch, .. } if self.user == NOBODY => switch,
            _ => &self.user,
        }
    }
}

/// It was done, or has begun.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Done {
    /// How the agent stands then; `None` when the user is a member of no queue.
    pub agent: Option<Status>,
    /// The call that it was done in.
    pub call: Option<CallId>,
}

/// It was not done.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{sentence}")]
pub struct Refused {
    /// The word that scripts and programs see: `not_allowed`, `in_call`.
    pub word: &'static str,
    /// A sentence that says what is the matter, and what to do about it where that is known.
    pub sentence: Cow<'static, str>,
}

impl Refused {
    /// With this word and sentence.
    pub fn new(word: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self {
            word,
            sentence: sentence.into(),
        }
    }

    /// The machine of agents and queues does not do it.
    pub fn by_floor(agent: &str, refusal: Refusal) -> Self {
        Self::new(refusal.word(), format!("{agent} {refusal}"))
    }

    /// The user asks nobody.
    pub fn no_consult(user: &str) -> Self {
        Self::new("no_consult", format!("{user} asks nobody beside the call"))
    }

    /// The user does not talk with anybody.
    pub fn not_in_call(user: &str) -> Self {
        Self::new("not_in_call", format!("{user} is in no call"))
    }

    /// The tenant has no switch of this name.
    pub fn no_such_switch(name: &str, known: &[String]) -> Self {
        let known = known.join(", ");
        let sentence =
            format!("there is no switch '{name}' (known: {known}; `switches` in config.lua)");
        Self::new("no_such_switch", sentence)
    }

    /// Nobody has this extension.
    pub fn no_such_user(user: &str) -> Self {
        Self::new("no_such_user", format!("there is no user {user}"))
    }
}
