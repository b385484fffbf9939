//! The stubs for editors are the API's reference: what they promise must exist, and what exists
//! must be in them.

use std::collections::{BTreeMap, BTreeSet};

use mlua::{Lua, LuaOptions, StdLib, Table, Value};

use super::arguments::Names;
use super::call::{CallClass, verbs};
use super::schedule::HoursClass;
use super::sound::SAYINGS;
use super::store::ShelfClass;
use super::testbed::{Bed, root};
use super::{
    LIBRARIES, agents, calls, context, db, desk, door, files, http, jobs, mail, messages, offer,
    on, queue, queues, smpp, statistics, store, voicemail,
};
use crate::plugin::Owner;
use crate::read_only;
use crate::schema::{Kind, Schema};

/// The stubs: functions and fields by their owner (`""` for globals).
#[derive(Default)]
struct Stubs {
    members: BTreeMap<String, BTreeSet<String>>,
    text: String,
}

impl Stubs {
    fn read() -> Self {
        let folder = root().join("engine/script/library");
        let files = std::fs::read_dir(folder)
            .unwrap()
            .map(|it| it.unwrap().path());
        // Those of tests are held against the tests' own functions.
        let mut files: Vec<_> = files
            .filter(|path| !path.ends_with("moonswitch_test.lua"))
            .collect();
        files.sort();
        assert!(files.len() > 3, "{files:?}");
        let text: String = files
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        let mut stubs = Self::default();
        let mut class = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("---@class ") {
                class = rest.split_whitespace().next().unwrap().to_owned();
                stubs.members.entry(class.clone()).or_default();
            } else if let Some(rest) = line.strip_prefix("---@field ") {
                let name = rest.split_whitespace().next().unwrap();
                stubs.add(&class.clone(), name.trim_end_matches('?'));
            } else if let Some(rest) = line.strip_prefix("function ") {
                let name = rest.split('(').next().unwrap();
                let (owner, name) = name.split_once([':', '.']).unwrap_or(("", name));
                stubs.add(owner, name);
            } else if let Some((name, _)) = line.split_once(" = {}")
                && !name.starts_with("local ")
            {
                stubs.add("", name);
            }
        }
        stubs.text = text;
        stubs
    }

    fn add(&mut self, owner: &str, name: &str) {
        self.members
            .entry(owner.to_owned())
            .or_default()
            .insert(name.to_owned());
    }

    fn of(&self, owner: &str) -> BTreeSet<String> {
        self.members.get(owner).cloned().unwrap_or_default()
    }
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

fn keys(table: &Table) -> BTreeSet<String> {
    table
        .pairs::<String, Value>()
        .map(|pair| pair.unwrap().0)
        .collect()
}

/// The globals that are ours: all that a VM has, without Lua's own.
fn globals(bed: &Bed) -> BTreeSet<String> {
    let lua = Lua::new_with(StdLib::ALL_SAFE, LuaOptions::default()).unwrap();
    let shown = read_only::content(&bed.vm.lua, &bed.vm.lua.globals());
    keys(&shown.unwrap().unwrap())
        .difference(&keys(&lua.globals()))
        .cloned()
        .collect()
}

#[test]
fn every_global_has_a_stub_and_every_stub_a_global() {
    let bed = Bed::new();

    let mut globals = globals(&bed);
    // Lua has one too, and ours is another.
    globals.insert("require".to_owned());
    // Only plugins have it.
    globals.insert("plugin".to_owned());
    globals.insert("db".to_owned());
    globals.insert("files".to_owned());
    globals.insert("smpp".to_owned());

    assert_eq!(Stubs::read().of(""), globals);
}

#[test]
fn every_method_and_field_of_our_objects_has_a_stub_and_the_reverse() {
    let bed = Bed::new();
    let (lua, stubs) = (&bed.vm.lua, Stubs::read());

    let call = lua.app_data_ref::<CallClass>().unwrap();
    assert_eq!(stubs.of("Call"), set(call.0.members()));
    let hours = lua.app_data_ref::<HoursClass>().unwrap();
    assert_eq!(stubs.of("Hours"), set(hours.0.members()));
    let shelf = lua.app_data_ref::<ShelfClass>().unwrap();
    assert_eq!(stubs.of("Store"), set(shelf.0.members()));
    let transaction = lua.app_data_ref::<db::TransactionClass>().unwrap();
    assert_eq!(stubs.of("Transaction"), set(transaction.0.members()));
    let mut tables = set(transaction.0.members());
    tables.insert("transaction".to_owned());
    assert_eq!(stubs.of("db"), tables);
    assert_eq!(stubs.of("files"), set(files::WISHES.iter().map(|it| it.0)));
    let (around, plugin) = (&bed.vm.surroundings, Owner::plugin("a"));
    let lines = smpp::table(lua, around, &plugin).unwrap();
    assert_eq!(stubs.of("smpp"), keys(&lines));
    assert!(lua.app_data_ref::<context::Contexts>().is_some());
}

