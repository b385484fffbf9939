//! Callers from outside meet the lists: who is on the blacklist or calls too often is not let in, VIPs have a head
//! start. The lists are kept in memory, for no call waits for the disk, and written through.

use std::collections::HashMap;
use std::time::Instant;

use call::number::{Kind, normalise};
use call::screen::{List, Listed, Lists, Nuisance, WITHHELD};
use call::{Ended, Screened, Setup, Sound, TenantId};
use serde_json::{Value, json};
use store::{KvEntry, KvKey};
use web::News;

use super::{Input, Switch};

/// The lists of all tenants, and who has called when.
#[derive(Debug, Default)]
pub(super) struct Screens(HashMap<TenantId, Screen>);

#[derive(Debug, Default)]
struct Screen {
    lists: Lists,
    nuisance: Nuisance,
}

/// Why something cannot be put on a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NotListed {
    /// It is no number, nor the beginning of one.
    NoNumber,
    /// As many stand there as may.
    Full,
}

impl Switch {
    /// Whether a caller from outside is let in; what becomes of them when not.
    pub(super) fn screen(&mut self, now: Instant, setup: &Setup) -> Option<Ended> {
        setup.trunk.as_ref()?;
        let settings = self.tenants.get(&*setup.tenant.0)?;
        let rules = settings.callers.clone();
        let number = setup.from.as_deref();
        let wall = self.parts.clock.unix_micros();
        let going_on = match rules.limits.at_once {
            0 => 0,
            _ => self.calls_from(&setup.tenant, number),
        };
        let screen = self.screens.0.entry(setup.tenant.clone()).or_default();
        let standing = screen.lists.look(number, wall);
        let why = if standing.is_refused() {
            Screened::Blacklist
        } else if standing.white.is_some() {
            return None;
        } else {
            // Who shows no number is many.
            let limited =
                number.map(|number| screen.nuisance.calls(now, number, going_on, rules.limits));
            match limited {
                Some(Err(_)) => Screened::TooMany,
                _ => return None,
            }
        };
        let sound = match why {
            Screened::Blacklist => "call/blocked",
            Screened::TooMany => "call/too-often",
        };
        Some(Ended::Screened {
            why,
            sound: rules.says_so.then(|| Sound::Named(sound.to_owned())),
        })
    }

    /// Calls of a number that go on.
    fn calls_from(&self, tenant: &TenantId, number: Option<&str>) -> u32 {
        let all = self.calls.values();
        let theirs = all.filter(|live| {
            live.ended.is_none()
                && live.setup.tenant == *tenant
                && live.setup.trunk.is_some()
                && live.setup.from.as_deref() == number
        });
        u32::try_from(theirs.count()).unwrap_or(u32::MAX)
    }

    /// The head start of a call in queues, in seconds.
    pub(super) fn head_start(&self, setup: &Setup) -> u32 {
        let Some(settings) = self.tenants.get(&*setup.tenant.0) else {
            return 0;
        };
        let wall = self.parts.clock.unix_micros();
        let screen = self.screens.0.get(&setup.tenant);
        let is_vip = screen.is_some_and(|screen| {
            setup.user.is_none() && screen.lists.look(setup.from.as_deref(), wall).vip.is_some()
        });
        match is_vip {
            true => u32::try_from(settings.callers.vip_head_start.as_secs()).unwrap_or(u32::MAX),
            false => 0,
        }
    }

    /// Those on a list, by number.
    pub(super) fn listed(&self, tenant: &TenantId, list: List) -> Vec<Listed> {
        let wall = self.parts.clock.unix_micros();
        let screen = self.screens.0.get(tenant);
        let found = screen.map(|screen| screen.lists.of(list, wall));
        found.into_iter().flatten().cloned().collect()
    }

    /// What the lists say of a number, however it is written.
    pub(super) fn lists_of(&self, tenant: &TenantId, number: &str) -> Vec<Listed> {
        let wall = self.parts.clock.unix_micros();
        let Some(screen) = self.screens.0.get(tenant) else {
            return Vec::new();
        };
        let number = self.as_listed(tenant, number, false);
        let standing = screen.lists.look(number.as_deref(), wall);
        let black = standing.black.filter(|_| standing.is_refused());
        let all = [black, standing.vip, standing.white];
        all.into_iter().flatten().cloned().collect()
    }

    /// Puts a number on a list, in its canonical form; how it stands there.
    pub(super) fn put_listed(
        &mut self,
        tenant: &TenantId,
        mut listed: Listed,
    ) -> Result<Listed, NotListed> {
        let number = self.as_listed(tenant, &listed.number, listed.is_prefix);
        listed.number = number.ok_or(NotListed::NoNumber)?;
        listed.added_at = self.parts.clock.unix_micros();
        let screen = self.screens.0.entry(tenant.clone()).or_default();
        if screen.lists.len() >= MOST {
            return Err(NotListed::Full);
        }
        screen.lists.put(listed.clone());
        let key = key_of(tenant, &listed);
        let value = json!({
            "reason": listed.reason, "added_at": listed.added_at, "added_by": listed.added_by,
        });
        let store = &self.parts.store;
        store.kv_set(key, value, listed.expires_at).forget();
        self.tell_of_list(tenant, &listed, "added", &listed.added_by);
        Ok(listed)
    }

