//! A line by TLS to a real SMSC on loopback, whose certificate is of the tests' own authority.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusmpp::Pdu;
use rusmpp::pdus::{BindTransceiverResp, SubmitSmResp};
use tokio_rustls::rustls::{ServerConnection, StreamOwned};

use super::pdu::{Frames, octets};
use super::session::tests::{line, text};
use super::{Line, Lines};
use crate::Clock;
use crate::http::tls_tests::{authority, server_config};

struct Wall;

impl Clock for Wall {
    fn unix_micros(&self) -> i64 {
        0
    }
}

/// Takes every login and every message.
fn smsc() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    address
}

fn serve(stream: TcpStream) {
    let tls = ServerConnection::new(Arc::new(server_config())).unwrap();
    let mut stream = StreamOwned::new(tls, stream);
    let (mut frames, mut some) = (Frames::default(), [0; 1024]);
    while let Ok(read @ 1..) = stream.read(&mut some) {
        frames.push(&some[..read]);
        while let Ok(Some(frame)) = frames.next() {
            let answer = match frame.pdu {
                Some(Pdu::BindTransceiver(_)) => Pdu::from(BindTransceiverResp::default()),
                _ => Pdu::from(SubmitSmResp::default()),
            };
            let _ = stream.write_all(&octets(0, frame.sequence, answer));
            let _ = stream.flush();
        }
    }
}

fn state(lines: &Lines) -> (&'static str, Option<String>) {
    let status = lines.status(&"8001".into(), "a").unwrap();
    (status.state, status.why)
}

fn until(lines: &Lines, wanted: &str) {
    let give_up = Instant::now() + Duration::from_secs(20);
    while state(lines).0 != wanted {
        assert!(Instant::now() < give_up, "{:?}", state(lines));
        thread::yield_now();
    }
}

fn to(address: SocketAddr) -> Line {
    Line {
        host: "localhost".to_owned(),
        port: address.port(),
        is_tls: true,
        may_be_private: true,
        ..line()
    }
}

#[test]
fn an_smsc_whose_certificate_is_trusted_gets_messages_and_no_other_does() {
    let trusting = Lines::that_trust(vec![authority()]);
    let (strange, address) = (Lines::default(), smsc());
    let wanted = BTreeMap::from([("a".to_owned(), to(address))]);
    let clock: Arc<dyn Clock> = Arc::new(Wall);

    for lines in [&trusting, &strange] {
        lines.keep(&"8001".into(), &wanted, &clock);
    }

    until(&trusting, "bound");
    let line = to(address);
    let whose = ("8001".into(), "a".to_owned());
    let answer = trusting.submit(&whose, &line, text(&line, "hello"));
    assert_eq!(answer.blocking_recv().unwrap().unwrap().status, 0);
    until(&strange, "resting");
    let why = state(&strange).1.unwrap();
    assert!(why.contains("agree on no TLS"), "{why}");
}
