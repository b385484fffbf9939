//! A call can be lived again from its journal.

use std::time::Instant;

use super::{Bench, bridge, named, play, s};
use crate::journal::{Entry, What};
use crate::{
    Bridge, Call, Cause, Command, Ended, Event, Gather, Keys, LegId, Output, StartRecording,
    Strategy,
};

/// A call with something of everything, and what its journal and its outputs were.
fn lived() -> (Instant, Vec<Entry>, Vec<Output>) {
    let mut bench = Bench::new();
    bench.ask(Command::Answer);
    bench.ask(Command::StartRecording(StartRecording::default()));
    bench.ask(Command::Gather(Gather {
        prompt: vec![named("menu/main")],
        min_digits: 1,
        max_digits: 1,
        timeout: s(5),
        digit_timeout: s(2),
        finish_on: Keys::None,
        pattern: None,
        barge_in: true,
    }));
    bench.wait(s(2));
    bench.keys("1");
    bench.ask(Command::Bridge(Bridge {
        strategy: Strategy::InOrder,
        ..bridge(&["1049", "1050"])
    }));
    bench.rings(bench.invited("1049"));
    bench.wait(s(21));
    let agent = bench.invited("1050");
    bench.answers(agent);
    bench.wait(s(30));
    bench.event(Event::HungUp {
        leg: agent,
        cause: Cause::Normal,
    });
    bench.ask(play("rate/ask"));
    bench.wait(s(2));
    bench.script_ends(Ended::Failed {
        message: "reception.lua:19: boom".to_owned(),
    });
    bench.hangs_up(LegId::CALLER);
    bench.wait(s(5));
    assert!(bench.call.is_ended());
    (bench.birth, bench.entries.clone(), bench.take())
}

/// Feeds the inputs of a journal to a new call.
pub(super) fn live_again(birth: Instant, journal: &[Entry]) -> (Vec<Entry>, Vec<Output>) {
    let mut inputs = journal.iter();
    let Some(Entry {
        what: What::Began { setup, options },
        ..
    }) = inputs.next()
    else {
        panic!("a journal begins with the call's birth");
    };
    let mut call = Call::new(birth, (**setup).clone(), options.clone());
    let (mut entries, mut outputs) = (Vec::new(), Vec::new());
    for Entry { at, what } in inputs {
        let now = birth + *at;
        match what.clone() {
            What::Event(event) => call.handle_event(now, event),
            What::Command { request, command } => call.handle_command(now, request, *command),
            What::ScriptEnded(ended) => call.handle_script_ended(now, ended),
            What::Timer { .. } => call.handle_timeout(now),
            What::HungUp { by } => call.handle_hang_up(now, by),
            What::Shutdown => call.handle_shutdown(now),
            What::Began { .. } | What::Decision { .. } => {}
        }
        while let Some(output) = call.poll_output() {
            match output {
                Output::Journal(entry) => entries.push(entry),
                output => outputs.push(output),
            }
        }
    }
    (entries, outputs)
}

#[test]
fn the_inputs_of_a_journal_make_the_same_call_again() {
    let (birth, journal, outputs) = lived();
    let written = serde_json::to_string(&journal).unwrap();
    let read: Vec<Entry> = serde_json::from_str(&written).unwrap();

    let (again, same) = live_again(birth, &read);

    assert_eq!(again, journal);
    assert_eq!(same, outputs);
}

#[test]
fn another_input_makes_another_call() {
    let (birth, mut journal, outputs) = lived();
    let key = journal.iter_mut().find_map(|entry| match &mut entry.what {
        What::Event(Event::Answered { leg, .. }) => Some(leg),
        _ => None,
    });
    *key.unwrap() = LegId(9);

    let (_, other) = live_again(birth, &journal);

    assert_ne!(other, outputs);
}
