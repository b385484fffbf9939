//! A trunk registers, is challenged, fails, waits and goes on.

#![allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]

use std::net::IpAddr;

use super::*;
use crate::auth::{Authenticator, Claim, Ha1, Verdict};

const US: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

#[test]
fn it_registers_refreshes_before_the_end_and_takes_itself_back() {
    let (mut trunk, start) = begin();

    trunk.register();
    let first = sent(&mut trunk);
    trunk.handle_response(start, &granted(&first, 600));

    assert_eq!(first.to_bytes(), first.edit().finish().to_bytes());
    assert_eq!(first.header(Name::Expires).unwrap(), "3600");
    assert_eq!(first.from().unwrap().tag().unwrap().len(), 16);
    assert_eq!(registered(&mut trunk), start + Duration::from_secs(600));
    let refresh = trunk.poll_timeout().unwrap();
    assert_eq!(refresh, start + Duration::from_secs(540));

    trunk.handle_timeout(refresh);
    let second = sent(&mut trunk);
    trunk.handle_response(refresh, &granted(&second, 600));
    registered(&mut trunk);
    assert_eq!(second.call_id(), first.call_id());
    assert_eq!(second.cseq().unwrap().number, 2);

    trunk.unregister();
    let last = sent(&mut trunk);
    trunk.handle_response(refresh, &Response::reply_to(&last, 200).finish());
    assert_eq!(last.expires(), Some(0));
    assert!(matches!(
        trunk.poll_output(),
        Some(TrunkOutput::Unregistered)
    ));
    assert_eq!(trunk.poll_timeout(), None);
}

#[test]
fn a_challenge_is_answered_and_the_next_request_brings_its_credentials_along() {
    let (mut trunk, start) = begin();
    let mut carrier = Authenticator::new(start, [5; 32]);
    trunk.register();
    let first = sent(&mut trunk);
    let challenge = carrier.challenge(start, Response::reply_to(&first, 401), "carrier", US, false);

    trunk.handle_response(start, &challenge.finish());
    let second = sent(&mut trunk);
    trunk.handle_response(start, &granted(&second, 3600));
    registered(&mut trunk);
    trunk.register();
    let third = sent(&mut trunk);

    assert_eq!(second.cseq().unwrap().number, 2);
    let ha1 = Ha1::compute("01065531234", "carrier", "secret");
    for request in [second, third] {
        let claim = Claim::of(&request, "carrier").unwrap();
        let verdict = carrier.verify(start, &request, &claim, US, Some(&ha1));
        assert_eq!(verdict, Verdict::Accepted);
    }
}

#[test]
fn a_wrong_password_is_not_tried_for_ever() {
    let (mut trunk, start) = begin();
    let mut carrier = Authenticator::new(start, [5; 32]);
    let mut now = start;
    let mut requests = 0;
    trunk.register();

    while now < start + Duration::from_secs(3600) {
        match trunk.poll_output() {
            Some(TrunkOutput::Send(request)) => {
                requests += 1;
                let reply = Response::reply_to(&request, 401);
                let reply = carrier.challenge(now, reply, "carrier", US, true).finish();
                trunk.handle_response(now, &reply);
            }
            Some(_) => {}
            None => {
                now = trunk.poll_timeout().unwrap();
                trunk.handle_timeout(now);
            }
        }
    }

    assert!((20..100).contains(&requests), "{requests} in an hour");
}

#[test]
fn a_foreign_realm_gets_nothing() {
    let (mut trunk, start) = begin();
    let mut carrier = Authenticator::new(start, [5; 32]);
    trunk.register();
    let first = sent(&mut trunk);
    let challenge = carrier.challenge(start, Response::reply_to(&first, 407), "evil", US, false);

    trunk.handle_response(start, &challenge.finish());

    let why = failed(&mut trunk).0;
    assert!(matches!(
        why,
        TrunkFailure::Challenge(Refusal::ForeignRealm { .. })
    ));
    assert!(why.to_string().contains("realm 'evil'"));
}

