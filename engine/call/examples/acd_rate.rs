//! How quickly calls are distributed: 500 agents, 5,000 callers waiting, one queue with all of them; and
//! the same with skills, levels and penalties, where a hundred agents are free whom nobody may be offered.
//! `cargo run --release -p moonswitch-call --example acd_rate`

#![allow(clippy::print_stdout, reason = "it prints its figures")]
#![allow(clippy::disallowed_methods, reason = "it measures the machine itself")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use call::CallId;
use call::acd::{
    Acd, Act, AgentId, By, Change, DialogNews, Enter, LeaseId, News, Output, PenaltyRule, Plan,
    QueueName, QueuePlan, Ring, Skills, Strategy, Tiers, Wants, Without,
};
use uuid::Uuid;

const AGENTS: usize = 500;
const WAITING: usize = 5000;
/// How many calls are served: those with skills cost more each.
const SERVED: usize = 10_000;
const SERVED_WITH_SKILLS: usize = 2_000;

struct Floor {
    acd: Acd,
    now: Instant,
    calls: u128,
    rings: VecDeque<(AgentId, LeaseId, CallId)>,
    took: Vec<Duration>,
    wants: fn(u128) -> Wants,
    lines: Vec<QueueName>,
    decisions: usize,
}

impl Floor {
    /// Does something; where somebody was chosen, notes how long it took with all that came of it.
    fn does(&mut self, what: impl FnOnce(&mut Acd, Instant)) {
        self.now += Duration::from_millis(1);
        let (began, before) = (Instant::now(), self.decisions);
        what(&mut self.acd, self.now);
        while let Some(output) = self.acd.poll_output() {
            self.decisions += usize::from(matches!(output, Output::Decision(_)));
            if let Output::Offer {
                lease, agent, call, ..
            } = output
            {
                self.rings.push_back((agent, lease, call));
            }
        }
        if self.decisions > before {
            self.took.push(began.elapsed());
        }
    }

    fn calls(&mut self) {
        self.calls += 1;
        let line = usize::try_from(self.calls).unwrap_or(0) % self.lines.len();
        let enter = Enter {
            wants: (self.wants)(self.calls),
            ..Enter::new(
                CallId(Uuid::from_u128(self.calls)),
                self.lines[line].clone(),
            )
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
    for (name, measured) in [
        (
            "one queue",
            measure(one(|_| {}), |_| Wants::default(), SERVED),
        ),
        (
            "skills and levels",
            measure(one(choosy), asks, SERVED_WITH_SKILLS),
        ),
        (
            "two queues of the same agents",
            measure(two(), asks, SERVED_WITH_SKILLS),
        ),
    ] {
        let Measured {
            served,
            waiting,
            calls,
            decisions,
            latency: [half, most, nearly_all],
        } = measured;
        println!(
            "{name}: served {served} with {waiting} waiting: {calls:.0} calls/s, {decisions:.0} decisions/s, \
             decided within p50 {half:.0} p99 {most:.0} p99.9 {nearly_all:.0} us"
        );
    }
}

/// What was measured.
struct Measured {
    served: usize,
    waiting: usize,
    /// A second.
    calls: f64,
    /// A second.
    decisions: f64,
    /// Of the inputs on which somebody was chosen, with all that comes of them: microseconds; half of
    /// them, 99 % and 99.9 % took no longer.
    latency: [f64; 3],
}

/// One queue with all agents.
fn one(with: impl FnOnce(&mut QueuePlan)) -> Vec<QueuePlan> {
    let names: Vec<String> = (0..AGENTS).map(name).collect();
    let members: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut queue = QueuePlan::new("it", &members);
    queue.limits.max_wait = None;
    queue.offering.wrap_up = Some(Duration::from_secs(5));
    with(&mut queue);
    vec![queue]
}

/// Two with all of them, every other of whom serves the one before the other.
fn two() -> Vec<QueuePlan> {
    let mut queues = one(choosy);
    queues.extend(one(choosy));
    queues[1].name = "hr".into();
    for (at, member) in queues[0].members.iter_mut().enumerate() {
        member.priority = u32::from(at % 2 == 0);
    }
    queues
}

fn name(at: usize) -> String {
    (1000 + at).to_string()
}

/// Two skills, two levels, penalties that widen, a ladder.
fn choosy(queue: &mut QueuePlan) {
    for (at, member) in queue.members.iter_mut().enumerate() {
        let much = 1 + (at % 10) as u8;
        member.skills = skills(&[("english", much), ("billing", 11 - much)]);
        member.level = 1 + u32::from(at % 5 == 4);
        member.penalty = u32::from(at % 7 == 0);
    }
    queue.offering.strategy = Strategy::SkillBest;
    let (wait, by_level) = (Duration::from_secs(600), true);
    queue.widening.tiers = Some(Tiers { wait, by_level });
    queue.widening.penalties = vec![PenaltyRule {
        after: Duration::from_secs(60),
        max: Some(Change::To(9)),
        ..PenaltyRule::default()
    }];
    queue.widening.rings = vec![Ring {
        after: Duration::from_secs(90),
        without: Without::All,
        lower: 0,
    }];
}

fn asks(call: u128) -> Wants {
    let required = match call % 3 {
        0 => skills(&[("english", 1 + (call % 5) as u8)]),
        1 => skills(&[("billing", 3), ("english", 2)]),
        _ => Skills::new(),
    };
    Wants {
        required: Arc::new(required),
        ..Wants::default()
    }
}

fn skills(list: &[(&str, u8)]) -> Skills {
    let list = list.iter();
    list.map(|(name, much)| ((*name).into(), *much)).collect()
}

fn measure(queues: Vec<QueuePlan>, wants: fn(u128) -> Wants, most: usize) -> Measured {
    let lines: Vec<QueueName> = queues.iter().map(|queue| queue.name.clone()).collect();
    let plan = Plan {
        queues,
        ..Plan::default()
    };
    let now = Instant::now();
    let mut floor = Floor {
        acd: Acd::new(now, 1_800_000_000_000_000, 7, plan),
        now,
        calls: 0,
        rings: VecDeque::new(),
        took: Vec::new(),
        wants,
        lines,
        decisions: 0,
    };
    for at in 0..AGENTS {
        let agent: AgentId = name(at).as_str().into();
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
    floor.decisions = 0;
    let began = Instant::now();
    let mut served = 0;
    while served < most && floor.serves_one() {
        served += 1;
    }
    let seconds = began.elapsed().as_secs_f64();
    let of = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds;
    floor.took.sort_unstable();
    let within = |thousandths: usize| {
        let at = floor.took.len() * thousandths / 1_000;
        floor
            .took
            .get(at)
            .map_or(0.0, |took| took.as_secs_f64() * 1e6)
    };
    let waiting = floor
        .lines
        .iter()
        .filter_map(|queue| floor.acd.waiting(queue));
    Measured {
        served,
        waiting: waiting.sum(),
        calls: of(served),
        decisions: of(floor.decisions),
        latency: [within(500), within(990), within(999)],
    }
}
