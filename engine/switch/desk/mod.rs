//! What people do at their desks: every way of doing something leads to [`Switch::order`], which looks whether
//! they may, does it, and tells of it. Each group of deeds has its file here.

mod calls;
pub(super) mod consult;
pub(super) mod control;
mod items;
mod lists;
mod own;
mod pick;
pub(super) mod prompts;
mod pull;
mod supervise;
pub(crate) mod switches;

use std::time::Instant;

use call::acd::AgentId;
use call::desk::{Deed, Done, ItemDeed, NOBODY, Order, Person, Refused, allowed};
use call::{Mode, Steer, TenantId};
use store::AuditRow;
use tokio::sync::oneshot;
use uuid::Uuid;
use web::News;

use super::{Entrance, Input, Switch};

/// Something that is to be done, with where its answer goes.
#[derive(Debug)]
pub(crate) struct Asked {
    tenant: TenantId,
    order: Order,
    answer: oneshot::Sender<Result<Done, Refused>>,
}

impl Entrance {
    /// Turned away for want of room, the sender is dropped, and whoever asks says that it is busy.
    pub(super) fn ask_desk(
        &self,
        tenant: &TenantId,
        order: Order,
    ) -> oneshot::Receiver<Result<Done, Refused>> {
        let (answer, asked) = oneshot::channel();
        let tenant = tenant.clone();
        let _ = self.offer(Input::Desk(Box::new(Asked {
            tenant,
            order,
            answer,
        })));
        asked
    }
}

impl Switch {
    /// Answers; whoever has gone meanwhile does not hear it.
    pub(super) fn answer_desk(&mut self, now: Instant, asked: Asked) {
        if matches!(asked.order.deed, Deed::SavePrompt { .. }) {
            return self.save_prompt(&asked.tenant, asked.order, asked.answer);
        }
        let done = self.order(now, &asked.tenant, &asked.order);
        let _ = asked.answer.send(done);
    }

    /// Does what somebody wants, if they may, and tells of it either way.
    ///
    /// Not to be called from within a call's turn ([`Switch::with_call`]): the call is not in its place then.
    ///
    /// # Errors
    /// With the word and the sentence for whoever wanted it.
    pub(in crate::switch) fn order(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let result = allowed(order, |user| self.person(tenant, user))
            .and_then(|()| self.perform_order(now, tenant, order));
        self.note_order(tenant, order, &result);
        result
    }

    /// Every deed has its arm here, so that the compiler finds one that nobody does.
    fn perform_order(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let user = &*order.user;
        match &order.deed {
            Deed::LogIn {}
            | Deed::LogOut {}
            | Deed::Idle {}
            | Deed::Busy { .. }
            | Deed::EndWrapUp {}
            | Deed::ExtendWrapUp { .. }
            | Deed::Reset {}
            | Deed::BusyAfterCall {}
            | Deed::Approve {}
            | Deed::Deny {}
            | Deed::Heartbeat {}
            | Deed::ForceBusy { .. }
            | Deed::ForceIdle {} => self.state_at_desk(now, tenant, order),
            Deed::AutoAnswer { .. }
            | Deed::DoNotDisturb { .. }
            | Deed::AcceptItems { .. }
            | Deed::AutoIdle { .. }
            | Deed::AutoBusy { .. } => self.set_at_desk(now, tenant, order, order.deed.habits()),
            Deed::Sit { device, take_over } => {
                self.sit_at_desk(now, tenant, order, (device.as_deref(), *take_over))
            }
            Deed::Pull {} => self.pull_at_desk(now, tenant, order),
            Deed::Pick { .. } => self.pick_at_desk(now, tenant, order),
            Deed::HangUp {} => self.hang_up_at_desk(now, tenant, order),
            Deed::Listen(terms) => self.supervise(now, tenant, order, (Mode::Listen, terms)),
            Deed::Whisper(terms) => self.supervise(now, tenant, order, (Mode::Whisper, terms)),
            Deed::Barge(terms) => self.supervise(now, tenant, order, (Mode::Barge, terms)),
            Deed::TakeOver { .. } => self.take_over(now, tenant, order),
            Deed::Release { parting, reason } => {
                self.release_agent(now, tenant, order, *parting, reason.as_deref())
            }
            Deed::ForceLogOut {} => self.force_log_out(now, tenant, order),
            Deed::Message { text } => self.message_at_desk(now, tenant, order, text),
            Deed::Stop { .. } => self.stop_at_desk(now, tenant, order),
            Deed::TakeItem { item } => {
                self.item_at_desk(now, tenant, order, (*item, ItemDeed::Take))
            }
            Deed::DeclineItem { item } => {
                self.item_at_desk(now, tenant, order, (*item, ItemDeed::Decline))
            }
            Deed::FinishItem { item } => {
                self.item_at_desk(now, tenant, order, (*item, ItemDeed::Finish))
            }
            Deed::Hold {} => self.steer_at_desk(now, tenant, user, Steer::Hold),
            Deed::Retrieve {} => self.steer_at_desk(now, tenant, user, Steer::Retrieve),
            Deed::Record { on } => self.steer_at_desk(now, tenant, user, Steer::Record(*on)),
            Deed::Mask { on } => self.steer_at_desk(now, tenant, user, Steer::Mask(*on)),
            Deed::Consult { to, only_idle } => self.consult(now, tenant, order, (to, *only_idle)),
            Deed::Swap {} => self.swap(now, tenant, order),
            Deed::CancelConsult {} => self.cancel_consult(now, tenant, order),
            Deed::Complete {} => self.complete(now, tenant, order),
            Deed::Conference {} => self.conference(now, tenant, order),
            Deed::Transfer { to } => self.put_through(now, tenant, user, to),
            Deed::Park {} => self.put_through_to(now, tenant, user, |it| &it.park),
            Deed::Survey {} => self.put_through_to(now, tenant, user, |it| &it.survey),
            Deed::Dtmf { digits } => self.press_for(tenant, user, digits),
            Deed::Answer {} => self.answer_at_phone(now, tenant, user),
            Deed::Tag { tag } => self.tag(now, tenant, order, tag.as_deref()),
            // The records are asked first ([`Switch::save_prompt`]): nobody gets here.
            Deed::SavePrompt { .. } => Err(Refused::new("not_here", "say this to a desk")),
            Deed::QueueSwitch { switch, state } => {
                self.queue_switch(tenant, order, (switch, *state))
            }
            Deed::ListAdd { .. } | Deed::ListRemove { .. } => self.list_at_desk(tenant, order),
        }
    }

