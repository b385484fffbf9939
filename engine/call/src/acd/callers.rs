//! Callers come, wait, are told their place, and leave.

use std::time::Instant;

use super::announcing::Announced;
use super::caller::{Caller, Offers, Place, Rank};
use super::demand::Widened;
use super::name::QueueIx;
use super::plan::{Step, When};
use super::presence::Presence;
use super::timers::Timer;
use super::{
    Acd, Enter, EnterError, Episode, Leave, MOST_PRIORITY, Medium, OfferEnd, Outcome, Output,
    PlaceState, QueueName, Waited, Withdrawn,
};
use crate::CallId;
use crate::nearest::nearest;

/// When a caller's wait ends by itself.
struct WaitLimits {
    /// They have waited for as long as one may.
    wait: Option<Instant>,
    /// Nobody is there to wait for, and the queue's grace is over.
    empty: Option<Instant>,
    /// The next step of the overflow chain.
    step: Option<(usize, Instant)>,
}

impl Acd {
    /// A caller is to wait in a queue. If there is no room, or nobody to wait for,
    /// [`Output::Leave`] follows.
    ///
    /// # Errors
    /// When there is no such queue, or the call waits already.
    pub fn handle_enter(&mut self, now: Instant, enter: Enter) -> Result<(), EnterError> {
        self.begin(now);
        let done = self.enter(enter);
        self.finish();
        done
    }

    /// The caller hung up, or their line was lost.
    pub fn handle_gone(&mut self, now: Instant, call: CallId) {
        self.begin(now);
        self.leave(call, Leave::Gone);
        self.finish();
    }

    /// A key takes the caller to another queue, with the time waited. Where there is no such queue, or they
    /// have been there, they wait on.
    pub fn handle_move(&mut self, now: Instant, call: CallId, to: &QueueName) {
        self.begin(now);
        let caller = self.callers.get(&call);
        if let Some((from, visited)) = caller.map(|it| (it.queue, it.visited.clone()))
            && let Some(to) = self.open_queue(call, from, to, &visited, "a key")
            && let Some(mut caller) = self.detach(call)
        {
            self.rehome(&mut caller, to);
            self.admit(caller);
        }
        self.finish();
    }

    /// A key asks for something that scripts do in passing; who does not wait any more asks for nothing.
    pub fn handle_aside(&mut self, now: Instant, call: CallId, event: String) {
        self.begin(now);
        if let Some(queue) = self.callers.get(&call).map(|caller| caller.queue) {
            self.aside(call, queue, event, "a key");
        }
        self.finish();
    }

    /// A key or the script takes the caller out of the queue.
    pub fn handle_leave(&mut self, now: Instant, call: CallId) {
        self.begin(now);
        self.leave(call, Leave::Left);
        self.finish();
    }

    pub(super) fn enter(&mut self, enter: Enter) -> Result<(), EnterError> {
        if let Some(caller) = self.callers.get(&enter.call) {
            return Err(EnterError::Waiting(self.queue_name(caller.queue)));
        }
        let Some(enter) = self.come_back(enter) else {
            return Ok(());
        };
        let queue = self.open_named(&enter.queue)?;
        let now = self.clock.now;
        let priority = enter.priority.min(MOST_PRIORITY);
        let Waited { here, before } = enter.again.unwrap_or_default();
        let rank = match enter.wants.vip {
            true => Rank::Vip,
            false => Rank::Usual,
        };
        let arrived = now.checked_sub(here).unwrap_or(now);
        let (mut place, first) = match self.place_of_before(queue, &enter) {
            Some(kept) => kept,
            None => {
                let came = self.came(here + before, priority);
                let first = arrived.checked_sub(before).unwrap_or(arrived);
                (self.place_at(came), first)
            }
        };
        place.rank = place.rank.min(rank);
        let before = arrived.saturating_duration_since(first);
        let mut episode = self.new_episode(enter.call, queue, priority);
        episode.entered = self.clock.wall(arrived);
        episode.waited_before_ms = u64::try_from(before.as_millis()).unwrap_or(u64::MAX);
        let caller = Caller {
            call: enter.call,
            queue,
            place,
            came: self.came(now.saturating_duration_since(first), 0),
            arrived,
            first,
            widens_from: arrived,
            max_wait: enter.max_wait,
            wants: enter.wants,
            widened: Widened::default(),
            offers: Offers::default(),
            announced: Announced::default(),
            step: match enter.again {
                Some(_) => self.queues[queue.0].plan.steps_within(here),
                None => 0,
            },
            visited: vec![queue],
            episode,
            from: enter.from,
            away: None,
        };
        match enter.again {
            Some(_) => self.line_up(caller),
            None => self.admit(caller),
        }
        Ok(())
    }

    /// A queue that takes callers.
    pub(super) fn open_named(&self, name: &QueueName) -> Result<QueueIx, EnterError> {
        let open = self.names.queues.get(name);
        if let Some(&queue) = open.filter(|queue| !self.queues[queue.0].closing) {
            return Ok(queue);
        }
        let known = self.queues.iter().filter(|queue| !queue.closing);
        let known = known.map(|queue| &*queue.plan.name.0);
        let suggestion = nearest(&name.0, known).map(str::to_owned);
        Err(EnterError::UnknownQueue {
            name: name.clone(),
            suggestion,
        })
    }

