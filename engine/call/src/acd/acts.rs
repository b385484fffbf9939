//! What agents, their phones and their other calls do.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::agent::{Agent, Answered, Dialog, Duty, Hold, Reach, Rest, There};
use super::name::{AgentIx, QueueIx};
use super::strategy::Strategy;
use super::timers::Timer;
use super::{
    Acd, Act, AgentId, By, DialogNews, Doing, Medium, OfferEnd, Output, Reason, Refusal, Setbacks,
    StateChange, Withdrawn,
};
use crate::CallId;

impl Acd {
    /// An agent does something, or somebody does it for them. An act that changes nothing is fine:
    /// codes set a state, they do not toggle it.
    ///
    /// # Errors
    /// With what to tell the agent.
    pub fn handle_agent(
        &mut self,
        now: Instant,
        agent: &AgentId,
        act: Act,
        by: By,
    ) -> Result<(), Refusal> {
        self.begin(now);
        let done = self.act(agent, act, &by);
        self.finish();
        done
    }

    /// A phone of the agent answers, or none does any longer.
    pub fn handle_reach(&mut self, now: Instant, agent: &AgentId, reachable: bool) {
        self.begin(now);
        if let Some(&ix) = self.names.agents.get(agent) {
            let now = self.clock.now;
            let agent = &mut self.agents[ix.0];
            agent.reach = match (agent.reach, reachable) {
                (_, true) => Reach::Reachable,
                (Reach::Reachable, false) => Reach::Lost { since: now },
                (lost, false) => lost,
            };
            self.settle_agent(ix, &By::Engine);
        }
        self.finish();
    }

    /// What a leg of an agent does that no offer made; and the end of those that one did.
    pub fn handle_dialog(&mut self, now: Instant, agent: &AgentId, call: CallId, news: DialogNews) {
        self.begin(now);
        if let Some(&ix) = self.names.agents.get(agent) {
            self.dialog(ix, call, news);
            self.settle_agent(ix, &By::Engine);
        }
        self.finish();
    }

    /// These callers and these legs of agents live; whatever the machine believes beyond them is
    /// over.
    pub fn handle_audit(
        &mut self,
        now: Instant,
        callers: &BTreeSet<CallId>,
        legs: &BTreeSet<(AgentId, CallId)>,
    ) {
        self.begin(now);
        let gone: Vec<CallId> = self
            .callers
            .iter()
            .filter(|(call, it)| {
                let lives = it.away.is_some() || it.wants.medium == Medium::Chat;
                !lives && !callers.contains(call)
            })
            .map(|(call, _)| *call)
            .collect();
        for call in gone {
            self.leave(call, super::Leave::Gone);
        }
        for ix in (0..self.agents.len()).map(AgentIx) {
            let agent = &self.agents[ix.0];
            if agent.dialogs.is_empty() {
                continue;
            }
            let over: Vec<CallId> = agent
                .dialogs
                .keys()
                .filter(|call| !legs.contains(&(agent.id.clone(), **call)))
                .copied()
                .collect();
            for call in over {
                self.dialog(ix, call, DialogNews::Ended);
            }
            self.settle_agent(ix, &By::Engine);
        }
        self.finish();
    }