    /// States are the business of the machine of agents and queues.
    fn state_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let Some(act) = order.deed.act(self.reasons_of(tenant)) else {
            let sentence = format!("{} is no state", order.deed.word());
            return Err(Refused::new("not_here", sentence));
        };
        let agent = AgentId::from(&*order.user);
        let by = order.by.about(&order.user);
        let status = self.act_on_agent(now, tenant, &agent, act?, by);
        let status = status.map_err(|refusal| Refused::by_floor(&order.user, refusal))?;
        Ok(Done {
            agent: Some(status),
            call: None,
        })
    }

    /// What rights are looked at by; `None` when nobody has this extension.
    pub(in crate::switch) fn person(&self, tenant: &TenantId, user: &str) -> Option<Person> {
        let known = self.people.one(&tenant.0, user)?;
        Some(known.person.clone())
    }

    /// A tenant's names for 置忙.
    fn reasons_of(&self, tenant: &TenantId) -> &[String] {
        let settings = self.tenants.get(&*tenant.0);
        settings.map_or(&[], |it| &it.busy_reasons)
    }

    /// Tells of what was done, or refused: in the log, in the audit log, and by an event. Desks are heard every few
    /// seconds, which would bury what people have done.
    pub(in crate::switch) fn note_order(
        &self,
        tenant: &TenantId,
        order: &Order,
        result: &Result<Done, Refused>,
    ) {
        if matches!(order.deed, Deed::Heartbeat {}) {
            return;
        }
        let outcome = result
            .as_ref()
            .map_or_else(|refused| refused.word, |_| "done");
        let by = order.by.to_string();
        tracing::info!(
            target: "desk", event = "desk_command", tenant = %tenant, by, user = order.user,
            command = order.deed.word(), outcome
        );
        let call = result.as_ref().ok().and_then(|done| done.call);
        let line = AuditRow {
            id: Uuid::now_v7(),
            tenant: tenant.to_string(),
            at: self.parts.clock.unix_micros(),
            by: by.clone(),
            act: format!("command:{}", order.deed.word()),
            about: order.about().to_owned(),
            outcome: outcome.to_owned(),
            source: None,
        };
        self.parts.store.note_audit(line).forget();
        let news = News::DeskCommand {
            by,
            user: (order.user != NOBODY).then(|| order.user.clone()),
            command: order.deed.word(),
            outcome,
        };
        self.tell(tenant, call, news);
    }
}
