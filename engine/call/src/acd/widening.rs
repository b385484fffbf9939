//! Whom of a queue's members a caller may be offered to, and how that widens while they wait: as it is
//! written. Who that is at a moment stands in `demand.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AgentId, Medium};

/// Skills, each with a proficiency from 1 to 10.
pub type Skills = BTreeMap<Arc<str>, u8>;

/// How a queue widens the choice of agents for a caller who waits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Widening {
    /// Members of a higher level wait.
    pub tiers: Option<Tiers>,
    /// Changes of the penalties that a caller is offered to.
    pub penalties: Vec<PenaltyRule>,
    /// With so few members or fewer penalties count for nothing.
    pub few_members: usize,
    /// The ladder down which required skills are given up, at most [`MOST_RINGS`] steps.
    pub rings: Vec<Ring>,
    /// So long a caller is offered to nobody but the agent who knows them.
    pub familiar: Option<Duration>,
}

/// Levels open one after the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Tiers {
    /// So long a caller waits for the next level.
    pub wait: Duration,
    /// Multiplied by the number of the level; otherwise all open at once.
    pub by_level: bool,
}

/// From a time on, other penalties (`QUEUE_MIN_PENALTY` and its like).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PenaltyRule {
    /// When the caller has waited for so long.
    pub after: Duration,
    /// The lowest penalty that they are offered to.
    pub min: Option<Change>,
    /// The highest.
    pub max: Option<Change>,
    /// Members with a lower one count as if they had this one.
    pub raise: Option<Change>,
}

/// To a value, or by one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// To this.
    To(u32),
    /// Up or down by this.
    By(i32),
}

/// The penalties that a caller may be offered to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(default)]
pub struct PenaltyRange {
    /// The lowest.
    pub min: u32,
    /// The highest.
    pub max: u32,
    /// Lower ones count as this.
    pub raise: u32,
}

/// A step of the ladder: required skills are given up.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Ring {
    /// When the caller has waited for so long.
    pub after: Duration,
    /// Which are wanted no longer.
    pub without: Without,
    /// All others are wanted so much less, down to 1.
    pub lower: u8,
}

/// Which skills a ring gives up.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Without {
    /// These.
    Skills(Vec<Arc<str>>),
    /// All.
    All,
}

/// What a caller asks of the agents.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wants {
    /// By what they come.
    pub medium: Medium,
    /// Who lacks one of these is not offered the call.
    pub required: Arc<Skills>,
    /// Who has these goes first.
    pub preferred: Arc<Skills>,
    /// The agent who knows the caller, or is to have them: nobody else is offered the call at first.
    pub agent: Option<AgentId>,
    /// Who talked with the caller last: as `agent`, where that is `None` and they serve the queue.
    pub last_agent: Option<AgentId>,
    /// For so long; as long as the queue says when `None`.
    pub agent_for: Option<Duration>,
    /// Goes before all who are not so, but for those who have waited too long.
    pub vip: bool,
    /// Whose chat it is, as whoever offers it knows them: agents who take no new customers take those who come back.
    pub customer: Option<Arc<str>>,
    /// The penalties to begin with.
    pub penalty: PenaltyRange,
    /// The penalty rules of the generation that the call runs on; the queue's own when `None`.
    pub penalty_rules: Option<Vec<PenaltyRule>>,
}

impl Default for PenaltyRange {
    fn default() -> Self {
        Self {
            min: 0,
            max: u32::MAX,
            raise: 0,
        }
    }
}

impl PenaltyRange {
    /// What a member's penalty is for this caller; `None` when it is out of range.
    pub(super) fn of(&self, penalty: u32) -> Option<u32> {
        let penalty = penalty.max(self.raise);
        (self.min..=self.max).contains(&penalty).then_some(penalty)
    }

    /// As it is after so long. A lowest above the highest is the highest, as in app_queue.
    pub(super) fn after(mut self, waited: Duration, rules: &[PenaltyRule]) -> Self {
        for rule in rules.iter().filter(|rule| rule.after <= waited) {
            let change = |value: &mut u32, change: Option<Change>| match change {
                Some(Change::To(to)) => *value = to,
                Some(Change::By(by)) => *value = value.saturating_add_signed(by),
                None => {}
            };
            change(&mut self.max, rule.max);
            change(&mut self.min, rule.min);
            change(&mut self.raise, rule.raise);
            self.min = self.min.min(self.max);
            self.raise = self.raise.min(self.max);
        }
        self
    }
}

impl Tiers {
    /// After how long a level opens, if one below it is at work.
    pub(super) fn opens_after(&self, level: u32) -> Duration {
        match self.by_level {
            true => self.wait.saturating_mul(level),
            false => self.wait,
        }
    }

    /// The highest level that is open to who has waited for so long. `levels` are those that there
    /// are, the lowest first, each with whether anybody there is at work: one without anybody holds
    /// nobody up.
    pub(super) fn open(&self, waited: Duration, levels: &[(u32, bool)]) -> u32 {
        let mut open = levels.first().map_or(u32::MAX, |(level, _)| *level);
        for pair in levels.windows(2) {
            let [(_, at_work), (next, _)] = pair else {
                break;
            };
            if *at_work && waited < self.opens_after(*next) {
                break;
            }
            open = *next;
        }
        open
    }
}