    fn act(&mut self, name: &AgentId, act: Act, by: &By) -> Result<(), Refusal> {
        let ix = *self.names.agents.get(name).ok_or(Refusal::NotAnAgent)?;
        let now = self.clock.now;
        let agent = &self.agents[ix.0];
        if agent.queues.is_empty() && agent.duty == Duty::LoggedOut {
            return Err(Refusal::NotAnAgent);
        }
        match (act, agent.duty) {
            (Act::Beat, Duty::LoggedOut) => return Err(Refusal::LoggedOut),
            (Act::Beat, _) => self.agents[ix.0].beat = Some(now),
            (Act::LogIn, Duty::LoggedOut) => self.log_in(ix),
            (Act::LogIn, _) | (Act::LogOut, Duty::LoggedOut) => return Ok(()),
            (_, Duty::LoggedOut) => return Err(Refusal::LoggedOut),
            (Act::LogOut, _) if agent.is_in_call() => return Err(Refusal::InCall),
            (Act::LogOut, _) => {
                self.take_back_offer(ix);
                self.agents[ix.0].log_out();
            }
            (Act::Reset, _) => {
                self.tell_defect(ix);
                self.take_back_offer(ix);
                let agent = &mut self.agents[ix.0];
                let rest = Rest::Busy(Reason::Reset);
                agent.wish = agent.is_in_call().then_some(rest);
                agent.rest(now, rest);
            }
            (Act::Idle, _) => self.wish(ix, Rest::Idle),
            (Act::Busy(code), _) => {
                self.may_be_busy(ix, code, by)?;
                self.wish(ix, Rest::Busy(Reason::Code(code)));
            }
            (Act::BusyAfterCall, _) if agent.is_engaged() => {
                self.wish(ix, Rest::Busy(Reason::AfterCall));
            }
            (Act::BusyAfterCall, _) => return Err(Refusal::NotInCall),
            (Act::Approve | Act::Deny, _) => {
                let asked = self.agents[ix.0].asked.take();
                let code = asked.ok_or(Refusal::NothingAsked)?;
                if act == Act::Approve {
                    self.wish(ix, Rest::Busy(Reason::Code(code)));
                }
            }
            (Act::EndWrapUp, Duty::WrapUp { .. }) => self.wish(ix, Rest::Idle),
            (Act::ExtendWrapUp(by), Duty::WrapUp { until, then }) => {
                let until = until.map(|until| {
                    let longer = until + by.min(LONGEST_WRAP_UP);
                    longer.min(now + LONGEST_WRAP_UP)
                });
                self.agents[ix.0].duty = Duty::WrapUp { until, then };
            }
            (Act::EndWrapUp | Act::ExtendWrapUp(_), _) => return Err(Refusal::NotInWrapUp),
        }
        self.settle_agent(ix, by);
        Ok(())
    }

    /// Whether a reason may be chosen; a leader is asked where the tenant wants that.
    fn may_be_busy(&mut self, ix: AgentIx, code: u8, by: &By) -> Result<(), Refusal> {
        if *by != By::Agent {
            return Ok(());
        }
        if code == 0 && self.rules.reason_required {
            return Err(Refusal::ReasonRequired);
        }
        let rule = self.rules.reason(code);
        if !rule.is_some_and(|rule| rule.approval) {
            return Ok(());
        }
        let agent = &mut self.agents[ix.0];
        if agent.duty != Duty::Busy(Reason::Code(code)) {
            agent.asked = Some(code);
            let (agent, reason) = (agent.id.clone(), Reason::Code(code));
            self.outputs.push_back(Output::Asks { agent, reason });
            return Err(Refusal::ApprovalNeeded);
        }
        Ok(())
    }

    /// 重置 should never be needed: what the machine believes of the agent is told as it is.
    fn tell_defect(&mut self, ix: AgentIx) {
        let agent = &self.agents[ix.0];
        self.outputs.push_back(Output::Reset {
            agent: agent.id.clone(),
            trace: format!(
                "state {}, phone {:?}, desk {:?}, duty {:?}, wish {:?}, hold {:?}, calls {:?}",
                agent.state().word(),
                agent.reach,
                agent.beat,
                agent.duty,
                agent.wish,
                agent.hold,
                agent.dialogs,
            ),
        });
    }

    /// At once, or after the call or the offer that is going on.
    fn wish(&mut self, ix: AgentIx, rest: Rest) {
        let now = self.clock.now;
        let agent = &mut self.agents[ix.0];
        if agent.is_engaged() {
            agent.wish = Some(rest);
        } else {
            agent.wish = None;
            agent.rest(now, rest);
        }
    }

