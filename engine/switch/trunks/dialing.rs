//! A call leaves by a trunk: by which one, from which line, as whose, and what is tried next.

use std::time::Instant;

use call::number::{Kind, Plan, normalise};
use call::{Cause, LegId};
use script::config::ShownFrom;
use sip::{Host, NameAddr, Uri};

use super::shown::{Wanted, blames_the_number, identity, written};
use super::{Busy, Identity};
use crate::switch::Switch;
use crate::switch::dialing::{Attempt, Caller};
use crate::switch::live::{Live, Role};

/// Whether somebody rings now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::switch) enum Tried {
    /// Somebody does, or will within seconds.
    Going,
    /// There is nobody left to try.
    Nobody(Cause),
}

impl Switch {
    /// Dials by a trunk, or by whichever trunk of a group takes the call.
    pub(in crate::switch) fn dial_trunk(
        &mut self,
        now: Instant,
        live: &mut Live,
        id: LegId,
        (name, number): (&str, &str),
        caller: Caller,
    ) {
        let draw = |below: u64| rand::random::<u64>() % below;
        let tenant = live.setup.tenant.0.clone();
        let ways = match self.trunks.ways(name, number, &tenant, draw) {
            Ok(ways) => ways,
            Err(cause) => return self.unreachable(live, id, cause),
        };
        if !self.lets_out(now, live, id, (&ways, number)) {
            return;
        }
        let attempts: Vec<Attempt> = ways
            .iter()
            .flat_map(|trunk| self.attempts(trunk, number))
            .collect();
        if attempts.is_empty() {
            self.unreachable(live, id, Cause::Unavailable);
            return;
        }
        let Some(leg) = live.leg(id) else { return };
        leg.caller = caller;
        leg.is_urgent = normalise(number, &Plan::default()).kind == Kind::Emergency;
        if let Role::Called { next, .. } = &mut leg.role {
            *next = attempts;
        }
        if let Tried::Nobody(cause) = self.try_next(now, live, id) {
            self.unreachable(live, id, cause);
        }
    }

    /// A trunk's hosts, as INVITEs for this number.
    fn attempts(&self, trunk: &str, number: &str) -> Vec<Attempt> {
        let Some(settings) = self.trunks.settings(trunk) else {
            return Vec::new();
        };
        let number = written(number, settings.number_format, &plan_of(settings));
        let routes = self.trunks.routes(trunk).into_iter();
        routes
            .map(|route| Attempt::by_trunk(trunk, &number, route))
            .collect()
    }

    /// Rings the next host: of the same trunk, or of another that has a line. Who has to wait for
    /// their second waits only where no other trunk takes them at once.
    pub(in crate::switch) fn try_next(
        &mut self,
        now: Instant,
        live: &mut Live,
        id: LegId,
    ) -> Tried {
        let call = live.id();
        let mut why = Cause::Unavailable;
        let mut too_soon: Vec<String> = Vec::new();
        loop {
            let Some(leg) = live
                .leg(id)
                .filter(|leg| !leg.over && leg.sessions.is_empty())
            else {
                return Tried::Nobody(why);
            };
            let Role::Called { next, .. } = &mut leg.role else {
                return Tried::Nobody(why);
            };
            let Some(trunk) = next.first().and_then(|attempt| attempt.trunk.clone()) else {
                return Tried::Nobody(why);
            };
            if leg.line.as_ref().is_some_and(|line| line.trunk == trunk) {
                return self.ring_first(now, live, id, &trunk);
            }
            if let Some(line) = leg.line.take() {
                self.trunks.free(&line);
            }
            let is_urgent = leg.is_urgent;
            if is_urgent && self.trunks.is_full(&trunk) {
                self.make_room(now, &trunk, call);
            }
            match self.trunks.leave(now, &trunk, (call, id), is_urgent) {
                Ok(line) => {
                    leg.line = Some(line);
                    let identity = self.identity_at(now, live, id, &trunk);
                    if let Some(leg) = live.leg(id) {
                        leg.identity = Some(identity);
                    }
                    return self.ring_first(now, live, id, &trunk);
                }
                Err(Busy::TooSoon) if !too_soon.contains(&trunk) => {
                    next.sort_by_key(|attempt| attempt.trunk.as_ref() == Some(&trunk));
                    too_soon.push(trunk);
                }
                Err(Busy::TooSoon) if self.waits(now, &trunk, (call, id)) => return Tried::Going,
                Err(busy) => {
                    tracing::info!(trunk, ?busy, "no line");
                    next.retain(|attempt| attempt.trunk.as_ref() != Some(&trunk));
                    why = Cause::Congestion;
                }
            }
        }
    }

    /// A trunk does not take the call; true when another host or trunk is tried.
    pub(in crate::switch) fn refused_by_trunk(
        &mut self,
        now: Instant,
        live: &mut Live,
        (id, session): (LegId, sip::SessionId),
        status: u16,
        response: Option<&sip::Response>,
    ) -> bool {
        let Some(leg) = live.leg(id) else {
            return false;
        };
        self.note_trunk_call(now, leg, session, response.map(|_| status));
        let trunk = leg.line.as_ref().map(|line| line.trunk.clone());
        let is_trunks = trunk.is_some_and(|trunk| self.trunks.tries_another(&trunk, status));
        is_trunks && self.try_next(now, live, id) == Tried::Going
    }

