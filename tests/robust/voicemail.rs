//! Messages are mailed and told once, whatever breaks: the shipped plugin `voicemail`, a relay and a
//! receiver that are down, and an exchange that is killed.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use store::JobState;

use crate::support::relay::{attached, header};
use crate::support::{Exchange, Receiver, Relay, Setup, Wav, eventually, pilot};

#[test]
fn a_message_is_mailed_and_told_once_though_both_were_down_and_the_exchange_was_killed() {
    let (relay, receiver) = (nobody(), nobody());
    let mut exchange = Exchange::start_program(Setup {
        tenant: format!(
            "smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\", from = \"pbx@example.com\" }},
             plugins = {{ voicemail = {{
               mail = {{ [\"1049\"] = \"wenping@example.com\" }},
               webhook = \"http://{receiver}/hook\", secret = \"a secret for the tests\",
             }} }},",
            relay.port()
        ),
        ..Setup::with(
            "-- Every number is a mailbox.
context \"internal\" {}
context \"inbound\" { [\"_10XX\"] = function(call)
  call:answer()
  call:voicemail(call.to, { greeting = false, silence = 1, review = false })
end }
",
        )
    });
    exchange.allows("voicemail");
    let carrier = exchange.carrier();
    let call = carrier.dials("1049");
    call.hears(BEEP);
    call.talks_for(Duration::from_secs(3));
    call.speaks(0.0);
    call.is_hung_up();
    eventually("an attempt of each that nobody answers", || {
        let tried = |name| {
            let waiting = jobs(&exchange, JobState::Waiting, name);
            waiting.iter().any(|attempts| *attempts >= 1)
        };
        (tried("mail") && tried("webhook")).then_some(())
    });

    exchange.is_killed();
    let (relay, receiver) = (Relay::at(relay), Receiver::at(receiver));
    let hour_later = exchange.clock.unix_micros() + 3_600_000_000;
    exchange.clock.set(hour_later);
    exchange.resume();

    let letter = relay.next();
    let file = exchange.folder.join("mailed.wav");
    std::fs::write(&file, attached(&letter, "audio/wav")).unwrap();
    assert!(Wav::read(&file).has(0, pilot::C1));
    let created = receiver.is_told("voicemail.created");
    assert_eq!(created["mailbox"], "1049");
    eventually("both to be done", || {
        let done = |name| jobs(&exchange, JobState::Done, name).len() == 1;
        (done("mail") && done("webhook")).then_some(())
    });
    let all = exchange.store().jobs("8001", Some(JobState::Done));
    let all = all.wait().unwrap();
    let mail = all.iter().find(|row| row.job.name == "mail").unwrap();
    let id = header(&letter, "Message-ID");
    assert!(id.contains(&mail.job.id.to_string()), "{id}: the job's own");
    assert!(relay.has_no_more() && receiver.has_no_more());
    assert_eq!(exchange.store().jobs("8001", None).wait().unwrap(), []);
}

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// The attempts of the jobs of a name in a state.
fn jobs(exchange: &Exchange, state: JobState, name: &str) -> Vec<u32> {
    let rows = exchange.store().jobs("8001", Some(state)).wait().unwrap();
    let rows = rows.into_iter().filter(|row| row.job.name == name);
    rows.map(|row| row.attempts).collect()
}

/// What says "speak now".
const BEEP: f64 = 1_000.0;
