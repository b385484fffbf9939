//! 咨询: a user asks somebody beside the call that they are in, over the same phone line.
//!
//! What a phone with two lines does by its own keys is done here for a phone with one: a second call is
//! made in the user's name, through the dialplan and with their rights. Its caller's leg is a twin of the
//! user's leg: it has no session of its own, only the same ear. One of the two calls has the ear at a
//! time; to the other the user is away. So records, recordings, events and states are those of two calls.

use std::sync::Arc;
use std::time::Instant;

use call::desk::{Done, Order, Refused};
use call::{CallId, Cause, Event, LegId, Options, Steer, TenantId};
use media::{CodecKind, Command, LegKey};

use crate::switch::joining::Place;
use crate::switch::live::{Leg, Live, Role};
use crate::switch::{Errand, Switch};

/// Whom a user asks beside a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consult {
    /// The user's leg in the call.
    pub(crate) leg: LegId,
    /// The call that was made for it.
    pub(crate) call: CallId,
}

/// A leg that has its ear from another call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twin {
    /// That call, and the leg there.
    pub(crate) of: (CallId, LegId),
    /// Its sound.
    pub(crate) key: LegKey,
    pub(crate) codec: Option<CodecKind>,
}

impl Switch {
    /// Asks somebody.
    pub(super) fn consult(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
        (to, only_idle): (&str, bool),
    ) -> Result<Done, Refused> {
        let user = &*order.user;
        let (main, leg) = self.conversation_of(tenant, user)?;
        if self.consult_of(main).is_some() {
            let sentence = format!("{user} asks somebody already");
            return Err(Refused::new("consulting", sentence));
        }
        let is_pair = self
            .calls
            .get(&main)
            .is_some_and(|live| live.call.takes_third());
        if !is_pair {
            let sentence = "three talk with each other already";
            return Err(Refused::new("in_conference", sentence));
        }
        if only_idle {
            self.is_idle(now, tenant, to)?;
        }
        let consult = self.make_consult(now, tenant, user, (main, leg), to)?;
        self.with_call(now, main, |_, live| {
            live.consult = Some(Consult { leg, call: consult });
            let what = Steer::Away;
            live.call.handle_event(now, Event::Steered { leg, what });
        });
        self.reserve(now, tenant, to, consult);
        self.with_call(now, consult, |_, _| ());
        Ok(Done {
            agent: None,
            call: Some(consult),
        })
    }

    fn make_consult(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
        (main, leg): (CallId, LegId),
        to: &str,
    ) -> Result<CallId, Refused> {
        let mut setup = self
            .setup_in_name_of(tenant, user, to)
            .map_err(|why| why.refused(user, to))?;
        let Some(settings) = self.tenants.get(&*tenant.0).map(Arc::clone) else {
            return Err(Refused::no_such_user(user));
        };
        let generation = self.start_script(&mut setup).map_err(|refused| {
            tracing::warn!(%refused, "no script for this call");
            Refused::new("busy", "the exchange cannot make the call now")
        })?;
        let Some(from) = self.calls.get(&main) else {
            return Err(Refused::not_in_call(user));
        };
        let known = from.legs.iter().find(|known| known.id == leg);
        let Some((known, key)) = known.and_then(|known| Some((known, known.key()?))) else {
            return Err(Refused::not_in_call(user));
        };
        let sound = known.sound.as_ref();
        let mut twin = Leg::new(LegId::CALLER, Role::Caller { offer: None });
        twin.twin = Some(Twin {
            of: (main, leg),
            key,
            codec: sound.and_then(|sound| Some(sound.agreed.as_ref()?.codec.kind)),
        });
        twin.answered = true;
        twin.user_agent.clone_from(&known.user_agent);
        twin.addresses = known.addresses;
        let options = Options {
            aside: true,
            ..self.call_options(&setup.tenant, &settings)
        };
        let id = setup.id;
        let span = tracing::info_span!("call", %id, tenant = %setup.tenant);
        span.in_scope(|| tracing::info!(beside = %main, user, "call is made to ask somebody"));
        let (thread, hops) = (from.thread, from.hops);
        let mut live = Live::new(now, setup, settings, options);
        live.span = span;
        live.thread = thread;
        live.hops = hops;
        live.generation = generation;
        live.legs.push(twin);
        self.begin_record(&live);
        self.calls.insert(id, Box::new(live));
        self.parts.meters.calls_started.increment(1);
        Ok(id)
    }

