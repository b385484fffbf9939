//! Plugins as they are shipped.

use std::path::Path;

use bytes::Bytes;
use script::{Answer, Door, Visit};
use serde_json::{Map, Value, json};
use store::Store;

use crate::support::{Project, Setting};

/// A project with shipped plugins and their settings, which may do all that they ask for, and a
/// dialplan.
pub(super) fn project(plugins: Vec<(&'static str, Value)>, dialplan: &str) -> Project {
    project_with(plugins, dialplan, Setting::default())
}

/// The same with further settings; the plugins and what is done before are overwritten.
pub(super) fn project_with(
    plugins: Vec<(&'static str, Value)>,
    dialplan: &str,
    setting: Setting,
) -> Project {
    let project = tried(plugins, dialplan, setting);
    let generation = project.scripts.status().tenants[0].generation;
    assert_eq!(generation, Some(1), "{:?}", project.report);
    project
}

/// The same, whether its scripts are taken or not.
pub(super) fn tried(
    plugins: Vec<(&'static str, Value)>,
    dialplan: &str,
    setting: Setting,
) -> Project {
    let mut files = vec![("scripts/8001/init.lua".to_owned(), dialplan.to_owned())];
    let mut grants = Vec::new();
    for (name, _) in &plugins {
        let found = files_of(name);
        let manifest = found.iter().find(|(path, _)| path.ends_with("plugin.lua"));
        grants.push((*name, permissions(&manifest.unwrap().1)));
        files.extend(found);
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let before = move |store: &store::Sqlite| {
        for (name, may) in grants {
            store.put_grant("8001", name, may).wait().unwrap();
        }
    };
    Project::new(
        &files,
        Setting {
            before: Some(Box::new(before)),
            plugins,
            ..setting
        },
    )
}

/// The files that a plugin runs with.
fn files_of(name: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../plugins")
        .join(name);
    let mut files = Vec::new();
    for folder in ["", "migrations"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let file = path.file_name().unwrap().to_str().unwrap();
            if file.ends_with(".lua") || file.ends_with(".sql") {
                let text = std::fs::read_to_string(&path).unwrap();
                let folder = Path::new("plugins").join(name).join(folder);
                files.push((folder.join(file).to_str().unwrap().to_owned(), text));
            }
        }
    }
    files
}

/// What a manifest asks for.
fn permissions(manifest: &str) -> Value {
    let lua = mlua::Lua::new();
    let manifest: mlua::Table = lua.load(manifest).eval().unwrap();
    let asked: mlua::Table = manifest.get("permissions").unwrap();
    let mut found = Map::new();
    for (name, value) in asked.pairs::<String, mlua::Value>().map(Result::unwrap) {
        let value = match value {
            mlua::Value::Table(list) => {
                let items = list.sequence_values::<String>();
                json!(items.map(Result::unwrap).collect::<Vec<_>>())
            }
            other => json!(other.as_boolean().unwrap()),
        };
        found.insert(name, value);
    }
    Value::Object(found)
}

/// Asks a route of the tenant's; the status and what the answer says.
pub(super) fn ask(project: &Project, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let answer = answer(project, method, path, body);
    let said = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    (answer.status, said)
}

fn answer(project: &Project, method: &str, path: &str, body: &Value) -> Answer {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (path, None),
    };
    let Door::Route(route) = project.scripts.door(&"8001".into(), method, path) else {
        panic!("nothing is at {method} {path}");
    };
    let visit = Visit {
        method: method.to_owned(),
        path: path.to_owned(),
        query,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: match body {
            Value::Null => Bytes::new(),
            body => Bytes::from(body.to_string()),
        },
        source: [192, 0, 2, 7].into(),
        by: Some("desk".to_owned()),
        guest: None,
    };
    let answer = route.ask(visit).blocking_recv().expect("an answer");
    answer.unwrap_or_else(|why| panic!("{method} {path}: {why:?}"))
}
