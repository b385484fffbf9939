//! Deeds about others' calls and states: to supervise, to take over, to release, to force.

use std::time::Instant;

use call::acd::{Act, AgentId, Refusal, State};
use call::desk::{By, Deed, Done, Order, Refused, Terms, allowed};
use call::{CallId, Event, LegId, Mode, Parting, Supervise, TenantId};
use script::SentText;

use crate::switch::Switch;
use crate::switch::joining::Place;
use crate::switch::supervising::LogOut;

impl Switch {
    /// Lets a leader hear somebody: in the call in which they supervise already, or by ringing their
    /// phone.
    pub(super) fn supervise(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
        (mode, terms): (Mode, &Terms),
    ) -> Result<Done, Refused> {
        let leader = order.leader()?;
        self.is_fit_to_supervise(now, tenant, &leader, order)?;
        let wanted = Supervise {
            agent: order.user.clone(),
            mode,
            follow: terms.follow,
            notice: terms.notice,
        };
        let call = match self.supervisions.of_leader(tenant, &leader) {
            Some(call) => {
                self.supervise_from(now, call, wanted);
                call
            }
            None => self.ring_leader(now, tenant, &leader, wanted)?,
        };
        Ok(Done {
            agent: None,
            call: Some(call),
        })
    }

    /// Whether a leader may supervise, and is free to: whoever is 置闲 would miss the calls that they
    /// say they take (A.3).
    fn is_fit_to_supervise(
        &self,
        now: Instant,
        tenant: &TenantId,
        leader: &str,
        order: &Order,
    ) -> Result<(), Refused> {
        if !matches!(order.by, By::User(_)) {
            // A program lets a leader do what the leader may.
            let own = Order {
                by: By::User(leader.to_owned()),
                ..order.clone()
            };
            allowed(&own, |user| self.person(tenant, user))?;
        }
        let status = self.status_of(now, tenant, &AgentId::from(leader));
        match status.map(|status| status.state) {
            Some(State::Idle | State::Offered) => {
                let sentence = format!("{leader} is idle: set them busy first (置忙, *24)");
                Err(Refused::new("not_busy", sentence))
            }
            _ => Ok(()),
        }
    }

    /// The leader talks with the customer, and the agent is out of the call.
    pub(super) fn take_over(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let leader = order.leader()?;
        let supervises = self.supervisions.of_leader(tenant, &leader);
        let Some(own) = supervises.filter(|own| self.supervisions.hears(*own, &order.user)) else {
            let sentence = format!("{leader} does not hear {}: listen first", order.user);
            return Err(Refused::new("not_supervising", sentence));
        };
        let (call, leg) = self.talk_of(tenant, &order.user)?;
        let Some(front) = self.calls.get(&own).map(|live| live.call.front()) else {
            return Err(Refused::not_in_call(&leader));
        };
        let mut takes = self.calls.get(&call).into_iter();
        if !takes.any(|live| live.call.takes(Some(leg))) {
            let sentence = format!("{} talks with several, or with nobody now", order.user);
            return Err(Refused::new("not_now", sentence));
        }
        self.end_supervision(now, own);
        match self.move_leg(now, (own, front), call, Place::Of(leg), None) {
            true => Ok(Done {
                agent: None,
                call: Some(call),
            }),
            false => Err(Refused::not_in_call(&order.user)),
        }
    }

    /// An agent is out of the call.
    pub(super) fn release_agent(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
        parting: Parting,
        reason: Option<&str>,
    ) -> Result<Done, Refused> {
        let (call, leg) = self.talk_of(tenant, &order.user)?;
        let by_queue = |call: &CallId| {
            let live = self.calls.get(call);
            live.is_some_and(|live| live.call.came_by_queue(leg))
        };
        if parting == Parting::Requeue && !by_queue(&call) {
            let sentence = format!("no queue has brought the caller of {}", order.user);
            return Err(Refused::new("no_queue", sentence));
        }
        let by = order.by.supervisor();
        tracing::info!(%call, user = order.user, by, reason, "an agent is taken out of a call");
        if let Some(consult) = self.consult_of(call) {
            // First: else the phone stayed with whom it asks.
            self.hang_up_for(now, tenant, consult.call, by.clone());
        }
        let event = Event::TakenOut { leg, by, parting };
        self.with_machine(now, call, |machine| machine.handle_event(now, event));
        Ok(Done {
            agent: None,
            call: Some(call),
        })
    }