    /// Where somebody has stood before, who has left the line or is to be called back.
    fn place_of_before(&mut self, queue: QueueIx, enter: &Enter) -> Option<(Place, Instant)> {
        if enter.again.is_some() {
            return None;
        }
        let from = enter.from.as_deref();
        let kept = self.kept_place(queue, enter.call, from);
        let called = from.and_then(|from| self.takes_over_callback(queue, from));
        match (kept.map(|left| (left.place, left.first)), called) {
            (Some(kept), Some(called)) => Some(kept.min(called)),
            (kept, called) => kept.or(called),
        }
    }

    pub(super) fn new_episode(&self, call: CallId, queue: QueueIx, priority: u32) -> Episode {
        Episode {
            call,
            queue: self.queue_name(queue),
            entered: self.clock.wall(self.clock.now),
            position0: 0,
            priority,
            offers: Vec::new(),
            outcome: Outcome::Abandoned,
            wait_ms: 0,
            waited_before_ms: 0,
            agent: None,
        }
    }

    /// Lines the caller up, or sends them where the plan says.
    pub(super) fn admit(&mut self, caller: Caller) {
        let mut next = Some(caller);
        while let Some(caller) = next {
            let limits = &self.queues[caller.queue.0].plan.limits;
            if self.queues[caller.queue.0].is_full() {
                next = self.divert(caller, When::Full);
            } else if !self.counts(caller.queue, &limits.join_if) {
                next = self.divert(caller, When::Empty);
            } else {
                return self.line_up(caller);
            }
        }
    }

    pub(super) fn line_up(&mut self, mut caller: Caller) {
        let (call, ix) = (caller.call, caller.queue);
        let now = self.clock.now;
        caller.widened = self.widened(&caller);
        self.keep_skills(&caller.widened);
        let queue = &mut self.queues[ix.0];
        if caller.overdue_at(&queue.plan).is_some_and(|at| at <= now) {
            caller.be_overdue();
        }
        let position = queue.insert(caller.place, call) + 1;
        caller.episode.position0 = position;
        if caller.wants.medium == Medium::Voice {
            caller.announced = Announced::begins(&queue.plan.announce, caller.arrived);
        }
        self.outputs.push_back(Output::Waits {
            call,
            queue: queue.plan.name.clone(),
            music: queue.plan.music.clone(),
            from_start: queue.plan.care.music_from_start,
            position,
        });
        self.note_place(&caller, PlaceState::Taken);
        self.callers.insert(call, caller);
        self.expect_guest(call);
        self.work.newcomers.push(call);
        self.work.dirty.insert(ix);
        self.watch_presence(ix);
        self.hold_back(ix);
        self.settle_caller(call);
    }

    /// Does what is due for a caller, and sets when to look again.
    pub(super) fn settle_caller(&mut self, call: CallId) {
        let now = self.clock.now;
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        if caller.away.is_some() {
            return self.settle_away(call);
        }
        if caller.offers.connecting.is_some() {
            return self.timers.set(Timer::Caller(call), None);
        }
        let limits = self.limits_of(caller);
        let is_past = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_past(limits.wait) {
            return self.leave(call, Leave::Timeout);
        }
        if is_past(limits.empty) {
            if let Some(caller) = self.detach(call)
                && let Some(caller) = self.divert(caller, When::Empty)
            {
                self.admit(caller);
            }
            return;
        }
        if let Some((index, at)) = limits.step
            && at <= now
        {
            return self.take_step(call, index);
        }
        self.settle_wait(call, &limits);
    }

    /// What is due for a caller who goes on waiting.
    fn settle_wait(&mut self, call: CallId, limits: &WaitLimits) {
        let now = self.clock.now;
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        let ix = caller.queue;
        let passed = caller.offers.passed.map(|(until, _)| until);
        let one_more = caller.offers.one_more;
        let due = [passed, one_more].into_iter().flatten().any(|at| at <= now);
        let overdue = caller.overdue_at(&self.queues[ix.0].plan);
        if due {
            self.work.dirty.insert(ix);
        }
        if overdue.is_some_and(|at| at <= now) {
            self.move_up(call);
        }
        self.widen(call);
        let told = self.callers.get(&call).and_then(|it| it.announced.due());
        if told.is_some_and(|at| at <= now) {
            self.announce(call);
        }
        let caller = self.callers.get(&call);
        let told = caller.and_then(|it| it.announced.due());
        let widens = caller.and_then(|it| it.widened.next);
        let step = limits.step.map(|(_, at)| at);
        let next = [limits.wait, step, passed, told, one_more, overdue, widens];
        let next = next.into_iter().flatten().filter(|at| *at > now).min();
        self.timers.set(Timer::Caller(call), next);
    }

