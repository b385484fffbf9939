//! Whatever comes, in whatever order, and whatever is lost on the way: the promises of A.4 hold.
//!
//! A plain run does 200,000 events, which takes a few seconds without optimisation. The variable
//! `ACD_EVENTS` sets another number (1000000 is what the feature list asks for), `ACD_SEED` the
//! first seed. Each seed is a life of 400 events; the first and the last are printed, and a promise
//! that is broken names its own.

mod chance;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{ms, s, start};
use crate::CallId;
use crate::acd::lease::LeaseState;
use crate::acd::name::QueueIx;
use crate::acd::{
    Acd, Act, AgentId, AskId, By, DialogNews, LeaseId, Leave, News, Output, State, Strategy,
};
use crate::call::random::Random;

#[test]
fn random_sequences_break_no_promise() {
    let events = number("ACD_EVENTS").unwrap_or(200_000);
    let first = number("ACD_SEED").unwrap_or(1);
    let last = first + events.div_ceil(EVENTS_OF_A_LIFE) - 1;
    println!("seeds {first} to {last}, {EVENTS_OF_A_LIFE} events each");
    let mut seen = Seen::default();
    for seed in first..=last {
        let mut world = World::new(seed, std::mem::take(&mut seen));
        for _ in 0..EVENTS_OF_A_LIFE {
            world.step();
        }
        world.serve_everybody();
        seen = world.seen;
    }

    // The sequences must reach what they are to prove.
    println!("{seen:?}");
    for (count, of) in [
        (seen.offers, "offers"),
        (seen.answers, "answers"),
        (seen.crossed, "answers that crossed a withdrawal"),
        (seen.lost, "ends of calls that were lost"),
        (seen.asked, "questions to a script"),
        (seen.gone, "callers who hung up"),
    ] {
        assert!(count > events / 1000, "{count} {of}");
    }
}

/// A floor as the machine is told of it, and as it really is.
struct World {
    seed: u64,
    random: Random,
    acd: Acd,
    now: Instant,
    agents: Vec<AgentId>,
    calls: u128,
    /// Who the machine must believe to be waiting.
    waiting: BTreeSet<CallId>,
    /// Legs that were asked for and not yet called off.
    rings: BTreeMap<LeaseId, (AgentId, CallId)>,
    /// Offers that were made and are not written as over.
    unwritten: BTreeSet<(AgentId, CallId)>,
    /// Whom each call is being connected to.
    connecting: BTreeMap<CallId, LeaseId>,
    /// All leases ever seen, for news that come late.
    leases: Vec<LeaseId>,
    /// The legs that really live, confirmed or not.
    legs: BTreeMap<(AgentId, CallId), bool>,
    /// When the audit is to find what was lost.
    audit_at: Option<Instant>,
    asks: Vec<AskId>,
    shown: BTreeMap<AgentId, (State, bool)>,
    seen: Seen,
}

#[derive(Debug, Default)]
struct Seen {
    offers: u64,
    answers: u64,
    crossed: u64,
    lost: u64,
    asked: u64,
    gone: u64,
}

impl World {
    fn new(seed: u64, seen: Seen) -> Self {
        let mut random = Random::new(seed);
        let plan = chance::plan(&mut random);
        let now = start();
        let mut world = Self {
            seed,
            random,
            acd: Acd::new(now, 0, seed, plan),
            now,
            agents: chance::AGENTS.iter().map(|name| (*name).into()).collect(),
            calls: 0,
            waiting: BTreeSet::new(),
            rings: BTreeMap::new(),
            unwritten: BTreeSet::new(),
            connecting: BTreeMap::new(),
            leases: Vec::new(),
            legs: BTreeMap::new(),
            audit_at: None,
            asks: Vec::new(),
            shown: BTreeMap::new(),
            seen,
        };
        for agent in world.agents.clone() {
            world.acd.handle_reach(now, &agent, true);
            world.act(&agent, Act::LogIn);
        }
        world.look();
        world
    }

