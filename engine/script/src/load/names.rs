//! Names in the text that are not there: what will fail when a call comes to it, and lets all
//! others through.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use mlua::{Table, Value};

use super::context_is_there;
use crate::api::LIBRARIES;
use crate::api::call::CallClass;
use crate::api::queue::{DeclaredQueue, no_queue};
use crate::host::{Host, Routing};
use crate::literals::{self, Members, Named, unknown_options};
use crate::read_only;
use crate::suggest::did_you_mean;
use crate::vm::Vm;
use crate::{Fault, Place, fault};

/// All names that are not there.
pub(super) fn warnings(
    routing: &Routing,
    queues: &[DeclaredQueue],
    vm: &Vm,
    host: &Arc<Host>,
) -> Vec<Fault> {
    let known = Known {
        routing,
        queues,
        vm,
        host,
        users: OnceCell::new(),
    };
    let snapshot = &host.snapshot;
    let mut warnings = known.settings();
    let members = members(vm);
    for (path, source) in snapshot.scripts() {
        let source = String::from_utf8_lossy(source);
        let mut tell = |line: u32, message: String| {
            let place = Place {
                file: path.into(),
                line,
                generation: host.generation,
            };
            warnings.push(fault::plain(message, Some(place), snapshot));
        };
        let required = |module: &str| {
            let text = snapshot.file(&snapshot.module(module)?)?;
            Some(String::from_utf8_lossy(text).into_owned())
        };
        let handed_on = literals::called(&source, required);
        for literal in literals::of(&source).into_iter().chain(handed_on) {
            if let Err(message) = known.check(&literal.name) {
                tell(literal.line, message);
            }
        }
        for (line, message) in unknown_options(&source) {
            tell(line, message);
        }
        for (line, message) in members.missing(&source) {
            tell(line, message);
        }
    }
    warnings
}

/// What calls and our libraries have, in this VM.
fn members(vm: &Vm) -> Members {
    let call = vm.lua.app_data_ref::<CallClass>();
    let call = call.map_or_else(Vec::new, |class| {
        class.0.members().map(str::to_owned).collect()
    });
    let globals = vm.lua.globals();
    let content = |table: &Table| read_only::content(&vm.lua, table).ok().flatten();
    let globals = content(&globals).unwrap_or(globals);
    // What plugins are told of their settings has other names in each.
    let libraries = LIBRARIES.iter().filter(|name| **name != "config");
    let libraries = libraries.filter_map(|name| {
        let library = globals.raw_get::<Table>(*name).ok()?;
        let library = content(&library).unwrap_or(library);
        let names = library.pairs::<String, Value>();
        let names: Vec<String> = names.flatten().map(|(name, _)| name).collect();
        (!names.is_empty()).then(|| ((*name).to_owned(), names))
    });
    Members {
        call,
        libraries: libraries.collect(),
    }
}

/// What there is.
struct Known<'a> {
    routing: &'a Routing,
    queues: &'a [DeclaredQueue],
    vm: &'a Vm,
    host: &'a Arc<Host>,
    /// Those of `config.lua` and those that the records know besides.
    users: OnceCell<BTreeSet<String>>,
}

impl Known<'_> {
    fn check(&self, name: &Named) -> Result<(), String> {
        let settings = &self.host.settings;
        match name {
            Named::Sound(name) => self.sound(name),
            Named::Music(name) => self.sound(&format!("music/{name}")),
            Named::Context(name) => context_is_there(self.routing, name),
            Named::Queue(name) => {
                let known = self.queues.iter().map(|it| &*it.plan.name.0);
                match known.clone().any(|it| it == name) {
                    true => Ok(()),
                    false => Err(no_queue(name, known)),
                }
            }
            Named::Trunk(name) if settings.has_way_out(name) => Ok(()),
            Named::Trunk(name) => {
                let hint = did_you_mean(name, settings.ways_out());
                Err(format!("no trunk '{name}'{hint}"))
            }
            Named::User(name) if settings.users.contains_key(name) => Ok(()),
            Named::User(name) => is_among("user", name, self.users()),
            Named::Mailbox(name) if settings.mailboxes.contains_key(name) => Ok(()),
            Named::Mailbox(name) => {
                let known = settings.mailboxes.keys().chain(self.users());
                is_among("mailbox", name, known)
            }
            Named::Module(name) => match self.host.snapshot.module(name) {
                Some(_) => Ok(()),
                None => {
                    let modules: Vec<String> = self.host.snapshot.modules().collect();
                    is_among("module", name, &modules)
                }
            },
            // Any will do that has prompts; which are missing, `moonswitch check` tells.
            Named::Language(_) => Ok(()),
        }
    }

    fn sound(&self, name: &str) -> Result<(), String> {
        let language = &self.host.settings.language;
        let sounds = &self.vm.surroundings.sounds;
        sounds.check(&self.host.tenant, name, language)
    }

    fn users(&self) -> &BTreeSet<String> {
        self.users.get_or_init(|| {
            let tenant = self.host.tenant.to_string();
            let recorded = self.vm.surroundings.store.users(&tenant).wait();
            let recorded = recorded.unwrap_or_default().into_iter();
            let configured = self.host.settings.users.keys().cloned();
            configured
                .chain(recorded.map(|user| user.extension))
                .collect()
        })
    }

    /// What `config.lua` and queues name.
    fn settings(&self) -> Vec<Fault> {
        let (settings, snapshot) = (&self.host.settings, &self.host.snapshot);
        let mut warnings = Vec::new();
        let music = settings
            .music
            .as_deref()
            .map(|name| format!("music/{name}"));
        let configured = [
            ("fallback.play", settings.fallback.play.clone()),
            ("music", music),
        ];
        for (setting, name) in configured {
            if let Some(Err(message)) = name.as_deref().map(|name| self.sound(name)) {
                let tenant = &self.host.tenant;
                let message = format!("config.lua: {setting} of tenant {tenant}: {message}");
                warnings.push(fault::plain(message, None, snapshot));
            }
        }
        for DeclaredQueue { plan, place, .. } in self.queues {
            if plan.members.is_empty() {
                let message = format!(
                    "queue '{}' has no agents: nobody takes its calls",
                    plan.name
                );
                warnings.push(fault::plain(message, Some(place.clone()), snapshot));
            }
            let music = plan.music.as_deref().map(|name| format!("music/{name}"));
            if let Some(Err(message)) = music.as_deref().map(|name| self.sound(name)) {
                let message = format!("queue '{}': music: {message}", plan.name);
                warnings.push(fault::plain(message, Some(place.clone()), snapshot));
            }
        }
        warnings
    }
}

fn is_among<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a String> + Clone,
) -> Result<(), String> {
    if known.clone().into_iter().any(|it| it == name) {
        return Ok(());
    }
    let known = known.into_iter().map(String::as_str);
    Err(format!("no {what} '{name}'{}", did_you_mean(name, known)))
}