#[test]
fn every_function_of_our_libraries_has_a_stub_and_the_reverse() {
    let bed = Bed::new();
    let stubs = Stubs::read();

    for name in LIBRARIES {
        let mut class = name[..1].to_uppercase();
        class.push_str(&name[1..]);
        // Functions are written `clock.now`, fields stand in the class.
        let stubbed: BTreeSet<String> = stubs.of(name).union(&stubs.of(&class)).cloned().collect();
        for member in &stubbed {
            let value = bed.load(&format!("return type({name}.{member})"));
            assert!(
                value.is_ok_and(|kind| kind != "nil"),
                "{name}.{member} is only a stub"
            );
        }
        let refused = bed
            .load(&format!("return {name}.no_such_thing_at_all"))
            .unwrap_err();
        assert_eq!(
            refused,
            format!("test.lua:1: {name} has no 'no_such_thing_at_all'")
        );
        let listed =
            format!("local l = json.list() for k in pairs({name}) do l[#l + 1] = k end return l");
        let listed: BTreeSet<String> = serde_json::from_value(bed.load(&listed).unwrap()).unwrap();
        assert_eq!(stubbed, listed, "{name}");
    }
}

#[test]
fn every_option_has_a_stub_and_the_reverse() {
    let stubs = Stubs::read();
    let say = Names {
        class: "Say",
        names: SAYINGS,
    };
    let all = verbs::OPTIONS
        .iter()
        .copied()
        .chain([&store::OPTIONS, &say])
        .chain([&http::OPTIONS, &http::WEBHOOK])
        .chain([&door::OPTIONS, &door::AUTH])
        .chain([&jobs::OPTIONS, &jobs::ADD_OPTIONS])
        .chain([&agents::OPTIONS, &desk::OPTIONS, &messages::OPTIONS])
        .chain([&offer::OFFER])
        .chain([&on::OPTIONS, &mail::OPTIONS])
        .chain([&calls::ORIGINATE, &calls::LIST, &voicemail::LIST])
        .chain([
            &statistics::FIGURES,
            &statistics::ADHERENCE,
            &statistics::MISSED,
        ])
        .chain([&queues::CALL_BACK])
        .chain([&smpp::LINE, &smpp::MESSAGE]);

    let mut classes = BTreeSet::new();
    for names in all {
        assert_eq!(
            stubs.of(names.class),
            set(names.names.iter().copied()),
            "{}",
            names.class
        );
        classes.insert(names.class.to_owned());
    }

    let stubbed = stubs
        .members
        .keys()
        .filter(|name| name.ends_with("Options"));
    for class in stubbed {
        assert!(classes.contains(class), "{class} is only a stub");
    }
}

#[test]
fn every_setting_of_a_queue_has_a_stub_and_the_reverse() {
    let (stubs, schema) = (Stubs::read(), queue::schema());
    let names = |schema: &Schema| -> BTreeSet<String> {
        let fields = schema.fields().iter();
        fields.map(|field| field.name.to_string()).collect()
    };
    let within = |name: &str| {
        let field = schema.fields().iter().find(|field| field.name == name);
        match &field.unwrap().kind {
            Kind::Table(schema) => names(schema),
            Kind::List(of) => match &**of {
                Kind::Table(schema) => names(schema),
                _ => BTreeSet::new(),
            },
            _ => BTreeSet::new(),
        }
    };

    assert_eq!(stubs.of("QueueSettings"), names(&schema));
    assert_eq!(stubs.of("QueueAnnouncements"), within("announce"));
    assert_eq!(stubs.of("QueueWhisper"), within("whisper"));
    assert_eq!(stubs.of("QueueCallback"), within("callback"));
    assert_eq!(stubs.of("QueueSetbacks"), within("delays"));
    assert_eq!(stubs.of("QueueSetbacks"), within("pause_after"));
    assert_eq!(stubs.of("QueueOverflow"), within("overflow"));
}

#[test]
fn the_stubs_name_every_event_cause_and_tone() {
    let text = Stubs::read().text;

    for event in on::EVENTS {
        assert!(text.contains(&format!("\"{event}\"")), "{event}");
    }
    for cause in ::call::Cause::ALL {
        assert!(
            text.contains(&format!("\"{}\"", cause.word())),
            "{}",
            cause.word()
        );
    }
    for (tone, _) in super::sound::TONES {
        assert!(text.contains(tone), "{tone}");
    }
}

#[test]
fn the_stubs_are_lua_and_refuse_to_be_loaded() {
    let lua = Lua::new();

    let error = lua.load(Stubs::read().text).exec().unwrap_err();

    assert!(
        error.to_string().contains("never loaded by the engine"),
        "{error}"
    );
}
