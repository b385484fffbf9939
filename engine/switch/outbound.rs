//! The toll fence at work: whoever leaves by a trunk passes here, whatever has led there, and what they spend is
//! counted.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use call::record::CallRecord;
use call::toll::{Alarm, Barred, Limits, Money, Outward, Rate, Spent, Usage};
use call::{CallId, LegId, Payer, Setup, TenantId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use store::{KvEntry, KvKey};
use web::News;

use super::live::Live;
use super::{Input, Switch};
use crate::log::Masked;

/// What the users of all tenants have spent today, and which countries were ever called.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    pub(super) usage: HashMap<TenantId, Usage>,
    pub(super) countries: HashMap<TenantId, HashSet<String>>,
}

/// Who pays for a leg that has left by a trunk.
#[derive(Clone, Debug)]
pub(crate) struct Paid {
    pub(super) user: Option<String>,
    /// By which way and to whom it has left.
    pub(super) trunk: String,
    pub(super) number: String,
    pub(super) rate: Rate,
    /// When it answered.
    pub(super) since: Option<Instant>,
    /// When it ended, where its call goes on.
    pub(super) until: Option<Instant>,
}

/// Who pays, as far as it is somebody of ours.
pub(super) fn payer_of(setup: &Setup) -> Option<String> {
    match setup.payer() {
        Payer::User(user) => Some(user.to_owned()),
        Payer::Trunk(_) | Payer::Nobody => None,
    }
}

impl Switch {
    /// Whether a leg may leave by these trunks, to this number; it is told when not. The one place where that is
    /// judged.
    pub(super) fn lets_out(
        &mut self,
        now: Instant,
        live: &mut Live,
        id: LegId,
        (trunks, number): (&[String], &str),
    ) -> bool {
        let mut outward = None;
        for trunk in trunks {
            match self.judge(now, live, trunk, number) {
                Ok(found) => outward = Some(found),
                Err(barred) => {
                    self.tell_of_barred(live, trunk, number, &barred);
                    self.unreachable(live, id, barred.cause());
                    return false;
                }
            }
        }
        let (Some(outward), Some(trunk)) = (outward, trunks.first()) else {
            return true;
        };
        let setup = live.call.setup();
        let (payer, tenant) = (payer_of(setup), setup.tenant.clone());
        // Of several trunks the first says what it costs: which one takes the call is not known yet.
        let rate = self.rate_at(&tenant, trunk, &outward);
        if let Some(leg) = live.leg(id) {
            leg.paid = Some(Paid {
                user: payer.clone(),
                trunk: trunk.clone(),
                number: number.to_owned(),
                rate,
                since: None,
                until: None,
            });
        }
        if outward.is_for_help() {
            self.tell_of_help(now, live, trunk, number);
            return true;
        }
        self.note_country(live, number, &outward);
        if let Some(user) = payer {
            self.spend_call(&tenant, &user);
        }
        true
    }

    fn judge(
        &self,
        now: Instant,
        live: &Live,
        trunk: &str,
        number: &str,
    ) -> Result<Outward, Barred> {
        let setup = live.call.setup();
        let at = self.parts.clock.unix_micros();
        let Some(tenant) = self.tenants.get(&*setup.tenant.0) else {
            // It has gone from config.lua: what it allowed when the call began holds.
            return live.tenant.may_call(setup.payer(), trunk, number, at);
        };
        let outward = tenant.may_call(setup.payer(), trunk, number, at)?;
        if outward.is_for_help() {
            return Ok(outward);
        }
        self.affords(now, live, trunk, &outward)?;
        let Payer::User(user) = setup.payer() else {
            return Ok(outward);
        };
        let own = tenant.limits_of(Some(user));
        let (others, talked) = self.going_on(now, &setup.tenant, user, live.id());
        let limits = [
            tenant.users.get(user).map_or(0, |user| user.max_calls),
            own.calls_at_once,
        ];
        if limits.iter().any(|limit| *limit > 0 && others >= *limit) {
            return Err(Barred::AtOnce(others));
        }
        let (day, hour) = (self.paid_day(&setup.tenant), self.paid_hour());
        if let Some(usage) = self.outbound.usage.get(&setup.tenant) {
            usage.allowed_in_hour(day, hour, user, &own)?;
            usage.allowed(day, user, talked, &own)?;
        }
        Ok(outward)
    }

