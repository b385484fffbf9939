//! Who keeps how much of a tenant's memory. One VM serves all its plugins, and who asks for the last
//! byte need not be who has taken the others.
//!
//! As long as a quarter of the limit is not used, nothing is measured. Beyond, what a plugin's turns
//! leave behind is measured between two full collections: used memory alone tells nothing, for the
//! collector frees one owner's garbage in another's turn. Collections are rationed, so only some of a
//! plugin's turns are measured, and stand for the others. What no plugin has left behind is the
//! dialplan's.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mlua::Lua;

/// The memory of one VM, by owner.
pub(crate) struct Ledger {
    lua: Lua,
    /// Has the VM looked at, for it is nearly full.
    wake: Box<dyn Fn()>,
    /// Bytes that the VM may use.
    limit: usize,
    /// What was used once the files were loaded.
    loaded: usize,
    shares: RefCell<BTreeMap<Arc<str>, Share>>,
    /// No look at the whole before then.
    rests_until: Cell<Option<Instant>>,
    /// It was woken and has not looked yet.
    woken: Cell<bool>,
}

/// What is known of one plugin.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    turns: i128,
    measured: i128,
    /// Bytes that the measured turns have left behind.
    kept: i128,
    /// No turn is measured before then.
    rests_until: Option<Instant>,
}

/// Who keeps most.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hoard {
    /// The plugin; `None` when it is the dialplan.
    pub(crate) plugin: Option<Arc<str>>,
    /// Bytes, more or less.
    pub(crate) kept: usize,
}

/// How it stood before a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    used: usize,
    /// Nothing in it is garbage, and the turn is measured.
    measured: bool,
}

impl Ledger {
    /// For a VM that has loaded its files. `limit` is in bytes; `wake` makes whoever serves it look
    /// at it.
    pub(crate) fn new(lua: Lua, limit: usize, wake: impl Fn() + 'static) -> Self {
        let loaded = lua.used_memory();
        Self {
            lua,
            wake: Box::new(wake),
            limit,
            loaded,
            shares: RefCell::default(),
            rests_until: Cell::new(None),
            woken: Cell::new(false),
        }
    }

    /// Something of a plugin, or of the dialplan when it is `None`, is about to run until its next
    /// wait.
    pub(crate) fn before(&self, plugin: Option<&Arc<str>>) -> Before {
        let used = self.lua.used_memory();
        let measured = used >= self.limit / WATCHED_FROM
            && plugin.is_some_and(|plugin| self.is_its_turn(plugin));
        Before {
            used: if measured { self.collect().0 } else { used },
            measured,
        }
    }

    /// It has run.
    pub(crate) fn after(&self, plugin: Option<&Arc<str>>, before: Before) {
        let used = self.lua.used_memory();
        if used < self.limit / WATCHED_FROM {
            return;
        }
        if let Some(plugin) = plugin {
            // Whose turn brings it there may have taken all of it at once.
            let crosses = before.used < self.limit / WATCHED_FROM && self.is_its_turn(plugin);
            let left = (before.measured || crosses).then(|| self.collect());
            let mut shares = self.shares.borrow_mut();
            let share = shares.entry(Arc::clone(plugin)).or_default();
            share.turns += 1;
            if let Some((left, took)) = left {
                share.measured += 1;
                share.kept += left as i128 - before.used as i128;
                share.rests_until = Some(Instant::now() + took * RESTS_TIMES);
            }
        }
        if used >= self.nearly_full() && !self.woken.replace(true) {
            (self.wake)();
        }
    }

    /// Who keeps most of the `live` bytes that a full collection has left; `None` when they are
    /// mostly those that loading took.
    pub(crate) fn largest(&self, live: usize) -> Option<Hoard> {
        let grown = live.saturating_sub(self.loaded);
        if grown < self.limit / WORTH_A_NAME {
            return None;
        }
        let shares = self.shares.borrow();
        let kept = |share: &Share| {
            let kept = share.kept * share.turns / share.measured.max(1);
            usize::try_from(kept.max(0)).unwrap_or(grown).min(grown)
        };
        let plugins = shares.iter().map(|(name, share)| (name, kept(share)));
        let all: usize = plugins.clone().map(|(_, kept)| kept).sum();
        let dialplan = Hoard {
            plugin: None,
            kept: grown.saturating_sub(all),
        };
        let plugins = plugins.map(|(name, kept)| Hoard {
            plugin: Some(Arc::clone(name)),
            kept,
        });
        plugins.chain([dialplan]).max_by_key(|hoard| hoard.kept)
    }