#[test]
fn a_longer_time_is_asked_for_when_the_registrar_wants_it() {
    let (mut trunk, start) = begin();
    trunk.register();
    let first = sent(&mut trunk);

    let brief = Response::reply_to(&first, 423)
        .header(Name::MinExpires, "7200")
        .finish();
    trunk.handle_response(start, &brief);

    assert_eq!(sent(&mut trunk).expires(), Some(7200));
}

#[test]
fn failures_wait_longer_and_longer_and_a_success_begins_anew() {
    let (mut trunk, start) = begin();
    let mut now = start;
    let mut waits = Vec::new();
    trunk.register();

    for _ in 0..12 {
        sent(&mut trunk);
        trunk.handle_no_answer(now);
        let (why, retry_at) = failed(&mut trunk);
        assert_eq!(why, TrunkFailure::NoAnswer);
        waits.push(retry_at - now);
        now = retry_at;
        trunk.handle_timeout(now);
    }
    let request = sent(&mut trunk);
    trunk.handle_response(now, &granted(&request, 600));
    registered(&mut trunk);
    trunk.register();
    sent(&mut trunk);
    trunk.handle_no_answer(now);

    assert!(waits[0] >= FIRST_RETRY / 2 && waits[0] <= FIRST_RETRY);
    assert!(waits[3] > waits[0] && waits[11] >= LONGEST_RETRY / 2);
    assert!(waits.iter().all(|&wait| wait <= LONGEST_RETRY));
    assert!(failed(&mut trunk).1 <= now + FIRST_RETRY);
}

#[test]
fn retry_after_is_respected() {
    let (mut trunk, start) = begin();
    trunk.register();
    let first = sent(&mut trunk);

    let busy = Response::reply_to(&first, 503)
        .header(Name::RetryAfter, "120 (later)")
        .finish();
    trunk.handle_response(start, &busy);

    let (why, retry_at) = failed(&mut trunk);
    assert_eq!(
        why.to_string(),
        "the registrar refuses: 503 Service Unavailable"
    );
    assert_eq!(retry_at, start + Duration::from_secs(120));
}

#[test]
fn answers_to_older_requests_change_nothing() {
    let (mut trunk, start) = begin();
    trunk.register();
    let first = sent(&mut trunk);
    trunk.handle_response(start, &granted(&first, 600));
    registered(&mut trunk);
    trunk.register();
    sent(&mut trunk);

    trunk.handle_response(start, &Response::reply_to(&first, 403).finish());
    trunk.handle_response(start, &Response::reply_to(&first, 100).finish());

    assert!(trunk.poll_output().is_none());
}

fn begin() -> (TrunkRegistration, Instant) {
    let uri = |text: &str| Uri::parse(text).unwrap();
    let terms = TrunkContact {
        registrar: uri("sip:carrier.example"),
        address: uri("sip:01065531234@carrier.example"),
        contact: uri("sip:01065531234@192.0.2.1:5060"),
        expires: Duration::from_secs(3600),
    };
    let account = Account::new(
        "01065531234",
        "secret",
        Some("carrier"),
        "carrier.example",
        [3; 32],
    );
    (
        TrunkRegistration::new(terms, Some(account), 42),
        Instant::now(),
    )
}

fn sent(trunk: &mut TrunkRegistration) -> Request {
    match trunk.poll_output() {
        Some(TrunkOutput::Send(request)) => request,
        other => panic!("nothing is sent, but {other:?}"),
    }
}

fn registered(trunk: &mut TrunkRegistration) -> Instant {
    match trunk.poll_output() {
        Some(TrunkOutput::Registered { until }) => until,
        other => panic!("it is not registered, but {other:?}"),
    }
}

fn failed(trunk: &mut TrunkRegistration) -> (TrunkFailure, Instant) {
    match trunk.poll_output() {
        Some(TrunkOutput::Failed { why, retry_at }) => (why, retry_at),
        other => panic!("it has not failed, but {other:?}"),
    }
}

/// A 200 that grants our contact some time, and lists that of another.
fn granted(request: &Request, seconds: u32) -> Response {
    let ours = request.header(Name::Contact).unwrap();
    Response::reply_to(request, 200)
        .header(Name::Contact, "<sip:other@192.0.2.99>;expires=17")
        .header(Name::Contact, format_args!("{ours};expires={seconds}"))
        .finish()
}
