//! Loading a generation: compile all, run the dialplan's declarations, check the names.

mod names;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use call::acd::{Plan, QueueName, Step};
use call::route::{Pattern, Routes};
use mlua::{Function, Value};

use crate::api::queue::{DeclaredQueue, no_queue};
use crate::budget::Pause;
use crate::codes::{self, CodeTable, DeclaredCodes};
use crate::door::{Doors, Listed};
use crate::host::{Host, Routing};
use crate::plugin::install::{self, Installed};
use crate::suggest::did_you_mean;
use crate::surroundings::{Declarations, DeclaredDoor, DeclaredRoute, DeclaredTimer};
use crate::vm::Vm;
use crate::{Fault, Place, api, fault, require};

/// A generation that is ready to be published.
pub(crate) struct Loaded {
    pub(crate) routing: Routing,
    /// Handlers by context, numbered as in the routing.
    pub(crate) handlers: BTreeMap<String, Vec<DeclaredRoute>>,
    pub(crate) timers: Vec<DeclaredTimer>,
    /// What queues ask whom a call is offered to.
    pub(crate) choosers: BTreeMap<QueueName, Function>,
    /// What is answered by HTTP, numbered as in the routing.
    pub(crate) doors: Vec<DeclaredDoor>,
}

/// Loads the tenant's dialplan from the host's snapshot.
///
/// # Errors
/// All syntax errors of all files; or, when there are none, the error that loading ended with; or
/// else all names that are declared nowhere.
pub(crate) fn load(vm: &Vm, host: &Arc<Host>, limit: Duration) -> Result<Loaded, Vec<Fault>> {
    let snapshot = &host.snapshot;
    let mut faults: Vec<Fault> = snapshot
        .unreadable
        .iter()
        .map(|text| fault::plain(text.clone(), None, snapshot))
        .collect();
    for (path, _) in snapshot.scripts() {
        if let Err(error) = require::compile(&vm.lua, snapshot, path) {
            let mut fault = fault::fault(&error, snapshot, host.generation, "");
            if fault.place.is_none() {
                fault.message = format!("{path}: {}", fault.message);
                fault.report.clone_from(&fault.message);
            }
            faults.push(fault);
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let dialplan = &host.settings.dialplan;
    if snapshot.module(dialplan).is_none() {
        let path = dialplan.replace('.', "/");
        let modules: Vec<String> = snapshot.modules().collect();
        let nearest = did_you_mean(dialplan, modules.iter().map(String::as_str));
        let message = format!(
            "no dialplan '{dialplan}'{nearest}: write {path}/init.lua, or change `dialplan` of tenant {}",
            host.tenant
        );
        return Err(vec![fault::plain(message, None, snapshot)]);
    }

    let plugins = install::install(vm, host)?;
    let modules = plugins
        .iter()
        .map(|plugin| format!("plugins.{}", plugin.name));
    vm.budget.begin_loading(limit);
    let result = vm
        .lua
        .globals()
        .get::<Function>("require")
        .and_then(|require| {
            modules
                .chain([dialplan.clone()])
                .try_for_each(|module| require.call::<Value>(module).map(drop))
        });
    let (pause, ..) = vm.budget.end();
    if let Pause::Stopped(stopped) = pause {
        let error = mlua::Error::external(stopped);
        let mut stopped = fault::fault(&error, snapshot, host.generation, "");
        stopped.message = stopped
            .message
            .replace("limits.script_cpu", "limits.load_time");
        return Err(vec![stopped]);
    }
    if let Err(error) = result {
        return Err(vec![fault::fault(&error, snapshot, host.generation, "")]);
    }
    let declared = vm.surroundings.declared.take();
    let loaded = check(declared, &plugins, vm, host)?;
    install::grant(vm, host, &plugins).map_err(|fault| vec![fault])?;
    Ok(loaded)
}

fn check(
    declared: Declarations,
    plugins: &[Installed],
    vm: &Vm,
    host: &Arc<Host>,
) -> Result<Loaded, Vec<Fault>> {
    let snapshot = &host.snapshot;
    let mut faults: Vec<Fault> = declared
        .mistakes
        .into_iter()
        .map(|text| fault::plain(text, None, snapshot))
        .collect();
    let mut routing = Routing::default();
    for (name, routes) in &declared.contexts {
        let places = routes.iter().map(|route| route.place.clone()).collect();
        routing.places.insert(name.clone(), places);
        let mut table = Routes::new();
        for (number, route) in routes.iter().enumerate() {
            let refused = match Pattern::parse(&route.pattern) {
                Ok(pattern) => table
                    .insert(pattern, number)
                    .err()
                    .map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            if let Some(message) = refused {
                let place = Place {
                    generation: host.generation,
                    ..route.place.clone()
                };
                faults.push(fault::plain(
                    format!("context '{name}': {message}"),
                    Some(place),
                    snapshot,
                ));
            }
        }
        routing.contexts.insert(name.clone(), table);
    }
    routing.codes = codes(&declared.codes, vm, host, &mut faults);
    faults.extend(lost_callers(&declared.queues, host));
    faults.extend(lost_settings(plugins, &declared.queues, host));
    let doors = doors(&declared.doors, host, &mut faults);
    let users = host.settings.users.iter();
    let users = users.map(|(extension, user)| (format!("user {extension}"), &user.context));
    let trunks = host.settings.trunks.iter();
    let trunks = trunks.map(|(name, context)| (format!("trunk {name}"), context));
    for (who, context) in users.chain(trunks) {
        if let Err(message) = context_is_there(&routing, context) {
            let message = format!("config.lua: {who} of tenant {}: {message}", host.tenant);
            faults.push(fault::plain(message, None, snapshot));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    routing.queues = Arc::new(Plan {
        queues: declared.queues.iter().map(|it| it.plan.clone()).collect(),
        rules: host.settings.agents.clone(),
    });
    routing.warnings = names::warnings(&routing, &declared.queues, vm, host);
    let waiting = plugins.iter().flat_map(|plugin| &plugin.warnings);
    let waiting = waiting.map(|warning| fault::plain(warning.clone(), None, snapshot));
    routing.warnings.extend(waiting);
    routing.schedules = declared.schedules;
    routing.doors = doors;
    let heard = api::on::subscriptions(&vm.lua);
    let heard = heard.0.borrow();
    routing.hears = heard.iter().map(|it| it.event.clone()).collect();
    let tables = plugins.iter().filter_map(|plugin| {
        let tables = plugin.tables.clone()?;
        Some((plugin.name.clone(), tables))
    });
    routing.tables = tables.collect();
    let plugins = plugins.iter();
    routing.plugins = plugins
        .map(|it| (it.name.clone(), it.version.clone()))
        .collect();
    let handlers = api::jobs::handlers(&vm.lua);
    let jobs = handlers.0.borrow();
    let jobs = jobs.iter().map(|it| {
        let key = (it.owner.name.to_string(), it.name.clone());
        (key, it.schedule.clone())
    });
    routing.jobs = jobs.collect();
    let lines = api::smpp::lines(&vm.lua);
    let lines = lines.0.borrow();
    let lines = lines
        .iter()
        .map(|it| (it.owner.name.to_string(), (*it.line).clone()));
    routing.lines = lines.collect();
    Ok(Loaded {
        routing,
        handlers: declared.contexts,
        timers: declared.timers,
        choosers: declared
            .queues
            .into_iter()
            .filter_map(|it| Some((it.plan.name, it.choose?)))
            .collect(),
        doors: declared.doors,
    })
}

/// The table of codes, which must not stand in each other's way, nor in that of numbers.
fn codes(
    declared: &DeclaredCodes,
    vm: &Vm,
    host: &Arc<Host>,
    faults: &mut Vec<Fault>,
) -> CodeTable {
    if declared.idle.is_empty() && declared.in_call.is_none() {
        return CodeTable::default();
    }
    let tenant = host.tenant.to_string();
    let recorded = vm.surroundings.store.users(&tenant).wait();
    let recorded = recorded.unwrap_or_default().into_iter();
    let configured = host.settings.users.keys().cloned();
    let users = configured
        .chain(recorded.map(|user| user.extension))
        .collect();
    let mut wrong = Vec::new();
    let is_configured = host.settings.in_call_codes.is_some();
    let table = codes::table(declared, is_configured, &users, &mut wrong);
    faults.extend(wrong.into_iter().map(|(place, message)| {
        let place = Place {
            generation: host.generation,
            ..place
        };
        fault::plain(message, Some(place), &host.snapshot)
    }));
    table
}

/// Queues that send callers on to queues which are not there.
fn lost_callers(queues: &[DeclaredQueue], host: &Arc<Host>) -> Vec<Fault> {
    let known = |name: &QueueName| queues.iter().any(|it| it.plan.name == *name);
    let steps = queues
        .iter()
        .flat_map(|it| it.plan.overflow.iter().map(move |overflow| (it, overflow)));
    let lost = steps.filter_map(|(queue, overflow)| match &overflow.step {
        Step::Queue(name) if !known(name) => {
            let names = queues.iter().map(|it| &*it.plan.name.0);
            let of = &queue.plan.name;
            let message = format!("queue '{of}': overflow: {}", no_queue(&name.0, names));
            Some(fault::plain(
                message,
                Some(queue.place.clone()),
                &host.snapshot,
            ))
        }
        _ => None,
    });
    lost.collect()
}

/// Settings of plugins that name queues which are not there.
fn lost_settings(plugins: &[Installed], queues: &[DeclaredQueue], host: &Arc<Host>) -> Vec<Fault> {
    let mut lost = Vec::new();
    for plugin in plugins {
        for (setting, name) in &plugin.queues {
            let mut names = queues.iter().map(|it| &*it.plan.name.0);
            if names.clone().any(|known| known == name) {
                continue;
            }
            let (tenant, plugin) = (&host.tenant, &plugin.name);
            let why = no_queue(name, &mut names);
            let message = format!("config.lua: tenants.{tenant}.plugins.{plugin}.{setting}: {why}");
            lost.push(fault::plain(message, None, &host.snapshot));
        }
    }
    lost
}

/// The table of what is answered by HTTP.
fn doors(declared: &[DeclaredDoor], host: &Arc<Host>, faults: &mut Vec<Fault>) -> Doors {
    let mut doors = Doors::default();
    for (handler, door) in declared.iter().enumerate() {
        let listed = Listed {
            method: door.method,
            path: door.path.clone(),
            guard: door.guard.clone(),
            place: door.place.clone(),
            handler,
        };
        if let Err(message) = doors.insert(listed) {
            let place = Some(door.place.clone());
            faults.push(fault::plain(message, place, &host.snapshot));
        }
    }
    doors
}

fn context_is_there(routing: &Routing, name: &str) -> Result<(), String> {
    if routing.contexts.contains_key(name) {
        return Ok(());
    }
    let known = routing.contexts.keys().map(String::as_str);
    Err(format!("no context '{name}'{}", did_you_mean(name, known)))
}
