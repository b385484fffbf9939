//! What scripts and programs ask of agents and queues.

use std::time::Instant;

use call::acd::{
    Act, AgentId, AskId, By, Callback, CallbackError, Chosen, Decision, Pick, PickError, QueueName,
    QueueStatus, Refusal, Status,
};
use call::desk::SwitchState;
use call::{CallId, TenantId};
use script::OfferedItem;
use tokio::sync::oneshot;

use crate::switch::{Input, Switch};

/// Something that is asked, with where its answer goes.
#[derive(Debug)]
pub(crate) enum Question {
    /// A tenant has a new generation of scripts.
    Published(TenantId),
    /// A queue's `choose` has answered.
    Chosen(TenantId, AskId, Chosen),
    /// How all agents stand.
    Agents(TenantId, oneshot::Sender<Vec<(AgentId, Status)>>),
    /// Which queues are gone from the files while so many callers wait in them.
    Gone(oneshot::Sender<Vec<(TenantId, QueueName, usize)>>),
    /// Somebody is to be called back.
    CallBack(
        TenantId,
        Callback,
        oneshot::Sender<Result<usize, CallbackError>>,
    ),
    /// Something that is no call is to wait in a queue.
    OfferItem(
        TenantId,
        Box<OfferedItem>,
        oneshot::Sender<Result<CallId, String>>,
    ),
    /// It is over.
    EndItem(TenantId, CallId, oneshot::Sender<bool>),
    /// How all queues stand.
    Queues(TenantId, oneshot::Sender<Vec<QueueStatus>>),
    /// How a switch of queues stands.
    Switched(TenantId, String, oneshot::Sender<SwitchState>),
}

impl From<Question> for Input {
    fn from(question: Question) -> Self {
        Self::Floor(question)
    }
}

impl Switch {
    /// Answers; whoever has gone meanwhile does not hear it.
    pub(in crate::switch) fn answer_floor(&mut self, now: Instant, question: Question) {
        match question {
            Question::Published(tenant) => {
                self.take_plan(now, &tenant);
                self.find_lamps_behind(now, &tenant);
            }
            Question::Chosen(tenant, ask, chosen) => self.chosen(now, &tenant, ask, chosen),
            Question::Agents(tenant, answer) => {
                let _ = answer.send(self.agents_of(now, &tenant));
            }
            Question::Gone(answer) => {
                self.take_plans(now);
                let _ = answer.send(self.gone_queues(now));
            }
            Question::CallBack(tenant, wanted, answer) => {
                let taken = self.call_back(now, &tenant, wanted);
                let _ = answer.send(taken.map(|(_, position)| position));
            }
            Question::OfferItem(tenant, item, answer) => {
                let _ = answer.send(self.offer_item(now, &tenant, *item));
            }
            Question::EndItem(tenant, item, answer) => {
                let _ = answer.send(self.end_item(now, &tenant, item));
            }
            Question::Queues(tenant, answer) => {
                let _ = answer.send(self.queues_of(now, &tenant));
            }
            Question::Switched(tenant, name, answer) => {
                let _ = answer.send(self.switch_state(&tenant, &name));
            }
        }
    }

    /// An agent does something, or somebody does it for them; how they stand then.
    ///
    /// # Errors
    /// With what to tell the agent.
    pub(in crate::switch) fn act_on_agent(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        agent: &AgentId,
        act: Act,
        by: By,
    ) -> Result<Status, Refusal> {
        let done = self.on_floor(now, tenant, |floor| {
            floor.acd.handle_agent(now, agent, act, by)?;
            floor.book.touch(agent);
            floor.acd.status(now, agent).ok_or(Refusal::NotAnAgent)
        });
        self.drain_floor(now, tenant);
        done.unwrap_or(Err(Refusal::NotAnAgent))
    }

    /// How all agents of a tenant stand, by name.
    pub(in crate::switch) fn agents_of(
        &self,
        now: Instant,
        tenant: &TenantId,
    ) -> Vec<(AgentId, Status)> {
        let Some(floor) = self.floors.by_tenant.get(tenant) else {
            return Vec::new();
        };
        let all = floor.acd.agents();
        all.filter_map(|agent| Some((agent.clone(), floor.acd.status(now, agent)?)))
            .collect()
    }

    /// How an agent stands; `None` when they are a member of no queue.
    pub(in crate::switch) fn status_of(
        &self,
        now: Instant,
        tenant: &TenantId,
        agent: &AgentId,
    ) -> Option<Status> {
        self.floors.by_tenant.get(tenant)?.acd.status(now, agent)
    }

    /// Who waits and could be taken out of the line.
    ///
    /// # Errors
    /// [`PickError::Taken`] where a colleague was quicker, else [`PickError::Nobody`].
    pub(in crate::switch) fn pickable(
        &self,
        now: Instant,
        tenant: &TenantId,
        pick: &Pick,
    ) -> Result<CallId, PickError> {
        let floor = self.floors.by_tenant.get(tenant);
        let acd = &floor.ok_or(PickError::Nobody)?.acd;
        acd.pickable(pick).map_err(|why| {
            let gone = match pick {
                Pick::Call(call) => Some(*call),
                Pick::NextOf(queue) => acd.just_answered(now, queue),
            };
            match gone.is_some_and(|call| self.is_with_somebody(tenant, call)) {
                true => PickError::Taken,
                false => why,
            }
        })
    }

    /// Whether a call that waited in a queue talks with somebody now.
    fn is_with_somebody(&self, tenant: &TenantId, call: CallId) -> bool {
        let live = self.calls.get(&call);
        live.filter(|live| live.setup.tenant == *tenant)
            .and_then(|live| Some((live, live.call.pair()?)))
            .is_some_and(|(live, pair)| pair.iter().any(|leg| live.call.came_by_queue(*leg)))
    }

    /// Why a caller waits.
    pub(in crate::switch) fn explain(&self, tenant: &TenantId, call: CallId) -> Option<Decision> {
        self.floors.by_tenant.get(tenant)?.acd.explain(call)
    }

    fn gone_queues(&self, now: Instant) -> Vec<(TenantId, QueueName, usize)> {
        let tenants = self.floors.by_tenant.keys();
        let all = tenants.flat_map(|tenant| {
            let gone = self.queues_of(now, tenant).into_iter();
            gone.filter(|queue| queue.is_gone)
                .map(|queue| (tenant.clone(), queue.plan.name, queue.waiting.len()))
        });
        all.collect()
    }

    /// How all queues of a tenant stand, by name.
    pub(in crate::switch) fn queues_of(&self, now: Instant, tenant: &TenantId) -> Vec<QueueStatus> {
        let Some(floor) = self.floors.by_tenant.get(tenant) else {
            return Vec::new();
        };
        let all = floor.acd.queues();
        all.filter_map(|queue| floor.acd.queue(now, queue))
            .collect()
    }
}
