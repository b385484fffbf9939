//! A floor of the sequences: as the machine is told of it, as it really is, and what it has promised.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::chance::{self, Plans};
use super::{Seen, rerun};
use crate::CallId;
use crate::acd::agent::Hold;
use crate::acd::lease::LeaseState;
use crate::acd::name::QueueIx;
use crate::acd::tests::{ms, s, start};
use crate::acd::{
    Acd, Act, AgentId, AskId, Because, By, Decided, DialogNews, Doing, Enter, Habit, ItemNews,
    ItemStep, LeaseId, Leave, News, OfferEnd, Output, Reason, State, Verdict, Wants,
};
use crate::call::random::Random;

/// A floor as the machine is told of it, and as it really is.
pub(super) struct World {
    seed: u64,
    pub(super) random: Random,
    pub(super) acd: Acd,
    pub(super) now: Instant,
    pub(super) agents: Vec<AgentId>,
    pub(super) calls: u128,
    /// Who the machine must believe to be waiting.
    pub(super) waiting: BTreeSet<CallId>,
    /// Legs that were asked for and not yet called off.
    pub(super) rings: BTreeMap<LeaseId, (AgentId, CallId)>,
    /// Offers that were made and are not written as over.
    unwritten: BTreeSet<(AgentId, CallId)>,
    /// Whom each call is being connected to.
    pub(super) connecting: BTreeMap<CallId, LeaseId>,
    /// What waits and is no call.
    pub(super) items: Items,
    /// All leases ever seen, for news that come late.
    pub(super) leases: Vec<LeaseId>,
    /// The legs that really live, confirmed or not.
    pub(super) legs: BTreeMap<(AgentId, CallId), bool>,
    /// When the audit is to find what was lost.
    pub(super) audit_at: Option<Instant>,
    pub(super) asks: Vec<AskId>,
    /// Who the machine must believe to be called back.
    away: BTreeSet<CallId>,
    /// Who is being called.
    pub(super) called: BTreeSet<CallId>,
    shown: BTreeMap<AgentId, (State, bool)>,
    pub(super) seen: Seen,
}

/// Chats, as their desks show them.
#[derive(Default)]
pub(super) struct Items {
    pub(super) offered: BTreeSet<(AgentId, CallId)>,
    pub(super) held: BTreeMap<CallId, AgentId>,
    /// What each asks, and whom each agent has had a chat with.
    pub(super) wants: BTreeMap<CallId, Wants>,
    known: BTreeSet<(AgentId, Arc<str>)>,
}

impl Items {
    /// Whether an agent who takes no new customers takes this one.
    fn is_not_new(&self, agent: &AgentId, item: CallId) -> bool {
        self.wants.get(&item).is_some_and(|wants| {
            let customer = wants.customer.clone();
            let comes_back = |customer| self.known.contains(&(agent.clone(), customer));
            wants.vip || customer.is_some_and(comes_back)
        })
    }
}

