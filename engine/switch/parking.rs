//! Where calls are parked, and calls that take what waits elsewhere.

use std::collections::HashMap;
use std::time::Instant;

use call::acd::PickError;
use call::{CallId, Event, Fetch, LegId, LegState, Target, TenantId, Why};

use super::live::Live;
use super::{Errand, Switch};

/// The places of all tenants.
#[derive(Debug, Default)]
pub(crate) struct Lot {
    taken: HashMap<(TenantId, String), CallId>,
    /// A place that is kept for a call that is on its way there.
    promised: Option<(CallId, String)>,
}

impl Lot {
    /// Gives a call a place: this one, or the first that is free.
    fn park(
        &mut self,
        tenant: &TenantId,
        call: CallId,
        wanted: Option<String>,
    ) -> Result<String, Why> {
        let promised = self.promised.take_if(|(to, _)| *to == call);
        let wanted = wanted.or_else(|| promised.map(|(_, slot)| slot));
        let is_free = |slot: &String| !self.taken.contains_key(&(tenant.clone(), slot.clone()));
        let slot = match wanted {
            Some(slot) if is_free(&slot) => slot,
            Some(_) => return Err(Why::Busy),
            None => SLOTS
                .map(|slot| slot.to_string())
                .find(is_free)
                .ok_or(Why::Full)?,
        };
        self.taken.insert((tenant.clone(), slot.clone()), call);
        Ok(slot)
    }

    fn leave(&mut self, tenant: &TenantId, call: CallId, slot: &str) {
        let place = (tenant.clone(), slot.to_owned());
        if self.taken.get(&place) == Some(&call) {
            self.taken.remove(&place);
        }
    }

    fn find(&self, tenant: &TenantId, slot: &str) -> Option<CallId> {
        self.taken.get(&(tenant.clone(), slot.to_owned())).copied()
    }

    /// Where a call is parked.
    fn place_of(&self, call: CallId) -> Option<&str> {
        let mut taken = self.taken.iter();
        let ((_, slot), _) = taken.find(|(_, parked)| **parked == call)?;
        Some(slot)
    }

    /// The call is no more.
    pub(super) fn forget(&mut self, call: CallId) -> Option<(TenantId, String)> {
        let place = self.taken.iter().find(|(_, parked)| **parked == call);
        let place = place.map(|(place, _)| place.clone());
        if let Some(place) = &place {
            self.taken.remove(place);
        }
        place
    }
}

impl Switch {
    pub(super) fn park(&mut self, live: &mut Live, slot: Option<String>) {
        let slot = self.lot.park(&live.setup.tenant, live.setup.id, slot);
        if let Ok(slot) = &slot {
            self.light_place(&live.setup.tenant, slot, true);
        }
        live.echoes.push_back(Event::Parked { slot });
    }

    pub(super) fn unpark(&mut self, live: &Live, slot: &str) {
        self.lot.leave(&live.setup.tenant, live.setup.id, slot);
        let is_taken = self.lot.find(&live.setup.tenant, slot).is_some();
        self.light_place(&live.setup.tenant, slot, is_taken);
    }

    /// One call is to be parked where another is now: its user has parked that one only to learn
    /// where.
    pub(super) fn promise_place(&mut self, parked: CallId, to: CallId) {
        let slot = self.lot.place_of(parked).map(str::to_owned);
        self.lot.promised = slot.map(|slot| (to, slot));
    }

    /// A call looks for another to take. That is in nobody's hands meanwhile, and so it is done next.
    pub(super) fn look_for(&mut self, live: &Live, what: Fetch) {
        self.errands.push_back(Errand::Fetch(live.id(), what));
    }

    pub(super) fn fetch(&mut self, now: Instant, call: CallId, what: &Fetch) {
        let Some(live) = self.calls.get(&call).filter(|live| live.ended.is_none()) else {
            return;
        };
        let (tenant, leg) = (live.setup.tenant.clone(), live.call.front());
        let mut in_vain = Event::NothingFetched;
        let found = match what {
            Fetch::Slot(slot) => self.lot.find(&tenant, slot).map(|parked| (parked, None)),
            Fetch::Ringing(targets) => self.rings_longest(&tenant, targets, call),
            Fetch::Waiting(pick) => match self.pickable(now, &tenant, pick) {
                Ok(waits) => Some((waits, None)),
                Err(why) => {
                    if why == PickError::Taken {
                        in_vain = Event::FetchedByOther;
                    }
                    None
                }
            },
        };
        let fetched =
            found.is_some_and(|(into, at)| self.move_leg(now, (call, leg), into, at.into(), None));
        if !fetched {
            self.with_machine(now, call, |machine| machine.handle_event(now, in_vain));
        }
    }

    /// The call that has rung longest at one of these, and the leg where it does.
    fn rings_longest(
        &self,
        tenant: &TenantId,
        targets: &[Target],
        not_this: CallId,
    ) -> Option<(CallId, Option<LegId>)> {
        let ours = self.calls.values();
        let ours = ours.filter(|live| live.setup.tenant == *tenant && live.id() != not_this);
        let ringing = ours.filter_map(|live| {
            let mut legs = live.call.legs().iter();
            let leg = legs.find(|leg| {
                let rings = matches!(
                    leg.state(),
                    LegState::Trying | LegState::Ringing | LegState::Early
                );
                let wanted = leg.target().is_some_and(|target| targets.contains(target));
                rings && wanted && live.call.is_ringing(leg.id())
            })?;
            Some((live.setup.started_at, live.id(), Some(leg.id())))
        });
        let (_, call, leg) = ringing.min()?;
        Some((call, leg))
    }
}

/// What calls are parked at where nobody says where.
const SLOTS: std::ops::RangeInclusive<u16> = 5901..=5999;

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn call(number: u128) -> CallId {
        CallId(Uuid::from_u128(number))
    }

    #[test]
    fn the_first_free_place_is_given_until_there_is_none() {
        let mut lot = Lot::default();
        let tenant = TenantId::from("8001");

        let given: Vec<_> = (0..99)
            .map(|number| lot.park(&tenant, call(number), None).unwrap())
            .collect();

        assert_eq!((given[0].as_str(), given[98].as_str()), ("5901", "5999"));
        assert_eq!(lot.park(&tenant, call(99), None), Err(Why::Full));
        lot.leave(&tenant, call(7), "5902");
        assert_eq!(lot.find(&tenant, "5902"), Some(call(1)), "not its own");
        lot.leave(&tenant, call(1), "5902");
        assert_eq!(lot.park(&tenant, call(99), None), Ok("5902".to_owned()));
        lot.forget(call(0));
        assert_eq!(lot.find(&tenant, "5901"), None);
    }

    #[test]
    fn a_place_of_ones_choice_is_busy_when_it_is_taken_and_another_tenants_is_not() {
        let mut lot = Lot::default();
        let (one, other) = (TenantId::from("8001"), TenantId::from("8002"));
        let wanted = || Some("desk".to_owned());

        assert_eq!(lot.park(&one, call(1), wanted()), Ok("desk".to_owned()));
        assert_eq!(lot.park(&one, call(2), wanted()), Err(Why::Busy));
        assert_eq!(lot.park(&other, call(3), wanted()), Ok("desk".to_owned()));

        assert_eq!(lot.find(&one, "desk"), Some(call(1)));
        assert_eq!(lot.find(&other, "desk"), Some(call(3)));
    }
}