    /// Goes over to the other of the two.
    pub(super) fn swap(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let (main, consult) = self.consult_of_user(tenant, &order.user)?;
        if self.colleague(consult.call).is_none() {
            return Err(not_answered(&order.user));
        }
        let own = (consult.call, LegId::CALLER);
        let customers = (main, consult.leg);
        let (from, to) = match self.is_away(customers) {
            true => (own, customers),
            false => (customers, own),
        };
        self.steer(now, from, Steer::Away);
        self.steer(now, to, Steer::Back { failed: false });
        Ok(done_in(main))
    }

    /// Asks no longer.
    pub(super) fn cancel_consult(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let user = &*order.user;
        let Ok((main, consult)) = self.consult_of_user(tenant, user) else {
            // Nobody was there: the tone need not be heard to its end.
            let (main, leg) = self.conversation_of(tenant, user)?;
            if !self.is_away((main, leg)) {
                return Err(Refused::no_consult(user));
            }
            self.steer(now, (main, leg), Steer::Back { failed: false });
            return Ok(done_in(main));
        };
        self.forget_consult(main);
        self.free_ear(now, consult.call);
        let rings = self.colleague(consult.call).is_none();
        let cause = match rings {
            true => Cause::Cancelled,
            false => Cause::Normal,
        };
        let gone = Event::HungUp {
            leg: LegId::CALLER,
            cause,
        };
        self.with_machine(now, consult.call, |call| call.handle_event(now, gone));
        let back = Steer::Back { failed: false };
        self.steer(now, (main, consult.leg), back);
        Ok(done_in(main))
    }

    /// Who waits and who is asked talk with each other, without the user.
    pub(super) fn complete(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let user = &*order.user;
        let (main, consult) = self.consult_of_user(tenant, user)?;
        match self.hand_to_colleague(now, (main, consult), user) {
            true => Ok(done_in(main)),
            false => {
                self.steer(now, (main, consult.leg), Steer::Back { failed: false });
                Err(Refused::new("failed", "the two could not be connected"))
            }
        }
    }

    /// The two who are left when the user goes: they talk with each other, or it rings on for the one who
    /// waits. False when neither could be done.
    pub(in crate::switch) fn hand_to_colleague(
        &mut self,
        now: Instant,
        (main, consult): (CallId, Consult),
        user: &str,
    ) -> bool {
        self.forget_consult(main);
        self.free_ear(now, consult.call);
        let Some(colleague) = self.colleague(consult.call) else {
            return self.ring_on(now, (main, consult), user);
        };
        let by = Some(user.to_owned());
        // The contact is the customer's call; the other one was made for its sake.
        let joined = if self.is_the_contact(consult.call, main) {
            let waits = self.other_than(main, consult.leg);
            let own = Place::Of(LegId::CALLER);
            waits.is_some_and(|waits| self.move_leg(now, (main, waits), consult.call, own, by))
        } else {
            let own = Place::Of(consult.leg);
            self.move_leg(now, (consult.call, colleague), main, own, by)
        };
        if !joined {
            tracing::warn!(call = %main, "who was asked could not be brought into the call");
        }
        joined
    }

    /// It still rings: it rings on for the one who waits, and at the user again when nobody comes.
    fn ring_on(&mut self, now: Instant, (main, consult): (CallId, Consult), user: &str) -> bool {
        let dialled = self.calls.get(&consult.call);
        let Some(to) = dialled.map(|live| live.call.setup().to.clone()) else {
            return false;
        };
        self.promise_place(consult.call, main);
        self.give_up_asking(now, consult.call, main);
        self.transfer_in_name_of(now, (main, consult.leg), user, &to, None)
            .is_ok()
    }

    /// All three talk with each other.
    pub(super) fn conference(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let user = &*order.user;
        let (main, consult) = self.consult_of_user(tenant, user)?;
        let colleague = self.colleague(consult.call);
        let colleague = colleague.ok_or_else(|| not_answered(user))?;
        self.forget_consult(main);
        self.free_ear(now, consult.call);
        let by = Some(user.to_owned());
        let from = (consult.call, colleague);
        if self.move_leg(now, from, main, Place::Beside, by) {
            return Ok(done_in(main));
        }
        let back = Steer::Back { failed: false };
        self.steer(now, (main, consult.leg), back);
        Err(Refused::new("failed", "the three could not be connected"))
    }

    /// The call that a user has made to ask somebody is over.
    pub(in crate::switch) fn consult_is_over(&mut self, now: Instant, main: CallId, over: CallId) {
        let consult = self.consult_of(main).filter(|it| it.call == over);
        let Some(consult) = consult else {
            return;
        };
        self.forget_consult(main);
        let back = Steer::Back { failed: true };
        self.steer(now, (main, consult.leg), back);
    }

