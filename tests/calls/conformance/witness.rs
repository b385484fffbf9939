//! What is told of somebody, made comparable: without ids and times, and with the same names for whoever it is about.

use serde_json::{Value, json};

use crate::support::{Api, Stream};

/// Listens to all that is told.
pub(super) struct Witness {
    stream: Stream,
    /// By whom commands are given now: `user:1049` from a phone, `api:desk` by a program.
    pub(super) doer: String,
    /// A number that is another one by each way.
    pub(super) number: Option<String>,
}

/// As the records name the program of these tests.
pub(super) const PROGRAM: &str = "api:desk";

impl Witness {
    pub(super) fn of(api: &Api) -> Self {
        Self {
            stream: api.listens(None),
            doer: PROGRAM.to_owned(),
            number: None,
        }
    }

    /// Who gives commands from now on: a phone's user, or the program.
    pub(super) fn watches(&mut self, user: Option<&str>) {
        self.doer = user.map_or_else(|| PROGRAM.to_owned(), |user| format!("user:{user}"));
    }

    /// The events about a user up to the command that they, or somebody for them, have given; it is by whom it should.
    pub(super) fn told_of(&mut self, user: &str, command: &str) -> Vec<Value> {
        let mut by = Value::Null;
        let told = self.told_until(user, |event| {
            let is_it = event["type"] == "desk.command" && event["data"]["command"] == command;
            if is_it {
                by = event["data"]["by"].clone();
            }
            is_it
        });
        assert_eq!(by, *self.doer, "{told:?}");
        told
    }

    /// The events about a user up to this one.
    pub(super) fn told_until(
        &mut self,
        user: &str,
        mut is_last: impl FnMut(&Value) -> bool,
    ) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let event = self.stream.next();
            let kind = event["type"].as_str().unwrap().to_owned();
            let about = &event["data"];
            let is_theirs =
                about["agent"] == user || about["user"] == user || kind == "list.changed";
            let is_of_a_call = kind.starts_with("call.") || kind.starts_with("registration.");
            if !is_theirs || is_of_a_call || kind.starts_with("recording.") {
                continue;
            }
            told.push(self.plain(&event, user));
            if is_last(&event) {
                return told;
            }
        }
    }

    /// The events of one kind, `voicemail.` say, until there are so many; without the ids of what they are about.
    pub(super) fn told_of_kind(&mut self, kind: &str, count: usize) -> Vec<Value> {
        let mut told = Vec::new();
        while told.len() < count {
            let event = self.stream.next();
            if event["type"].as_str().unwrap().starts_with(kind) {
                let mut event = self.plain(&event, "");
                event["data"].as_object_mut().unwrap().remove("id");
                told.push(event);
            }
        }
        told
    }

    /// The events of the call that is to this number, from its beginning to its end.
    pub(super) fn told_of_call(&mut self, to: &str, user: &str) -> Vec<Value> {
        let (mut call, mut told) = (None, Vec::new());
        loop {
            let event = self.stream.next();
            let is_begun = event["type"] == "call.started" && event["data"]["to"] == to;
            if is_begun && call.is_none() {
                call = Some(event["call"].clone());
            }
            let kind = event["type"].as_str().unwrap();
            if call.as_ref() == Some(&event["call"]) && kind.starts_with("call.") {
                told.push(self.plain(&event, user));
                if kind == "call.ended" {
                    return told;
                }
            }
        }
    }

    /// Nothing is left that was told of these users and that nobody has compared.
    pub(super) fn has_no_more(&mut self, api: &Api, users: &[&str]) {
        self.watches(None);
        for user in users {
            let path = format!("/users/{user}/commands");
            api.gives(&path, &json!({ "command": "end_wrap_up" }));
            let told = self.told_of(user, "end_wrap_up");
            assert_eq!(told.len(), 1, "{told:?}");
        }
    }

    fn plain(&self, event: &Value, user: &str) -> Value {
        let mut about = event["data"].clone();
        let fields = about.as_object_mut().unwrap();
        for name in ["lasted_ms", "waited_ms", "duration_ms", "added_at", "trace"] {
            fields.remove(name);
        }
        // That a command is by whom it should be is looked at where it is waited for.
        fields.retain(|name, value| {
            name != "by" || (*value != "agent" && *value != *self.doer && *value != PROGRAM)
        });
        for value in fields.values_mut() {
            let agent = format!("agent:{user}");
            if *value == user || *value == agent {
                *value = "whoever it is about".into();
            }
            if self.number.as_ref().is_some_and(|number| *value == *number) {
                *value = "the number".into();
            }
        }
        let in_a_call = event["call"].is_string();
        json!({ "type": event["type"], "in a call": in_a_call, "data": about })
    }
}
