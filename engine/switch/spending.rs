//! What calls to the outside cost while they go on: who has spent what may be spent is cut off, and countries that
//! nobody has called before are told of.

use std::time::{Duration, Instant};

use call::toll::{Barred, Money, Outward, Rate, Usage};
use call::{CallId, TenantId};
use serde_json::json;
use web::News;

use super::Switch;
use super::live::Live;
use super::outbound::{COUNTRIES, payer_of};
use crate::log::Masked;

/// A leg that has left by a trunk, and what it has cost so far.
struct Going {
    call: CallId,
    /// It costs no more, and has not been added to what was spent yet.
    is_over: bool,
    user: Option<String>,
    trunk: String,
    number: String,
    cost: Money,
}

impl Switch {
    /// Whether one more call of this price may begin.
    pub(super) fn affords(
        &self,
        now: Instant,
        live: &Live,
        trunk: &str,
        outward: &Outward,
    ) -> Result<(), Barred> {
        let setup = live.call.setup();
        let Some(tenant) = self.tenants.get(&*setup.tenant.0) else {
            return Ok(());
        };
        let rate = tenant.rate(trunk, outward);
        if rate.is_free() {
            return Ok(());
        }
        let user = payer_of(setup);
        let limits = tenant.limits_of(user.as_deref());
        let first = rate.cost(Duration::ZERO);
        let of = limits.cost_a_call;
        if !of.is_zero() && first > of {
            return Err(Barred::Cost {
                limit: "cost_a_call",
                comes_to: first,
                of,
            });
        }
        let going = self.going(&setup.tenant, now);
        let more = sums(&going, user.as_deref());
        let more = (more.0 + first, more.1 + first);
        self.usage(&setup.tenant, |usage| {
            usage.affords(self.paid_day(&setup.tenant), user.as_deref(), more, &limits)
        })
    }

    fn usage<T>(&self, tenant: &TenantId, ask: impl FnOnce(&Usage) -> T) -> T {
        match self.outbound.usage.get(tenant) {
            Some(usage) => ask(usage),
            None => ask(&Usage::default()),
        }
    }

    /// What goes on and costs something up to `at`; and what is over and not in the records yet.
    fn going(&self, tenant: &TenantId, at: Instant) -> Vec<Going> {
        let live = self.calls.values();
        let of = live.filter(|live| live.setup.tenant == *tenant);
        let paid = of.flat_map(|live| {
            let legs = live.legs.iter();
            legs.filter_map(move |leg| Some((live, leg.over, leg.paid.as_ref()?)))
        });
        let costly = paid.filter(|(_, _, paid)| !paid.rate.is_free());
        costly
            .filter_map(|(live, over, paid)| {
                let until = paid.until.unwrap_or(at);
                let talked = until.saturating_duration_since(paid.since?);
                Some(Going {
                    call: live.id(),
                    is_over: over || live.ended.is_some(),
                    user: paid.user.clone(),
                    trunk: paid.trunk.clone(),
                    number: paid.number.clone(),
                    cost: paid.rate.cost(talked),
                })
            })
            .collect()
    }

    /// Ends the calls that would cost more than they may within the next second. Once a second.
    pub(super) fn cut_costly_calls(&mut self, now: Instant) {
        self.note_ends(now);
        let tenants: Vec<String> = (self.tenants.iter())
            .filter(|(_, it)| !it.outbound.rules.rates.is_empty())
            .map(|(name, _)| name.clone())
            .collect();
        for name in tenants {
            let tenant = TenantId::from(name.as_str());
            for (going, why) in self.too_costly(now, &tenant) {
                let call = going.call;
                tracing::warn!(
                    target: "security", event = "toll_cut", %call, %tenant, user = going.user,
                    trunk = going.trunk, number = %Masked(going.number.as_str()), why, "a call has cost what it may"
                );
                self.with_machine(now, call, |machine| {
                    machine.handle_hang_up(now, "system:toll".to_owned());
                });
                self.tell_of_cut(&tenant, going, why);
            }
        }
    }

