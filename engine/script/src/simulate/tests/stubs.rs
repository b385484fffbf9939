//! The stubs of the tests' functions name what there is, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use mlua::Lua;

use super::bed::root;
use crate::api::testbed::Bed;
use crate::simulate::lua;

/// Members by their owner (`""` for globals).
fn stubs() -> BTreeMap<String, BTreeSet<String>> {
    let path = root().join("engine/script/library/moonswitch_test.lua");
    let text = std::fs::read_to_string(path).unwrap();
    let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut class = String::new();
    let mut add = |owner: &str, name: &str| {
        let known = members.entry(owner.to_owned()).or_default();
        known.insert(name.trim_end_matches('?').to_owned());
    };
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("---@class ") {
            class = rest.split_whitespace().next().unwrap().to_owned();
        } else if let Some(rest) = line.strip_prefix("---@field ") {
            add(&class, rest.split_whitespace().next().unwrap());
        } else if let Some(rest) = line.strip_prefix("function ") {
            let name = rest.split('(').next().unwrap();
            let (owner, name) = name.split_once([':', '.']).unwrap_or(("", name));
            add(owner, name);
        } else if let Some((name, _)) = line.split_once(" = {}")
            && !name.starts_with("local ")
        {
            add("", name);
        }
    }
    members
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_function_of_tests_has_a_stub_and_every_stub_a_function() {
    let bed = Bed::new();
    let lua = Lua::new();
    lua::register(&lua, &bed.vm.surroundings, &Rc::new(lua::Desk::default())).unwrap();
    let stubs = stubs();

    assert_eq!(stubs[""], set(["test", "dial", "simulate", "expect"]));
    for (owner, members) in lua::members(&lua) {
        assert_eq!(stubs[owner], set(members), "{owner}");
    }
    for names in lua::OPTIONS {
        assert_eq!(
            stubs[names.class],
            set(names.names.iter().copied()),
            "{}",
            names.class
        );
    }
}
