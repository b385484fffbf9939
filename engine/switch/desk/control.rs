//! What users do with whom they talk: hold, put through, record. And what they type.

use std::time::Instant;

use call::desk::{By, Deed, Done, Order, Refused};
use call::{CallId, Event, LegId, LegState, Options, Sound, Steer, TenantId, Tone, TransferId};
use media::{Command, LegKey};
use sip::SubscriptionId;
use tokio::sync::oneshot;

use crate::log::Masked;
use crate::switch::Switch;
use crate::switch::live::Live;
use crate::switch::transfers::{Referral, is_over};

/// A code that a user has typed in a call.
#[derive(Debug)]
pub(crate) struct Typed {
    pub(crate) call: CallId,
    pub(crate) leg: LegId,
    pub(crate) word: String,
    pub(crate) number: Option<String>,
}

impl Switch {
    /// How a tenant's calls behave.
    pub(in crate::switch) fn call_options(
        &self,
        tenant: &TenantId,
        settings: &script::config::Tenant,
    ) -> Options {
        let typed = self.parts.scripts.typed_codes(tenant);
        Options {
            seed: rand::random(),
            fallback: crate::fallback::fallback(settings),
            recall: settings.recall,
            hold_reminder: settings.hold_reminder,
            auto_retrieve: settings.auto_retrieve,
            codes: typed.unwrap_or_else(|| settings.codes()),
            ..Options::default()
        }
    }

