//! A defect in a tenant's machine ends neither the exchange nor anybody's wait: the machine is made
//! anew, with the agents as they stood and the callers in their order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use call::acd::{Enter, QueueName, Seen, Waited, Wants, Withdrawn};
use call::{CallId, FromFloor, TenantId};
use serde_json::Value;

use super::Floor;
use crate::switch::Switch;

/// Who waits, as far as it takes to line them up again.
#[derive(Debug)]
pub(super) struct Caller {
    /// As events and `choose` show them.
    pub(super) about: Value,
    pub(super) since: Instant,
    /// Where, now, and since when.
    pub(super) queue: QueueName,
    pub(super) here_since: Instant,
    /// The head start that the script gave, in seconds.
    pub(super) priority: u32,
    pub(super) max_wait: Option<Duration>,
    pub(super) wants: Wants,
    /// The number that they call from.
    pub(super) from: Option<String>,
}

impl Switch {
    /// Does something with a tenant's floor; `None` when there is none, or when it broke.
    pub(in crate::switch) fn on_floor<T>(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        work: impl FnOnce(&mut Floor) -> T,
    ) -> Option<T> {
        let floor = self.floors.get_mut(tenant)?;
        let done = catch_unwind(AssertUnwindSafe(|| work(floor))).ok();
        if done.is_none() {
            self.mend_floor(now, tenant);
        }
        done
    }

    fn mend_floor(&mut self, now: Instant, tenant: &TenantId) {
        let Some(broken) = self.floors.by_tenant.remove(tenant) else {
            return;
        };
        let again = broken.mended_at.is_some_and(|at| now < at + SO_SOON);
        let snapshot = match again {
            // What was carried over may be what breaks it.
            true => None,
            false => catch_unwind(AssertUnwindSafe(|| broken.acd.snapshot(now))).ok(),
        };
        if snapshot.is_some() {
            tracing::error!(%tenant, "a defect in the queues: they are made anew, and all stay in them");
        } else {
            tracing::error!(
                %tenant,
                "a defect in the queues again: they are made anew, callers stay in them, and all agents must log in again (*22)"
            );
        }
        let mut floor = Floor::new(now, self.parts.clock.unix_micros(), broken.plan);
        floor.mended_at = Some(now);
        let (day, passed) = self.day_of(tenant, self.parts.clock.unix_micros());
        floor.acd.handle_day(now, day, passed);
        floor.familiar = broken.familiar;
        floor
            .acd
            .restore(now, snapshot.unwrap_or_default(), Duration::ZERO);
        let ours = self.calls.values_mut();
        for live in ours.filter(|live| live.setup.tenant == *tenant) {
            live.seen = Seen::default();
            floor.acd.handle_legs(now, &live.call, &mut live.seen);
        }
        self.floors.by_tenant.insert(tenant.clone(), floor);
        for (lease, call) in broken.relay.into_offers() {
            let why = Withdrawn::NotConnected;
            self.tell_call(call, FromFloor::Withdraw { lease, why });
        }
        self.take_back_callbacks(now, tenant, broken.callbacks.into_values());
        self.look_at_phones(now, tenant);
        let mut callers: Vec<(CallId, Caller)> = broken.callers.into_iter().collect();
        callers.sort_by_key(|(_, caller)| caller.since);
        for (call, caller) in callers {
            self.line_up_again(now, tenant, call, caller);
        }
        self.drain_floor(now, tenant);
    }

    fn line_up_again(&mut self, now: Instant, tenant: &TenantId, call: CallId, caller: Caller) {
        let Some(floor) = self.floors.get_mut(tenant) else {
            return;
        };
        let waited = Waited {
            here: now.saturating_duration_since(caller.here_since),
            before: caller.here_since.saturating_duration_since(caller.since),
        };
        let enter = Enter {
            call,
            queue: caller.queue.clone(),
            priority: caller.priority,
            max_wait: caller.max_wait,
            wants: caller.wants.clone(),
            again: Some(waited),
            from: caller.from.clone(),
            callback: None,
        };
        let entered = catch_unwind(AssertUnwindSafe(|| floor.acd.handle_enter(now, enter)));
        let why = match entered {
            Ok(Ok(())) => {
                floor.callers.insert(call, caller);
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "a defect in the queue".to_owned(),
        };
        self.tell_call(call, FromFloor::Refused { why });
    }
}

/// A second defect within this time may come of what was carried over from before the first.
const SO_SOON: Duration = Duration::from_secs(60);
