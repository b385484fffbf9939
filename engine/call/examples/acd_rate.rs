//! How quickly calls are distributed: 500 agents, 5,000 callers waiting, one queue with all of them.
//! `cargo run --release -p moonswitch-call --example acd_rate`

#![allow(clippy::print_stdout, reason = "it prints its figures")]
#![allow(clippy::disallowed_methods, reason = "it measures the machine itself")]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use call::CallId;
use call::acd::{Acd, Act, AgentId, By, DialogNews, Enter, LeaseId, News, Output, Plan, QueuePlan};
use uuid::Uuid;

const AGENTS: usize = 500;
const WAITING: usize = 5000;
const ROUNDS: usize = 20;

struct Floor {
    acd: Acd,
    now: Instant,
    calls: u128,
    rings: VecDeque<(AgentId, LeaseId, CallId)>,
    took: Vec<Duration>,
}

impl Floor {
    /// Does something, and notes how long it took with all that came of it.
    fn does(&mut self, what: impl FnOnce(&mut Acd, Instant)) {
        self.now += Duration::from_millis(1);
        let began = Instant::now();
        what(&mut self.acd, self.now);
        while let Some(output) = self.acd.poll_output() {
            if let Output::Offer {
                lease, agent, call, ..
            } = output
            {
                self.rings.push_back((agent, lease, call));
            }
        }
        self.took.push(began.elapsed());
    }

    fn calls(&mut self) {
        self.calls += 1;
        let enter = Enter {
            call: CallId(Uuid::from_u128(self.calls)),
            queue: "it".into(),
            priority: 0,
            max_wait: None,
            again: None,
            from: None,
            callback: None,
        };
        self.does(|acd, now| {
            let _ = acd.handle_enter(now, enter);
        });
    }

    /// Whoever rings answers, talks, and is free again; a new caller comes in their place.
    fn serves_one(&mut self) -> bool {
        let Some((agent, lease, call)) = self.rings.pop_front() else {
            return false;
        };
        self.does(|acd, now| acd.handle_offer(now, lease, News::Answered));
        self.does(|acd, now| acd.handle_offer(now, lease, News::Connected));
        self.does(|acd, now| acd.handle_dialog(now, &agent, call, DialogNews::Ended));
        self.does(|acd, now| {
            let _ = acd.handle_agent(now, &agent, Act::EndWrapUp, By::Agent);
        });
        self.calls();
        true
    }
}

fn main() {
    let names: Vec<String> = (0..AGENTS).map(|at| (1000 + at).to_string()).collect();
    let members: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut queue = QueuePlan::new("it", &members);
    queue.limits.max_wait = None;
    queue.offering.wrap_up = Some(Duration::from_secs(5));
    let plan = Plan {
        queues: vec![queue],
        ..Plan::default()
    };
    let now = Instant::now();
    let mut floor = Floor {
        acd: Acd::new(now, 1_800_000_000_000_000, 7, plan),
        now,
        calls: 0,
        rings: VecDeque::new(),
        took: Vec::new(),
    };
    for name in &names {
        let agent: AgentId = name.as_str().into();
        floor.does(|acd, now| acd.handle_reach(now, &agent, true));
        for act in [Act::LogIn, Act::Idle] {
            floor.does(|acd, now| {
                let _ = acd.handle_agent(now, &agent, act, By::Agent);
            });
        }
    }
    for _ in 0..AGENTS + WAITING {
        floor.calls();
    }

    floor.took.clear();
    let began = Instant::now();
    let mut served = 0;
    while served < AGENTS * ROUNDS && floor.serves_one() {
        served += 1;
    }
    let rate = f64::from(u32::try_from(served).unwrap_or(u32::MAX)) / began.elapsed().as_secs_f64();
    floor.took.sort_unstable();
    let p99 = floor.took[floor.took.len() * 99 / 100];
    let waiting = floor.acd.waiting(&"it".into()).unwrap_or(0);
    println!(
        "served {served} with {waiting} waiting: {rate:.0} calls/s, a step p99 {:.0} us",
        p99.as_secs_f64() * 1e6
    );
}
