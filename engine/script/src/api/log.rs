//! `log.info("...")`: lines in the exchange's log, with tenant and call; so many a second.

use std::rc::Rc;

use mlua::{Lua, MultiValue, Value};
use tracing::Level;

use crate::convert::to_json;
use crate::lines::LONGEST;
use crate::surroundings::Surroundings;

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let log = lua.create_table()?;
    for (name, level) in LEVELS {
        let surroundings = Rc::clone(surroundings);
        let write = move |lua: &Lua, values: MultiValue| {
            let place = surroundings.place(lua);
            surroundings.say(*level, Some(&place), || text(lua, &values));
            Ok(())
        };
        log.raw_set(*name, lua.create_function(write)?)?;
    }
    lua.globals().raw_set("log", log)
}

const LEVELS: &[(&str, Level)] = &[
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
];

/// The values as words; those that have no room in a line any more are not asked for theirs.
fn text(lua: &Lua, values: &MultiValue) -> String {
    let mut text = String::new();
    for value in values {
        if text.len() > LONGEST {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&word(lua, value));
    }
    text
}

/// A value as text; tables as JSON, so that they can be read.
fn word(lua: &Lua, value: &Value) -> String {
    match value {
        Value::Table(_) => match to_json(lua, value) {
            Ok(json) => json.to_string(),
            Err(_) => value.to_string().unwrap_or_default(),
        },
        Value::String(text) => {
            let octets = text.as_bytes();
            // A letter that the cut goes through is behind the end of the line.
            let first = octets.get(..LONGEST + 8).unwrap_or(&octets);
            String::from_utf8_lossy(first).into_owned()
        }
        other => other.to_string().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::super::testbed::Bed;

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Log {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    impl Visit for Log {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            if field.name() == "message" {
                self.0.lock().unwrap().push(format!("{value:?}"));
            }
        }
    }

    fn logged(source: &str) -> Vec<String> {
        let (log, bed) = (Log::default(), Bed::new());
        tracing::subscriber::with_default(log.clone(), || {
            bed.load(source).unwrap();
        });
        log.0.lock().unwrap().clone()
    }

    #[test]
    fn what_a_caller_calls_itself_makes_no_line_of_the_log() {
        let name = "local name = 'x\\n2026-01-01 ERROR forged\\27[2K' ";

        assert_eq!(
            logged(&format!("{name} log.info('from', name) print(name)")),
            [
                "from x\\n2026-01-01 ERROR forged\\x1b[2K",
                "print: x\\n2026-01-01 ERROR forged\\x1b[2K",
            ]
        );
    }

    #[test]
    fn a_script_writes_no_more_than_so_many_lines_of_such_a_length() {
        let lines =
            logged("for _ = 1, 3000 do log.warn(('x'):rep(20000)) print(('y'):rep(20000)) end");

        // The machine may be so slow that it takes seconds.
        assert!((200..3_000).contains(&lines.len()), "{}", lines.len());
        assert!(lines.iter().all(|line| line.len() <= 4_200));
    }
}
