//! What somebody should look at: raised once, and cleared when it is over.

use std::collections::BTreeMap;

use script::config::{AlertLimits, Watch};
use web::{Alert, BoardQueue};

/// What is raised of a tenant, by its kind and what it is of.
#[derive(Debug, Default)]
pub(super) struct Alerts(BTreeMap<(&'static str, Option<String>), Alert>);

/// What is looked at.
#[derive(Debug, Default)]
pub(super) struct Seen<'s> {
    pub(super) queues: &'s [BoardQueue],
    /// Trunks none of whose hosts answers.
    pub(super) down: Vec<&'s str>,
    /// Recordings that should be there and are not.
    pub(super) missing: usize,
    /// The last recording could not be written.
    pub(super) fails: bool,
}

impl Alerts {
    /// What is raised now.
    pub(super) fn raised(&self) -> Vec<Alert> {
        self.0.values().cloned().collect()
    }

    /// Looks at how things stand; what has become an alert (`true`), and what is none any longer.
    pub(super) fn look(&mut self, now: i64, watch: &Watch, seen: &Seen<'_>) -> Vec<(Alert, bool)> {
        let found: Vec<Alert> = found(now, watch, seen);
        let place = |alert: &Alert| (alert.alert, alert.of.clone());
        let mut told = Vec::new();
        self.0.retain(|known, alert| {
            let stays = found.iter().any(|it| place(it) == *known);
            if !stays {
                told.push((alert.clone(), false));
            }
            stays
        });
        for alert in found {
            if let std::collections::btree_map::Entry::Vacant(vacant) = self.0.entry(place(&alert))
            {
                told.push((alert.clone(), true));
                vacant.insert(alert);
            }
        }
        told
    }
}

fn found(now: i64, watch: &Watch, seen: &Seen<'_>) -> Vec<Alert> {
    let mut found = Vec::new();
    let mut raise = |alert, of: Option<&str>, value: f64, limit: f64| {
        found.push(Alert {
            alert,
            of: of.map(str::to_owned),
            value,
            limit,
            since: now,
        });
    };
    for queue in seen.queues {
        of_queue(watch.of(&queue.now.name), queue, &mut raise);
    }
    if watch.trunks {
        for trunk in &seen.down {
            raise("trunk_down", Some(trunk), 0.0, 1.0);
        }
    }
    if seen.fails {
        raise("recording_failed", None, 1.0, 0.0);
    }
    if seen.missing > 0 {
        raise("recordings_missing", None, seen.missing as f64, 0.0);
    }
    found
}

fn of_queue(
    limits: AlertLimits,
    queue: &BoardQueue,
    raise: &mut impl FnMut(&'static str, Option<&str>, f64, f64),
) {
    let of = Some(queue.now.name.as_str());
    let waited = queue.now.longest_wait_ms as f64 / 1_000.0;
    if let Some(limit) = limits.longest_wait.map(|limit| limit.as_secs_f64())
        && waited > limit
    {
        raise("longest_wait", of, waited, limit);
    }
    if let Some(limit) = limits.waiting
        && queue.now.waiting as u64 > limit
    {
        raise("waiting", of, queue.now.waiting as f64, limit as f64);
    }
    if let (Some(limit), Some(level)) = (limits.service_level, queue.today.service_level)
        && queue.today.offered >= ENOUGH
        && level * 100.0 < limit
    {
        raise("service_level", of, level * 100.0, limit);
    }
    let agents = &queue.now.agents;
    let there = agents.busy + agents.idle + agents.offered + agents.talking + agents.wrap_up;
    if limits.no_agents != Some(false) && queue.now.waiting > 0 && there == 0 {
        raise("no_agents", of, queue.now.waiting as f64, 0.0);
    }
}

/// Of fewer calls a level says little.
const ENOUGH: u64 = 10;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use web::{AgentCounts, Queue, QueueFigures};

    use super::*;

    fn queue(waiting: usize, seconds: i64, agents: usize) -> BoardQueue {
        BoardQueue {
            now: Queue {
                name: "it".to_owned(),
                gone: false,
                strategy: "longest_idle",
                waiting,
                callbacks: 0,
                longest_wait_ms: seconds * 1_000,
                expected_wait_ms: None,
                handling_ms: None,
                agents: AgentCounts {
                    idle: agents,
                    ..AgentCounts::default()
                },
            },
            waits_since: None,
            today: QueueFigures::default(),
        }
    }

    fn watch() -> Watch {
        Watch {
            limits: AlertLimits {
                longest_wait: Some(Duration::from_secs(60)),
                waiting: Some(3),
                service_level: Some(80.0),
                no_agents: None,
            },
            ..Watch::default()
        }
    }

    fn look(alerts: &mut Alerts, watch: &Watch, queue: BoardQueue) -> Vec<(&'static str, bool)> {
        let seen = Seen {
            queues: &[queue],
            ..Seen::default()
        };
        let told = alerts.look(1, watch, &seen).into_iter();
        told.map(|(alert, raised)| (alert.alert, raised)).collect()
    }

    #[test]
    fn an_alert_is_raised_once_beyond_its_limit_and_cleared_once_within_it() {
        let (mut alerts, watch) = (Alerts::default(), watch());

        assert_eq!(look(&mut alerts, &watch, queue(3, 60, 1)), []);
        let raised = look(&mut alerts, &watch, queue(4, 61, 1));
        assert_eq!(raised, [("longest_wait", true), ("waiting", true)]);
        assert_eq!(look(&mut alerts, &watch, queue(5, 62, 1)), []);
        assert_eq!(
            look(&mut alerts, &watch, queue(4, 2, 1)),
            [("longest_wait", false)]
        );
        assert_eq!(
            look(&mut alerts, &watch, queue(0, 0, 1)),
            [("waiting", false)]
        );
    }

    #[test]
    fn nobody_is_there_only_when_somebody_waits() {
        let (mut alerts, mut watch) = (Alerts::default(), watch());

        assert_eq!(look(&mut alerts, &watch, queue(0, 0, 0)), []);
        assert_eq!(
            look(&mut alerts, &watch, queue(1, 1, 0)),
            [("no_agents", true)]
        );
        assert_eq!(
            look(&mut alerts, &watch, queue(1, 2, 1)),
            [("no_agents", false)]
        );
        watch.limits.no_agents = Some(false);
        assert_eq!(look(&mut alerts, &watch, queue(1, 1, 0)), []);
    }

    #[test]
    fn a_level_of_few_calls_is_no_alert_and_a_queues_own_limit_comes_first() {
        let (mut alerts, mut watch) = (Alerts::default(), watch());
        let with = |offered, level| BoardQueue {
            today: QueueFigures {
                offered,
                service_level: Some(level),
                ..QueueFigures::default()
            },
            ..queue(0, 0, 1)
        };

        assert_eq!(look(&mut alerts, &watch, with(9, 0.1)), []);
        assert_eq!(
            look(&mut alerts, &watch, with(10, 0.79)),
            [("service_level", true)]
        );
        let own = AlertLimits {
            service_level: Some(70.0),
            ..AlertLimits::default()
        };
        watch.queues.insert("it".to_owned(), own);
        assert_eq!(
            look(&mut alerts, &watch, with(10, 0.79)),
            [("service_level", false)]
        );
    }

    #[test]
    fn trunks_that_are_silent_and_recordings_that_are_missing_are_alerts() {
        let mut alerts = Alerts::default();
        let seen = Seen {
            down: vec!["carrier"],
            missing: 2,
            ..Seen::default()
        };

        let told = alerts.look(1, &Watch::default(), &seen);

        let told: Vec<_> = told
            .iter()
            .map(|(it, _)| (it.alert, it.of.as_deref(), it.value))
            .collect();
        let wanted = [
            ("recordings_missing", None, 2.0),
            ("trunk_down", Some("carrier"), 0.0),
        ];
        let mut told = told;
        told.sort_by_key(|it| it.0);
        assert_eq!(told, wanted);
        assert_eq!(alerts.raised().len(), 2);
        assert_eq!(alerts.look(2, &Watch::default(), &Seen::default()).len(), 2);
    }
}
