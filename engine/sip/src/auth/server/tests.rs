//! Challenges and answers: right, wrong, stale, replayed, from elsewhere.

#![allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]

use std::net::Ipv4Addr;
use std::time::Duration;

use super::super::client::{Account, Refusal};
use super::*;
use crate::{Method, Response};

const REALM: &str = "8001.example.com";
const PHONE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 66));

fn register() -> Request {
    let uri = Uri::parse("sip:8001.example.com").unwrap();
    Request::build(Method::Register, &uri)
        .header(Name::Via, "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa")
        .header(Name::From, "<sip:1049@8001.example.com>;tag=1")
        .header(Name::To, "<sip:1049@8001.example.com>")
        .header(Name::CallId, "a@192.0.2.7")
        .header(Name::CSeq, "1 REGISTER")
        .finish()
}

fn ask(server: &mut Authenticator, now: Instant, is_stale: bool) -> Response {
    let reply = Response::reply_to(&register(), 401);
    server
        .challenge(now, reply, REALM, PHONE, is_stale)
        .finish()
}

fn phone(password: &str) -> Account {
    Account::new("1049", password, Some(REALM), "ignored", [1; 32])
}

fn with((name, value): (Name, String)) -> Request {
    register().edit().replace(name, value).finish()
}

fn judge(server: &mut Authenticator, now: Instant, request: &Request, source: IpAddr) -> Verdict {
    let ha1 = Ha1::compute("1049", REALM, "right");
    let claim = Claim::of(request, REALM).expect("the request has credentials");
    assert_eq!(claim.user(), &Text::from("1049"));
    server.verify(now, request, &claim, source, Some(&ha1))
}

#[test]
fn the_right_password_is_accepted_once_per_count() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);
    let mut phone = phone("right");
    let challenged = ask(&mut server, now, false);

    let first = with(phone.answer(&register(), &challenged).unwrap());
    let second = with(phone.authorize(&register()).unwrap());

    assert!(
        first
            .header(Name::Authorization)
            .unwrap()
            .to_str()
            .contains("algorithm=SHA-256")
    );
    assert_eq!(judge(&mut server, now, &first, PHONE), Verdict::Accepted);
    assert_eq!(judge(&mut server, now, &second, PHONE), Verdict::Accepted);
    assert_eq!(judge(&mut server, now, &first, PHONE), Verdict::Stale);
}

#[test]
fn both_algorithms_are_offered_with_qop_and_opaque_and_different_nonces() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);

    let challenged = ask(&mut server, now, false);

    let challenges: Vec<_> = challenged.challenges(Name::WwwAuthenticate).collect();
    let param = |index: usize, name| challenges[index].param(name).unwrap().to_string();
    assert_eq!(challenges.len(), 2);
    assert_eq!(
        (param(0, "algorithm"), param(1, "algorithm")),
        ("SHA-256".into(), "MD5".into())
    );
    for challenge in &challenges {
        assert_eq!(challenge.param("qop").unwrap(), "auth");
        assert_eq!(challenge.param("realm").unwrap(), REALM);
        assert_eq!(challenge.param("opaque").unwrap().len(), 16);
        assert!(challenge.param("stale").is_none());
    }
    assert_ne!(param(0, "nonce"), param(1, "nonce"));
}

#[test]
fn a_phone_that_knows_only_md5_gets_in() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);
    let challenged = ask(&mut server, now, false);
    let md5 = challenged.headers_named("WWW-Authenticate").nth(1).unwrap();
    let only_md5 = challenged
        .edit()
        .replace(Name::WwwAuthenticate, md5)
        .finish();

    let request = with(phone("right").answer(&register(), &only_md5).unwrap());

    assert_eq!(judge(&mut server, now, &request, PHONE), Verdict::Accepted);
}

#[test]
fn a_wrong_password_and_an_unknown_user_are_judged_alike() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);
    let challenged = ask(&mut server, now, false);
    let request = with(phone("wrong").answer(&register(), &challenged).unwrap());
    let claim = Claim::of(&request, REALM).unwrap();

    let unknown = server.verify(now, &request, &claim, PHONE, None);

    assert_eq!(judge(&mut server, now, &request, PHONE), Verdict::Wrong);
    assert_eq!(unknown, Verdict::Wrong);
}

#[test]
fn an_old_nonce_is_stale_for_who_knows_the_password_and_wrong_for_others() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);
    let challenged = ask(&mut server, now, false);
    let right = with(phone("right").answer(&register(), &challenged).unwrap());
    let wrong = with(phone("wrong").answer(&register(), &challenged).unwrap());

    let later = now + Duration::from_secs(61);

    assert_eq!(judge(&mut server, later, &right, PHONE), Verdict::Stale);
    assert_eq!(judge(&mut server, later, &wrong, PHONE), Verdict::Wrong);
}