impl Widening {
    /// How many rings are passed after so long.
    pub(super) fn rings_passed(&self, waited: Duration) -> usize {
        self.rings
            .iter()
            .filter(|ring| ring.after <= waited)
            .count()
    }

    /// What of these skills is still required when so many rings are passed.
    pub(super) fn required(&self, required: &Arc<Skills>, passed: usize) -> Arc<Skills> {
        if passed == 0 || required.is_empty() {
            return Arc::clone(required);
        }
        let mut left = (**required).clone();
        for ring in self.rings.iter().take(passed) {
            match &ring.without {
                Without::All => left.clear(),
                Without::Skills(skills) => left.retain(|skill, _| !skills.contains(skill)),
            }
            for wanted in left.values_mut() {
                *wanted = wanted.saturating_sub(ring.lower).max(1);
            }
        }
        Arc::new(left)
    }
}

/// Whether somebody has what is wanted: the first skill that they lack, with what is wanted and what
/// they have of it.
pub(super) fn lacking<'s>(has: &Skills, wanted: &'s Skills) -> Option<(&'s Arc<str>, u8, u8)> {
    let mut wanted = wanted.iter();
    wanted.find_map(|(skill, wanted)| {
        let has = has.get(skill).copied().unwrap_or(0);
        (has < *wanted).then_some((skill, *wanted, has))
    })
}

/// So many steps the ladder of skills has at most.
pub const MOST_RINGS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn skills(list: &[(&str, u8)]) -> Arc<Skills> {
        Arc::new(
            list.iter()
                .map(|(name, much)| ((*name).into(), *much))
                .collect(),
        )
    }

    #[test]
    fn a_level_without_anybody_at_work_holds_nobody_up() {
        let tiers = Tiers {
            wait: s(30),
            by_level: true,
        };
        let all = [(1, true), (2, true), (3, true)];

        assert_eq!(tiers.open(s(59), &all), 1);
        assert_eq!(tiers.open(s(60), &all), 2);
        assert_eq!(tiers.open(s(90), &all), 3);
        assert_eq!(tiers.open(s(0), &[(1, false), (2, true), (3, true)]), 2);
        assert_eq!(tiers.open(s(59), &[(1, true), (2, false), (3, true)]), 1);
        assert_eq!(tiers.open(s(60), &[(1, true), (2, false), (3, true)]), 3);
        assert_eq!(tiers.open(s(0), &[(1, false), (2, false)]), 2);
        let at_once = Tiers {
            by_level: false,
            ..tiers
        };
        assert_eq!(at_once.open(s(29), &all), 1);
        assert_eq!(at_once.open(s(30), &all), 3);
    }

    #[test]
    fn penalty_rules_set_and_shift_the_range_as_in_app_queue() {
        let rules = [
            PenaltyRule {
                after: s(10),
                max: Some(Change::To(3)),
                ..PenaltyRule::default()
            },
            PenaltyRule {
                after: s(20),
                max: Some(Change::By(2)),
                min: Some(Change::To(9)),
                raise: Some(Change::To(1)),
            },
        ];
        let start = PenaltyRange {
            max: 0,
            ..PenaltyRange::default()
        };

        assert_eq!(start.after(s(9), &rules).of(1), None);
        let then = start.after(s(10), &rules);
        assert_eq!(
            (then.of(0), then.of(3), then.of(4)),
            (Some(0), Some(3), None)
        );
        let last = start.after(s(20), &rules);
        assert_eq!((last.min, last.max, last.raise), (5, 5, 1), "never empty");
        let raised = PenaltyRange {
            raise: 2,
            ..PenaltyRange::default()
        };
        assert_eq!((raised.of(0), raised.of(7)), (Some(2), Some(7)));
    }

    #[test]
    fn each_ring_gives_up_some_skills_and_asks_less_of_the_others() {
        let ring = |after, without, lower| Ring {
            after: s(after),
            without,
            lower,
        };
        let widening = Widening {
            rings: vec![
                ring(10, Without::Skills(vec!["vip".into()]), 0),
                ring(20, Without::Skills(Vec::new()), 5),
                ring(30, Without::All, 0),
            ],
            ..Widening::default()
        };
        let asked = skills(&[("english", 7), ("vip", 1), ("billing", 3)]);
        let left = |waited| widening.required(&asked, widening.rings_passed(s(waited)));

        assert_eq!(left(9), asked);
        assert_eq!(left(10), skills(&[("english", 7), ("billing", 3)]));
        assert_eq!(left(20), skills(&[("english", 2), ("billing", 1)]));
        assert_eq!(left(30), skills(&[]));
        let has = skills(&[("english", 6)]);
        let lack = lacking(&has, &asked);
        assert_eq!(lack, Some((&"billing".into(), 3, 0)));
    }
}