    fn log_in(&mut self, ix: AgentIx) {
        let now = self.clock.now;
        let credit = self.credit(ix);
        let idle = self.rules.idle_after_login;
        let agent = &mut self.agents[ix.0];
        let rest = match idle {
            true => Rest::Idle,
            false => Rest::Busy(Reason::Login),
        };
        agent.rest(now, rest);
        agent.record.idle_since = now;
        agent.record.last_call = now;
        agent.record.setbacks = Setbacks::default();
        if let Some(credit) = credit {
            agent.record.answered = credit;
        }
        if let Reach::Lost { .. } = agent.reach {
            agent.reach = Reach::Lost { since: now };
        }
    }

    /// The calls of the least loaded colleague who is logged in, if that has more than this agent:
    /// nobody is flooded for being new.
    fn credit(&self, ix: AgentIx) -> Option<VecDeque<Answered>> {
        let now = self.clock.now;
        let queues = self.agents[ix.0].queues.iter();
        let queues = queues.map(|queue| &self.queues[queue.0]);
        let strategies = queues.clone().map(|queue| queue.plan.offering.strategy);
        let strategy = strategies
            .filter(|strategy| strategy.counts_load())
            .max_by_key(|strategy| strategy.window())?;
        let load = |agent: &Agent| match strategy {
            Strategy::LeastTalk { window, .. } => agent.talk_within(now, window).as_millis(),
            _ => agent.calls_within(now, strategy.window()) as u128,
        };
        let least = queues
            .flat_map(|queue| &queue.members)
            .filter(|other| **other != ix)
            .map(|other| &self.agents[other.0])
            .filter(|other| other.duty != Duty::LoggedOut)
            .min_by_key(|other| load(other))?;
        (load(least) > load(&self.agents[ix.0])).then(|| least.record.answered.clone())
    }

    fn take_back_offer(&mut self, ix: AgentIx) {
        if let Hold::Offered(lease) = self.agents[ix.0].hold {
            self.withdraw(lease, Withdrawn::AgentGone, OfferEnd::AgentGone);
        }
    }

    fn dialog(&mut self, ix: AgentIx, call: CallId, news: DialogNews) {
        let now = self.clock.now;
        let offered = match self.agents[ix.0].hold {
            Hold::Offered(lease) => self.leases.get(&lease).map(|lease| lease.call),
            Hold::Nobody | Hold::Releasing(_) => None,
        };
        if offered == Some(call) {
            // The leg of an offer is the lease's until it is connected.
            return;
        }
        match news {
            DialogNews::Began { customer, queue } => {
                let queue = queue.and_then(|name| self.names.queues.get(&name));
                let of_queue = queue.map(|queue| self.queues[queue.0].plan.offering.wrap_up);
                let wrap_up = of_queue.unwrap_or(self.rules.wrap_up);
                let dialogs = &mut self.agents[ix.0].dialogs;
                let dialog = dialogs.entry(call).or_insert(Dialog {
                    confirmed: false,
                    customer,
                    alone: false,
                    doing: Doing::Plain,
                    wrap_up,
                    of_queue: None,
                });
                dialog.customer |= customer;
                // Whom a colleague has put a customer of a queue through to.
                dialog.wrap_up = of_queue.unwrap_or(dialog.wrap_up);
            }
            DialogNews::Confirmed => {
                let wrap_up = self.rules.wrap_up;
                let dialogs = &mut self.agents[ix.0].dialogs;
                let dialog = dialogs.entry(call).or_insert(Dialog {
                    confirmed: false,
                    customer: false,
                    alone: false,
                    doing: Doing::Plain,
                    wrap_up,
                    of_queue: None,
                });
                dialog.confirmed = true;
                self.attend(ix, call);
            }
            DialogNews::Alone(alone) => {
                if let Some(dialog) = self.agents[ix.0].dialogs.get_mut(&call) {
                    dialog.alone = alone;
                }
                self.attend(ix, call);
            }
            DialogNews::Does(doing) => {
                if let Some(dialog) = self.agents[ix.0].dialogs.get_mut(&call) {
                    dialog.doing = doing;
                }
                self.attend(ix, call);
            }
            DialogNews::Ended => self.agents[ix.0].end_dialog(now, call, &self.rules),
        }
    }