    /// What is used after a full collection; `None` when the last look is too short ago.
    pub(crate) fn looked_at(&self) -> Option<usize> {
        self.woken.set(false);
        if rests(self.rests_until.get()) {
            return None;
        }
        let (left, took) = self.collect();
        self.rests_until
            .set(Some(Instant::now() + took * RESTS_TIMES));
        Some(left)
    }

    /// What is used after a full collection, and how long that took.
    pub(crate) fn collect(&self) -> (usize, Duration) {
        let began = Instant::now();
        let _ = self.lua.gc_collect();
        (self.lua.used_memory(), began.elapsed().max(SHORTEST))
    }

    fn is_its_turn(&self, plugin: &Arc<str>) -> bool {
        let shares = self.shares.borrow();
        !rests(shares.get(plugin).and_then(|share| share.rests_until))
    }

    /// More than this after a full collection, and the next big piece fails, whoever asks for it.
    pub(crate) fn nearly_full(&self) -> usize {
        self.limit / 4 * 3
    }

    /// Lets those that still run in a VM that is to be replaced have some memory more.
    pub(crate) fn lend(&self, live: usize) {
        let most = self.limit.max(live) + self.limit / 4;
        let _ = self.lua.set_memory_limit(most);
    }
}

fn rests(until: Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() < until)
}

/// Turns are measured when this part of the limit is used.
const WATCHED_FROM: usize = 4;

/// Nobody is named for less than this part of the limit.
const WORTH_A_NAME: usize = 8;

/// After a collection, none for so many times as long: it stops all calls of the tenant.
const RESTS_TIMES: u32 = 10;

/// Counts as the shortest collection.
const SHORTEST: Duration = Duration::from_micros(500);

#[cfg(test)]
mod tests {
    use super::*;

    const MB: usize = 1 << 20;

    /// A VM of 64 MB, and what lets it allocate and keep.
    fn ledger() -> Ledger {
        let lua = Lua::new();
        lua.load("kept = {} function take(mb) return ('x'):rep(mb << 20) .. #kept end")
            .exec()
            .unwrap();
        Ledger::new(lua, 64 * MB, || {})
    }

    fn turn(ledger: &Ledger, plugin: Option<&Arc<str>>, lua: &str) {
        let before = ledger.before(plugin);
        ledger.lua.load(lua).exec().unwrap();
        ledger.after(plugin, before);
    }

    #[test]
    fn who_keeps_a_little_each_time_is_found_among_those_who_only_use_much() {
        let ledger = ledger();
        let (hoarder, noisy): (Arc<str>, Arc<str>) = ("hoarder".into(), "noisy".into());

        for _ in 0..48 {
            turn(&ledger, None, "take(3)");
            turn(&ledger, Some(&noisy), "for _ = 1, 8 do take(2) end");
            turn(&ledger, Some(&hoarder), "kept[#kept + 1] = take(1)");
        }

        let (live, _) = ledger.collect();
        let hoard = ledger.largest(live).unwrap();
        assert_eq!(hoard.plugin, Some(hoarder));
        assert!(hoard.kept > 24 * MB, "{hoard:?} of {live}");
    }

    #[test]
    fn what_no_plugin_has_left_behind_is_the_dialplans() {
        let ledger = ledger();
        let plugin: Arc<str> = "plugin".into();

        for _ in 0..48 {
            turn(&ledger, None, "kept[#kept + 1] = take(1)");
            turn(&ledger, Some(&plugin), "take(4)");
        }

        let hoard = ledger.largest(ledger.collect().0).unwrap();
        assert_eq!(hoard.plugin, None);
        assert!(hoard.kept > 40 * MB, "{hoard:?}");
    }

    #[test]
    fn nobody_is_named_for_what_loading_took() {
        let lua = Lua::new();
        lua.load("kept = ('x'):rep(50 << 20)").exec().unwrap();
        let ledger = Ledger::new(lua, 64 * MB, || {});

        turn(&ledger, Some(&"plugin".into()), "local a = 1");

        assert_eq!(ledger.largest(ledger.collect().0), None);
    }
}
