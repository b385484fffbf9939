//! Whose leg a leader hears now, and how that becomes so.

use std::time::Instant;

use call::desk::{By, Deed, Order, Refused, Terms, allowed};
use call::{
    CallId, Event, Follow, LegId, LegState, Options, Origin, Supervise, SupervisionNews, Target,
    TenantId,
};
use media::{Command, HeardBy, LegKey};

use super::{Heard, Watch, heard_by};
use crate::switch::Switch;
use crate::switch::live::Live;
use crate::switch::originating::Obstacle;

impl Switch {
    /// Lets a leader hear whom they are to hear now; `changed` is the call that may have brought it
    /// about, all calls where nothing is said.
    pub(super) fn follow(&mut self, now: Instant, own: CallId, changed: Option<CallId>) {
        let Some(mut watch) = self.supervisions.watches.remove(&own) else {
            return;
        };
        let before = watch.heard.clone();
        let found = self.whom_to_hear(&watch, changed);
        let is_new = found != before;
        if is_new {
            match &found {
                Some(heard) => self.hear(now, own, &mut watch, heard.clone()),
                None => self.hear_nobody(now, own, &mut watch),
            }
        }
        if let Some(heard) = &watch.heard {
            watch.customer = self.other_party(heard).or(watch.customer);
            watch.told_to_wait = false;
        }
        let news = match &watch.heard {
            Some(heard) if is_new => Some(SupervisionNews::Hears {
                agent: heard
                    .agent
                    .clone()
                    .unwrap_or_else(|| watch.wanted.agent.clone()),
                mode: watch.wanted.mode,
            }),
            None if !std::mem::replace(&mut watch.told_to_wait, true) => {
                Some(SupervisionNews::Waits {
                    agent: watch.wanted.agent.clone(),
                })
            }
            _ => None,
        };
        let begins = before.map(|heard| heard.leg) != watch.heard.as_ref().map(|it| it.leg);
        let noticed = watch
            .heard
            .clone()
            .filter(|_| begins && watch.wanted.notice);
        self.supervisions.watches.insert(own, watch);
        if let Some(heard) = noticed
            && let Some(&(call, leg)) = self.legs.get(&heard.leg)
        {
            let event = Event::Supervised { leg };
            self.with_machine(now, call, |machine| machine.handle_event(now, event));
        }
        if let Some(news) = news {
            self.tell_supervisor(now, own, news);
        }
    }

    /// The leg that a leader is to hear.
    fn whom_to_hear(&self, watch: &Watch, changed: Option<CallId>) -> Option<Heard> {
        let mode = heard_by(watch.wanted.mode);
        let agent = &*watch.wanted.agent;
        if watch.wanted.follow == Follow::Customer
            && let Some(customer) = watch.customer
            && let Some(heard) = self.with_customer(watch, customer)
        {
            return Some(heard);
        }
        let still = watch
            .heard
            .as_ref()
            .filter(|it| it.agent.as_deref() == Some(agent));
        if let Some(heard) = still.and_then(|heard| self.heard(heard.leg, mode)) {
            return Some(heard);
        }
        // Every call's every turn is no time to look through all of them.
        let mine = |call: &CallId| {
            let live = self.calls.get(call)?;
            let leg = leg_in(live, agent)?;
            (live.setup.tenant == watch.tenant).then_some((*call, leg))
        };
        let found = match changed.filter(|_| watch.heard.is_none()) {
            Some(call) => mine(&call),
            None => self.heard_of_agent(&watch.tenant, agent),
        };
        let (call, leg) = found?;
        let live = self.calls.get(&call)?;
        let key = live.legs.iter().find(|known| known.id == leg)?.key()?;
        self.heard(key, mode)
    }

