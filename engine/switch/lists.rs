//! Callers from outside meet the lists: who is on the blacklist or calls too often is not let in, VIPs have a head
//! start. The lists are kept in memory, for no call waits for the disk, and written through.

use std::collections::HashMap;
use std::time::Instant;

use call::desk::{By, Refused};
use call::screen::{Change, List, Listed, Lists, Nuisance, Question, as_listed, is_listable};
use call::{Ended, Screened, Setup, Sound, TenantId};
use serde_json::{Value, json};
use store::{KvEntry, KvKey};
use tokio::sync::oneshot;
use web::News;

use super::{Entrance, Input, Switch};

/// The lists of all tenants, and who has called when.
#[derive(Debug, Default)]
pub(super) struct Screens(HashMap<TenantId, Screen>);

#[derive(Debug, Default)]
struct Screen {
    lists: Lists,
    nuisance: Nuisance,
}

/// What is asked of the lists from outside, with where the answer goes.
#[derive(Debug)]
pub(crate) enum Asked {
    Read(TenantId, Question, oneshot::Sender<Vec<Listed>>),
    Change(
        TenantId,
        Change,
        By,
        oneshot::Sender<Result<Listed, Refused>>,
    ),
}

impl Entrance {
    /// Turned away for want of room, the sender is dropped, and whoever asks says that it is busy.
    pub(super) fn ask_lists<T>(
        &self,
        asked: impl FnOnce(oneshot::Sender<T>) -> Asked,
    ) -> oneshot::Receiver<T> {
        let (answer, coming) = oneshot::channel();
        let _ = self.offer(Input::Lists(asked(answer)));
        coming
    }
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
            setup.calling_user().is_none()
                && screen.lists.look(setup.from.as_deref(), wall).vip.is_some()
        });
        match is_vip {
            true => u32::try_from(settings.callers.vip_head_start.as_secs()).unwrap_or(u32::MAX),
            false => 0,
        }
    }

    pub(super) fn answer_lists(&mut self, asked: Asked) {
        // Who has asked may be gone.
        match asked {
            Asked::Read(tenant, question, answer) => {
                let _ = answer.send(self.listed(&tenant, &question));
            }
            Asked::Change(tenant, change, by, answer) => {
                let _ = answer.send(self.change_list_for(&tenant, change, by));
            }
        }
    }

    fn listed(&self, tenant: &TenantId, question: &Question) -> Vec<Listed> {
        let wall = self.parts.clock.unix_micros();
        let Some(screen) = self.screens.0.get(tenant) else {
            return Vec::new();
        };
        match question {
            Question::All(list) => screen.lists.of(*list, wall).into_iter().cloned().collect(),
            Question::Of(number) => {
                let number = self.as_listed(tenant, number, false);
                let standing = screen.lists.look(number.as_deref(), wall);
                let black = standing.black.filter(|_| standing.is_refused());
                let all = [black, standing.vip, standing.white];
                all.into_iter().flatten().cloned().collect()
            }
        }
    }

    /// Changes a list, and tells all who want to know; what came or went.
    ///
    /// # Errors
    /// With the word and the sentence for whoever wanted it.
    pub(super) fn change_list(
        &mut self,
        tenant: &TenantId,
        change: Change,
        by: &str,
    ) -> Result<Listed, Refused> {
        match change {
            Change::Add(listed) => self.put_listed(tenant, listed),
            Change::Remove {
                list,
                number,
                is_prefix,
            } => self.remove_listed(tenant, (list, &number, is_prefix), by),
        }
    }

    /// Puts a number on a list, in its canonical form.
    fn put_listed(&mut self, tenant: &TenantId, mut listed: Listed) -> Result<Listed, Refused> {
        let number = self.as_listed(tenant, &listed.number, listed.is_prefix);
        let number = number.filter(|number| is_listable(&listed.number, number));
        listed.number = number.ok_or_else(no_number)?;
        listed.added_at = self.parts.clock.unix_micros();
        let screen = self.screens.0.entry(tenant.clone()).or_default();
        if !screen.lists.has_room_for(&listed, MOST, listed.added_at) {
            let sentence = format!("the lists have {MOST} entries: remove some first");
            return Err(Refused::new("list_full", sentence));
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

    /// Takes a number off a list, however it is written.
    fn remove_listed(
        &mut self,
        tenant: &TenantId,
        (list, number, is_prefix): (List, &str, bool),
        by: &str,
    ) -> Result<Listed, Refused> {
        let number = self
            .as_listed(tenant, number, is_prefix)
            .ok_or_else(no_number)?;
        let screen = self.screens.0.get_mut(tenant);
        let gone = screen.and_then(|screen| screen.lists.remove(list, is_prefix, &number));
        let gone = gone.ok_or_else(|| {
            let sentence = format!("{number} is not on the list '{}'", list.word());
            Refused::new("not_listed", sentence)
        })?;
        let wall = self.parts.clock.unix_micros();
        let key = key_of(tenant, &gone);
        self.parts.store.kv_delete(key, wall).forget();
        self.tell_of_list(tenant, &gone, "removed", by);
        Ok(gone)
    }

    fn as_listed(&self, tenant: &TenantId, number: &str, is_prefix: bool) -> Option<String> {
        let area_code = self.area_code_of(tenant);
        as_listed(number, is_prefix, &self.accounts.plan(tenant, area_code))
    }

    fn area_code_of(&self, tenant: &TenantId) -> Option<String> {
        self.tenants.get(&*tenant.0)?.outbound.area_code()
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

fn no_number() -> Refused {
    let sentence = "number: a telephone number, or with prefix how canonical numbers begin: +86170";
    Refused::new("no_number", sentence)
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
