//! What plugins have promised is kept, whatever breaks: the shipped plugin `tickets`, a receiver
//! that is down, and an exchange that is killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use store::JobState;

use crate::support::{Exchange, PATIENCE, Setup, eventually};

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
    allow(&exchange);
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
    let webhooks = receive(address);
    exchange.resume();

    let (id, body) = webhooks.recv_timeout(PATIENCE).unwrap();
    assert!(body.contains("\"type\":\"call.missed\""), "{body}");
    eventually("the job that is done", || {
        jobs(&exchange, JobState::Done).first().cloned()
    });
    assert!(
        id.starts_with("msg_") && id.ends_with("-00001_1"),
        "{id}: the first event of the first ticket of the month"
    );
    assert!(webhooks.try_recv().is_err(), "it was told twice");
    assert_eq!(exchange.store().jobs("8001", None).wait().unwrap(), []);
}

/// `moonswitch allow tickets`: the receiver is on this machine.
fn allow(exchange: &Exchange) {
    let data = exchange.data();
    let allowed = Command::new(env!("CARGO_BIN_EXE_moonswitch"))
        .args(["allow", "tickets", "--config"])
        .arg(data.with_file_name("config.lua"))
        .arg("--data")
        .arg(&data)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&allowed.stdout);
    assert!(allowed.status.success(), "{allowed:?}");
    assert!(said.contains("private_hosts \"config.url\""), "{said}");
    assert!(said.contains("8001: generation 2 is published"), "{said}");
}

/// Attempts and ids of the jobs in a state.
fn jobs(exchange: &Exchange, state: JobState) -> Vec<(u32, String)> {
    let rows = exchange.store().jobs("8001", Some(state)).wait().unwrap();
    let rows = rows.into_iter().filter(|row| row.job.name == "deliver");
    rows.map(|row| (row.attempts, row.job.id.to_string()))
        .collect()
}

/// A server that takes webhooks: each one's id and body.
fn receive(address: SocketAddr) -> Receiver<(String, String)> {
    let listener = TcpListener::bind(address).unwrap();
    let (tell, told) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = tell.send(taken(stream));
        }
    });
    told
}

fn taken(mut stream: TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut id, mut length) = (String::new(), 0);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        let (name, value) = line.trim_end().split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => id = value.to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answered = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
    assert!(answered.is_ok());
    (id, String::from_utf8(body).unwrap())
}
