//! Deeds about calls as a whole.

use std::time::Instant;

use call::desk::{By, Deed, Done, Order, Refused, allowed};
use call::{CallId, Cause, Event, LegId, LegState, TenantId};

use crate::switch::Switch;
use crate::switch::transfers::is_over;

impl Switch {
    /// The call that a user talks in, or else one that rings at them or for them; of several the one that began
    /// last.
    pub(in crate::switch) fn call_of(&self, tenant: &TenantId, user: &str) -> Option<CallId> {
        let ours = self.calls.values();
        let live = ours.filter(|live| live.setup.tenant == *tenant && live.ended.is_none());
        let theirs = live.filter_map(|live| {
            let legs = live.call.legs().iter();
            let own = legs.filter(|leg| leg.user() == Some(user));
            let states = own.map(call::Leg::state).filter(|it| *it != LegState::Gone);
            let up = states.map(|state| state == LegState::Up).max()?;
            Some((up, live.setup.started_at, live.id()))
        });
        theirs.max().map(|(_, _, call)| call)
    }

    pub(super) fn hang_up_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let own = !matches!(&order.by, By::User(by) if *by != order.user);
        if let Ok((call, leg)) = self.conversation_of(tenant, &order.user)
            && own
            && self.has_company(call)
        {
            // With two others, who go on.
            self.leg_hangs_up(now, call, leg);
            return Ok(Done {
                agent: None,
                call: Some(call),
            });
        }
        let call = self.call_of(tenant, &order.user);
        let call = call.ok_or_else(|| Refused::not_in_call(&order.user))?;
        self.hang_up_for(now, tenant, call, order.by.to_string());
        Ok(Done {
            agent: None,
            call: Some(call),
        })
    }

    /// Ends a call that is named. Of one that a user takes part in it is the command `hang_up` for that user, and told of
    /// as such.
    pub(in crate::switch) fn end_call(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        call: CallId,
        by: By,
    ) -> Result<(), Refused> {
        let live = self.calls.get(&call);
        let live = live.filter(|live| live.setup.tenant == *tenant && live.ended.is_none());
        let legs = live.ok_or_else(is_over)?.call.legs().iter();
        let theirs = legs.filter(|leg| leg.state() != LegState::Gone);
        let user = theirs.filter_map(call::Leg::user).next().map(str::to_owned);
        let Some(user) = user else {
            self.hang_up_for(now, tenant, call, by.to_string());
            return Ok(());
        };
        let deed = Deed::HangUp {};
        let order = Order { by, user, deed };
        let done = allowed(&order, |user| self.person(tenant, user)).map(|()| {
            self.hang_up_for(now, tenant, call, order.by.to_string());
            let (agent, call) = (None, Some(call));
            Done { agent, call }
        });
        self.note_order(tenant, &order, &done);
        done.map(|_| ())
    }

    /// Whether whoever leaves this call leaves two others: they ask somebody, or three talk.
    fn has_company(&self, call: CallId) -> bool {
        let live = self.calls.get(&call);
        live.is_some_and(|live| live.consult.is_some() || live.call.is_trio())
    }

    /// A leg's phone hangs up, as by its own key.
    fn leg_hangs_up(&mut self, now: Instant, call: CallId, leg: LegId) {
        self.leaves_while_asking(now, call, leg);
        self.with_call(now, call, |switch, live| {
            let stands = live.leg(leg).is_some_and(|leg| !leg.over);
            if stands {
                let cause = Cause::Normal;
                switch.release(now, live, leg, cause, false);
                live.call.handle_event(now, Event::HungUp { leg, cause });
            }
        });
    }
}
