//! What leaders do with others' calls.

use serde::{Deserialize, Serialize};

use super::{By, Deed, Order, Refused};
use crate::{Follow, Mode};

/// How somebody is to be supervised.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// Who supervises, where that is not whoever gives the order: their phone is rung unless they
    /// supervise somebody already.
    pub leader: Option<String>,
    /// Who is followed when the user puts the customer through to somebody else.
    pub follow: Follow,
    /// The user hears a tone when it begins.
    pub notice: bool,
}

impl Deed {
    /// To be heard by these.
    pub fn supervise(mode: Mode, terms: Terms) -> Self {
        match mode {
            Mode::Listen => Self::Listen(terms),
            Mode::Whisper => Self::Whisper(terms),
            Mode::Barge => Self::Barge(terms),
        }
    }

    /// Who is to supervise, if this is about that.
    fn leader(&self) -> Option<&str> {
        match self {
            Self::Listen(terms) | Self::Whisper(terms) | Self::Barge(terms) => {
                terms.leader.as_deref()
            }
            Self::TakeOver { leader } | Self::Stop { leader } => leader.as_deref(),
            _ => None,
        }
    }
}

impl Order {
    /// Who is to supervise: whoever gives the order, or for programs and scripts whom they name.
    ///
    /// # Errors
    /// There is nobody, it is the user themselves, or somebody orders another one to do it.
    pub fn leader(&self) -> Result<String, Refused> {
        let named = self.deed.leader();
        let leader = match (&self.by, named) {
            (By::User(by), None) => by,
            (By::User(by), Some(named)) if by == named => by,
            (By::User(by), Some(_)) => {
                let sentence = format!("{by} can supervise, and cannot send others to do it");
                return Err(Refused::new("not_allowed", sentence));
            }
            (_, Some(named)) => named,
            (_, None) => {
                let sentence = "say who is to supervise: leader = \"1001\"";
                return Err(Refused::new("no_leader", sentence));
            }
        };
        if *leader == self.user {
            let sentence = format!("{leader} cannot supervise themselves");
            return Err(Refused::new("yourself", sentence));
        }
        Ok(leader.to_owned())
    }
}

impl By {
    /// As the record of a call names whoever has taken an agent out of it: `supervisor:1001`.
    pub fn supervisor(&self) -> String {
        match self {
            Self::User(user) => format!("supervisor:{user}"),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leader(by: By, named: Option<&str>) -> Result<String, &'static str> {
        let terms = Terms {
            leader: named.map(str::to_owned),
            ..Terms::default()
        };
        let order = Order {
            by,
            user: "1049".to_owned(),
            deed: Deed::supervise(Mode::Whisper, terms),
        };
        order.leader().map_err(|refused| refused.word)
    }

    #[test]
    fn users_supervise_themselves_and_programs_say_who_does() {
        let user = |user: &str| By::User(user.to_owned());
        let program = || By::Program("api:desk".to_owned());

        assert_eq!(leader(user("1001"), None), Ok("1001".to_owned()));
        assert_eq!(leader(user("1001"), Some("1001")), Ok("1001".to_owned()));
        assert_eq!(leader(user("1001"), Some("1002")), Err("not_allowed"));
        assert_eq!(leader(program(), Some("1001")), Ok("1001".to_owned()));
        assert_eq!(leader(program(), None), Err("no_leader"));
        assert_eq!(leader(user("1049"), None), Err("yourself"));
    }
}
