//! Calls that are not a script's own, as it sees, counts, makes and ends them.

use std::time::Duration;

use call::{CallId, Cause, Setup, Target, Why};

use crate::suggest::did_you_mean;

/// A call that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Originate {
    /// Who is rung first.
    pub from: Target,
    /// The number that is dialled for them then.
    pub to: String,
    /// Where it is looked up; a user's own context when `None`.
    pub context: Option<String>,
    /// How long the first may ring.
    pub timeout: Duration,
    /// What the first is shown: the number that is dialled for a user, the trunk's own for others
    /// when `None`.
    pub caller_id: Option<String>,
}

/// Why a call was not made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotMade {
    /// The network's answer.
    Why(Why),
    /// The sentence for the script.
    Mistake(String),
}

impl NotMade {
    /// The tenant has no such user.
    pub fn no_user<'a>(user: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Mistake(format!("no user '{user}'{}", did_you_mean(user, known)))
    }

    /// The tenant has no such trunk.
    pub fn no_trunk<'a>(trunk: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Mistake(format!("no trunk '{trunk}'{}", did_you_mean(trunk, known)))
    }

    /// Nobody said where the number is looked up.
    pub fn no_context() -> Self {
        Self::Mistake(
            "context: say where the number is looked up: only users have a context of their own"
                .to_owned(),
        )
    }

    /// Whoever was rung first did not come.
    pub const fn for_cause(cause: Cause) -> Self {
        Self::Why(match cause {
            Cause::Busy => Why::Busy,
            Cause::NoAnswer => Why::NoAnswer,
            Cause::Rejected | Cause::Forbidden => Why::Rejected,
            Cause::Congestion | Cause::Failure => Why::Congestion,
            Cause::Normal | Cause::Cancelled => Why::Cancelled,
            Cause::NotAllowed => Why::NotAllowed,
            Cause::LimitReached => Why::LimitReached,
            Cause::Unallocated => Why::Unallocated,
            Cause::SwitchedOff => Why::SwitchedOff,
            Cause::Unavailable | Cause::Incompatible | Cause::Lost => Why::Unavailable,
        })
    }
}

/// A call that goes on, as others see it.
#[derive(Clone, Debug, PartialEq)]
pub struct CallStatus {
    /// Its id.
    pub id: CallId,
    /// The caller's number, if it is known.
    pub from: Option<String>,
    /// The caller's name, if it is known.
    pub from_name: Option<String>,
    /// The number that was dialled.
    pub to: String,
    /// Where it was looked up.
    pub context: String,
    /// The user who calls.
    pub user: Option<String>,
    /// The trunk that it came by.
    pub trunk: Option<String>,
    /// One of [`CallStatus::STATES`].
    pub state: &'static str,
    /// The user or number that the caller talks with.
    pub talks_with: Option<String>,
    /// Microseconds since 1970, UTC.
    pub started_at: i64,
}

impl CallStatus {
    /// The words of [`state`](Self::state).
    pub const STATES: &[&str] = &[
        "menu",
        "queued",
        "ringing",
        "talking",
        "held",
        "parked",
        "conference",
        "supervising",
        "voicemail",
        "fallback",
        "ending",
    ];

    /// The word for what a call's machine says that it does: what a script does from one moment to
    /// the next is a menu.
    pub fn word(state: &str) -> &'static str {
        match state {
            "queue" => "queued",
            "ringing" => "ringing",
            "talking" => "talking",
            "held" => "held",
            "parked" => "parked",
            "conference" => "conference",
            "supervise" => "supervising",
            "voicemail" | "voicemail_menu" => "voicemail",
            "apology" => "fallback",
            "ending" | "ended" => "ending",
            _ => "menu",
        }
    }
}

/// Which calls are meant; all, where nothing is said.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct WhichCalls {
    /// This one.
    pub id: Option<CallId>,
    /// Those in which this user calls or is talked with.
    pub user: Option<String>,
    /// Those of this caller.
    pub from: Option<String>,
    /// Those to this number.
    pub to: Option<String>,
    /// Those that came by this trunk.
    pub trunk: Option<String>,
    /// Those that do this, one of [`CallStatus::STATES`].
    pub state: Option<&'static str>,
}

impl WhichCalls {
    /// Whether a call is one of them; `now` says what it does and with whom, and is asked only where
    /// the answer depends on it.
    pub fn takes(
        &self,
        setup: &Setup,
        now: impl FnOnce() -> (&'static str, Option<String>),
    ) -> bool {
        let fits_at_once = self.id.is_none_or(|id| id == setup.id)
            && fits(&self.from, setup.from.as_deref())
            && fits(&self.to, Some(&setup.to))
            && fits(&self.trunk, setup.trunk.as_deref());
        let is_user = fits(&self.user, setup.calling_user());
        if !fits_at_once || (is_user && self.state.is_none()) {
            return fits_at_once;
        }
        let (state, talks_with) = now();
        self.state.is_none_or(|wanted| wanted == state)
            && (is_user || fits(&self.user, talks_with.as_deref()))
    }

    /// The same for a call that is known by how it stands.
    pub(crate) fn fits(&self, call: &CallStatus) -> bool {
        self.id.is_none_or(|id| id == call.id)
            && fits(&self.from, call.from.as_deref())
            && fits(&self.to, Some(&call.to))
            && fits(&self.trunk, call.trunk.as_deref())
            && self.state.is_none_or(|wanted| wanted == call.state)
            && [&call.user, &call.talks_with]
                .iter()
                .any(|party| fits(&self.user, party.as_deref()))
    }
}

fn fits(wanted: &Option<String>, is: Option<&str>) -> bool {
    wanted.as_deref().is_none_or(|wanted| is == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_of_a_call_are_those_that_scripts_and_programs_know() {
        for (inside, outside) in [
            ("script", "menu"),
            ("gather", "menu"),
            ("bridge", "menu"),
            ("queue", "queued"),
            ("ringing", "ringing"),
            ("talking", "talking"),
            ("held", "held"),
            ("parked", "parked"),
            ("conference", "conference"),
            ("supervise", "supervising"),
            ("voicemail_menu", "voicemail"),
            ("apology", "fallback"),
            ("ended", "ending"),
        ] {
            assert_eq!(CallStatus::word(inside), outside);
            assert!(CallStatus::STATES.contains(&outside), "{outside}");
        }
    }
}
