//! Calls and the floor: what calls ask of it, and what it tells them.

use std::time::Instant;

use call::acd::{AgentId, Enter, EnterError, ItemError, Pick, PickError};
use call::desk::ItemDeed;
use call::journal::Entry;
use call::{CallId, Event, FromFloor, ToFloor};
use script::told;
use serde_json::Value;

use super::Floor;
use super::mending::Caller;
use super::outputs::Delivery;
use crate::switch::Switch;
use crate::switch::live::Live;

impl Floor {
    /// An agent is offered a caller whom they have chosen.
    pub(in crate::switch) fn pick(
        &mut self,
        now: Instant,
        agent: &AgentId,
        pick: &Pick,
    ) -> Result<CallId, PickError> {
        self.acd.handle_pick(now, agent, pick)
    }

    pub(in crate::switch) fn enter(
        &mut self,
        now: Instant,
        about: Value,
        mut enter: Enter,
    ) -> Result<(), EnterError> {
        let call = enter.call;
        let number = about["from"].as_str();
        enter.wants.last_agent = number.and_then(|number| self.familiar.of(number));
        let caller = Caller {
            about,
            since: now,
            queue: enter.queue.clone(),
            here_since: now,
            priority: enter.priority,
            max_wait: enter.max_wait,
            wants: enter.wants.clone(),
            from: enter.from.clone(),
        };
        // Before: the first event about them comes at once.
        self.callers.insert(call, caller);
        let entered = self.acd.handle_enter(now, enter);
        if entered.is_err() {
            self.callers.remove(&call);
        }
        entered
    }
}

impl Floor {
    /// An agent does something with what is no call.
    pub(in crate::switch) fn do_with_item(
        &mut self,
        now: Instant,
        agent: &AgentId,
        item: CallId,
        deed: ItemDeed,
    ) -> Result<(), ItemError> {
        deed.on(&mut self.acd, now, agent, item)
    }

    /// It is over; false when there was no such thing.
    pub(in crate::switch) fn end_item(&mut self, now: Instant, item: CallId) -> bool {
        self.acd.handle_item_over(now, item).is_ok()
    }
}

impl Switch {
    /// A call asks something of the floor, or reports to it.
    pub(in crate::switch) fn ask_floor(&mut self, now: Instant, live: &Live, asked: ToFloor) {
        let (tenant, id) = (&live.setup.tenant, live.id());
        if let ToFloor::Enter { .. } = asked {
            // Who runs on a generation that was published a moment ago finds its queues.
            self.take_plan(now, tenant);
        }
        if let ToFloor::Enter { queue, .. } = &asked
            && self.floors.get_mut(tenant).is_none()
        {
            let why = format!("no queue '{queue}': tenant {tenant} declares none");
            return self.tell_call(id, FromFloor::Refused { why });
        }
        let about = told::caller(&live.setup, live.language());
        let head_start = self.head_start(&live.setup);
        let mut is_asked = false;
        let done = self.on_floor(now, tenant, |floor| {
            match asked {
                ToFloor::Enter {
                    queue,
                    priority,
                    max_wait,
                    callback,
                    wants,
                } => {
                    let enter = Enter {
                        priority: priority.saturating_add(head_start),
                        max_wait,
                        wants,
                        from: live.setup.from.clone(),
                        callback,
                        ..Enter::new(id, queue)
                    };
                    return floor.enter(now, about, enter);
                }
                ToFloor::Leave => floor.acd.handle_leave(now, id),
                ToFloor::Move { queue } => floor.acd.handle_move(now, id, &queue),
                ToFloor::Picked { by } => floor.acd.handle_picked(now, id, &by),
                ToFloor::Callback => is_asked = true,
                ToFloor::Aside { event } => floor.acd.handle_aside(now, id, event),
                ToFloor::Gone => floor.acd.handle_gone(now, id),
                ToFloor::Offer { lease, news } => floor.acd.handle_offer(now, lease, news),
            }
            Ok(())
        });
        if let Some(Err(error)) = done {
            let why = error.to_string();
            self.tell_call(id, FromFloor::Refused { why });
        }
        if is_asked {
            self.call_back_instead(now, live);
        }
        self.drain_floor(now, tenant);
    }

    pub(super) fn tell_call(&mut self, call: CallId, news: FromFloor) {
        let delivery = Delivery::News(news);
        self.floors.deliveries.push_back((call, delivery));
    }

    /// A call is in hand: what others are told waits until it is put back.
    pub(in crate::switch) fn hold_deliveries(&mut self) {
        self.floors.in_hand += 1;
    }

    /// It is put back, or gone.
    pub(in crate::switch) fn release_deliveries(&mut self, now: Instant) {
        self.floors.in_hand = self.floors.in_hand.saturating_sub(1);
        self.deliver(now);
    }

    /// Tells calls what there is to tell, unless one is in hand.
    pub(super) fn deliver(&mut self, now: Instant) {
        if self.floors.in_hand > 0 || std::mem::replace(&mut self.floors.delivering, true) {
            return;
        }
        while let Some((call, delivery)) = self.floors.deliveries.pop_front() {
            self.with_call(now, call, |switch, live| match delivery {
                Delivery::News(news) => live.call.handle_event(now, Event::Floor(news)),
                Delivery::Decision(what) => {
                    let at = now.saturating_duration_since(live.born);
                    switch.note(live, &Entry { at, what });
                }
            });
        }
        self.floors.delivering = false;
    }
}
