//! What `moonswitch check` finds besides: what works, and is hardly meant so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::host::{Host, Parts, Routing};
use crate::literals::{self, Literal, Named};
use crate::tokens::{What, tokens};
use crate::{Fault, Place, fault};

/// What is hardly meant so in a generation that is loaded: routes that no number gets to, contexts
/// that nobody enters, prompts that one of the scripts' languages lacks.
pub(crate) fn of(host: &Arc<Host>, parts: &Parts) -> Vec<Fault> {
    let Some(routing) = host.routing() else {
        return Vec::new();
    };
    let mut advice = unreachable_routes(routing, host);
    advice.extend(contexts_without_entrance(routing, host, parts));
    advice.extend(missing_in_a_language(host, parts));
    advice
}

fn unreachable_routes(routing: &Routing, host: &Arc<Host>) -> Vec<Fault> {
    let mut found = Vec::new();
    for (context, routes) in &routing.contexts {
        let places = routing.places.get(context);
        for lost in routes.unreachable() {
            let Some(route) = routes.iter().nth(lost.index) else {
                continue;
            };
            let by: Vec<String> = lost.taken_by.iter().map(|it| format!("'{it}'")).collect();
            let (more, verb) = match by.len().saturating_sub(MOST_NAMED) {
                0 if by.len() == 1 => (String::new(), "takes"),
                0 => (String::new(), "take"),
                more => (format!(" and {more} more"), "take"),
            };
            let by = by.into_iter().take(MOST_NAMED).collect::<Vec<_>>();
            let message = format!(
                "context '{context}': nothing gets to '{}': {}{more} {verb} all its numbers",
                route.pattern,
                by.join(", ")
            );
            let place = places.and_then(|places| places.get(route.handler)).cloned();
            found.push(fault::plain(message, place, &host.snapshot));
        }
    }
    found
}

/// A context is entered by a trunk, by a user, or by a transfer; and who puts its name together
/// has it somewhere as a text.
fn contexts_without_entrance(routing: &Routing, host: &Arc<Host>, parts: &Parts) -> Vec<Fault> {
    let settings = &host.settings;
    let tenant = host.tenant.to_string();
    let recorded = parts.store.users(&tenant).wait().unwrap_or_default();
    let users = settings.users.values().map(|user| &user.context);
    let mut entered: BTreeSet<String> = users.chain(settings.trunks.values()).cloned().collect();
    entered.extend(recorded.into_iter().map(|user| user.context));
    // Whoever is added without one gets this.
    entered.insert("internal".to_owned());
    for (_, source) in host.snapshot.scripts() {
        entered.extend(texts_besides_declarations(&String::from_utf8_lossy(source)));
    }
    let lonely = routing
        .contexts
        .keys()
        .filter(|name| !entered.contains(*name));
    let found = lonely.map(|name| {
        let first = routing.places.get(name).and_then(|places| places.first());
        let message = format!(
            "context '{name}': nobody enters it: no trunk and no user has it, and no script transfers to it"
        );
        fault::plain(message, first.cloned(), &host.snapshot)
    });
    found.collect()
}

/// All texts of a source, but for the names in `context "name"`.
fn texts_besides_declarations(source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let declares = |at: usize| {
        let before = |back: usize| Some(&tokens.get(at.checked_sub(back)?)?.what);
        let is_context =
            |what: Option<&What>| matches!(what, Some(What::Word(word)) if word == "context");
        is_context(before(1)) || (before(1) == Some(&What::Symbol('(')) && is_context(before(2)))
    };
    let texts = tokens
        .iter()
        .enumerate()
        .filter_map(|(at, token)| match &token.what {
            What::Text(text) if !declares(at) => Some(text.clone()),
            _ => None,
        });
    texts.collect()
}

/// Prompts that exist, but not in every language that the scripts set or users have.
fn missing_in_a_language(host: &Arc<Host>, parts: &Parts) -> Vec<Fault> {
    let users = host.settings.users.values();
    let mut languages: BTreeSet<String> = users.filter_map(|user| user.language.clone()).collect();
    languages.insert(host.settings.language.clone());
    // By name, where it stands first.
    let mut sounds: BTreeMap<String, Place> = BTreeMap::new();
    for (path, source) in host.snapshot.scripts() {
        for Literal { line, name } in literals::of(&String::from_utf8_lossy(source)) {
            let place = Place {
                file: path.into(),
                line,
                generation: host.generation,
            };
            match name {
                Named::Language(language) => drop(languages.insert(language)),
                Named::Sound(name) => drop(sounds.entry(name).or_insert(place)),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    for (name, place) in sounds {
        let is_there = |language: &&String| parts.sounds.is_in(&host.tenant, &name, language);
        let (there, lacking): (Vec<&String>, Vec<&String>) = languages.iter().partition(is_there);
        // One that is nowhere has been told of.
        if there.is_empty() || lacking.is_empty() {
            continue;
        }
        let lacking: Vec<String> = lacking.iter().map(|it| format!("'{it}'")).collect();
        let message = format!(
            "sound '{name}' is not there in {}: callers hear it in another language",
            lacking.join(", ")
        );
        found.push(fault::plain(message, Some(place), &host.snapshot));
    }
    found
}

const MOST_NAMED: usize = 4;
