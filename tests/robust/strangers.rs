//! Strangers: their sound is not let in, nothing is sent to them, and nobody calls in another's name.

use std::net::UdpSocket;
use std::time::Duration;

use crate::support::{Exchange, Setup, eventually, pilot};

#[test]
fn a_strangers_rtp_is_neither_heard_nor_answered() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    rung.hears(pilot::A1);

    let stranger = UdpSocket::bind(exchange.house(200, 0)).unwrap();
    stranger
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let door = call.far_address();
    for sequence in 0..200_u16 {
        let mut packet = vec![0x80, 8];
        packet.extend(sequence.to_be_bytes());
        packet.extend((u32::from(sequence) * 160).to_be_bytes());
        packet.extend([9, 9, 9, 9]);
        // A-law of a square wave of 1 kHz, as loud as can be.
        packet.extend((0..160).map(|n| if n % 8 < 4 { 0xaa } else { 0x2a }));
        stranger.send_to(&packet, door).unwrap();
    }

    rung.is_deaf_to(1_000.0);
    rung.hears(pilot::A1);
    call.hears(pilot::A2);
    assert!(
        stranger.recv(&mut [0; 2_048]).is_err(),
        "something was sent to the stranger"
    );
}

#[test]
fn a_stranger_is_asked_for_a_password_whatever_it_wants_and_of_whomever() {
    let exchange = Exchange::start(Setup::ringing());
    let _a1 = exchange.phones(["1049"]);
    let here = exchange.house(200, 0);
    let stranger = UdpSocket::bind(here).unwrap();
    stranger
        .set_read_timeout(Some(crate::support::PATIENCE))
        .unwrap();
    let at = exchange.address();
    let mut answers = Vec::new();
    for (method, lines) in [
        ("OPTIONS", ""),
        ("REGISTER", ""),
        ("INVITE", ""),
        ("MESSAGE", "Content-Type: text/plain\r\n"),
        ("PUBLISH", "Event: presence\r\n"),
        ("JUMP", ""),
        ("REFER", "Refer-To: <sip:1050@example.com>\r\n"),
        ("SUBSCRIBE", ""),
        ("SUBSCRIBE", "Event: dialog\r\n"),
        ("SUBSCRIBE", "Event: message-summary\r\nExpires: 1\r\n"),
        ("SUBSCRIBE", "Event: nonsense\r\nExpires: 600\r\n"),
    ] {
        // One that is there, one that is known, one that is not.
        for user in ["1049", "1050", "1999"] {
            let id = answers.len();
            let text = format!(
                "{method} sip:{user}@{at} SIP/2.0\r\n\
                 Via: SIP/2.0/UDP {at};rport;branch=z9hG4bK{id}\r\n\
                 From: <sip:x@{at}>;tag=1\r\nTo: <sip:{user}@{at}>\r\nCall-ID: id-{id}\r\n\
                 CSeq: 1 {method}\r\nContact: <sip:x@{here}>\r\nMax-Forwards: 70\r\n{lines}\
                 Content-Length: 0\r\n\r\n"
            );
            stranger.send_to(text.as_bytes(), at).unwrap();

            let mut answer = [0; 4_096];
            let answer = loop {
                let length = stranger.recv(&mut answer).unwrap();
                let text = String::from_utf8_lossy(&answer[..length]).into_owned();
                let ours = text.contains(&format!("Call-ID: id-{id}\r\n"));
                if ours && !text.starts_with("SIP/2.0 100") {
                    break text;
                }
            };
            answers.push((format!("{method} of {user}, {lines}"), shape(&answer)));
        }
    }
    let (_, first) = answers[0].clone();
    assert_eq!(
        first.first().map(String::as_str),
        Some("SIP/2.0 401 Unauthorized")
    );
    for (what, shape) in answers {
        assert_eq!(shape, first, "{what}");
    }
    assert_eq!(exchange.status()["subscriptions"], 0);
}

/// An answer without what is of this request alone: its status line, the names of its header fields,
/// and what a challenge asks for.
fn shape(answer: &str) -> Vec<String> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(body.is_empty(), "{answer}");
    let mut lines: Vec<String> = head
        .lines()
        .map(|line| match line.split_once(": ") {
            Some(("WWW-Authenticate", challenge)) => {
                let kept = challenge
                    .split(", ")
                    .filter(|part| !part.starts_with("nonce"));
                kept.collect::<Vec<_>>().join(", ")
            }
            Some((name, _)) => name.to_owned(),
            None => line.to_owned(),
        })
        .collect();
    // INVITE is answered elsewhere, with its header fields in another order.
    lines[1..].sort();
    lines
}

#[test]
fn a_user_calls_as_nobody_else() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    let _call = a1.dials_as("1001", "1050", pilot::A1);

    assert_eq!(a2.rings().caller(), "1049");
}

#[test]
fn a_stranger_without_a_password_makes_no_call_and_leaves_no_record() {
    let exchange = Exchange::start(Setup::ringing());
    let [a2] = exchange.phones(["1050"]);
    let stranger = exchange.phone_with("1049", |manner| manner.password = None);

    let call = stranger.dials("1050");

    assert_eq!(call.is_refused(), 401);
    assert!(a2.is_not_called_for(Duration::from_millis(200)));
    assert!(exchange.records().is_empty());
}

#[test]
fn names_of_callers_lose_what_nobody_sees_before_anybody_reads_them() {
    let exchange = Exchange::start(Setup::ringing());
    let [a2] = exchange.phones(["1050"]);
    let at = exchange.address();
    // A customer of the carrier, who calls by whatever name.
    let customer = UdpSocket::bind(exchange.house(9, 0)).unwrap();
    let here = customer.local_addr().unwrap();
    let name = "\u{1b}[2Jbank\u{202e}moc.\u{200b}evil\u{2028}\u{feff}";
    let invite = format!(
        "INVITE sip:1050@{at} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bKname\r\n\
         From: \"{name}\" <sip:1380{}0138000@{here}>;tag=1\r\nTo: <sip:1050@{at}>\r\nCall-ID: name\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:x@{here}>\r\nMax-Forwards: 70\r\n\
         User-Agent: Tele\u{202d}phone\u{9b}1m\r\nContent-Length: 0\r\n\r\n",
        "%E2%80%8B"
    );
    customer.send_to(invite.as_bytes(), at).unwrap();

    let rung = a2.rings();

    assert_eq!(rung.caller(), "+8613800138000");
    let record = eventually("its record", || exchange.records().pop()).begin;
    assert_eq!(record.from_name.as_deref(), Some("[2Jbankmoc.evil"));
    assert_eq!(record.from_raw, "13800138000");
}