impl World {
    pub(super) fn new(seed: u64, plans: &mut Plans, seen: Seen) -> Self {
        let mut random = Random::new(seed);
        let plan = plans.one(&mut random);
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
            items: Items::default(),
            leases: Vec::new(),
            legs: BTreeMap::new(),
            audit_at: None,
            asks: Vec::new(),
            away: BTreeSet::new(),
            called: BTreeSet::new(),
            shown: BTreeMap::new(),
            seen,
        };
        for agent in world.agents.clone() {
            world.acd.handle_reach(now, &agent, true);
            world.act(&agent, Act::LogIn);
            if world.below(4) == 0 {
                let habit = Habit::AcceptItems(false);
                let _ = world.acd.handle_habit(now, &agent, habit);
            }
        }
        world.look();
        world
    }

    pub(super) fn act(&mut self, agent: &AgentId, act: Act) {
        let done = self.acd.handle_agent(self.now, agent, act, By::Agent);
        if done.is_ok() && act == Act::LogOut {
            let state = self.acd.status(self.now, agent).map(|it| it.state);
            self.promise(state.is_none_or(|it| it == State::LoggedOut), "logged out");
        }
    }

    pub(super) fn pass_time(&mut self, time: Duration) {
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
    pub(super) fn audit(&mut self) {
        self.audit_at = None;
        let legs = self.legs.keys().cloned().collect();
        self.acd.handle_audit(self.now, &self.waiting, &legs);
        self.look();
        for agent in &self.agents {
            let status = self.acd.status(self.now, agent);
            let told = status.as_ref().map(|it| (it.state, it.reachable));
            let shown = self.shown.get(agent).filter(|_| told.is_some());
            self.promise(
                shown.is_none() || shown == told.as_ref(),
                "all agree on a state",
            );
            let talks = status.is_some_and(|it| it.state.is_conversation());
            let lives = self.legs.iter().any(|((who, _), up)| who == agent && *up);
            self.promise(!talks || lives, "通话中 is a live confirmed dialog");
        }
    }

    /// Takes what came out, and holds it against the promises.
    pub(super) fn look(&mut self) {
        while let Some(output) = self.acd.poll_output() {
            self.judge(output);
        }
        let next = self.acd.poll_timeout();
        self.promise(
            next.is_none_or(|next| next > self.now),
            "no timer stays due",
        );
        self.look_at_reservations();
        for queue in (0..self.acd.queues.len()).map(QueueIx) {
            let forgotten = self.acd.next_to_offer(queue).is_some();
            self.promise(!forgotten, "nobody waits beside a free agent");
        }
        for agent in &self.acd.agents {
            let mut calls = agent.dialogs.values();
            let dials = calls.any(|it| matches!(it.doing, Doing::Calls | Doing::Dials));
            let offered = matches!(agent.hold, Hold::Offered(_));
            self.promise(!(dials && offered), "who dials is offered nothing");
            let truth = (agent.state(), agent.is_reachable(self.now));
            let shown = self.shown.get(&agent.id);
            self.promise(shown.is_none_or(|it| *it == truth), "what is told is so");
        }
        let all = self.waiting.union(&self.away);
        self.promise(
            self.acd.callers.keys().eq(all),
            "who waits is who has not left",
        );
    }

    fn look_at_reservations(&self) {
        let mut held = 0_u64;
        for lease in self.acd.leases.values() {
            let agent = 1 << lease.agent.0;
            self.promise(held & agent == 0, "one reservation for an agent");
            held |= agent;
            let age = self.now - lease.offered_at;
            let most = if lease.is_held { HELD } else { RING + s(1) };
            self.promise(age <= most, "every reservation ends in time");
            if let LeaseState::Answered { .. } = lease.state {
                let caller = self.acd.callers.get(&lease.call);
                let only = caller.is_some_and(|it| {
                    it.offers
                        .connecting
                        .and_then(|it| self.acd.leases.get(&it))
                        .is_some_and(|it| it.agent == lease.agent)
                });
                self.promise(only, "a call is connected to one agent");
            }
        }
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
                self.seen.timeouts += u64::from(offer.why == OfferEnd::NoAnswer);
                self.items.offered.remove(&(offer.agent.clone(), call));
                let open = self.unwritten.remove(&(offer.agent, call));
                self.promise(open, "an offer is over once");
            }
            Output::Item(news) => self.judge_item(news),
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
            // Writing all of them out takes longer than all else.
            Output::Decision(decision) => {
                self.seen.decisions += 1;
                self.seen.widened += u64::from(matches!(decision.what, Decided::Widen { .. }));
                let barred = |it: &Verdict| {
                    matches!(
                        it.because,
                        Because::Lacks { .. } | Because::TierClosed { .. }
                    )
                };
                self.seen.barred += u64::from(decision.candidates.iter().any(barred));
                if let Decided::Offer(agents) = &decision.what
                    && !decision.candidates.is_empty()
                {
                    let free = |agent: &AgentId| {
                        let mut told = decision.candidates.iter();
                        told.any(|it| {
                            it.agent == *agent && matches!(it.because, Because::Free { .. })
                        })
                    };
                    let all = agents.iter().all(free);
                    self.promise(all, "who is offered a call is told to be free for it");
                }
                if self.seed.is_multiple_of(64) {
                    let told = decision.to_string();
                    self.promise(!told.is_empty(), "a decision can be told");
                }
            }
            Output::Alert { what, .. } => self.promise(false, &what),
            Output::CallBack { id, .. } => {
                let before = self.called.insert(id);
                self.promise(before, "who is called back is called once at a time");
            }
            Output::Callback(change) => {
                if change.state.is_over() {
                    self.away.remove(&change.id);
                } else {
                    self.away.insert(change.id);
                }
            }
            Output::Place(_)
            | Output::Hush { .. }
            | Output::Aside { .. }
            | Output::Asks { .. }
            | Output::Overrun { .. }
            | Output::Reset { .. }
            | Output::ForgetChoose { .. }
            | Output::Paused { .. }
            | Output::QueueGone { .. }
            | Output::QueueClosed { .. }
            | Output::Episode(_) => {}
        }
    }

    fn judge_item(&mut self, news: ItemNews) {
        let (item, at) = (news.item, (news.agent.clone(), news.item));
        match news.what {
            ItemStep::Offered(_) => {
                self.seen.chats += 1;
                self.promise(self.waiting.contains(&item), "only who waits is offered");
                let rung = self.rings.values().any(|(other, _)| *other == news.agent);
                let mut others = self.items.offered.iter();
                let shown = others.any(|(other, _)| *other == news.agent);
                self.promise(!rung && !shown, "an agent is offered one thing");
                let mut agents = self.acd.agents.iter();
                let room = agents.any(|agent| {
                    let most = agent.capacity.chat as usize;
                    agent.id == news.agent && agent.items.len() < most
                });
                self.promise(room, "nobody has more chats than fit in");
                if !self.acd.habits(&news.agent).accepts_items() {
                    self.seen.returned += 1;
                    let is_theirs = self.items.is_not_new(&news.agent, item);
                    self.promise(is_theirs, "who takes no new customers is offered none");
                }
                let before = self.unwritten.insert(at.clone());
                self.promise(before, "every offer is written as over");
                self.items.offered.insert(at);
            }
            ItemStep::Withdrawn(_) => {
                self.items.offered.remove(&at);
            }
            ItemStep::Taken => {
                let offered = self.items.offered.remove(&at);
                self.promise(offered, "only what is offered is taken");
                let wants = self.items.wants.get(&item);
                if let Some(customer) = wants.and_then(|it| it.customer.clone()) {
                    self.items.known.insert((news.agent.clone(), customer));
                }
                let before = self.items.held.insert(item, news.agent);
                self.promise(before.is_none(), "an item has one agent");
            }
            ItemStep::Returned | ItemStep::Finished => {
                let before = self.items.held.remove(&item);
                self.promise(before == Some(news.agent), "who had it has it no more");
            }
        }
    }

    /// In the end all phones work, all agents answer, and nobody is left waiting.
    pub(super) fn serve_everybody(&mut self) {
        self.legs.clear();
        self.audit();
        for _ in 0..2000 {
            for agent in self.agents.clone() {
                let status = self.acd.status(self.now, &agent);
                if status.is_none_or(|it| it.reachable && it.state == State::Idle) {
                    continue;
                }
                self.acd.handle_reach(self.now, &agent, true);
                self.act(&agent, Act::LogIn);
                self.act(&agent, Act::Beat);
                self.act(&agent, Act::Idle);
            }
            for agent in self.agents.clone() {
                for habit in [Habit::DoNotDisturb(false), Habit::AcceptItems(true)] {
                    let _ = self.acd.handle_habit(self.now, &agent, habit);
                }
            }
            self.look();
            for lease in self.rings.keys().copied().collect::<Vec<_>>() {
                self.news(lease, News::Answered);
                self.news(lease, News::Connected);
            }
            for (agent, item) in self.items.offered.clone() {
                let _ = self.acd.handle_item(self.now, &agent, item, true);
                self.look();
            }
            for item in self.items.held.keys().copied().collect::<Vec<_>>() {
                let _ = self.acd.handle_item_over(self.now, item);
                self.look();
            }
            for (agent, call) in std::mem::take(&mut self.legs).into_keys() {
                let over = DialogNews::Ended;
                self.acd.handle_dialog(self.now, &agent, call, over);
                self.look();
            }
            for id in std::mem::take(&mut self.called) {
                self.comes_back(id);
            }
            self.forget_those_whom_nobody_serves();
            if self.waiting.is_empty() && self.away.is_empty() {
                break;
            }
            self.pass_time(ms(500));
        }
        let all = self.waiting.is_empty() && self.away.is_empty();
        self.promise(all, "everybody is served in the end");
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
        let calm = |state: &State| {
            let rest = matches!(state, State::Busy(Reason::AfterCall | Reason::Lost));
            rest || matches!(state, State::Idle | State::WrapUp | State::LoggedOut)
        };
        self.promise(states.iter().all(calm), "no state outlives its cause");
    }

    pub(super) fn news(&mut self, lease: LeaseId, news: News) {
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

    /// Who is to be called back where the plan lists no agent waits until it does.
    fn forget_those_whom_nobody_serves(&mut self) {
        let callers = self.acd.callers.values();
        let unserved = callers.filter(|it| self.acd.queues[it.queue.0].members.is_empty());
        let away = unserved.filter(|it| it.away.is_some());
        for id in away.map(|it| it.call).collect::<Vec<_>>() {
            self.acd.handle_callback_cancelled(self.now, id);
            self.look();
        }
    }

    /// Who was called is on the line again.
    pub(super) fn comes_back(&mut self, id: CallId) {
        self.calls += 1;
        let enter = Enter {
            callback: Some(id),
            ..Enter::new(CallId(Uuid::from_u128(self.calls)), "it".into())
        };
        let _ = self.acd.handle_enter(self.now, enter);
        self.look();
    }

    pub(super) fn promise(&self, kept: bool, what: &str) {
        assert!(kept, "'{what}' is not so: {}", rerun(self.seed));
    }
}

/// For so long every queue of the sequences rings.
const RING: Duration = Duration::from_secs(15);
/// And is an agent held for somebody who is called back.
const HELD: Duration = Duration::from_secs(76);