    /// The call that an agent is in with somebody, and their leg in it.
    fn talk_of(&self, tenant: &TenantId, user: &str) -> Result<(CallId, LegId), Refused> {
        let found = self.contact_of_agent(tenant, user);
        found.ok_or_else(|| Refused::not_in_call(user))
    }

    /// 签出, now or when the call that goes on has ended.
    pub(super) fn force_log_out(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let agent = AgentId::from(&*order.user);
        let by = order.by.about(&order.user);
        let done = self.act_on_agent(now, tenant, &agent, Act::LogOut, by.clone());
        let status = match done {
            Err(Refusal::InCall) => {
                let wanted = LogOut {
                    tenant: tenant.clone(),
                    agent: agent.clone(),
                    by,
                };
                self.supervisions.log_out_later(wanted);
                self.status_of(now, tenant, &agent)
            }
            done => Some(done.map_err(|refusal| Refused::by_floor(&order.user, refusal))?),
        };
        Ok(Done {
            agent: status,
            call: None,
        })
    }

    /// Text to an agent's phones; whether they take it nobody waits for.
    pub(super) fn message_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
        text: &str,
    ) -> Result<Done, Refused> {
        if text.trim().is_empty() || text.len() > LONGEST_TEXT {
            let sentence = format!("a text has 1 to {LONGEST_TEXT} octets");
            return Err(Refused::new("wrong_text", sentence));
        }
        if self.bindings_of(tenant, &order.user).is_empty() {
            let sentence = format!("no phone of {} is registered", order.user);
            return Err(Refused::new("unavailable", sentence));
        }
        let from = match &order.by {
            By::User(user) => Some(user.clone()),
            By::Program(_) | By::Script(_) => None,
        };
        let name = from.as_deref().and_then(|user| {
            let account = self.accounts.user(tenant, user)?;
            account.name.clone()
        });
        let what = SentText {
            from,
            name,
            to: order.user.clone(),
            text: text.to_owned(),
        };
        let (answer, _) = tokio::sync::oneshot::channel();
        self.handle_scripts_text(now, tenant.clone(), what, answer);
        Ok(Done::default())
    }

    /// A leader supervises no more.
    pub(super) fn stop_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let leader = order.leader()?;
        let supervises = self.supervisions.of_leader(tenant, &leader);
        let Some(call) = supervises.filter(|own| self.supervisions.is_about(*own, &order.user))
        else {
            let sentence = format!("{leader} does not supervise {}", order.user);
            return Err(Refused::new("not_supervising", sentence));
        };
        self.end_supervision(now, call);
        // By a key of the leader's it has ended there already.
        let mut theirs = self.calls.get(&call).into_iter();
        if theirs.any(|live| live.call.state() == "supervise") {
            self.tell_supervisor(now, call, call::SupervisionNews::Over);
        }
        Ok(Done {
            agent: None,
            call: Some(call),
        })
    }

    /// What a leader's key wants, as the order that everybody gives.
    pub(in crate::switch) fn order_of_leader(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        (leader, agent): (&str, &str),
        deed: Deed,
    ) -> Result<Done, Refused> {
        let order = Order {
            by: By::User(leader.to_owned()),
            user: agent.to_owned(),
            deed,
        };
        self.order(now, tenant, &order)
    }
}

/// What a MESSAGE may carry without being cut (RFC 3428 §8).
const LONGEST_TEXT: usize = 1_300;
