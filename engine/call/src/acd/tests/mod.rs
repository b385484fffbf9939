//! A floor to try the machine on: agents with phones, callers, and a clock that is moved.

mod across;
mod agents;
mod announcing;
mod asking_back;
mod breaks;
mod calling_back;
mod choosing;
mod complaints;
mod crossings;
mod doings;
mod explained;
mod items;
mod limits;
mod load;
mod offers;
mod order;
mod peers;
mod phones;
mod picking;
mod reloads;
mod restarts;
mod rests;
mod resuming;
mod ringing_all;
mod sequences;
mod waiting;
mod whatever;
mod widening;
mod wrap_up;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::*;
use crate::Cause;

/// A machine, its clock, and what came out of it.
pub(super) struct Floor {
    pub(super) acd: Acd,
    pub(super) now: Instant,
    pub(super) out: Vec<Output>,
    pub(super) decisions: Vec<Decision>,
    /// Offers that stand: who rings for whom.
    pub(super) rings: BTreeMap<AgentId, (LeaseId, CallId)>,
    calls: u128,
}

impl Floor {
    pub(super) fn new(plan: Plan) -> Self {
        let now = start();
        Self::around(Acd::new(now, WALL, 7, plan), now)
    }

    /// A floor with this machine.
    pub(super) fn around(acd: Acd, now: Instant) -> Self {
        let mut floor = Self {
            acd,
            now,
            out: Vec::new(),
            decisions: Vec::new(),
            rings: BTreeMap::new(),
            calls: 0,
        };
        floor.drain();
        floor
    }

    /// One queue `it`, changed by `with`; all its agents are idle, one second after the other.
    pub(super) fn staffed(agents: &[&str], with: impl FnOnce(&mut QueuePlan)) -> Self {
        let mut queue = QueuePlan::new("it", agents);
        with(&mut queue);
        let mut floor = Self::new(plan(vec![queue]));
        for agent in agents {
            floor.ready(agent);
            floor.wait(s(1));
        }
        floor.take();
        floor
    }

    pub(super) fn ready(&mut self, agent: &str) {
        self.acd.handle_reach(self.now, &agent.into(), true);
        self.act(agent, Act::LogIn).unwrap();
        self.act(agent, Act::Idle).unwrap();
    }

    pub(super) fn act(&mut self, agent: &str, act: Act) -> Result<(), Refusal> {
        let done = self
            .acd
            .handle_agent(self.now, &agent.into(), act, By::Agent);
        self.drain();
        done
    }

    pub(super) fn reach(&mut self, agent: &str, reachable: bool) {
        self.acd.handle_reach(self.now, &agent.into(), reachable);
        self.drain();
    }

    pub(super) fn calls(&mut self) -> CallId {
        self.enters("it", 0, None)
    }

    pub(super) fn enters(
        &mut self,
        queue: &str,
        priority: u32,
        max_wait: Option<Duration>,
    ) -> CallId {
        self.lines_up(Enter {
            call: CallId(Uuid::nil()),
            queue: queue.into(),
            priority,
            max_wait,
            wants: Wants::default(),
            again: None,
            from: None,
            callback: None,
        })
    }

    /// A caller who asks something of the agents.
    pub(super) fn wants(&mut self, queue: &str, wants: Wants) -> CallId {
        self.lines_up(Enter {
            wants,
            ..Enter::new(CallId(Uuid::nil()), queue.into())
        })
    }

    fn lines_up(&mut self, mut enter: Enter) -> CallId {
        self.calls += 1;
        let call = CallId(Uuid::from_u128(self.calls));
        enter.call = call;
        self.acd.handle_enter(self.now, enter).unwrap();
        self.drain();
        call
    }

    pub(super) fn hangs_up(&mut self, call: CallId) {
        self.acd.handle_gone(self.now, call);
        self.drain();
    }

    pub(super) fn news(&mut self, lease: LeaseId, news: News) {
        self.acd.handle_offer(self.now, lease, news);
        self.drain();
    }

    /// The lease that rings this agent.
    pub(super) fn lease(&self, agent: &str) -> LeaseId {
        let agent = AgentId::from(agent);
        self.rings.get(&agent).expect("nobody rings them").0
    }

    /// Who rings, by name.
    pub(super) fn ringing(&self) -> Vec<String> {
        self.rings.keys().map(ToString::to_string).collect()
    }

    pub(super) fn refuses(&mut self, agent: &str, cause: Cause) {
        let lease = self.lease(agent);
        self.news(lease, News::Refused(cause));
    }

    /// The agent answers, and is connected.
    pub(super) fn answers(&mut self, agent: &str) {
        let lease = self.lease(agent);
        self.news(lease, News::Answered);
        self.news(lease, News::Connected);
    }

    pub(super) fn dialog(&mut self, agent: &str, call: CallId, news: DialogNews) {
        self.acd.handle_dialog(self.now, &agent.into(), call, news);
        self.drain();
    }

    pub(super) fn parts(&mut self, agent: &str, call: CallId) {
        self.dialog(agent, call, DialogNews::Ended);
    }

    pub(super) fn state(&self, agent: &str) -> State {
        self.acd.status(self.now, &agent.into()).unwrap().state
    }

    /// Moves the clock, and does what is due on the way.
    pub(super) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.acd.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.acd.handle_timeout(self.now);
            self.drain();
            let next = self.acd.poll_timeout();
            assert!(next.is_none_or(|next| next > self.now), "a timer stays due");
        }
        self.now = end;
    }

    /// What came out since the last time, decisions apart.
    pub(super) fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    pub(super) fn take_episodes(&mut self) -> Vec<Episode> {
        let out = self.take().into_iter();
        out.filter_map(|output| match output {
            Output::Episode(episode) => Some(*episode),
            _ => None,
        })
        .collect()
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.acd.poll_output() {
            match output {
                Output::Decision(decision) => self.decisions.push(decision),
                output => {
                    self.note(&output);
                    self.out.push(output);
                }
            }
        }
        self.forget_dead_legs();
    }

    fn note(&mut self, output: &Output) {
        match output {
            Output::Offer {
                lease, call, agent, ..
            } => {
                let before = self.rings.insert(agent.clone(), (*lease, *call));
                assert_eq!(before, None, "{agent} rings twice");
            }
            Output::Withdraw { lease, .. } => self.rings.retain(|_, (it, _)| it != lease),
            _ => {}
        }
    }

    /// Offers that were answered or refused ring no longer.
    fn forget_dead_legs(&mut self) {
        let acd = &self.acd;
        self.rings.retain(|_, (lease, _)| {
            acd.leases
                .get(lease)
                .is_some_and(|it| matches!(it.state, lease::LeaseState::Offered { .. }))
        });
    }
}

pub(super) fn plan(queues: Vec<QueuePlan>) -> Plan {
    Plan {
        queues,
        rules: AgentRules::default(),
    }
}

pub(super) fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a test's clock begins somewhere")]
    let now = Instant::now();
    now
}

/// 2026-11-25 09:00 in Shanghai.
const WALL: i64 = 1_795_568_400_000_000;
