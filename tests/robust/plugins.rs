//! What plugins have promised is kept, whatever breaks: the shipped plugin `tickets`, a receiver
//! that is down, and an exchange that is killed.

use std::net::TcpListener;

use store::JobState;

use crate::support::{Exchange, Receiver, Setup, eventually, pilot, prompt};

#[test]
fn a_missed_call_is_told_once_though_the_receiver_was_down_and_the_exchange_was_killed() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut exchange = Exchange::start_program(Setup {
        tenant: format!(
            "plugins = {{ tickets = {{ url = \"http://{address}/hook\", secret = \"a secret for the tests\" }} }},"
        ),
        ..Setup::with(
            "-- Who is not there is missed.
context \"internal\" { [\"_10XX\"] = function(call)
  local leg, why = call:bridge(\"user:\" .. call.to)
  if why then call:reject(why) end
end }
",
        )
    });
    let said = exchange.allows("tickets");
    assert!(said.contains("private_hosts \"config.url\""), "{said}");
    assert!(said.contains("8001: generation 2 is published"), "{said}");
    let [a1] = exchange.phones(["1049"]);

    a1.dials("1050").is_refused();
    eventually("an attempt that nobody answers", || {
        let waiting = jobs(&exchange, JobState::Waiting);
        waiting
            .iter()
            .any(|(attempts, _)| *attempts == 1)
            .then_some(())
    });
    exchange.is_killed();
    let receiver = Receiver::at(address);
    exchange.resume();

    let (id, said) = receiver.next();
    assert_eq!(said["type"], "call.missed");
    eventually("the job that is done", || {
        jobs(&exchange, JobState::Done).first().cloned()
    });
    assert!(
        id.starts_with("msg_") && id.ends_with("-00001_1"),
        "{id}: the first event of the first ticket of the month"
    );
    assert!(receiver.has_no_more(), "it was told twice");
    assert_eq!(exchange.store().jobs("8001", None).wait().unwrap(), []);
}

/// Keeps four MB after each call.
const LEAK: &str = "local kept = {}
on(\"call.ended\", function() kept[#kept + 1] = (\"x\"):rep(4000000) .. #kept end)
";

#[test]
fn a_plugin_that_hoards_slowly_is_found_and_no_call_gets_the_fallback() {
    // Not one of those that are shipped.
    let manifest = "return { name = \"leak\", version = \"1\", api = 1, description = \"Leaks.\", permissions = { events = { \"call.ended\" } } }\n";
    let exchange = Exchange::start(Setup {
        plugins: vec![("leak", manifest.to_owned(), LEAK.to_owned())],
        tenant: "plugins = { leak = {} }, fallback = { play = \"tones/2200\" },".to_owned(),
        more: "limits = { script_memory = \"64MB\" },".to_owned(),
        ..Setup::with(
            "-- Needs five MB for a moment.
context \"internal\" {
  [\"_10XX\"] = function(call) call:bridge(\"user:\" .. call.to) end,
  large = function(call)
    call:answer()
    call.vars.length = #((\"y\"):rep(5000000) .. call.to)
    call:play(\"tones/840\")
  end,
}
",
        )
    });
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let talk = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    talk.hears(pilot::A2);

    let why = eventually("the plugin that is left out", || {
        let call = a3.dials("large");
        call.has_heard(prompt::FIRST);
        call.hangs_up();
        let status = exchange.status();
        let plugin = &status["scripts"]["tenants"][0]["plugins"][0];
        assert_eq!(plugin["name"], "leak", "{status:#}");
        plugin["left_out"]["why"].as_str().map(str::to_owned)
    });

    assert!(why.contains("the plugin keeps "), "{why}");
    for _ in 0..3 {
        let call = a3.dials("large");
        call.has_heard(prompt::FIRST);
        call.hangs_up();
    }
    eventually("scripts that have begun afresh", || {
        let status = exchange.status();
        let used = status["scripts"]["tenants"][0]["memory"].as_u64();
        (used < Some(24_000_000)).then_some(())
    });
    talk.hears(pilot::A2);
    rung.hears(pilot::A1);
    talk.hangs_up();
    let failed = exchange
        .records()
        .into_iter()
        .filter_map(|record| record.end);
    let failed: Vec<_> = failed.filter_map(|end| end.script_error).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

/// Attempts and ids of the jobs in a state.
fn jobs(exchange: &Exchange, state: JobState) -> Vec<(u32, String)> {
    let rows = exchange.store().jobs("8001", Some(state)).wait().unwrap();
    let rows = rows.into_iter().filter(|row| row.job.name == "deliver");
    rows.map(|row| (row.attempts, row.job.id.to_string()))
        .collect()
}
