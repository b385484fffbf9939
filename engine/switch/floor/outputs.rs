//! What the floor's machines want done.

use std::sync::Arc;
use std::time::Instant;

use call::acd::{Ask, AskId, Chosen, Decision, Episode, Output, QueueName, StateChange};
use call::{CallId, FromFloor, TenantId};
use serde_json::{Value, json};

use crate::switch::Switch;

/// What a call is to be told.
#[derive(Debug)]
pub(super) enum Delivery {
    /// For its machine.
    News(FromFloor),
    /// For its journal.
    Decision { what: String, because: String },
}

impl Switch {
    /// Does what a tenant's machine wants done, and tells the calls that it is about.
    pub(super) fn drain_floor(&mut self, now: Instant, tenant: &TenantId) {
        let settings = self.tenants.get(&*tenant.0).map(Arc::clone);
        let reasons = settings.as_ref().map_or(&[][..], |it| &it.busy_reasons);
        while let Some(floor) = self.floors.get_mut(tenant)
            && let Some(output) = floor.acd.poll_output()
        {
            floor.book.note(floor.acd.wall(), &output, reasons);
            self.tell_of_floor(tenant, &output, reasons);
            self.do_for_floor(now, tenant, output);
        }
        self.write_floor(now, tenant);
        self.deliver(now);
    }

    fn do_for_floor(&mut self, now: Instant, tenant: &TenantId, output: Output) {
        match output {
            Output::Offer {
                lease,
                call,
                queue,
                agent,
                waited,
                ..
            } => {
                if let Some(floor) = self.floors.get_mut(tenant) {
                    floor.leases.insert(lease, call);
                }
                let ring = FromFloor::Ring {
                    lease,
                    agent,
                    queue,
                    waited,
                };
                self.tell_call(call, ring);
            }
            Output::Withdraw { lease, why } => {
                let floor = self.floors.get_mut(tenant);
                if let Some(call) = floor.and_then(|floor| floor.leases.remove(&lease)) {
                    self.tell_call(call, FromFloor::Withdraw { lease, why });
                }
            }
            Output::Hush { call } => self.tell_call(call, FromFloor::Hush),
            Output::Connect {
                lease,
                call,
                record,
                ..
            } => {
                if let Some(floor) = self.floors.get_mut(tenant) {
                    floor.leases.remove(&lease);
                }
                self.tell_call(call, FromFloor::Connect { lease, record });
            }
            Output::Announce { call, what } => self.tell_call(call, FromFloor::Announce(what)),
            Output::Waits {
                call,
                queue,
                music,
                position,
            } => self.caller_waits(tenant, call, queue, music, position),
            Output::Leave { call, why, .. } => {
                if let Some(floor) = self.floors.get_mut(tenant) {
                    floor.callers.remove(&call);
                    floor.leases.retain(|_, of| *of != call);
                }
                self.tell_call(call, FromFloor::Left(why));
            }
            Output::Aside { call, queue, what } => {
                let about = self.about(tenant, call, &queue);
                self.parts.scripts.event(tenant, &what, about);
            }
            Output::Choose { call, queue, ask } => self.choose(now, tenant, call, &queue, ask),
            Output::ForgetChoose { ask } => self.parts.scripts.forget_choose(tenant, ask),
            Output::State(change) => self.agent_changed(tenant, &change),
            Output::Decision(decision) => self.decided(&decision),
            Output::Episode(episode) => self.stay_is_over(tenant, &episode),
            Output::OfferEnded { .. } => {}
            Output::Alert { queue, what } => {
                tracing::error!(%tenant, %queue, "{what}; mended");
            }
        }
    }

    fn caller_waits(
        &mut self,
        tenant: &TenantId,
        call: CallId,
        queue: QueueName,
        music: Option<String>,
        position: usize,
    ) {
        let mut about = self.about(tenant, call, &queue);
        about["position"] = position.into();
        self.parts.scripts.event(tenant, "queue.entered", about);
        let waits = FromFloor::Waits {
            queue,
            music,
            position,
        };
        self.tell_call(call, waits);
    }

    /// For the call's journal: `moonswitch trace` shows why it went where it went.
    fn decided(&mut self, decision: &Decision) {
        let Decision {
            queue,
            what,
            because,
            candidates,
            ..
        } = decision;
        let mut because = because.to_string();
        for verdict in candidates {
            because.push_str(&format!("; {}: {}", verdict.agent, verdict.because));
        }
        let delivery = Delivery::Decision {
            what: format!("queue {queue}: {what}"),
            because,
        };
        self.floors.deliveries.push_back((decision.call, delivery));
    }

    fn agent_changed(&self, tenant: &TenantId, change: &StateChange) {
        tracing::info!(
            %tenant, agent = %change.agent, state = change.state.word(), by = %change.by,
            reachable = change.reachable, "agent"
        );
        let about = json!({
            "agent": *change.agent.0, "state": change.state.word(),
            "before": change.before.word(), "reachable": change.reachable,
            "by": change.by.to_string(),
        });
        self.parts.scripts.event(tenant, "agent.changed", about);
    }

    fn stay_is_over(&self, tenant: &TenantId, episode: &Episode) {
        tracing::info!(
            %tenant, call = %episode.call, queue = %episode.queue, wait_ms = episode.wait_ms,
            outcome = episode.outcome.word(),
            agent = episode.agent.as_ref().map_or_else(String::new, ToString::to_string),
            "queue"
        );
        let about = json!({
            "queue": *episode.queue.0, "call": episode.call.to_string(),
            "outcome": episode.outcome.word(), "waited": episode.wait_ms as f64 / 1e3,
            "agent": episode.agent.as_ref().map(|agent| &*agent.0),
            "offers": episode.offers.len(),
        });
        self.parts.scripts.event(tenant, "queue.left", about);
    }

    fn choose(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        call: CallId,
        queue: &QueueName,
        ask: Ask,
    ) {
        let (id, about) = (ask.id, self.about(tenant, call, queue));
        if !self.parts.scripts.choose(tenant, queue, ask, about) {
            let why = "the scripts are too busy to be asked".to_owned();
            self.chosen(now, tenant, id, Chosen::Failed(why));
        }
    }

    /// A script has said whom a call should be offered to.
    pub(super) fn chosen(&mut self, now: Instant, tenant: &TenantId, ask: AskId, chosen: Chosen) {
        if let Some(floor) = self.floors.get_mut(tenant) {
            floor.acd.handle_chosen(now, ask, chosen);
        }
        self.drain_floor(now, tenant);
    }

    /// A caller as events and `choose` show them.
    fn about(&self, tenant: &TenantId, call: CallId, queue: &QueueName) -> Value {
        let floor = self.floors.by_tenant.get(tenant);
        let known = floor.and_then(|floor| floor.callers.get(&call));
        let mut about = known.cloned().unwrap_or_else(|| json!({}));
        about["queue"] = (*queue.0).into();
        about
    }
}
