//! Messages read and written: compact, folded, long, odd.

use super::*;
use crate::{Error, Name, NameAddr, Text, Uri, Via, limits};

const INVITE: &str = "INVITE sip:bob@example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;rport, SIP/2.0/TCP h;branch=z9hG4bKb\r\n\
    v: SIP/2.0/UDP g;branch=z9hG4bKc\r\n\
    f: Alice <sip:alice@example.com>;tag=1\r\n\
    t: <sip:bob@example.com>\r\n\
    i: call@192.0.2.1\r\n\
    CSeq: 7 INVITE\r\n\
    Record-Route: <sip:edge;lr>\r\n\
    X-Caf\u{e9}: M\u{fc}nchen\r\n\
    Timestamp: 12.5\r\n\
    P-Asserted-Identity: <sip:mallory@example.com>, <tel:+1>\r\n\
    Content-Type: text/plain\r\n\
    \r\n\
    the body";

fn parse(text: impl Into<Bytes>) -> Request {
    match Message::parse(text.into()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn fault(text: impl Into<Bytes>) -> ParseError {
    Message::parse(text.into()).expect_err("the message has a fault")
}

/// The INVITE with `X-Café` in a spelling that is a token.
fn invite() -> String {
    INVITE.replace("X-Caf\u{e9}", "X-Cafe")
}

#[test]
fn without_content_length_the_body_is_the_rest() {
    assert_eq!(parse(invite()).body(), "the body");
}

#[test]
fn latin_1_is_kept_and_can_be_read() {
    let mut octets = invite().into_bytes();
    let at = octets
        .windows(2)
        .position(|pair| pair == "\u{fc}".as_bytes())
        .unwrap();
    octets.splice(at..at + 2, [0xfc]);

    let request = parse(octets.clone());

    assert_eq!(request.to_bytes(), octets);
    let city = request.header_named("x-cafe").unwrap();
    assert_eq!(city.as_bytes(), b"M\xfcnchen");
    assert_eq!(city.to_string(), "M\u{fc}nchen");
    let reply = Response::reply_to(&request, 200)
        .header_named("X-Cafe", city)
        .finish();
    assert!(
        reply
            .to_bytes()
            .windows(7)
            .any(|part| part == b"M\xfcnchen")
    );
}

#[test]
fn a_name_that_is_no_token_is_a_fault_and_the_refusal_goes_back() {
    let fault = fault(INVITE);

    assert_eq!(fault.fault(), &Error::HeaderLine);
    let refusal = fault.refusal().unwrap();
    assert_eq!((refusal.status(), fault.status()), (400, Some(400)));
    assert_eq!(
        refusal.reason(),
        "Bad Request: a header line has no valid name"
    );
    assert_eq!(refusal.vias().unwrap().len(), 3);
    assert_eq!(refusal.cseq().unwrap().to_string(), "7 INVITE");
}

#[test]
fn a_reply_has_what_it_must_in_order_and_a_tag_of_its_own() {
    let request = parse(invite());

    let reply = Response::reply_to(&request, 180).to_tag("9").finish();

    let text = Text::from(reply.to_bytes());
    let expected = "SIP/2.0 180 Ringing\r\n\
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;rport, SIP/2.0/TCP h;branch=z9hG4bKb\r\n\
        Via: SIP/2.0/UDP g;branch=z9hG4bKc\r\n\
        From: Alice <sip:alice@example.com>;tag=1\r\n\
        To: <sip:bob@example.com>;tag=9\r\n\
        Call-ID: call@192.0.2.1\r\n\
        CSeq: 7 INVITE\r\n\
        Record-Route: <sip:edge;lr>\r\n\
        Content-Length: 0\r\n\r\n";
    assert_eq!(text, expected);
    assert!(
        Response::reply_to(&request, 100)
            .finish()
            .has(Name::Timestamp)
    );
    assert!(
        !Response::reply_to(&request, 404)
            .finish()
            .has(Name::RecordRoute)
    );
    let again = Response::reply_to(&request, 200)
        .to_tag("9")
        .to_tag("10")
        .finish();
    assert_eq!(again.to().unwrap().tag().unwrap(), "9");
}

#[test]
fn a_built_request_is_read_back_as_it_was_meant() {
    let uri = Uri::parse("sip:bob@example.com;lr").unwrap();
    let from = NameAddr::named("Al \"ice\"", &uri).with_tag("5");
    let via = Via::build("UDP", uri.host().unwrap(), Some(5060), "z9hG4bKx").unwrap();

    let built = Request::build(Method::Invite, &uri)
        .header(Name::Via, &via)
        .header(Name::From, &from)
        .header(Name::To, NameAddr::of(&uri))
        .header(Name::CallId, "1")
        .header(Name::CSeq, "1 INVITE")
        .header_named("x-customer", "v\r\nInjected: yes\r\n\r\n")
        .body("application/sdp", "v=0\r\n")
        .finish();
    let read = parse(built.to_bytes());

    assert_eq!(read.uri().unwrap(), uri);
    assert_eq!(read.from().unwrap().display(), "Al \"ice\"");
    assert_eq!(read.via().unwrap().text(), via.text());
    assert!(read.via().unwrap().wants_rport());
    assert_eq!(read.header_named("X-Customer").unwrap(), "v  Injected: yes");
    assert!(read.header_named("Injected").is_none());
    assert_eq!(read.header(Name::ContentLength).unwrap(), "5");
    assert_eq!(read.body(), "v=0\r\n");
    assert_eq!(built.headers().count(), read.headers().count());
    assert_eq!(built.body(), read.body());
    assert_eq!(built.cseq(), read.cseq());
}

#[test]
fn an_edit_keeps_what_it_does_not_touch() {
    let request = parse(invite());

    let edited = request
        .edit()
        .remove(Name::PAssertedIdentity)
        .replace(Name::CSeq, "8 INVITE")
        .prepend(Name::Via, "SIP/2.0/UDP us;branch=z9hG4bKus")
        .header(Name::MaxForwards, 69_u16)
        .remove_named("x-CAFE")
        .finish();

    let expected = "INVITE sip:bob@example.com SIP/2.0\r\n\
        Via: SIP/2.0/UDP us;branch=z9hG4bKus\r\n\
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;rport, SIP/2.0/TCP h;branch=z9hG4bKb\r\n\
        v: SIP/2.0/UDP g;branch=z9hG4bKc\r\n\
        f: Alice <sip:alice@example.com>;tag=1\r\n\
        t: <sip:bob@example.com>\r\n\
        i: call@192.0.2.1\r\n\
        CSeq: 8 INVITE\r\n\
        Record-Route: <sip:edge;lr>\r\n\
        Timestamp: 12.5\r\n\
        Content-Type: text/plain\r\n\
        Max-Forwards: 69\r\n\
        Content-Length: 8\r\n\r\n\
        the body";
    assert_eq!(Text::from(edited.to_bytes()), expected);
    assert_eq!(edited.cseq().unwrap().number, 8);
}

#[test]
fn the_source_goes_into_the_topmost_via_alone() {
    let request = parse(invite());

    let seen = request.with_source("198.51.100.9:1024".parse().unwrap());

    let vias = seen.vias().unwrap();
    assert_eq!(vias.len(), 3);
    assert_eq!(vias[0].received(), "198.51.100.9".parse().ok());
    assert_eq!(vias[0].rport(), Some(1024));
    assert_eq!(vias[1].received(), None);
    assert_eq!(seen.body(), "the body");
}

#[test]
fn what_a_message_must_have_is_missed() {
    for (line, name) in [
        ("v: SIP/2.0/UDP g;branch=z9hG4bKc\r\n", None),
        (
            "f: Alice <sip:alice@example.com>;tag=1\r\n",
            Some(Name::From),
        ),
        ("t: <sip:bob@example.com>\r\n", Some(Name::To)),
        ("i: call@192.0.2.1\r\n", Some(Name::CallId)),
        ("CSeq: 7 INVITE\r\n", Some(Name::CSeq)),
    ] {
        let found = Message::parse(invite().replace(line, "").into()).err();
        let found = found.map(|fault| fault.fault().clone());
        assert_eq!(found, name.map(Error::Missing), "{line}");
    }
}

#[test]
fn responses_and_acks_with_faults_are_not_answered() {
    let ack = invite()
        .replace("7 INVITE", "7 ACK")
        .replace("INVITE sip", "ACK sip");
    let ack = ack.replace("i: call@192.0.2.1\r\n", "");
    let response = invite().replace("INVITE sip:bob@example.com SIP/2.0", "SIP/2.0 99 Low");

    for text in [
        ack,
        response,
        "\r\n\r\n".into(),
        "hello".into(),
        String::new(),
    ] {
        assert!(fault(text.clone()).refusal().is_none(), "{text}");
        assert_eq!(fault(text).status(), None);
    }
}

#[test]
fn limits_hold() {
    let with = |lines: &str| invite().replace("Timestamp: 12.5\r\n", lines);
    let long = |len: usize| format!("Q: {}\r\n", "x".repeat(len));
    let many = |line: &str, count: usize| line.repeat(count);
    let huge = with("") + &"x".repeat(limits::MESSAGE);

    assert_eq!(fault(huge).status(), Some(513));
    assert_eq!(
        fault(with(&long(limits::HEADER))).fault(),
        &Error::HeaderTooLong
    );
    assert!(Message::parse(with(&long(limits::HEADER - 10)).into()).is_ok());
    assert_eq!(
        fault(with(&many("Q: 1\r\n", 250))).fault(),
        &Error::TooManyHeaders
    );
    assert!(Message::parse(with(&many("Q: 1\r\n", 240)).into()).is_ok());
    let vias = many("Via: SIP/2.0/UDP a\r\n", 98);
    assert_eq!(fault(with(&vias)).fault(), &Error::TooManyHops(Name::Via));
    let routes = format!("Route: <sip:a>{}\r\n", ",<sip:a>".repeat(100));
    assert_eq!(
        fault(with(&routes)).fault(),
        &Error::TooManyHops(Name::Route)
    );
}

#[test]
fn line_ends_before_the_message_and_bare_line_feeds_are_forgiven() {
    let text = format!("\r\n\n{}", invite().replace("\r\n", "\n"));

    let request = parse(text);

    assert_eq!(request.call_id(), "call@192.0.2.1");
    assert_eq!(request.body(), "the body");
}

#[test]
fn a_single_field_that_stands_twice_is_a_fault_and_a_list_is_not() {
    let twice = |line: &str| invite().replace("Timestamp: 12.5\r\n", &line.repeat(2));

    assert_eq!(
        fault(twice("Max-Forwards: 1\r\n")).fault(),
        &Error::Repeated(Name::MaxForwards)
    );
    let request = parse(twice("Supported: a, b\r\nk: timer\r\n"));
    let supported: Vec<_> = request.supported().map(|token| token.to_string()).collect();
    assert_eq!(supported, ["a", "b", "timer", "a", "b", "timer"]);
    assert!(request.supports("TIMER") && !request.requires("timer"));
}

#[test]
fn reasons_are_read_with_their_causes() {
    let line = "Reason: Q.850;cause=16;text=\"Normal, call clearing\", SIP ;cause=200\r\n";

    let request = parse(invite().replace("Timestamp: 12.5\r\n", line));

    let reasons: Vec<_> = request.reasons().collect();
    assert_eq!(reasons[0].protocol, "Q.850");
    assert_eq!(reasons[0].cause, Some(16));
    assert_eq!(reasons[0].text.as_ref().unwrap(), &"Normal, call clearing");
    assert_eq!(
        (reasons[1].protocol.to_string(), reasons[1].cause),
        ("SIP".into(), Some(200))
    );
}

/// RFC 3261 §19.1.5, and the `regescrt` of RFC 4475: a phone's Contact may hold headers.
#[test]
fn the_headers_of_a_uri_do_not_get_into_a_request_line() {
    let contact = Uri::parse("sip:bob@example.com;ob?Route=%3Csip:evil.example%3E").unwrap();

    let invite = Request::build(Method::Invite, &contact).finish();
    let options = parse(self::invite()).edit().uri(&contact).finish();

    assert_eq!(invite.uri_text(), "sip:bob@example.com;ob");
    assert_eq!(options.uri_text(), "sip:bob@example.com;ob");
}
