//! Going back to an earlier generation, and what saved files mean meanwhile.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::{Making, Outcome, ReloadReport, Tenancy};
use crate::history::{GoneBack, Kept};
use crate::host::Host;
use crate::inbox::Message;
use crate::snapshot::Snapshot;
use crate::status::Held;
use crate::{Fault, fault};

impl Tenancy {
    /// Publishes an earlier generation again, under its own number; the one before the current one
    /// when `to` names none. Saved files are held from then on.
    ///
    /// # Errors
    /// The sentence that says why nothing was tried.
    pub(crate) fn roll_back(&self, to: Option<u64>) -> Result<ReloadReport, String> {
        let mut making = self.making();
        let history = self.history.as_ref().ok_or(NOT_KEPT)?;
        let current = self.current();
        let from = current.as_ref().map(|host| host.generation);
        let to = match to {
            Some(to) if Some(to) == from => return Err(format!("generation {to} runs already")),
            Some(to) => to,
            None => self.one_before(current.as_deref())?,
        };
        let snapshot = Arc::new(history.load(to)?);
        let key = self.key(&making, &snapshot);
        let now = self.parts.clock.unix_micros();
        let outcome = match self.make(&making, to, snapshot, false) {
            Ok(warnings) => {
                making.tried = Some(key);
                making.held = None;
                let from = from.unwrap_or(making.number);
                tracing::warn!(
                    tenant = %self.id,
                    "gone back from generation {from} to {to}: saved files are held until `moonswitch reload`"
                );
                self.note(Some(GoneBack { to, from, at: now }));
                Outcome::Published {
                    generation: to,
                    warnings,
                }
            }
            Err(errors) => self.refuse(to, now, errors),
        };
        Ok(self.report(outcome))
    }

    /// Somebody has gone back: what comes of saved files, or of a start, then. `None` when nobody
    /// has, or when this is over.
    pub(super) fn while_gone_back(
        &self,
        making: &mut Making,
        saved: &Arc<Snapshot>,
        asked: bool,
    ) -> Option<ReloadReport> {
        let to = self.state().gone_back.as_ref()?.to;
        let same = |kept: &Kept| kept.generation == to && kept.is(saved);
        if self.state().kept.iter().any(same) {
            tracing::info!(tenant = %self.id, "the files are those of generation {to} again, saved ones go live");
            self.note(None);
            return None;
        }
        if asked {
            self.note(None);
            // What ran before may be what is saved; it gets its number back.
            making.tried = None;
            return None;
        }
        if let Err(why) = self.stay_back(making, to) {
            tracing::error!(tenant = %self.id, "generation {to} cannot be run again, so the saved files are: {why}");
            self.note(None);
            return None;
        }
        if making.held != Some(saved.hash()) {
            making.held = Some(saved.hash());
            self.look_at_held(making, saved, to);
        }
        let held = self.state().held.clone();
        Some(self.report(Outcome::Held {
            generation: to,
            errors: held.map_or_else(Vec::new, |held| held.errors),
        }))
    }

    /// Runs the generation that was gone back to, where it does not run yet, or runs with other
    /// settings than those of now.
    fn stay_back(&self, making: &mut Making, to: u64) -> Result<(), String> {
        let anew = self.anew.swap(false, Relaxed);
        let tried = making.tried.as_ref();
        if !anew && tried.is_some_and(|(.., settings)| *settings == making.settings) {
            return Ok(());
        }
        let history = self.history.as_ref().ok_or(NOT_KEPT)?;
        let snapshot = Arc::new(history.load(to)?);
        making.tried = Some(self.key(making, &snapshot));
        match self.make(making, to, snapshot, false) {
            Ok(_) => Ok(()),
            // The one with the settings before goes on.
            Err(errors) if self.current().is_some() => {
                self.refuse(to, self.parts.clock.unix_micros(), errors);
                Ok(())
            }
            Err(errors) => Err(messages(&errors)),
        }
    }