    /// Takes a number off a list, however it is written; what stood there.
    pub(super) fn remove_listed(
        &mut self,
        tenant: &TenantId,
        (list, number, is_prefix): (List, &str, bool),
        by: &str,
    ) -> Option<Listed> {
        let number = self.as_listed(tenant, number, is_prefix)?;
        let screen = self.screens.0.get_mut(tenant)?;
        let gone = screen.lists.remove(list, is_prefix, &number)?;
        let wall = self.parts.clock.unix_micros();
        let key = key_of(tenant, &gone);
        self.parts.store.kv_delete(key, wall).forget();
        self.tell_of_list(tenant, &gone, "removed", by);
        Some(gone)
    }

    /// A number as lists have it. Of a prefix only the signs are taken out that are there for the eye.
    fn as_listed(&self, tenant: &TenantId, number: &str, is_prefix: bool) -> Option<String> {
        if is_prefix {
            let plain: String = number
                .chars()
                .filter(|sign| !" -()/.".contains(*sign))
                .collect();
            let digits = plain.strip_prefix('+').unwrap_or(&plain);
            let right = (1..=15).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            return right.then_some(plain);
        }
        let area_code = self.area_code_of(tenant);
        let known = normalise(number, &self.accounts.plan(tenant, area_code));
        match known.kind {
            Kind::Withheld => Some(WITHHELD.to_owned()),
            // What nobody understands is compared as it came.
            Kind::Unknown => {
                let raw = number.trim();
                (!raw.is_empty() && raw.len() <= 64).then(|| raw.to_owned())
            }
            _ => known.canonical,
        }
    }

    /// Where a tenant's local numbers are, if its trunks agree on it.
    fn area_code_of(&self, tenant: &TenantId) -> Option<String> {
        let settings = self.tenants.get(&*tenant.0)?;
        let mut codes = settings.outbound.trunks.values().map(|way| &way.area_code);
        let first = codes.next()?.clone();
        codes.all(|code| *code == first).then_some(first)?
    }

    fn tell_of_list(&self, tenant: &TenantId, listed: &Listed, change: &'static str, by: &str) {
        tracing::info!(%tenant, list = listed.list.word(), change, by, "a list of callers has changed");
        let about = json!({
            "list": listed.list.word(), "number": listed.number, "prefix": listed.is_prefix,
            "reason": listed.reason, "change": change, "by": by,
        });
        self.parts.scripts.event(tenant, "list.changed", about);
        let news = News::ListChanged {
            list: listed.list.word(),
            number: listed.number.clone(),
            prefix: listed.is_prefix,
            change,
            by: by.to_owned(),
        };
        self.tell(tenant, None, news);
    }

    /// Reads the lists at the start.
    pub(super) fn look_up_lists(&self) {
        let now = self.parts.clock.unix_micros();
        for name in self.tenants.keys() {
            let tenant = TenantId::from(name.as_str());
            let (store, entrance) = (self.parts.store.clone(), self.parts.entrance.clone());
            tokio::spawn(async move {
                let mut after = None;
                loop {
                    let prefix = KvKey {
                        tenant: tenant.to_string(),
                        scope: SCOPE.to_owned(),
                        key: String::new(),
                    };
                    let page = match store.kv_each(prefix, after, now).await {
                        Ok(page) => page,
                        Err(error) => {
                            tracing::error!(%error, %tenant, "the lists of callers cannot be read");
                            return;
                        }
                    };
                    let Some(last) = page.last() else { return };
                    after = Some(last.key.clone());
                    entrance.put(Input::Listed(tenant.clone(), page)).await;
                }
            });
        }
    }

    pub(super) fn restore_listed(&mut self, tenant: TenantId, entries: &[KvEntry]) {
        let screen = self.screens.0.entry(tenant).or_default();
        for listed in entries.iter().filter_map(read) {
            screen.lists.put(listed);
        }
    }
}

fn key_of(tenant: &TenantId, listed: &Listed) -> KvKey {
    let kind = if listed.is_prefix { PREFIX } else { NUMBER };
    KvKey {
        tenant: tenant.to_string(),
        scope: SCOPE.to_owned(),
        key: format!("{}/{kind}/{}", listed.list.word(), listed.number),
    }
}

fn read(entry: &KvEntry) -> Option<Listed> {
    let mut parts = entry.key.splitn(3, '/');
    let (list, kind, number) = (parts.next()?, parts.next()?, parts.next()?);
    let text = |name: &str| entry.value[name].as_str().map(str::to_owned);
    Some(Listed {
        list: List::from_word(list)?,
        number: number.to_owned(),
        is_prefix: kind == PREFIX,
        reason: text("reason"),
        expires_at: entry.expires_at,
        added_at: entry
            .value
            .get("added_at")
            .and_then(Value::as_i64)
            .unwrap_or_default(),
        added_by: text("added_by").unwrap_or_default(),
    })
}

/// Where lists are kept; no plugin can have this name.
const SCOPE: &str = "/lists";
const PREFIX: &str = "prefix";
const NUMBER: &str = "number";
/// Entries of all lists of a tenant.
const MOST: usize = 100_000;