    /// A customer, by whoever talks with them now: a leader who may not hear that one, or where there
    /// is nobody, hears the customer alone and is heard by nobody.
    fn with_customer(&self, watch: &Watch, customer: LegKey) -> Option<Heard> {
        let &(call, leg) = self.legs.get(&customer)?;
        let live = self.calls.get(&call).filter(|live| live.ended.is_none())?;
        let alone = || self.heard(customer, HeardBy::Nobody);
        let pair = live.call.pair().filter(|pair| pair.contains(&leg));
        let Some(other) = pair.and_then(|pair| pair.into_iter().find(|it| *it != leg)) else {
            return alone();
        };
        let mut legs = live.call.legs().iter();
        let user = legs.find(|it| it.id() == other).and_then(call::Leg::user);
        let Some(user) = user else { return alone() };
        let order = Order {
            by: By::User(watch.leader.clone()),
            user: user.to_owned(),
            deed: Deed::supervise(watch.wanted.mode, Terms::default()),
        };
        let may = user != watch.leader
            && allowed(&order, |user| self.person(&watch.tenant, user)).is_ok();
        let key = live.legs.iter().find(|known| known.id == other)?.key();
        match key.filter(|_| may) {
            Some(key) => self.heard(key, heard_by(watch.wanted.mode)),
            None => None,
        }
    }

    /// A leg that is up, as it is to be heard.
    fn heard(&self, key: LegKey, heard_by: HeardBy) -> Option<Heard> {
        let &(call, leg) = self.legs.get(&key)?;
        let live = self.calls.get(&call).filter(|live| live.ended.is_none())?;
        let mut legs = live.call.legs().iter();
        let known = legs.find(|known| known.id() == leg)?;
        let has_sound = live.legs.iter().any(|leg| leg.key() == Some(key));
        (known.state() == LegState::Up && has_sound).then(|| Heard {
            agent: known.user().map(str::to_owned),
            call,
            leg: key,
            thread: live.thread,
            heard_by,
        })
    }

    /// Whom the one who is heard talks with.
    fn other_party(&self, heard: &Heard) -> Option<LegKey> {
        let &(call, leg) = self.legs.get(&heard.leg)?;
        let live = self.calls.get(&call)?;
        let pair = live.call.pair().filter(|pair| pair.contains(&leg))?;
        let other = pair.into_iter().find(|it| *it != leg)?;
        live.legs.iter().find(|known| known.id == other)?.key()
    }

    /// The call that an agent is in with somebody, and their leg in it; of several the latest.
    pub(in crate::switch) fn heard_of_agent(
        &self,
        tenant: &TenantId,
        agent: &str,
    ) -> Option<(CallId, LegId)> {
        let theirs = self.calls_of_agent(tenant, agent);
        let theirs = theirs.map(|(live, leg)| (live.setup.started_at, live.id(), leg));
        theirs.max().map(|(_, call, leg)| (call, leg))
    }

    /// The same, of several the one with a customer: what an agent asks a colleague meanwhile is a
    /// call for its sake.
    pub(in crate::switch) fn contact_of_agent(
        &self,
        tenant: &TenantId,
        agent: &str,
    ) -> Option<(CallId, LegId)> {
        let theirs = self.calls_of_agent(tenant, agent).map(|(live, leg)| {
            let mut legs = live.call.legs().iter();
            let customer = legs.any(|it| it.user().is_none() && it.state() == LegState::Up);
            (customer, live.setup.started_at, live.id(), leg)
        });
        theirs.max().map(|(_, _, call, leg)| (call, leg))
    }