    /// When legs have ended whose calls go on.
    fn note_ends(&mut self, now: Instant) {
        let legs = self.calls.values_mut().flat_map(|live| &mut live.legs);
        for leg in legs.filter(|leg| leg.over) {
            if let Some(paid) = &mut leg.paid
                && paid.since.is_some()
            {
                paid.until.get_or_insert(now);
            }
        }
    }

    fn too_costly(&self, now: Instant, tenant: &TenantId) -> Vec<(Going, &'static str)> {
        let Some(settings) = self.tenants.get(&*tenant.0) else {
            return Vec::new();
        };
        let going = self.going(tenant, now + AHEAD);
        let day = self.paid_day(tenant);
        let mut found = Vec::new();
        for one in going.iter().filter(|it| !it.is_over) {
            let limits = settings.limits_of(one.user.as_deref());
            let of_call = (going.iter().filter(|it| it.call == one.call))
                .map(|it| it.cost)
                .sum::<Money>();
            if !limits.cost_a_call.is_zero() && of_call > limits.cost_a_call {
                found.push((one.call, "cost_a_call"));
                continue;
            }
            let more = sums(&going, one.user.as_deref());
            let affords = self.usage(tenant, |usage| {
                usage.affords(day, one.user.as_deref(), more, &limits)
            });
            if let Err(barred) = affords {
                found.push((one.call, barred.word()));
            }
        }
        found.dedup_by_key(|(call, _)| *call);
        let why = |call| found.iter().find(|it| it.0 == call).map(|it| it.1);
        let mut told = Vec::new();
        going
            .into_iter()
            .filter_map(|it| {
                let why = why(it.call)?;
                let is_first = !told.contains(&it.call);
                told.push(it.call);
                is_first.then_some((it, why))
            })
            .collect()
    }

    /// A call to another country begins: it is told of when nobody here has ever called there.
    pub(super) fn note_country(&mut self, live: &Live, number: &str, outward: &Outward) {
        let Some(country) = outward.abroad() else {
            return;
        };
        let setup = live.call.setup();
        let known = self.outbound.countries.entry(setup.tenant.clone());
        if !known.or_default().insert(country.to_owned()) {
            return;
        }
        self.keep_country(&setup.tenant, country);
        let (call, user) = (setup.id, payer_of(setup));
        tracing::warn!(
            target: "security", event = "toll_new_country", %call, tenant = %setup.tenant, user,
            country, "nobody has called this country before"
        );
        let about = json!({
            "call": call.to_string(), "user": user, "number": number, "country": country,
        });
        (self.parts.scripts).event(&setup.tenant, "toll.country", about);
        let news = News::TollCountry {
            user,
            number: number.to_owned(),
            country: country.to_owned(),
        };
        self.tell(&setup.tenant, Some(setup.id), news);
    }

    fn keep_country(&self, tenant: &TenantId, country: &str) {
        let now = self.parts.clock.unix_micros();
        let key = self.spent_key(tenant, format!("{COUNTRIES}{country}"));
        self.parts.store.kv_incr(key, 1, None, now).forget();
    }

    fn tell_of_cut(&self, tenant: &TenantId, going: Going, why: &'static str) {
        let about = json!({
            "call": going.call.to_string(), "user": going.user, "trunk": going.trunk, "number": going.number,
            "why": why,
        });
        (self.parts.scripts).event(tenant, "toll.cut", about);
        let news = News::TollCut {
            user: going.user,
            trunk: going.trunk,
            number: going.number,
            why,
        };
        self.tell(tenant, Some(going.call), news);
    }

    /// What a leg by this trunk will cost.
    pub(super) fn rate_at(&self, tenant: &TenantId, trunk: &str, outward: &Outward) -> Rate {
        let settings = self.tenants.get(&*tenant.0);
        settings.map_or_else(Rate::default, |it| it.rate(trunk, outward))
    }
}

/// What goes on of a user, and of everybody.
fn sums(going: &[Going], user: Option<&str>) -> (Money, Money) {
    let own = going
        .iter()
        .filter(|it| user.is_some() && it.user.as_deref() == user);
    (
        own.map(|it| it.cost).sum(),
        going.iter().map(|it| it.cost).sum(),
    )
}

/// Calls are looked at once a second: what costs too much by the next look is cut now.
const AHEAD: Duration = Duration::from_secs(1);
