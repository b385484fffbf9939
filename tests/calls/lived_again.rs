//! A call's journal in the store is enough to live the call again, and it knows no PIN.

use std::time::{Duration, Instant};

use call::Call;
use call::journal::{Entry, What};

use crate::support::{Exchange, Keys, Setup};

const PLAN: &str = "-- Colleagues, and the own mailbox.
context \"internal\" {
  [\"_10XX\"] = function(call)
    call:bridge(\"user:\" .. call.to, { timeout = 20, record = true })
    call:play \"bye/thanks\"
  end,
  [\"*97\"] = function(call) return call:voicemail_menu(call.user.mailbox) end,
}
";

#[test]
fn calls_are_lived_again_from_the_store_and_their_journals_know_no_pin() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.talks_for(Duration::from_secs(1));
    rung.hangs_up();
    call.is_over_within(Duration::from_secs(15));
    let listening = a1.dials("*97");
    listening.is_answered();
    for _ in 0..2 {
        listening.hears_something(Duration::from_millis(300));
        listening.presses("2580#", Keys::Rfc4733);
    }
    listening.hears_something(Duration::from_millis(300));
    listening.presses("*", Keys::Rfc4733);
    listening.is_over_within(Duration::from_secs(15));

    for ended in exchange.ended_calls(2) {
        let lines = exchange.store().journal("8001", ended.begin.id).wait();
        let lines = lines.unwrap();
        // The first line has a seed, which may be any number.
        assert!(lines.iter().skip(1).all(|line| !line.json.contains("2580")));
        // The switch has lines of its own among the machine's.
        let lived: Vec<Entry> = lines
            .iter()
            .filter_map(|line| serde_json::from_str(&line.json).ok())
            .collect();
        assert!(lived.len() > 8, "{} lines", lived.len());
        assert_eq!(live_again(&lived), lived);
    }
}

/// Feeds the inputs of a journal to a new machine, and returns the journal that it writes.
fn live_again(journal: &[Entry]) -> Vec<Entry> {
    let birth = Instant::now();
    let Some(What::Began { setup, options }) = journal.first().map(|entry| &entry.what) else {
        panic!("a journal begins with the call's birth");
    };
    let mut call = Call::new(birth, (**setup).clone(), options.clone());
    let mut written = Vec::new();
    for Entry { at, what } in journal {
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
            if let call::Output::Journal(entry) = output {
                written.push(entry);
            }
        }
    }
    written
}
