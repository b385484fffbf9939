//! Bindings come, are refreshed, expire, are asked and come back.

#![allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]

use super::*;
use crate::transport::{Source, Transport};
use crate::{Message, Name, Request, Response};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_contact_is_bound_listed_and_expires() {
    let (mut registrar, start) = begin();

    let reply = register(
        &mut registrar,
        start,
        1,
        "Contact: <sip:1049@10.0.0.7:5060>;expires=90\r\n",
    );

    assert_eq!(reply.status(), 200);
    assert_eq!(contacts(&reply), ["<sip:1049@10.0.0.7:5060>;expires=90"]);
    let binding = registrar.bindings(start, "8001/1049").remove(0).clone();
    assert_eq!(binding.route.remote, "192.0.2.7:1024".parse().unwrap());
    assert!(matches!(
        registrar.poll_output(),
        Some(RegistrarOutput::Changed { .. })
    ));
    assert_eq!(
        until_gone(&mut registrar),
        (start + 90 * SECOND, Gone::Expired)
    );
    assert!(registrar.is_empty());
}

#[test]
fn the_time_is_of_the_contact_then_of_the_request_then_the_default() {
    let (mut registrar, start) = begin();
    let lines = "Contact: <sip:a@10.0.0.1>;expires=100, <sip:b@10.0.0.1>\r\nExpires: 200\r\n";

    let reply = register(&mut registrar, start, 1, lines);
    let reply_without = register(&mut registrar, start, 2, "Contact: <sip:c@10.0.0.1>\r\n");

    let listed = contacts(&reply);
    assert!(listed.contains(&"<sip:a@10.0.0.1>;expires=100".to_owned()));
    assert!(listed.contains(&"<sip:b@10.0.0.1>;expires=200".to_owned()));
    assert!(contacts(&reply_without).contains(&"<sip:c@10.0.0.1>;expires=3600".to_owned()));
}

#[test]
fn too_brief_is_423_and_too_long_is_shortened() {
    let (mut registrar, start) = begin();

    let brief = register(
        &mut registrar,
        start,
        1,
        "Contact: <sip:a@10.0.0.1>;expires=59\r\n",
    );
    let long = register(
        &mut registrar,
        start,
        2,
        "Contact: <sip:a@10.0.0.1>;expires=99999999999\r\n",
    );

    assert_eq!(brief.status(), 423);
    assert_eq!(brief.min_expires(), Some(60));
    assert_eq!(contacts(&long), ["<sip:a@10.0.0.1>;expires=3600"]);
}

#[test]
fn zero_takes_one_contact_back_and_a_star_all() {
    let (mut registrar, start) = begin();
    let two = "Contact: <sip:a@10.0.0.1>, <sip:b@10.0.0.1>\r\n";
    register(&mut registrar, start, 1, two);

    let one = register(
        &mut registrar,
        start,
        2,
        "Contact: <sip:a@10.0.0.1>;expires=0\r\n",
    );
    let none = register(&mut registrar, start, 3, "Contact: *\r\nExpires: 0\r\n");

    assert_eq!(contacts(&one), ["<sip:b@10.0.0.1>;expires=3600"]);
    assert_eq!((none.status(), contacts(&none).len()), (200, 0));
    assert!(registrar.is_empty() && registrar.poll_timeout().is_none());
}

#[test]
fn a_star_with_time_or_company_is_malformed() {
    let (mut registrar, start) = begin();
    for lines in [
        "Contact: *\r\nExpires: 60\r\n",
        "Contact: *\r\n",
        "Contact: *, <sip:a@10.0.0.1>\r\nExpires: 0\r\n",
    ] {
        assert_eq!(register(&mut registrar, start, 1, lines).status(), 400);
    }
}

#[test]
fn without_contacts_it_only_asks() {
    let (mut registrar, start) = begin();
    register(
        &mut registrar,
        start,
        1,
        "Contact: <sip:a@10.0.0.1>;q=0.5\r\n",
    );
    while registrar.poll_output().is_some() {}

    let reply = register(&mut registrar, start + SECOND, 2, "");

    assert_eq!(contacts(&reply), ["<sip:a@10.0.0.1>;expires=3599;q=0.500"]);
    assert!(registrar.poll_output().is_none());
}

#[test]
fn an_older_request_of_the_same_call_changes_nothing() {
    let (mut registrar, start) = begin();
    register(&mut registrar, start, 5, "Contact: <sip:a@10.0.0.1>\r\n");

    let same = register(
        &mut registrar,
        start,
        5,
        "Contact: <sip:a@10.0.0.1>;expires=0\r\n",
    );
    let older = register(&mut registrar, start, 4, "Contact: *\r\nExpires: 0\r\n");

    assert_eq!((same.status(), older.status()), (500, 500));
    assert_eq!(registrar.len(), 1);
}