#[test]
fn credentials_from_another_source_are_not_accepted() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);
    let challenged = ask(&mut server, now, false);

    let request = with(phone("right").answer(&register(), &challenged).unwrap());

    assert_eq!(judge(&mut server, now, &request, STRANGER), Verdict::Stale);
}

#[test]
fn credentials_for_another_method_or_address_or_without_qop_are_wrong() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);
    let challenged = ask(&mut server, now, false);
    let (name, value) = phone("right").answer(&register(), &challenged).unwrap();
    let elsewhere = Uri::parse("sip:8002.example.com").unwrap();
    let invite = Request::build(Method::Invite, &Uri::parse("sip:8001.example.com").unwrap());

    let other_method = invite.header(name, value.as_str()).finish();
    let other_uri = register()
        .edit()
        .uri(&elsewhere)
        .header(name, value.as_str())
        .finish();
    let no_qop = with((name, value.replace("qop=auth, ", "")));

    for request in [other_method, other_uri, no_qop] {
        assert_eq!(judge(&mut server, now, &request, PHONE), Verdict::Wrong);
    }
}

#[test]
fn a_claim_is_only_for_its_realm() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);
    let challenged = ask(&mut server, now, false);

    let request = with(phone("right").answer(&register(), &challenged).unwrap());

    assert!(Claim::of(&request, "8002.example.com").is_none());
    assert!(Claim::of(&register(), REALM).is_none());
}

#[test]
fn a_client_answers_a_challenge_once_and_a_stale_one_again() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);
    let mut phone = phone("right");
    let first = with(
        phone
            .answer(&register(), &ask(&mut server, now, false))
            .unwrap(),
    );

    let stale = phone.answer(&first, &ask(&mut server, now, true));
    let rejected = phone.answer(&first, &ask(&mut server, now, false));

    assert!(stale.is_ok());
    assert!(matches!(rejected, Err(Refusal::Rejected { .. })));
}

#[test]
fn a_client_shows_its_password_to_no_foreign_realm() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);
    let challenged = ask(&mut server, now, false);
    let mut configured = Account::new("1049", "right", Some("carrier"), REALM, [1; 32]);
    let mut by_domain = Account::new("1049", "right", None, "8001.EXAMPLE.com", [1; 32]);

    let refused = configured.answer(&register(), &challenged);
    let answered = by_domain.answer(&register(), &challenged);

    let expected = Refusal::ForeignRealm {
        asked: REALM.into(),
        expected: "carrier".into(),
    };
    assert_eq!(refused, Err(expected));
    assert!(answered.is_ok());
    assert!(!format!("{configured:?}").contains("right"));
}

#[test]
fn a_client_answers_a_proxy_in_its_own_header_and_the_old_way_without_qop() {
    let challenged = Response::reply_to(&register(), 407)
        .header(
            Name::ProxyAuthenticate,
            format!("Digest realm=\"{REALM}\", nonce=\"n\"").as_str(),
        )
        .finish();
    let mut phone = phone("right");

    let (name, value) = phone.answer(&register(), &challenged).unwrap();

    assert_eq!(name, Name::ProxyAuthorization);
    assert!(!value.contains("nc=") && !value.contains("algorithm="));
    assert!(phone.authorize(&register()).is_none());
}

#[test]
fn a_client_does_not_answer_what_it_does_not_know() {
    for challenge in [
        format!("Digest realm=\"{REALM}\", nonce=\"n\", algorithm=SHA-512-256"),
        format!("Digest realm=\"{REALM}\", nonce=\"n\", qop=\"auth-int\""),
        format!("Digest realm=\"{REALM}\""),
    ] {
        let challenged = Response::reply_to(&register(), 401)
            .header(Name::WwwAuthenticate, challenge.as_str())
            .finish();

        assert_eq!(
            phone("right").answer(&register(), &challenged),
            Err(Refusal::Unsupported)
        );
    }
}

#[test]
fn who_never_saw_a_challenge_of_ours_is_not_counted_whatever_it_sends() {
    let now = Instant::now();
    let mut server = Authenticator::new(now, [9; 32]);
    let mut elsewhere = Authenticator::new(now, [8; 32]);
    let foreign = ask(&mut elsewhere, now, false);
    let broken = "Digest username=\"1049\", realm=\"8001.example.com\", nonce=\"x\", \
                  uri=\"sip:8001.example.com\", response=\"0\"";

    for request in [
        with(phone("wrong").answer(&register(), &foreign).unwrap()),
        with(phone("right").answer(&register(), &foreign).unwrap()),
        with((Name::Authorization, broken.to_owned())),
    ] {
        assert_eq!(judge(&mut server, now, &request, PHONE), Verdict::Stale);
    }
    let ours = ask(&mut server, now, false);
    let guess = with(phone("wrong").answer(&register(), &ours).unwrap());
    assert_eq!(judge(&mut server, now, &guess, STRANGER), Verdict::Stale);
    assert_eq!(judge(&mut server, now, &guess, PHONE), Verdict::Wrong);
}