    /// The calls that an agent is in with somebody, and their leg in each.
    fn calls_of_agent<'s>(
        &'s self,
        tenant: &TenantId,
        agent: &str,
    ) -> impl Iterator<Item = (&'s Live, LegId)> {
        let ours = self.calls.values();
        let ours = ours.filter(move |live| live.setup.tenant == *tenant);
        ours.filter_map(move |live| Some((&**live, leg_in(live, agent)?)))
    }

    /// The next agent in a call whom a leader may hear, by number.
    pub(super) fn next_agent(
        &self,
        tenant: &TenantId,
        leader: &str,
        after: &str,
    ) -> Option<String> {
        let ours = self.calls.values();
        let ours = ours.filter(|live| live.setup.tenant == *tenant);
        let users = ours.flat_map(|live| {
            let legs = live.call.legs().iter().filter_map(call::Leg::user);
            legs.filter(move |user| leg_in(live, user).is_some())
        });
        let may = |user: &&str| {
            let order = Order {
                by: By::User(leader.to_owned()),
                user: (*user).to_owned(),
                deed: Deed::Listen(Terms::default()),
            };
            *user != leader
                && *user != after
                && allowed(&order, |it| self.person(tenant, it)).is_ok()
        };
        let mut users: Vec<&str> = users.filter(may).collect();
        users.sort_unstable();
        let next = users.iter().find(|user| **user > after);
        next.or_else(|| users.first())
            .map(|user| (*user).to_owned())
    }

    fn hear(&mut self, now: Instant, own: CallId, watch: &mut Watch, heard: Heard) {
        let mut leader = None;
        let thread = heard.thread;
        self.with_call(now, own, |switch, live| {
            switch.bring_to_thread(live, thread);
            let front = live.call.front();
            leader = live.leg(front).and_then(|leg| leg.key());
        });
        let Some(leader) = leader else { return };
        let command = Command::Supervise {
            leader,
            agent: heard.leg,
            heard_by: heard.heard_by,
        };
        self.parts.media.command(thread, command);
        self.keep_track(now, watch, leader, &heard);
        watch.heard = Some(heard);
    }

    pub(super) fn hear_nobody(&mut self, now: Instant, own: CallId, watch: &mut Watch) {
        self.end_track(now, watch);
        watch.heard = None;
        let Some(live) = self.calls.get(&own) else {
            return;
        };
        let front = live.call.front();
        let leader = live.legs.iter().find(|leg| leg.id == front);
        if let Some(leader) = leader.and_then(|leg| leg.key()) {
            let command = Command::StopSupervising { leader };
            self.parts.media.command(live.thread, command);
        }
    }

    /// Rings a leader's phone, which supervises when it answers.
    pub(in crate::switch) fn ring_leader(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        leader: &str,
        wanted: Supervise,
    ) -> Result<CallId, Refused> {
        let from = Target::User(leader.to_owned());
        let setup = self.setup_for(tenant, &from, None).and_then(|mut setup| {
            setup.to.clone_from(&wanted.agent);
            self.check_room(&setup).map(|()| setup)
        });
        let setup = setup.map_err(|obstacle| match obstacle {
            Obstacle::Full(why) => Refused::new("full", why),
            _ => Refused::new("unavailable", format!("no phone of {leader} is registered")),
        })?;
        let options = Options {
            origin: Some(Origin {
                returns_to: None,
                target: from,
                timeout: RING,
                shown: Some(wanted.agent.clone()),
                supervises: Some(wanted),
            }),
            ..self.options_for(tenant)
        };
        let begun = self.make_call(now, setup, options, None);
        begun
            .map(|begin| CallId(begin.id))
            .map_err(|_| Refused::new("unavailable", "there is no such tenant"))
    }
}

/// The leg of an agent who is in a call with somebody, on hold too.
fn leg_in(live: &Live, agent: &str) -> Option<LegId> {
    let up = || {
        live.call
            .legs()
            .iter()
            .filter(|leg| leg.state() == LegState::Up)
    };
    let own = up().find(|leg| leg.user() == Some(agent))?;
    let together = up().count() > 1 || live.room.is_some();
    // Whoever asks a colleague is in two calls with one phone: one of them has its sound.
    let mut legs = live.legs.iter();
    let has_sound = legs.any(|leg| leg.id == own.id() && leg.key().is_some());
    (live.ended.is_none() && together && has_sound).then(|| own.id())
}

/// How long a leader's phone rings that is to supervise.
const RING: std::time::Duration = std::time::Duration::from_secs(30);