#[test]
fn a_request_is_taken_whole_or_not_at_all() {
    let (mut registrar, start) = begin();

    let reply = register(
        &mut registrar,
        start,
        1,
        "Contact: <sip:a@10.0.0.1>, <sip:b@10.0.0.1>;expires=5\r\n",
    );

    assert_eq!(reply.status(), 423);
    assert!(registrar.is_empty() && registrar.poll_output().is_none());
}

#[test]
fn a_phone_that_moved_is_known_by_its_instance() {
    let (mut registrar, start) = begin();
    let instance = "+sip.instance=\"<urn:uuid:f81d4fae>\";reg-id=1";
    register(
        &mut registrar,
        start,
        1,
        &format!("Contact: <sip:a@10.0.0.1>;{instance}\r\n"),
    );
    while registrar.poll_output().is_some() {}

    let reply = register(
        &mut registrar,
        start,
        2,
        &format!("Contact: <sip:a@10.0.0.9>;{instance}\r\n"),
    );

    let expected = format!("<sip:a@10.0.0.9>;expires=3600;{instance}");
    assert_eq!(contacts(&reply), [expected]);
    let why = match registrar.poll_output() {
        Some(RegistrarOutput::Gone { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why, Gone::Replaced);
}

#[test]
fn one_contact_too_many_is_refused_unless_one_can_go() {
    let policy = RegistrarPolicy {
        max_contacts: 2,
        ..RegistrarPolicy::default()
    };
    let mut registrar = Registrar::new(policy);
    let start = Instant::now();
    let from = |host: &str| source(&format!("{host}:5060"));
    let put = |registrar: &mut Registrar, user: &str, host: &str, cseq| {
        let request = request(cseq, &format!("Contact: <sip:{user}@10.0.0.1>\r\n"));
        let done = registrar.handle_register(start, "8001/1049", &request, &from(host));
        done.reply.finish().status()
    };
    put(&mut registrar, "a", "192.0.2.1", 1);
    put(&mut registrar, "b", "192.0.2.2", 2);

    let refused = put(&mut registrar, "c", "192.0.2.3", 3);
    let same_host = put(&mut registrar, "d", "192.0.2.1", 4);

    assert_eq!((refused, same_host), (403, 200));
    let users = registrar.bindings(start, "8001/1049");
    let users: Vec<_> = users
        .iter()
        .map(|own| own.contact.user().unwrap().to_string())
        .collect();
    assert_eq!(users, ["d", "b"]);
}

#[test]
fn path_is_kept_and_returned() {
    let (mut registrar, start) = begin();
    let lines = "Path: <sip:edge1.example.com;lr>, <sip:edge2.example.com;lr>\r\n\
                 Contact: <sip:a@10.0.0.1>\r\n";

    let reply = register(&mut registrar, start, 1, lines);

    assert_eq!(reply.path().unwrap().len(), 2);
    let binding = registrar.bindings(start, "8001/1049").remove(0);
    assert_eq!(
        binding.path[0].text(),
        &crate::Text::from("<sip:edge1.example.com;lr>")
    );
}

#[test]
fn contacts_that_cannot_be_called_are_malformed() {
    let (mut registrar, start) = begin();
    for contact in [
        "mailto:a@example.com",
        "sip:a@example.com?Route=%3Csip:b%3E",
        "<sip:a@[::1>",
        "<sip:a@b>;;",
        "\"a <sip:b@c>",
    ] {
        let reply = register(&mut registrar, start, 1, &format!("Contact: {contact}\r\n"));
        assert_eq!(reply.status(), 400, "{contact}");
    }
}

#[test]
fn a_phone_is_asked_every_interval_and_is_unreachable_after_two_silences() {
    let (mut registrar, start) = begin();
    register(
        &mut registrar,
        start,
        1,
        "Contact: <sip:a@10.0.0.1>;expires=120\r\n",
    );
    let mut asked = Vec::new();
    let mut reachable = Vec::new();

    while let Some(at) = registrar.poll_timeout() {
        registrar.handle_timeout(at);
        while let Some(output) = registrar.poll_output() {
            if let RegistrarOutput::Probe { binding, .. } = output {
                asked.push(at - start);
                let answer = (asked.len() == 4).then_some(SECOND);
                registrar.handle_probe("8001/1049", binding.id, answer);
                reachable.extend(
                    registrar
                        .bindings(at, "8001/1049")
                        .iter()
                        .map(|own| own.is_reachable),
                );
            }
        }
    }

    assert!(asked[0] > Duration::ZERO && asked[0] <= 30 * SECOND);
    assert!(
        asked
            .windows(2)
            .all(|pair| pair[1] - pair[0] == 30 * SECOND)
    );
    assert_eq!(reachable[..4], [true, false, false, true]);
    assert!(registrar.is_empty());
}

#[test]
fn bindings_survive_a_restart_with_the_time_that_is_left() {
    let (mut before, start) = begin();
    let lines = "Path: <sip:edge.example.com;lr>\r\nUser-Agent: Phone/1\r\n\
                 Contact: <sip:a@10.0.0.1>;expires=600;q=0.7;+sip.instance=\"<urn:uuid:1>\"\r\n";
    register(&mut before, start, 1, lines);
    let saved = before.save(start + 100 * SECOND, 1_000_000);

    let mut after = Registrar::new(RegistrarPolicy::default());
    let start = start + 1000 * SECOND;
    let lives = after.restore(start, 1_060_000, saved[0].clone());
    let too_late = after.restore(start, 1_500_000, saved[0].clone());

    assert!(lives && !too_late);
    let bindings = after.bindings(start, "8001/1049");
    assert_eq!(bindings[0].expires_at, start + 440 * SECOND);
    assert_eq!(bindings[0].save("8001/1049", start, 1_060_000), saved[0]);
    let reply = register(
        &mut after,
        start,
        2,
        "Contact: <sip:a@10.0.0.2>;+sip.instance=\"<urn:uuid:1>\"\r\n",
    );
    assert_eq!(contacts(&reply).len(), 1);
}

#[test]
fn a_deleted_account_has_no_bindings() {
    let (mut registrar, start) = begin();
    register(&mut registrar, start, 1, "Contact: <sip:a@10.0.0.1>\r\n");
    while registrar.poll_output().is_some() {}

    let here = source("192.0.2.7:1024").remote;
    assert!(registrar.has_phone_at(here));
    registrar.remove_account("8001/1049");

    assert!(!registrar.has_phone_at(here));
    assert!(matches!(
        registrar.poll_output(),
        Some(RegistrarOutput::Gone { .. })
    ));
    assert!(registrar.is_empty() && registrar.poll_timeout().is_none());
}

#[test]
fn a_phone_is_known_where_it_registers_from_as_long_as_it_is_registered() {
    let (mut registrar, start) = begin();
    let here = source("192.0.2.7:1024").remote;
    assert!(!registrar.has_phone_at(here));

    for cseq in 1..4 {
        register(&mut registrar, start, cseq, "Contact: <sip:a@10.0.0.1>\r\n");
    }
    assert!(registrar.has_phone_at(here));
    assert!(!registrar.has_phone_at("192.0.2.7:1025".parse().unwrap()));

    until_gone(&mut registrar);
    assert!(!registrar.has_phone_at(here));
}

fn begin() -> (Registrar, Instant) {
    (Registrar::new(RegistrarPolicy::default()), Instant::now())
}

fn register(registrar: &mut Registrar, now: Instant, cseq: u32, lines: &str) -> Response {
    let source = source("192.0.2.7:1024");
    let done = registrar.handle_register(now, "8001/1049", &request(cseq, lines), &source);
    let reply = done.reply.finish();
    assert_eq!(done.is_success, reply.is_success());
    reply
}

fn request(cseq: u32, lines: &str) -> Request {
    let text = format!(
        "REGISTER sip:8001.example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK{cseq}\r\n\
         From: <sip:1049@8001.example.com>;tag=1\r\n\
         To: <sip:1049@8001.example.com>\r\n\
         Call-ID: one@192.0.2.7\r\n\
         CSeq: {cseq} REGISTER\r\n{lines}\r\n"
    );
    match Message::parse(text.into()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn source(remote: &str) -> Source {
    Source {
        transport: Transport::Udp,
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: remote.parse().unwrap(),
        flow: None,
    }
}

fn contacts(reply: &Response) -> Vec<String> {
    reply
        .header_all(Name::Contact)
        .map(|contact| contact.to_string())
        .collect()
}

/// Lets time pass until a binding is gone.
fn until_gone(registrar: &mut Registrar) -> (Instant, Gone) {
    while let Some(at) = registrar.poll_timeout() {
        registrar.handle_timeout(at);
        while let Some(output) = registrar.poll_output() {
            if let RegistrarOutput::Gone { why, .. } = output {
                return (at, why);
            }
        }
    }
    panic!("nothing is ever gone");
}