    /// Whoever talks to somebody else, or calls them, does not come to the phone that rings.
    fn attend(&mut self, ix: AgentIx, call: CallId) {
        let dialog = self.agents[ix.0].dialogs.get(&call);
        let is_away = |dialog: &Dialog| {
            let calls = matches!(dialog.doing, Doing::Calls | Doing::Dials);
            calls || (dialog.confirmed && !dialog.alone)
        };
        if dialog.is_some_and(is_away) {
            self.take_back_offer(ix);
        }
    }

    /// Applies what time and wishes bring, tells what has changed, and looks for work.
    pub(super) fn settle_agent(&mut self, ix: AgentIx, by: &By) {
        let now = self.clock.now;
        let agent = &mut self.agents[ix.0];
        agent.pass_time(now, &self.rules);
        if agent.duty == Duty::LoggedOut {
            agent.habits.device = None;
        }
        self.tell_overrun(ix);
        self.tell_state(ix, by);
        self.look_whether_handled(ix);
        if !self.agents[ix.0].items.is_empty() {
            self.return_items(ix);
        }
        let deadline = self.agents[ix.0].deadline(now, &self.rules);
        self.timers.set(Timer::Agent(ix), deadline);
        self.look_for_work(ix);
    }

    /// Tells once of a 置忙 that lasts longer than its reason allows.
    fn tell_overrun(&mut self, ix: AgentIx) {
        let agent = &mut self.agents[ix.0];
        if let Some((code, lasted)) = agent.overrun(self.clock.now, &self.rules) {
            agent.record.told_overrun = true;
            let (agent, reason) = (agent.id.clone(), Reason::Code(code));
            self.outputs.push_back(Output::Overrun {
                agent,
                reason,
                lasted,
            });
        }
    }

    /// Tells what is shown of an agent when it is something else than before.
    fn tell_state(&mut self, ix: AgentIx, by: &By) {
        let now = self.clock.now;
        let agent = &mut self.agents[ix.0];
        let (state, reachable) = (agent.state(), agent.is_reachable(now));
        let shown = agent.shown;
        if (state, reachable) == (shown.state, shown.reachable) {
            return;
        }
        if state != shown.state {
            (agent.totals).count(now, shown.state, shown.since, self.day);
            agent.shown.since = now;
        }
        agent.shown.state = state;
        agent.shown.reachable = reachable;
        self.outputs.push_back(Output::State(StateChange {
            agent: agent.id.clone(),
            state,
            reachable,
            before: shown.state,
            from: self.clock.wall(shown.since),
            at: self.clock.wall(now),
            by: by.clone(),
        }));
    }

    /// Has the queues looked at for which an agent's coming free, coming or going is news.
    fn look_for_work(&mut self, ix: AgentIx) {
        let now = self.clock.now;
        let agent = &mut self.agents[ix.0];
        let open = |medium| agent.obstacle_to(now, medium).is_none();
        let free = open(Medium::Voice) || open(Medium::Chat);
        // Whoever comes to work closes levels, and whoever goes opens them, and lets others have whom was kept for them;
        // so does who takes no new customers any more.
        let there = There {
            at_work: agent.is_at_work(),
            reachable: agent.is_reachable(now),
            takes_new: agent.habits.accepts_items(),
        };
        let before = std::mem::replace(&mut agent.was_there, there);
        let comes_or_goes = there != before;
        let came_free = free && (!agent.was_free || there.takes_new && !before.takes_new);
        agent.was_free = free;
        for index in 0..self.agents[ix.0].queues.len() {
            let queue = self.agents[ix.0].queues[index];
            if free || comes_or_goes {
                self.work.dirty.insert(queue);
            }
            if came_free {
                self.queues[queue.0].came_free += 1;
            }
            self.watch_presence(queue);
        }
        if free || comes_or_goes {
            let guest = self.work.guests.range((ix, QueueIx(0))..);
            let guest = guest.take_while(|(agent, _)| *agent == ix);
            self.work.dirty.extend(guest.map(|(_, queue)| *queue));
        }
    }
}

/// However often it is extended.
const LONGEST_WRAP_UP: Duration = Duration::from_secs(3600);