    /// Whether a call that acts for nobody here could ever leave to this number. What is used up today, and that it is
    /// not called at this hour, is looked at when it is dialled.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn could_let_out(
        &self,
        tenant: &TenantId,
        trunk: &str,
        number: &str,
    ) -> Result<(), Barred> {
        let ways = self.trunks.ways(trunk, number, &tenant.0, |_| 0);
        let (Ok(ways), Some(settings)) = (ways, self.tenants.get(&*tenant.0)) else {
            return Ok(());
        };
        let at = self.parts.clock.unix_micros();
        for way in &ways {
            match settings.may_call(Payer::Nobody, way, number, at) {
                Ok(_) | Err(Barred::AfterHours(_)) => {}
                Err(barred) => return Err(barred),
            }
        }
        Ok(())
    }

    /// A user's calls to the outside that go on beside this one, and for how long they have talked.
    fn going_on(
        &self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
        but: CallId,
    ) -> (u32, Duration) {
        let others = self.calls.values().filter(|live| {
            live.id() != but && live.setup.tenant == *tenant && live.ended.is_none()
        });
        let paid = |live: &Live| -> Option<Duration> {
            let legs = live.legs.iter().filter(|leg| !leg.over);
            let own = legs.filter_map(|leg| leg.paid.as_ref());
            let own = own.filter(|paid| paid.user.as_deref() == Some(user));
            own.map(|paid| {
                paid.since
                    .map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
            })
            .reduce(|one, other| one + other)
        };
        others
            .filter_map(|live| paid(live))
            .fold((0, Duration::ZERO), |(count, sum), talked| {
                (count + 1, sum + talked)
            })
    }

    fn spend_call(&mut self, tenant: &TenantId, user: &str) {
        let (day, hour) = (self.paid_day(tenant), self.paid_hour());
        let Some(limits) = self.limits_of(tenant, Some(user)) else {
            return;
        };
        let usage = self.outbound.usage.entry(tenant.clone()).or_default();
        let alarm = usage.begins(day, hour, user, &limits);
        self.keep_spent(tenant, day, user, "calls", 1);
        self.keep_spent(tenant, day, user, &format!("{HOUR}{hour}"), 1);
        self.tell_of_alarm(tenant, Some(user), alarm);
    }

    /// A call is over: what its legs to the outside have talked is counted.
    pub(super) fn spend_time(&mut self, live: &Live, record: &CallRecord) {
        let tenant = &live.setup.tenant;
        for leg in &live.legs {
            let Some(paid) = &leg.paid else { continue };
            let known = record.legs.iter().find(|known| known.leg == leg.id);
            let Some((up, ended)) = known.and_then(|leg| Some((leg.up_at?, leg.ended_at))) else {
                continue;
            };
            let talked = Duration::from_micros((ended - up).max(0).unsigned_abs());
            if let Some(user) = paid.user.as_deref() {
                self.spend_seconds(tenant, user, talked);
            }
            self.spend_money(tenant, paid, talked);
        }
    }

    fn spend_seconds(&mut self, tenant: &TenantId, user: &str, talked: Duration) {
        let day = self.paid_day(tenant);
        let Some(limits) = self.limits_of(tenant, Some(user)) else {
            return;
        };
        let usage = self.outbound.usage.entry(tenant.clone()).or_default();
        let alarm = usage.ends(day, user, talked, &limits);
        let seconds = i64::try_from(talked.as_secs()).unwrap_or(i64::MAX);
        self.keep_spent(tenant, day, user, "seconds", seconds);
        self.tell_of_alarm(tenant, Some(user), alarm);
    }

    fn spend_money(&mut self, tenant: &TenantId, paid: &Paid, talked: Duration) {
        if paid.rate.is_free() {
            return;
        }
        let (day, user, cost) = (
            self.paid_day(tenant),
            paid.user.as_deref(),
            paid.rate.cost(talked),
        );
        let Some(limits) = self.limits_of(tenant, user) else {
            return;
        };
        let usage = self.outbound.usage.entry(tenant.clone()).or_default();
        let [of_user, of_all] = usage.pays(day, user, cost, &limits);
        let millionths = i64::try_from(cost.millionths()).unwrap_or(i64::MAX);
        // What everybody has spent stands under nobody's name.
        for user in user.into_iter().chain([""]) {
            self.keep_spent(tenant, day, user, "cost", millionths);
        }
        self.tell_of_alarm(tenant, user, of_user);
        self.tell_of_alarm(tenant, None, of_all);
    }

    /// How much somebody of a tenant may use up; nothing where the tenant has gone from `config.lua`.
    fn limits_of(&self, tenant: &TenantId, user: Option<&str>) -> Option<Limits> {
        Some(self.tenants.get(&*tenant.0)?.limits_of(user))
    }

    /// Writes down what was spent, so that a restart gives nobody a new day.
    fn keep_spent(&self, tenant: &TenantId, day: i64, user: &str, what: &str, by: i64) {
        let now = self.parts.clock.unix_micros();
        let key = self.spent_key(tenant, format!("{day}/{what}/{user}"));
        let store = &self.parts.store;
        store.kv_incr(key, by, Some(now + KEPT), now).forget();
    }

    pub(super) fn spent_key(&self, tenant: &TenantId, key: String) -> KvKey {
        KvKey {
            tenant: tenant.to_string(),
            scope: SCOPE.to_owned(),
            key,
        }
    }

    /// Reads what was spent before the start.
    pub(super) fn look_up_spent(&self) {
        let now = self.parts.clock.unix_micros();
        for name in self.tenants.keys() {
            let tenant = TenantId::from(name.as_str());
            for beginning in [format!("{}/", self.paid_day(&tenant)), COUNTRIES.to_owned()] {
                let prefix = self.spent_key(&tenant, beginning);
                let found = self.parts.store.kv_each(prefix, None, now);
                let (entrance, tenant) = (self.parts.entrance.clone(), tenant.clone());
                tokio::spawn(async move {
                    match found.await {
                        Ok(entries) => entrance.put(Input::Spent(tenant, entries)).await,
                        Err(error) => {
                            tracing::error!(%error, %tenant, "today's calls to the outside cannot be read");
                        }
                    }
                });
            }
        }
    }

    pub(super) fn restore_spent(&mut self, tenant: TenantId, entries: &[KvEntry]) {
        let day = self.paid_day(&tenant);
        let known = self.outbound.countries.entry(tenant.clone()).or_default();
        let countries = entries
            .iter()
            .filter_map(|entry| entry.key.strip_prefix(COUNTRIES));
        known.extend(countries.map(str::to_owned));
        let usage = self.outbound.usage.entry(tenant).or_default();
        for entry in entries {
            let mut parts = entry.key.splitn(3, '/');
            let (of, what, user) = (parts.next(), parts.next(), parts.next());
            let amount = entry.value.as_u64().unwrap_or_default();
            let (Some(what), Some(user)) = (what, user) else {
                continue;
            };
            if of.and_then(|of| of.parse().ok()) != Some(day) {
                continue;
            }
            let count = u32::try_from(amount).unwrap_or(u32::MAX);
            let mut spent = Spent::default();
            match (what, what.strip_prefix(HOUR)) {
                ("calls", _) => spent.calls = count,
                ("seconds", _) => spent.talked = Duration::from_secs(amount),
                ("cost", _) => spent.cost = Money::from_millionths(amount),
                (_, Some(hour)) => spent.hour = (hour.parse().unwrap_or_default(), count),
                _ => {}
            }
            usage.restore(day, user, spent);
        }
    }

    /// The day in a tenant's zone, counted from 1970.
    pub(super) fn paid_day(&self, tenant: &TenantId) -> i64 {
        let micros = self.parts.clock.unix_micros();
        let settings = self.tenants.get(&*tenant.0);
        let zone = settings.and_then(|it| TimeZone::get(&it.timezone).ok());
        let time = Timestamp::from_microsecond(micros).unwrap_or_default();
        let offset = zone.map_or(0, |zone| i64::from(zone.to_offset(time).seconds()));
        (micros.div_euclid(1_000_000) + offset).div_euclid(24 * 3_600)
    }

    /// The hour, counted from 1970.
    fn paid_hour(&self) -> i64 {
        self.parts.clock.unix_micros().div_euclid(3_600 * 1_000_000)
    }

    fn tell_of_barred(&self, live: &Live, trunk: &str, number: &str, barred: &Barred) {
        let setup = live.call.setup();
        let (user, call) = (payer_of(setup), setup.id);
        tracing::warn!(
            target: "security", event = "toll_refused", %call, tenant = %setup.tenant, user, trunk,
            number = %Masked(number), why = barred.word(), "{barred}"
        );
        let about = json!({
            "call": setup.id.to_string(), "user": user, "trunk": trunk, "number": number,
            "why": barred.word(),
        });
        (self.parts.scripts).event(&setup.tenant, "toll.refused", about);
        let news = News::TollRefused {
            user,
            trunk: trunk.to_owned(),
            number: number.to_owned(),
            why: barred.word(),
        };
        self.tell(&setup.tenant, Some(setup.id), news);
    }

    fn tell_of_alarm(&self, tenant: &TenantId, user: Option<&str>, alarm: Option<Alarm>) {
        let Some(Alarm { limit, used, of }) = alarm else {
            return;
        };
        tracing::warn!(
            target: "outbound", event = "toll_alarm", %tenant, user, limit, used, of,
            "a day is nearly or wholly used up"
        );
        let about = json!({ "user": user, "limit": limit, "used": used, "of": of });
        (self.parts.scripts).event(tenant, "toll.alarm", about);
        let news = News::TollAlarm {
            user: user.map(str::to_owned),
            limit,
            used,
            of,
        };
        self.tell(tenant, None, news);
    }
}

/// What keys begin with that name a country which was called; they do not expire.
pub(super) const COUNTRIES: &str = "country/";
/// Behind this stands the hour in which calls were begun.
const HOUR: &str = "hour";
/// Where what was spent is kept; no plugin can have this name.
const SCOPE: &str = "/outbound";
/// How long, in microseconds: every zone's day is over by then.
const KEPT: i64 = 2 * 24 * 3_600 * 1_000_000;
