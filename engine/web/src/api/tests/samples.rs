//! What there is at the played exchange.

use call::screen::{List, Listed};

use crate::exchange::*;
use crate::figures::*;
use crate::floor::*;

pub(super) fn agent(id: &str) -> Agent {
    Agent {
        id: id.to_owned(),
        name: Some("温平".to_owned()),
        state: "busy",
        reason: Some("meeting".to_owned()),
        reachable: true,
        since: 1_795_492_800_000_000,
        lasted_ms: 75_000,
        wrap_up_left_ms: None,
        today_ms: [("idle", 75_000)].into(),
        asks: None,
        settings: Default::default(),
        queues: vec![if id == "1049" { "it" } else { "sales" }.to_owned()],
    }
}

pub(super) fn queue(name: &str) -> Queue {
    Queue {
        name: name.to_owned(),
        gone: false,
        strategy: "longest_idle",
        waiting: 1,
        callbacks: 0,
        longest_wait_ms: 12_000,
        expected_wait_ms: Some(90_000),
        handling_ms: None,
        agents: AgentCounts {
            busy: 1,
            ..AgentCounts::default()
        },
    }
}

pub(super) fn board_queue() -> BoardQueue {
    BoardQueue {
        now: queue("it"),
        waits_since: Some(NOW),
        today: QueueFigures {
            service_level: Some(0.8),
            ..QueueFigures::default()
        },
    }
}

pub(super) fn board_agent(id: &str) -> BoardAgent {
    BoardAgent {
        id: id.to_owned(),
        name: Some("温平".to_owned()),
        state: "talking".to_owned(),
        reason: None,
        reachable: true,
        since: NOW - 5_000_000,
        talking_since: Some(NOW - 5_000_000),
        today: AgentFigures {
            last_login: Some(NOW),
            ..AgentFigures::default()
        },
    }
}

pub(super) fn alert() -> Alert {
    Alert {
        alert: "longest_wait",
        of: Some("it".to_owned()),
        value: 61.0,
        limit: 60.0,
        since: NOW,
    }
}

/// 2026-11-24 12:00 in China.
pub(super) const NOW: i64 = 1_795_492_800_000_000;

pub(super) fn listed(number: &str) -> Listed {
    Listed {
        list: List::Blacklist,
        number: number.to_owned(),
        is_prefix: number == "+86170",
        reason: Some("nuisance".to_owned()),
        expires_at: Some(2_000_000),
        added_at: 1_000_000,
        added_by: "user:1049".to_owned(),
    }
}

/// A dialplan of which all that can be told is to be told.
pub(super) fn scripts() -> Scripts {
    Scripts {
        generation: Some(3),
        hash: Some("ab".to_owned()),
        since: Some(1),
        calls: 2,
        memory: 1 << 20,
        old: vec![OldGeneration {
            generation: 2,
            calls: 1,
        }],
        warnings: vec!["no sound 'x'".to_owned()],
        refused: Some(RefusedGeneration {
            generation: 4,
            at: 2,
            errors: vec!["a.lua:1: oops".to_owned()],
        }),
        config_refused: Some(Wrong {
            at: 2,
            errors: vec!["config.lua:9: tenants.8001.domian: unknown setting".to_owned()],
        }),
        gone_back: Some(WentBack {
            to: 3,
            from: 4,
            at: 2,
        }),
        held: Some(Wrong {
            at: 2,
            errors: Vec::new(),
        }),
        kept: vec![KeptGeneration {
            generation: 3,
            at: 1,
            changed_after: vec!["scripts/8001/init.lua".to_owned()],
        }],
        failures: 1,
        last_failures: vec![ScriptFailure {
            at: 3,
            generation: 3,
            call: None,
            message: "a.lua:2: oops".to_owned(),
        }],
    }
}
