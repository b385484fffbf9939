//! A stretch of time that an agent has been in one state.

use super::agent::is_engaged;

/// What an agent does, and since when. Microseconds since 1970 UTC.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Spell {
    pub(super) state: String,
    /// Why they are busy.
    pub(super) reason: Option<String>,
    pub(super) since: i64,
    /// Since when one call or another has kept them at work.
    engaged: Option<i64>,
    /// Since when they have talked with somebody, holding included.
    pub(super) talking: Option<i64>,
}

impl Spell {
    /// What comes after another.
    pub(super) fn after(
        before: Option<&Self>,
        state: &str,
        reason: Option<&str>,
        since: i64,
    ) -> Self {
        let engaged = is_engaged(state).then(|| {
            let before = before.filter(|it| state == WRAP_UP || it.state != WRAP_UP);
            before.and_then(|it| it.engaged).unwrap_or(since)
        });
        let talking = CONVERSATION.contains(&state).then(|| {
            let before = before.and_then(|it| it.talking);
            before.unwrap_or(since)
        });
        Self {
            talking,
            state: state.to_owned(),
            reason: reason.map(str::to_owned),
            since,
            engaged,
        }
    }

    /// Of a wrap-up: since when calls have kept the agent at work.
    pub(super) fn wraps_up_since(&self) -> Option<i64> {
        self.engaged.filter(|_| self.state == WRAP_UP)
    }
}

/// States in which an agent talks with a customer, or keeps one waiting who talked with them.
const CONVERSATION: [&str; 4] = ["talking", "holding", "consulting", "conference"];
const WRAP_UP: &str = "wrap_up";
