//! What the floor's machines want done.

use std::sync::Arc;
use std::time::Instant;

use call::acd::{Ask, AskId, Chosen, Leave, Output, QueueName, State};
use call::journal::What;
use call::{CallId, FromFloor, TenantId};
use script::told;

use super::Floor;
use crate::switch::Switch;

/// What a call is to be told.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "decisions, the larger ones, are the commoner ones"
)]
pub(super) enum Delivery {
    /// For its machine.
    News(FromFloor),
    /// For its journal: `moonswitch trace` shows why it went where it went.
    Decision(What),
}

impl Floor {
    /// The call that an output is about, as scripts see it.
    fn caller(&self, output: &Output) -> Option<&serde_json::Value> {
        match output {
            Output::Item(news) => self.callers.get(&news.item).map(|caller| &caller.about),
            Output::Waits { call, .. }
            | Output::Aside { call, .. }
            | Output::Choose { call, .. } => self.callers.get(call).map(|caller| &caller.about),
            _ => None,
        }
    }
}

impl Switch {
    /// Does what a tenant's machine wants done, and tells the calls that it is about.
    pub(in crate::switch) fn drain_floor(&mut self, now: Instant, tenant: &TenantId) {
        let settings = self.tenants.get(&*tenant.0).map(Arc::clone);
        let reasons = settings.as_ref().map_or(&[][..], |it| &it.busy_reasons);
        while let Some(floor) = self.floors.get_mut(tenant)
            && let Some(output) = floor.acd.poll_output()
        {
            floor.book.note(floor.acd.wall(), &output, reasons);
            if let Some((name, about)) = told::event(&output, floor.caller(&output), reasons) {
                self.parts.scripts.event(tenant, &name, about);
            }
            if let Some((call, news)) = floor.relay.news(&output) {
                self.tell_call(call, news);
            }
            self.tell_of_floor(tenant, &output, reasons);
            self.do_for_floor(now, tenant, output);
        }
        self.write_floor(now, tenant);
        self.deliver(now);
    }

    /// What is neither written, nor told to scripts or calls.
    fn do_for_floor(&mut self, now: Instant, tenant: &TenantId, output: Output) {
        match output {
            Output::Waits { call, queue, .. } => {
                if let Some(floor) = self.floors.get_mut(tenant)
                    && let Some(caller) = floor.callers.get_mut(&call)
                    && caller.queue != queue
                {
                    caller.queue = queue;
                    caller.here_since = now;
                }
            }
            Output::Leave { call, why, .. } => {
                if let Some(floor) = self.floors.get_mut(tenant) {
                    let caller = floor.callers.remove(&call);
                    let number = caller.as_ref().and_then(|it| it.about["from"].as_str());
                    if let (Some(number), Leave::Answered(agent)) = (number, why) {
                        floor.familiar.note(number, agent);
                    }
                }
            }
            Output::CallBack {
                id,
                queue,
                number,
                by,
                ..
            } => self.call_somebody_back(now, tenant, id, queue, &number, by),
            Output::Callback(change) => self.note_callback(tenant, change),
            Output::Choose { call, queue, ask } => self.choose(now, tenant, call, &queue, ask),
            Output::ForgetChoose { ask } => self.parts.scripts.forget_choose(tenant, ask),
            Output::Decision(decision) => {
                let delivery = Delivery::Decision(What::from(&decision));
                self.floors.deliveries.push_back((decision.call, delivery));
            }
            Output::State(change) => {
                self.light_agent(now, tenant, &change.agent);
                if change.state == State::LoggedOut {
                    // Whose phone they sat at has it back.
                    self.look_at_phones(now, tenant);
                    self.find_lamps_behind(now, tenant);
                }
                tracing::info!(
                    %tenant, agent = %change.agent, state = change.state.word(), by = %change.by,
                    reachable = change.reachable, "agent"
                );
            }
            Output::Asks { agent, reason } => {
                tracing::info!(%tenant, %agent, %reason, "an agent asks for a break");
            }
            Output::Overrun {
                agent,
                reason,
                lasted,
            } => tracing::warn!(
                %tenant, %agent, %reason, seconds = lasted.as_secs(), "an agent is busy for too long"
            ),
            Output::Reset { agent, trace } => tracing::warn!(
                %tenant, %agent, trace, "an agent was reset, which should not be needed: please report it"
            ),
            Output::Episode(stay) => tracing::info!(
                %tenant, call = %stay.call, queue = %stay.queue, outcome = stay.outcome.word(),
                seconds = stay.wait_ms / 1_000, "queue"
            ),
            Output::QueueGone { queue, waiting } => tracing::warn!(
                %tenant, %queue, waiting,
                "the queue is gone from the files while callers wait in it: its agents serve them, and nobody else gets in"
            ),
            Output::QueueClosed { queue } => {
                tracing::info!(%tenant, %queue, "the last caller has left the queue that is gone");
            }
            Output::Alert { queue, what } => {
                tracing::error!(%tenant, %queue, "{what}; mended");
            }
            Output::Offer { .. }
            | Output::Withdraw { .. }
            | Output::Hush { .. }
            | Output::Connect { .. }
            | Output::Announce { .. }
            | Output::OfferEnded { .. }
            | Output::Place(_)
            | Output::Item(_)
            | Output::Paused { .. }
            | Output::Aside { .. } => {}
        }
    }

    fn choose(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        call: CallId,
        queue: &QueueName,
        ask: Ask,
    ) {
        let floor = self.floors.get_mut(tenant);
        let caller = floor.and_then(|floor| floor.callers.get(&call));
        let caller = caller.map(|caller| &caller.about);
        let (id, about) = (ask.id, told::in_queue(caller, queue));
        if !self.parts.scripts.choose(tenant, queue, ask, about) {
            let why = "the scripts are too busy to be asked".to_owned();
            self.chosen(now, tenant, id, Chosen::Failed(why));
        }
    }

    /// A script has said whom a call should be offered to.
    pub(super) fn chosen(&mut self, now: Instant, tenant: &TenantId, ask: AskId, chosen: Chosen) {
        self.on_floor(now, tenant, |floor| {
            floor.acd.handle_chosen(now, ask, chosen);
        });
        self.drain_floor(now, tenant);
    }
}