    /// Something is done with the call that a user talks in.
    pub(super) fn steer_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
        what: Steer,
    ) -> Result<Done, Refused> {
        let (call, leg) = self.conversation_of(tenant, user)?;
        let (recorded, _) = self
            .calls
            .get(&call)
            .map_or((false, false), |live| live.call.recorded());
        let confirms = matches!(what, Steer::Mask(_));
        if confirms && !recorded {
            let sentence = "nothing is recorded that could be left out";
            return Err(Refused::new("not_recorded", sentence));
        }
        match what {
            Steer::Hold => self.tell_phone(now, call, leg, "hold"),
            Steer::Retrieve => self.tell_phone(now, call, leg, "talk"),
            _ => {}
        }
        self.steer(now, (call, leg), what);
        if confirms {
            self.steer(now, (call, leg), Steer::Tell(Sound::Tone(Tone::Confirm)));
        }
        Ok(in_call(call))
    }

    /// A code was typed: what it stands for is done as by any other way. What is not done is told by a
    /// tone.
    pub(in crate::switch) fn typed(&mut self, now: Instant, typed: Typed) {
        let Typed {
            call,
            leg,
            word,
            number,
        } = typed;
        let Some(live) = self.calls.get(&call) else {
            return;
        };
        let mut legs = live.call.legs().iter();
        let user = legs
            .find(|known| known.id() == leg)
            .and_then(call::Leg::user);
        let Some(user) = user.map(str::to_owned) else {
            return;
        };
        let tenant = live.setup.tenant.clone();
        let number = number.filter(|number| !number.is_empty());
        let refused = match Deed::typed(&word, number) {
            None => true,
            Some(deed) => {
                let deed = match &deed {
                    Deed::Transfer { to } => self.deed_of_transfer(&tenant, to),
                    _ => deed,
                };
                let order = Order {
                    by: By::User(user.clone()),
                    user,
                    deed,
                };
                self.order(now, &tenant, &order).is_err()
            }
        };
        if refused {
            let tone = Sound::Tone(Tone::Congestion);
            self.steer(now, (call, leg), Steer::Tell(tone));
        }
    }

    /// The call in which a user talks, and their leg there; of several the one that is not on hold, and of
    /// these the one that began last. A call that they have made to ask somebody is no call of its own.
    pub(super) fn conversation_of(
        &self,
        tenant: &TenantId,
        user: &str,
    ) -> Result<(CallId, LegId), Refused> {
        let ours = self.calls.values();
        let live = ours.filter(|live| live.setup.tenant == *tenant && live.ended.is_none());
        let theirs = live.filter_map(|live| {
            let talking = live.call.talking();
            let mut legs = live.call.legs().iter();
            let own = legs.find(|leg| {
                let is_twin = live.beside().is_some() && leg.id() == LegId::CALLER;
                leg.user() == Some(user) && talking.contains(&leg.id()) && !is_twin
            })?;
            let on_hold = own.is_held() && !own.is_away();
            Some((!on_hold, live.setup.started_at, live.id(), own.id()))
        });
        let found = theirs.max().map(|(_, _, call, leg)| (call, leg));
        found.ok_or_else(|| Refused::not_in_call(user))
    }

    /// Puts whom a user talks with through to a number that the user may dial.
    pub(super) fn put_through(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
        to: &str,
    ) -> Result<Done, Refused> {
        let (call, leg) = self.conversation_of(tenant, user)?;
        self.transfer_by_route(now, (call, leg), user, to)?;
        Ok(in_call(call))
    }

    /// Tries a blind transfer to where a route leads for this user; what leads nowhere is refused before anybody
    /// hears music.
    pub(in crate::switch) fn transfer_by_route(
        &mut self,
        now: Instant,
        place: (CallId, LegId),
        user: &str,
        to: &str,
    ) -> Result<(), Refused> {
        let tenant = self.calls.get(&place.0).map(|it| it.setup.tenant.clone());
        let routed = tenant.map(|tenant| self.route_for(&tenant, user, to));
        let to = routed.unwrap_or_else(|| Err(is_over()))?;
        self.transfer_in_name_of(now, place, user, &to, None)
    }

    pub(super) fn put_through_to(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
        number: impl FnOnce(&script::config::Tenant) -> &String,
    ) -> Result<Done, Refused> {
        let settings = self.tenants.get(&*tenant.0);
        let to = settings.map(|settings| number(settings).clone());
        self.put_through(now, tenant, user, &to.unwrap_or_default())
    }

    /// Tries a blind transfer; a phone that has asked for it is told how it goes.
    pub(in crate::switch) fn transfer_in_name_of(
        &mut self,
        now: Instant,
        (call, leg): (CallId, LegId),
        by: &str,
        to: &str,
        phone: Option<SubscriptionId>,
    ) -> Result<(), Refused> {
        if self.consult_of(call).is_some() {
            let sentence = format!("{by} asks somebody: complete that, or cancel it first");
            return Err(Refused::new("consulting", sentence));
        }
        let tenant = self.calls.get(&call).map(|live| live.setup.tenant.clone());
        let account = tenant.and_then(|tenant| self.accounts.user(&tenant, by));
        let account = account.ok_or_else(|| Refused::no_such_user(by))?;
        let context = account.context.clone();
        tracing::info!(%call, by, to = %Masked(to), "a call is transferred");
        let (answer, mut asked) = oneshot::channel();
        let transfer = TransferId(self.next_key());
        let tried = Some(answer);
        self.referrals.insert(transfer, Referral { phone, tried });
        let event = Event::Referred {
            transfer,
            leg,
            by: by.to_owned(),
            to: to.to_owned(),
            context,
        };
        self.with_machine(now, call, |machine| machine.handle_event(now, event));
        // Who has not been told is not told any more: the call has ended meanwhile.
        let tried = asked.try_recv().unwrap_or_else(|_| Err(is_over()));
        if phone.is_none() || tried.is_err() {
            self.referrals.remove(&transfer);
        }
        tried
    }

    /// Presses keys for whom a user talks with.
    pub(super) fn press_for(
        &self,
        tenant: &TenantId,
        user: &str,
        digits: &str,
    ) -> Result<Done, Refused> {
        let (call, leg) = self.conversation_of(tenant, user)?;
        if digits.is_empty() || !digits.chars().all(|key| SENDABLE.contains(key)) {
            let sentence = format!("digits: keys are {SENDABLE}");
            return Err(Refused::new("wrong_digits", sentence));
        }
        let consult = self.consult_of(call).filter(|it| it.leg == leg);
        let of = |call: CallId, leg: LegId| {
            let live = self.calls.get(&call)?;
            let pair = live.call.pair()?;
            let other = pair.into_iter().find(|other| *other != leg)?;
            let known = live.legs.iter().find(|known| known.id == other)?;
            Some((live.thread, known.key()?))
        };
        let asked = consult.and_then(|it| of(it.call, LegId::CALLER));
        let hears = asked.or_else(|| of(call, leg));
        let (thread, leg) = hears.ok_or_else(|| Refused::not_in_call(user))?;
        let digits = digits.to_owned();
        let command = Command::SendDigits { leg, digits };
        self.parts.media.command(thread, command);
        Ok(in_call(call))
    }

    /// Tells a user's phone to answer what rings there.
    pub(super) fn answer_at_phone(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
    ) -> Result<Done, Refused> {
        let ours = self.calls.values();
        let live = ours.filter(|live| live.setup.tenant == *tenant && live.ended.is_none());
        let rings = live.filter_map(|live| {
            let mut legs = live.call.legs().iter();
            let leg = legs.find(|leg| {
                let rings = matches!(leg.state(), LegState::Ringing | LegState::Trying);
                leg.user() == Some(user) && rings && leg.target().is_some()
            })?;
            Some((live.setup.started_at, live.id(), leg.id()))
        });
        let Some((_, call, leg)) = rings.max() else {
            let sentence = format!("nothing rings at {user}");
            return Err(Refused::new("nothing_rings", sentence));
        };
        self.tell_phone(now, call, leg, "talk");
        Ok(in_call(call))
    }

    /// Tells a desk phone to do what its own key would (NOTIFY with `talk` or `hold`); one that does not know
    /// this answers so, and nothing has happened.
    fn tell_phone(&mut self, now: Instant, call: CallId, leg: LegId, event: &str) {
        let live = self.calls.get(&call);
        let leg = live.and_then(|live| live.legs.iter().find(|known| known.id == leg));
        let sessions = leg.map(|leg| leg.sessions.clone()).unwrap_or_default();
        for session in sessions {
            self.endpoint
                .notify_unasked_within(now, session, event, None);
        }
    }

    pub(super) fn tag(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
        tag: Option<&str>,
    ) -> Result<Done, Refused> {
        let (call, leg) = self.conversation_of(tenant, &order.user)?;
        let tag = tag.unwrap_or("marked");
        if tag.is_empty() || tag.chars().count() > LONGEST_TAG || tag.chars().any(char::is_control)
        {
            let sentence = format!("tag: a word of 1 to {LONGEST_TAG} characters");
            return Err(Refused::new("wrong_tag", sentence));
        }
        self.with_call(now, call, |_, live| {
            if live.tags.len() < MOST_TAGS && !live.tags.iter().any(|known| known == tag) {
                live.tags.push(tag.to_owned());
            }
            let line = serde_json::json!({ "tag": tag, "by": order.by.to_string() });
            live.note(now, &line);
        });
        self.steer(now, (call, leg), Steer::Tell(Sound::Tone(Tone::Confirm)));
        Ok(in_call(call))
    }

    /// Keys of a leg that users type codes with are held back while they may be one.
    pub(in crate::switch) fn hold_keys(&self, live: &mut Live, leg: LegId) {
        let mut legs = live.call.legs().iter();
        let known = legs.find(|known| known.id() == leg);
        let is_user = known.is_some_and(|known| known.user().is_some());
        if !is_user || !live.call.types_codes() {
            return;
        }
        let thread = live.thread;
        if let Some(leg) = live.leg(leg).and_then(|leg| leg.key()) {
            let command = Command::HoldKeys { leg, hold: true };
            self.parts.media.command(thread, command);
        }
    }

    /// What a leg has typed so far is no code: it is in another call now.
    pub(in crate::switch) fn forget_held_keys(&self, thread: usize, leg: LegKey) {
        let command = Command::ReleaseKeys {
            leg,
            drop: 0,
            pass: usize::MAX,
        };
        self.parts.media.command(thread, command);
    }

    /// Whether an agent could take a call now.
    pub(super) fn is_idle(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        agent: &str,
    ) -> Result<(), Refused> {
        let status = self.on_floor(now, tenant, |floor| floor.status(now, agent));
        let idle = status.flatten().is_some_and(|status| {
            matches!(status.state, call::acd::State::Idle) && status.reachable
        });
        match idle {
            true => Ok(()),
            false => {
                let sentence = format!("{agent} is not 置闲 any more");
                Err(Refused::new("not_idle", sentence))
            }
        }
    }

    /// An agent who is to be asked is offered no other call from now on.
    pub(super) fn reserve(&mut self, now: Instant, tenant: &TenantId, agent: &str, call: CallId) {
        let reserved = self.on_floor(now, tenant, |floor| floor.reserve(now, agent, call));
        if reserved.is_some() {
            self.drain_floor(now, tenant);
        }
    }
}

fn in_call(call: CallId) -> Done {
    Done {
        agent: None,
        call: Some(call),
    }
}

const SENDABLE: &str = "0123456789*#ABCD,";
const LONGEST_TAG: usize = 40;
/// More say nothing.
const MOST_TAGS: usize = 20;