    /// The call that a user is in is over, while they ask somebody: their phone stays with whom they
    /// ask. False when nobody is asked there.
    pub(in crate::switch) fn stays_with_colleague(
        &mut self,
        now: Instant,
        live: &mut Live,
        leg: LegId,
    ) -> bool {
        let Some(consult) = live.consult.take_if(|it| it.leg == leg) else {
            return false;
        };
        let place = (consult.call, LegId::CALLER);
        let mut stays = false;
        let thread = live.thread;
        self.with_call(now, consult.call, |switch, asks| {
            let Some(own) = live.leg(leg).filter(|own| !own.over) else {
                return;
            };
            let Some(twin) = asks.leg(LegId::CALLER).filter(|twin| !twin.over) else {
                return;
            };
            twin.twin = None;
            twin.sessions = std::mem::take(&mut own.sessions);
            twin.rung = std::mem::take(&mut own.rung);
            twin.up = own.up.take();
            twin.sound = own.sound.take();
            for session in &twin.sessions {
                switch.sessions.insert(*session, place);
            }
            if let Some(sound) = &twin.sound {
                switch.legs.insert(sound.key, place);
                switch.wires.moved(sound.port, consult.call);
                switch.forget_held_keys(thread, sound.key);
            }
            own.over = true;
            own.playing = None;
            let back = Event::Steered {
                leg: LegId::CALLER,
                what: Steer::Back { failed: false },
            };
            asks.call.handle_event(now, back);
            stays = true;
        });
        stays
    }

    /// What a call's twin hears of it ends: its ear goes back to the other call.
    fn free_ear(&mut self, now: Instant, consult: CallId) {
        self.with_call(now, consult, |switch, live| {
            let own = LegId::CALLER;
            if let Some(playing) = live.leg(own).and_then(|twin| twin.playing) {
                switch.stop_play(live, own, playing.play);
            }
            switch.quiet(live, own);
            let peer = live.call.talking().get(1).copied();
            let peer = peer
                .and_then(|peer| live.leg(peer))
                .and_then(|leg| leg.key());
            let own = live.leg(own).and_then(|leg| leg.key());
            if let (Some(a), Some(b)) = (own, peer) {
                let command = Command::Disconnect { a, b };
                switch.parts.media.command(live.thread, command);
            }
        });
    }

    fn forget_consult(&mut self, main: CallId) {
        if let Some(live) = self.calls.get_mut(&main) {
            live.consult = None;
        }
    }

    /// Does something for a party of a call.
    pub(super) fn steer(&mut self, now: Instant, (call, leg): (CallId, LegId), what: Steer) {
        let event = Event::Steered { leg, what };
        self.with_machine(now, call, |machine| machine.handle_event(now, event));
    }

    /// Whom a user asks beside a call.
    pub(in crate::switch) fn consult_of(&self, main: CallId) -> Option<Consult> {
        self.calls.get(&main)?.consult
    }

    /// The call in which a user asks somebody beside it, and whom.
    fn consult_of_user(&self, tenant: &TenantId, user: &str) -> Result<(CallId, Consult), Refused> {
        let (main, leg) = self.conversation_of(tenant, user)?;
        let consult = self.consult_of(main).filter(|consult| consult.leg == leg);
        let consult = consult.ok_or_else(|| Refused::no_consult(user))?;
        Ok((main, consult))
    }

    /// Who has answered in a call that was made to ask.
    fn colleague(&self, consult: CallId) -> Option<LegId> {
        self.other_than(consult, LegId::CALLER)
    }

    fn other_than(&self, call: CallId, leg: LegId) -> Option<LegId> {
        let pair = self.calls.get(&call)?.call.pair()?;
        pair.into_iter().find(|other| *other != leg)
    }

    fn is_away(&self, (call, leg): (CallId, LegId)) -> bool {
        let live = self.calls.get(&call);
        let mut legs = live
            .map(|live| live.call.legs().iter())
            .into_iter()
            .flatten();
        legs.any(|known| known.id() == leg && known.is_away())
    }
}

impl Live {
    /// The call that this one was made beside of, while it has its caller's ear from there.
    pub(in crate::switch) fn beside(&self) -> Option<CallId> {
        let leg = self.legs.first().filter(|leg| !leg.over)?;
        Some(leg.twin?.of.0)
    }

    /// Tells the call beside that this one is over.
    pub(in crate::switch) fn over_beside(&self) -> Option<Errand> {
        let (main, _) = self.legs.first()?.twin?.of;
        Some(Errand::ConsultOver(main, self.id()))
    }
}

fn done_in(call: CallId) -> Done {
    Done {
        agent: None,
        call: Some(call),
    }
}

fn not_answered(user: &str) -> Refused {
    let sentence = format!("whom {user} asks has not answered");
    Refused::new("not_answered", sentence)
}