    /// A phone that rings for the caller is not cut off, but where the queue says so.
    fn limits_of(&self, caller: &Caller) -> WaitLimits {
        let queue = &self.queues[caller.queue.0];
        let plan = &queue.plan;
        let rings = !caller.is_unoffered();
        let wait = caller.waits_until(plan);
        let empty = queue.empty_since.map(|since| since + plan.limits.grace);
        let step = caller.next_step(plan).filter(|(index, _)| {
            let step = plan.overflow.get(*index).map(|overflow| &overflow.step);
            !rings || matches!(step, Some(Step::Aside(_)))
        });
        WaitLimits {
            wait: wait.filter(|_| !rings || plan.limits.hard),
            empty: empty.filter(|_| !rings),
            step,
        }
    }

    /// Nobody overtakes this caller any more.
    pub(super) fn move_up(&mut self, call: CallId) {
        let Some(caller) = self.callers.get_mut(&call) else {
            return;
        };
        let queue = &mut self.queues[caller.queue.0];
        queue.remove(caller.place);
        caller.be_overdue();
        queue.insert(caller.place, call);
        self.work.dirty.insert(caller.queue);
    }

    /// The caller leaves the line, whatever rings for them.
    pub(super) fn leave(&mut self, call: CallId, why: Leave) {
        if let Some(caller) = self.detach(call) {
            self.part(caller, why);
        }
    }

    /// Takes a caller out of everything; what rings for them stops.
    pub(super) fn detach(&mut self, call: CallId) -> Option<Caller> {
        let mut caller = self.callers.remove(&call)?;
        self.timers.set(Timer::Caller(call), None);
        let queue = &mut self.queues[caller.queue.0];
        queue.remove(caller.place);
        queue.away -= usize::from(caller.away.is_some());
        if queue.asking.as_ref().is_some_and(|it| it.call == call) {
            let ask = queue.asking.take().map(|it| it.id);
            self.timers.set(Timer::Ask(caller.queue), None);
            self.outputs
                .extend(ask.map(|ask| Output::ForgetChoose { ask }));
        }
        self.work.dirty.insert(caller.queue);
        for lease in std::mem::take(&mut caller.offers).leases {
            self.log_offer(&mut caller.episode, lease, OfferEnd::CallerGone);
            self.withdraw(lease, Withdrawn::CallerGone, OfferEnd::CallerGone);
        }
        self.expect_no_guests(caller.queue);
        self.watch_presence(caller.queue);
        self.hold_back(caller.queue);
        Some(caller)
    }

    /// Tells that the caller is out, and writes the episode.
    pub(super) fn part(&mut self, mut caller: Caller, why: Leave) {
        let outcome = match &why {
            Leave::Answered(agent) => {
                caller.episode.agent = Some(agent.clone());
                self.queues[caller.queue.0].answered = Some((caller.call, self.clock.now));
                Outcome::Answered
            }
            Leave::Gone => Outcome::Abandoned,
            Leave::Timeout => Outcome::Timeout,
            Leave::Full => Outcome::Full,
            Leave::Empty => Outcome::NoAgent,
            Leave::Left => Outcome::Key,
            Leave::Callback => Outcome::Callback,
            Leave::Overflow(_) => Outcome::Overflow,
        };
        self.keep_place(&caller, &why);
        let (call, queue) = (caller.call, self.queue_name(caller.queue));
        self.outputs.push_back(Output::Leave { call, queue, why });
        self.close_episode(caller.episode, caller.arrived, outcome);
        self.close_if_done(caller.queue);
    }

    pub(super) fn close_episode(
        &mut self,
        mut episode: Episode,
        arrived: Instant,
        outcome: Outcome,
    ) {
        let wait = self.clock.now.saturating_duration_since(arrived);
        episode.outcome = outcome;
        episode.wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.outputs.push_back(Output::Episode(Box::new(episode)));
    }

    /// Whether a member counts by this expression.
    pub(super) fn counts(&self, queue: QueueIx, presence: &Presence) -> bool {
        match presence {
            Presence::Always => true,
            Presence::Never => false,
            presence => self.queues[queue.0].members.iter().any(|agent| {
                let facts = self.agents[agent.0].facts(self.clock.now);
                presence.holds(facts)
            }),
        }
    }

    /// Notes since when callers wait for nobody.
    pub(super) fn watch_presence(&mut self, ix: QueueIx) {
        let queue = &self.queues[ix.0];
        let stay = &queue.plan.limits.stay_if;
        let empty = !queue.line.is_empty() && !self.counts(ix, stay);
        let now = self.clock.now;
        let queue = &mut self.queues[ix.0];
        if empty == queue.empty_since.is_some() {
            return;
        }
        queue.empty_since = empty.then_some(now);
        let until = queue
            .empty_since
            .map(|since| since + queue.plan.limits.grace);
        self.timers.set(Timer::Empty(ix), until);
    }

    /// Nobody to wait for, for too long: all leave who are not being offered.
    pub(super) fn turn_out(&mut self, queue: QueueIx) {
        for (_, call) in self.queues[queue.0].line.clone() {
            self.settle_caller(call);
        }
    }
}