    fn ring_first(&mut self, now: Instant, live: &mut Live, id: LegId, trunk: &str) -> Tried {
        live.trunk_out = Some(trunk.to_owned());
        let Some(leg) = live.leg(id) else {
            return Tried::Nobody(Cause::Unavailable);
        };
        let Role::Called { next, .. } = &mut leg.role else {
            return Tried::Nobody(Cause::Unavailable);
        };
        let attempt = next.remove(0);
        let caller = leg.caller.clone();
        tracing::info!(trunk, "rings by a trunk");
        self.ring_all(now, live, id, vec![attempt], &caller);
        Tried::Going
    }

    fn waits(&mut self, now: Instant, trunk: &str, who: (call::CallId, LegId)) -> bool {
        let trunk = self.trunks.by_name.get_mut(trunk);
        trunk.is_some_and(|trunk| trunk.lines.wait(now, &trunk.settings.carried, who))
    }

    /// Those whose second has come, and those who have waited for too long.
    pub(in crate::switch) fn let_waiting_leave(&mut self, now: Instant) {
        let names: Vec<String> = self.trunks.by_name.keys().cloned().collect();
        for name in names {
            while let Some((who, too_long)) = self.trunks.due(now, &name) {
                let (call, leg) = who;
                self.with_call(now, call, |switch, live| {
                    let is_there = live.leg(leg).is_some_and(|leg| !leg.over);
                    let tried = match too_long {
                        true => Tried::Nobody(Cause::Congestion),
                        false => switch.try_next(now, live, leg),
                    };
                    if let (Tried::Nobody(cause), true) = (tried, is_there) {
                        switch.unreachable(live, leg, cause);
                    }
                });
                if let Some(trunk) = self.trunks.by_name.get_mut(&name) {
                    trunk.lines.stop_waiting(who);
                }
            }
        }
    }

    /// Whom a trunk shows as calling.
    fn identity_at(&self, now: Instant, live: &mut Live, id: LegId, trunk: &str) -> Identity {
        let Some(trunk) = self.trunks.by_name.get(trunk) else {
            return Identity::default();
        };
        let (user, from) = (live.setup.calling_user().is_some(), live.setup.from.clone());
        let Some(leg) = live.leg(id) else {
            return Identity::default();
        };
        let wanted = Wanted {
            number: leg.caller.number.as_deref(),
            name: leg.caller.name.as_deref(),
            is_extension: user && leg.caller.number == from,
            is_urgent: leg.is_urgent,
        };
        let settings = &trunk.settings;
        let lot = (now, rand::random());
        identity(
            &settings.shown,
            wanted,
            &plan_of(settings),
            &trunk.pool,
            lot,
        )
    }

    /// How a trunk took a call, so that numbers that carriers refuse rest, and silent hosts are tried
    /// last.
    pub(in crate::switch) fn note_trunk_call(
        &mut self,
        now: Instant,
        leg: &crate::switch::live::Leg,
        session: sip::SessionId,
        status: Option<u16>,
    ) {
        let Some(line) = leg.line.as_ref().filter(|line| line.leaves) else {
            return;
        };
        let name = line.trunk.clone();
        let number = leg.identity.as_ref().and_then(|it| it.of_pool.clone());
        if let (Some(number), Some(status), Some(trunk)) =
            (number, status, self.trunks.by_name.get_mut(&name))
        {
            let went_well = !blames_the_number(status);
            if status == 200 || !went_well {
                let rules = &trunk.settings.shown;
                trunk.pool.note(rules, now, &number, went_well);
            }
        }
        // Where nobody is asked by OPTIONS, nobody would be found to be back.
        if !self.trunks.ping_interval.is_zero()
            && let Some((_, host)) = leg.rung.iter().find(|(rung, _)| *rung == session)
        {
            self.note_host(&name, *host, status.is_some());
        }
    }

    /// Who From names at a trunk, and what says the number besides.
    pub(in crate::switch) fn presented(
        &self,
        trunk: &str,
        shown: &Identity,
        host: &Host,
    ) -> (NameAddr, Vec<(String, String)>) {
        let number = shown.number.as_deref().unwrap_or("anonymous");
        let name = shown.name.as_deref().unwrap_or_default();
        let real = NameAddr::named(name, &Uri::for_user(number, host, None));
        let settings = self.trunks.settings(trunk);
        let (mut from, mut headers) = (real.clone(), Vec::new());
        let account = settings.filter(|it| it.shown.from == ShownFrom::Account);
        if let Some(account) = account.and_then(|it| it.username.as_deref()) {
            from = NameAddr::named(name, &Uri::for_user(account, host, None));
        } else if shown.is_withheld {
            let nowhere = Host::parse(&"anonymous.invalid".into()).unwrap_or_else(|| host.clone());
            let nobody = Uri::for_user("anonymous", &nowhere, None);
            from = NameAddr::named("Anonymous", &nobody);
        }
        let says = |which: fn(&script::config::Shown) -> bool| {
            settings.is_some_and(|it| which(&it.shown)) && shown.number.is_some()
        };
        if says(|it| it.p_asserted) {
            headers.push(("P-Asserted-Identity".to_owned(), real.to_string()));
        }
        if says(|it| it.remote_party) {
            let privacy = if shown.is_withheld { "full" } else { "off" };
            let party = format!("{real};party=calling;screen=yes;privacy={privacy}");
            headers.push(("Remote-Party-ID".to_owned(), party));
        }
        if shown.is_withheld {
            headers.push(("Privacy".to_owned(), "id".to_owned()));
        }
        (from, headers)
    }
}

/// How numbers are read at a trunk.
fn plan_of(settings: &script::config::Trunk) -> Plan {
    Plan {
        area_code: settings.area_code.clone(),
        ..Plan::default()
    }
}