    fn act(&mut self, agent: &AgentId, act: Act) {
        let done = self.acd.handle_agent(self.now, agent, act, By::Agent);
        if done.is_ok() && act == Act::LogOut {
            let state = self.acd.status(self.now, agent).map(|it| it.state);
            self.promise(state.is_none_or(|it| it == State::LoggedOut), "logged out");
        }
    }

    fn pass_time(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let due = [self.acd.poll_timeout(), self.audit_at];
            let Some(due) = due.into_iter().flatten().min().filter(|due| *due <= end) else {
                break;
            };
            self.now = self.now.max(due);
            if self.audit_at.is_some_and(|at| at <= self.now) {
                self.audit();
            }
            self.acd.handle_timeout(self.now);
            self.look();
        }
        self.now = end;
    }

    /// The switch looks at what really lives.
    fn audit(&mut self) {
        self.audit_at = None;
        let legs = self.legs.keys().cloned().collect();
        self.acd.handle_audit(self.now, &self.waiting, &legs);
        self.look();
        for agent in &self.agents {
            let talks = self.acd.status(self.now, agent).map(|it| it.state) == Some(State::Talking);
            let lives = self.legs.iter().any(|((who, _), up)| who == agent && *up);
            self.promise(!talks || lives, "通话中 is a live confirmed dialog");
        }
    }

    /// Takes what came out, and holds it against the promises.
    fn look(&mut self) {
        while let Some(output) = self.acd.poll_output() {
            self.judge(output);
        }
        let next = self.acd.poll_timeout();
        self.promise(
            next.is_none_or(|next| next > self.now),
            "no timer stays due",
        );
        let mut held = BTreeSet::new();
        let mut connecting = BTreeSet::new();
        for lease in self.acd.leases.values() {
            self.promise(held.insert(lease.agent), "one reservation for an agent");
            let ring = s(15);
            let age = self.now - lease.offered_at;
            self.promise(age <= ring + s(1), "every reservation ends in time");
            if let LeaseState::Answered { .. } = lease.state {
                let only = connecting.insert(lease.call);
                self.promise(only, "a call is connected to one agent");
            }
        }
        for queue in (0..self.acd.queues.len()).map(QueueIx) {
            let forgotten = self.acd.next_to_offer(queue).is_some() && self.acd.anybody_free(queue);
            self.promise(!forgotten, "nobody waits beside a free agent");
        }
        for (agent, shown) in &self.shown {
            let status = self.acd.status(self.now, agent);
            let truth = status.map(|it| (it.state, it.reachable));
            self.promise(truth.is_none_or(|it| it == *shown), "what is told is so");
        }
        self.promise(
            self.acd.callers.keys().eq(self.waiting.iter()),
            "who waits is who has not left",
        );
    }

    fn judge(&mut self, output: Output) {
        match output {
            Output::Offer {
                lease, call, agent, ..
            } => {
                self.seen.offers += 1;
                self.promise(self.waiting.contains(&call), "only who waits is offered");
                let rung = self.rings.values().any(|(other, _)| *other == agent);
                self.promise(!rung, "an agent rings for one call");
                self.in_turn(call);
                let before = self.unwritten.insert((agent.clone(), call));
                self.promise(before, "every offer is written as over");
                self.rings.insert(lease, (agent, call));
                self.leases.push(lease);
            }
            Output::Withdraw { lease, .. } => {
                if let Some((_, call)) = self.rings.remove(&lease)
                    && self.connecting.get(&call) == Some(&lease)
                {
                    self.connecting.remove(&call);
                }
            }
            Output::Connect { lease, call, .. } => {
                let before = self.connecting.insert(call, lease);
                self.promise(before.is_none(), "a call is connected once at a time");
                self.promise(
                    self.waiting.contains(&call),
                    "no agent answers into silence",
                );
                self.promise(
                    self.rings.contains_key(&lease),
                    "only who rings is connected",
                );
            }
            Output::OfferEnded { call, offer, .. } => {
                let open = self.unwritten.remove(&(offer.agent, call));
                self.promise(open, "an offer is over once");
            }
            Output::Waits { call, .. } => {
                self.waiting.insert(call);
            }
            Output::Announce { call, .. } => {
                let told = self.waiting.contains(&call) && !self.connecting.contains_key(&call);
                self.promise(told, "announcements are for those who wait");
            }
            Output::Leave { call, why, .. } => {
                self.waiting.remove(&call);
                let winner = self.connecting.remove(&call);
                if let (Leave::Answered(agent), Some(lease)) = (&why, winner) {
                    self.seen.answers += 1;
                    self.rings.remove(&lease);
                    self.legs.insert((agent.clone(), call), true);
                }
            }
            Output::Choose { ask, .. } => {
                self.seen.asked += 1;
                self.asks.push(ask.id);
            }
            Output::State(change) => {
                let shown = (change.state, change.reachable);
                self.shown.insert(change.agent, shown);
            }
            Output::Decision(decision) => {
                let _ = decision.to_string().len();
            }
            Output::Alert { what, .. } => self.promise(false, &what),
            Output::Hush { .. }
            | Output::Aside { .. }
            | Output::ForgetChoose { .. }
            | Output::Episode(_) => {}
        }
    }

    /// Everybody ahead of this caller is being offered too.
    fn in_turn(&self, call: CallId) {
        let Some(caller) = self.acd.callers.get(&call) else {
            return;
        };
        let queue = &self.acd.queues[caller.queue.0];
        if queue.plan.offering.strategy == Strategy::Choose {
            return;
        }
        for (_, ahead) in queue.line.iter().take_while(|(_, it)| *it != call) {
            let waits = self.acd.callers[ahead].is_unoffered();
            // Who was passed over by a script that is no longer asked may still sit out its time.
            let passed = self.acd.callers[ahead].offers.passed.is_some();
            self.promise(!waits || passed, "nobody is overtaken");
        }
    }

    /// In the end all phones work, all agents answer, and nobody is left waiting.
    fn serve_everybody(&mut self) {
        self.legs.clear();
        self.audit();
        for _ in 0..2000 {
            for agent in self.agents.clone() {
                self.acd.handle_reach(self.now, &agent, true);
                self.act(&agent, Act::LogIn);
                self.act(&agent, Act::Idle);
            }
            self.look();
            for lease in self.rings.keys().copied().collect::<Vec<_>>() {
                self.news(lease, News::Answered);
                self.news(lease, News::Connected);
            }
            for (agent, call) in std::mem::take(&mut self.legs).into_keys() {
                let over = DialogNews::Ended;
                self.acd.handle_dialog(self.now, &agent, call, over);
                self.look();
            }
            if self.waiting.is_empty() {
                break;
            }
            self.pass_time(ms(500));
        }
        self.promise(self.waiting.is_empty(), "everybody is served in the end");
        self.pass_time(s(20));
        self.promise(self.acd.leases.is_empty(), "no lease is left");
        self.promise(self.rings.is_empty(), "no phone rings for nobody");
        self.promise(self.unwritten.is_empty(), "every offer is written");
        let states: Vec<State> = self
            .agents
            .iter()
            .filter_map(|agent| self.acd.status(self.now, agent))
            .map(|status| status.state)
            .collect();
        let calm = |state: &State| matches!(state, State::Idle | State::WrapUp | State::LoggedOut);
        self.promise(states.iter().all(calm), "no state outlives its cause");
    }

    fn news(&mut self, lease: LeaseId, news: News) {
        let rings = self.rings.contains_key(&lease);
        if news == News::Answered && !rings {
            self.seen.crossed += 1;
        }
        if matches!(news, News::Refused(_) | News::Gone)
            && let Some((_, call)) = self.rings.remove(&lease)
            && self.connecting.get(&call) == Some(&lease)
        {
            self.connecting.remove(&call);
        }
        self.acd.handle_offer(self.now, lease, news);
        self.look();
    }

    fn promise(&self, kept: bool, what: &str) {
        assert!(kept, "seed {}: {what}", self.seed);
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

const EVENTS_OF_A_LIFE: u64 = 400;
