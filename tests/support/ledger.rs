//! At the end of every test: what the records say of agents' calls, their state log says too.

use store::{QueueLogFilter, QueueLogRow, Store};

use super::Exchange;

impl Exchange {
    /// Whoever talked in a call by its record was in a conversation by the state log, in the middle of that stretch.
    /// Who is no agent has no such log.
    pub(super) fn records_agree(&self) {
        if !self.has_its_time() {
            return;
        }
        let states = self.changes_of_state();
        for call in self.records().iter().filter(|call| call.end.is_some()) {
            let details = self.call(call.begin.id);
            for stretch in details
                .segments
                .iter()
                .filter(|it| is_conversation(&it.kind))
            {
                let Some(agent) = &stretch.agent else {
                    continue;
                };
                if stretch.to - stretch.from < SHORTEST {
                    continue;
                }
                let middle = stretch.from.midpoint(stretch.to);
                let before = states
                    .iter()
                    .filter(|it| it.agent.as_ref() == Some(agent) && it.at <= middle);
                let state = before
                    .max_by_key(|it| (it.at, it.id))
                    .and_then(|it| it.state.as_deref());
                let agrees = state.is_none_or(|it| IN_CALLS.contains(&it) || it == "logged_out");
                assert!(
                    agrees,
                    "{agent}: by the record of {} there was a {} from {} to {}, by the state log {state:?}",
                    call.begin.id, stretch.kind, stretch.from, stretch.to
                );
            }
        }
    }

    /// All changes of agents' states.
    fn changes_of_state(&self) -> Vec<QueueLogRow> {
        let filter = QueueLogFilter {
            kind: Some("state".into()),
            limit: 1_000,
            ..QueueLogFilter::default()
        };
        self.store().queue_log("8001", filter).wait().unwrap()
    }
}

fn is_conversation(kind: &str) -> bool {
    matches!(kind, "talk" | "conference" | "internal")
}

/// What an agent is in while they talk with somebody.
const IN_CALLS: [&str; 7] = [
    "talking",
    "holding",
    "consulting",
    "conference",
    "internal",
    "monitoring",
    "barging",
];

/// Microseconds: shorter stretches may be over before anybody has written of them.
const SHORTEST: i64 = 300_000;