    /// Loads saved files, to tell what is wrong with them, and publishes nothing.
    fn look_at_held(&self, making: &Making, saved: &Arc<Snapshot>, to: u64) {
        let now = self.parts.clock.unix_micros();
        let host = Host::new(
            self.id.clone(),
            making.number + 1,
            now,
            Arc::clone(saved),
            Arc::clone(&making.settings),
            None,
            Arc::default(),
        );
        let errors = host.run(&self.parts).err().unwrap_or_default();
        host.inbox.push(Message::Retired);
        self.keep_if_stuck(&host);
        let wrong = match errors.is_empty() {
            true => String::new(),
            false => format!(", and would be refused:{}", messages(&errors)),
        };
        tracing::warn!(
            tenant = %self.id,
            "generation {to} stays, to which was gone back; saved files are held until `moonswitch reload`{wrong}"
        );
        self.state().held = Some(Held { at: now, errors });
    }

    /// Where nothing runs: the newest generation whose sources are kept and load.
    pub(super) fn recover(&self, making: &Making) {
        if self.current().is_some() {
            return;
        }
        let Some(history) = &self.history else { return };
        let kept: Vec<u64> = self.state().kept.iter().map(|it| it.generation).collect();
        for generation in kept.into_iter().rev().take(MOST_TRIED) {
            let lost = |why: String| vec![fault::plain(why, None, &Snapshot::default())];
            let made = history
                .load(generation)
                .map_err(lost)
                .and_then(|snapshot| self.make(making, generation, Arc::new(snapshot), false));
            match made {
                Ok(_) => return,
                Err(errors) => tracing::error!(
                    tenant = %self.id,
                    "generation {generation} cannot be run again:{}", messages(&errors)
                ),
            }
        }
    }

    /// The number for these sources: after a start their own, when they are those of the newest
    /// generation; else the next one.
    pub(super) fn number_of(&self, making: &Making, snapshot: &Snapshot) -> u64 {
        let state = self.state();
        let newest = state.kept.last().filter(|_| making.tried.is_none());
        match newest.filter(|newest| newest.is(snapshot)) {
            Some(newest) => newest.generation,
            None => making.number + 1,
        }
    }

    /// Keeps the sources of a generation that is published.
    pub(super) fn keep(&self, host: &Arc<Host>) {
        let Some(history) = &self.history else { return };
        let generation = host.generation;
        let is_it = |kept: &Kept| kept.generation == generation;
        if self.state().kept.iter().any(is_it) {
            return;
        }
        if let Err(error) = history.keep(generation, host.since, &host.snapshot) {
            tracing::warn!(
                tenant = %self.id,
                "generation {generation} cannot be gone back to, for its sources are not kept: {error}"
            );
        }
        self.state().kept = history.all();
    }

    /// The newest generation before this one that has other sources.
    fn one_before(&self, current: Option<&Host>) -> Result<u64, String> {
        let state = self.state();
        let is_another = |kept: &&Kept| {
            let is_before =
                |host: &Host| kept.generation < host.generation && !kept.is(&host.snapshot);
            current.is_none_or(is_before)
        };
        match (state.kept.iter().rev().find(is_another), current) {
            (Some(before), _) => Ok(before.generation),
            (None, Some(host)) => {
                let generation = host.generation;
                Err(format!("no generation before {generation} is kept"))
            }
            (None, None) => Err("no generation is kept".to_owned()),
        }
    }

    fn note(&self, gone_back: Option<GoneBack>) {
        if let Some(history) = &self.history
            && let Err(error) = history.note(gone_back.as_ref())
        {
            tracing::error!(tenant = %self.id, "a restart will not know of going back: {error}");
        }
        let mut state = self.state();
        state.gone_back = gone_back;
        state.held = None;
    }
}

fn messages(errors: &[Fault]) -> String {
    errors
        .iter()
        .map(|fault| format!("\n  {}", fault.message))
        .collect()
}

const NOT_KEPT: &str = "generations are not kept here";

/// Generations that are tried one after the other where nothing runs.
const MOST_TRIED: usize = 5;
