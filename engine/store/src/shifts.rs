//! What agents are to do when, and how far they do it (遵时率).

use std::collections::BTreeMap;

use crate::Pending;

/// Shifts. A part of [`Store`](crate::Store).
pub trait Shifts {
    /// These are an agent's shifts between two times; what was planned to begin there before is not.
    /// Shifts that overlap each other are an error. False, and nothing is changed, where an earlier one
    /// reaches into these.
    fn plan_shifts(
        &self,
        tenant: &str,
        agent: &str,
        between: (i64, i64),
        shifts: Vec<ShiftRow>,
    ) -> Pending<bool>;

    /// The shifts that lie in this time or reach into it, by agent and beginning; of one agent, or of
    /// all.
    fn shifts(
        &self,
        tenant: &str,
        agent: Option<&str>,
        between: (i64, i64),
    ) -> Pending<Vec<ShiftRow>>;

    /// How far agents have kept to their shifts between two times, by agent; those who had none are left
    /// out.
    fn adherence(&self, tenant: &str, between: (i64, i64)) -> Pending<Vec<(String, Adherence)>>;
}

/// Something that an agent is to do. Times are microseconds since 1970 UTC.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShiftRow {
    /// Who.
    pub agent: String,
    /// From then on.
    pub from: i64,
    /// Until then.
    pub until: i64,
    /// [`WORK`](Self::WORK), or a reason for being busy (置忙): `meal`, `training`.
    pub activity: String,
}

impl ShiftRow {
    /// At work: there for customers, with them, or wrapping up.
    pub const WORK: &str = "work";

    /// Whether somebody in this state does what is planned.
    #[must_use]
    pub fn is_kept_by(&self, state: &str, reason: Option<&str>) -> bool {
        match state {
            "logged_out" => false,
            "busy" => reason == Some(self.activity.as_str()),
            _ => self.activity == Self::WORK,
        }
    }
}

/// What was planned, and how much of it was done. Microseconds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Adherence {
    /// Planned and done, for each activity.
    pub activities: BTreeMap<String, (i64, i64)>,
}

/// A change of an agent's state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StateChange {
    /// When, microseconds since 1970 UTC.
    pub at: i64,
    /// What they do from then on.
    pub state: String,
    /// Why they are busy.
    pub reason: Option<String>,
}

impl Adherence {
    /// Of one agent between two times. What they did before the first change nobody knows: that counts
    /// as not done. Changes are in their order.
    #[must_use]
    pub fn of(shifts: &[ShiftRow], changes: &[StateChange], (since, until): (i64, i64)) -> Self {
        let mut sums = Self::default();
        for shift in shifts {
            let (from, to) = (shift.from.max(since), shift.until.min(until));
            if from >= to {
                continue;
            }
            let ends = changes.iter().skip(1).map(|next| next.at);
            let spells = changes.iter().zip(ends.chain([i64::MAX]));
            let kept = spells
                .filter(|(spell, _)| shift.is_kept_by(&spell.state, spell.reason.as_deref()))
                .map(|(spell, end)| (end.min(to) - spell.at.max(from)).max(0))
                .sum::<i64>();
            let sum = sums.activities.entry(shift.activity.clone()).or_default();
            sum.0 += to - from;
            sum.1 += kept;
        }
        sums
    }

    /// Planned, microseconds.
    #[must_use]
    pub fn planned(&self) -> i64 {
        self.activities.values().map(|(planned, _)| planned).sum()
    }

    /// Of that, done.
    #[must_use]
    pub fn kept(&self) -> i64 {
        self.activities.values().map(|(_, kept)| kept).sum()
    }

    /// Time in the planned state, of the planned time.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let planned = self.planned();
        (planned > 0).then(|| self.kept() as f64 / planned as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn shift(activity: &str, from: i64, until: i64) -> ShiftRow {
        ShiftRow {
            agent: "1049".into(),
            from: from * MINUTE,
            until: until * MINUTE,
            activity: activity.into(),
        }
    }

    fn change(at: i64, state: &str, reason: Option<&str>) -> StateChange {
        StateChange {
            at: at * MINUTE,
            state: state.into(),
            reason: reason.map(str::to_owned),
        }
    }

    #[test]
    fn adherence_is_time_in_the_planned_state_of_planned_time() {
        let shifts = [
            shift("work", 0, 240),
            shift("meal", 240, 300),
            shift("work", 300, 480),
        ];
        let changes = [
            // Ten minutes late, and busy for five of them.
            change(5, "busy", None),
            change(10, "idle", None),
            change(100, "talking", None),
            change(130, "wrap_up", None),
            change(140, "idle", None),
            // A break that was not planned.
            change(200, "busy", Some("break")),
            change(215, "idle", None),
            // To the meal ten minutes late, for a call, and back five minutes late.
            change(230, "talking", None),
            change(250, "busy", Some("meal")),
            change(305, "idle", None),
            change(470, "logged_out", None),
        ];

        let sums = Adherence::of(&shifts, &changes, (0, 1_000 * MINUTE));

        let work = (420 * MINUTE, (230 - 15 + 165) * MINUTE);
        assert_eq!(sums.activities["work"], work);
        assert_eq!(sums.activities["meal"], (60 * MINUTE, 50 * MINUTE));
        let share = sums.share().unwrap();
        assert!((share - 430.0 / 480.0).abs() < 1e-9, "{share}");
    }

    #[test]
    fn what_lies_outside_of_the_asked_time_counts_for_nothing() {
        let shifts = [shift("work", 0, 100)];
        let changes = [change(-50, "idle", None)];

        let half = Adherence::of(&shifts, &changes, (50 * MINUTE, 75 * MINUTE));

        assert_eq!((half.planned(), half.kept()), (25 * MINUTE, 25 * MINUTE));
        let none = Adherence::of(&shifts, &changes, (200 * MINUTE, 300 * MINUTE));
        assert_eq!((none.planned(), none.share()), (0, None));
        let unknown = Adherence::of(&shifts, &[], (0, 100 * MINUTE));
        assert_eq!(unknown.share(), Some(0.0));
    }
}
