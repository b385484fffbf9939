//! What plugins have promised is kept, whatever breaks: the shipped plugin `tickets`, a receiver
//! that is down, and an exchange that is killed.

use std::net::TcpListener;

use store::JobState;

use crate::support::{Exchange, Receiver, Setup, eventually};

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

/// Attempts and ids of the jobs in a state.
fn jobs(exchange: &Exchange, state: JobState) -> Vec<(u32, String)> {
    let rows = exchange.store().jobs("8001", Some(state)).wait().unwrap();
    let rows = rows.into_iter().filter(|row| row.job.name == "deliver");
    rows.map(|row| (row.attempts, row.job.id.to_string()))
        .collect()
}
