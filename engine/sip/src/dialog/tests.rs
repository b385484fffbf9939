//! Route sets, targets and numbers.

use super::Dialog;
use super::peer::Peer;
use crate::transport::{Source, Transport};
use crate::{Message, Method, Name, NameAddr, Request, Response, Text};

#[test]
fn the_callee_keeps_the_route_in_order_and_the_caller_turns_it_round() {
    let routes = "Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\r\n";

    let mut callee = callee(routes);
    let mut caller = caller(routes);

    let bye = callee.request(Method::Bye).finish();
    assert_eq!(bye.uri_text(), "sip:alice@192.0.2.1");
    assert_eq!(
        route_of(&bye),
        ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"]
    );
    let bye = caller.request(Method::Bye).finish();
    assert_eq!(bye.uri_text(), "sip:bob@192.0.2.2");
    assert_eq!(
        route_of(&bye),
        ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"]
    );
}

#[test]
fn a_strict_router_gets_its_own_uri_and_the_target_goes_last() {
    let mut callee = callee("Record-Route: <sip:old.example.com>, <sip:p2.example.com;lr>\r\n");

    let bye = callee.request(Method::Bye).finish();

    assert_eq!(bye.uri_text(), "sip:old.example.com");
    assert_eq!(
        route_of(&bye),
        ["<sip:p2.example.com;lr>", "<sip:alice@192.0.2.1>"]
    );
}

#[test]
fn tags_stand_where_requests_of_either_side_have_them() {
    let bye = callee("").request(Method::Bye).finish();
    assert_eq!(bye.from().unwrap().tag(), Some(Text::from("bobs")));
    assert_eq!(bye.to().unwrap().tag(), Some(Text::from("alices")));

    let bye = caller("").request(Method::Bye).finish();
    assert_eq!(bye.from().unwrap().tag(), Some(Text::from("alices")));
    assert_eq!(bye.to().unwrap().tag(), Some(Text::from("bobs")));
}

#[test]
fn our_numbers_rise_and_theirs_must() {
    let mut caller = caller("");
    assert_eq!(
        caller.request(Method::Info).finish().cseq().unwrap().number,
        8
    );
    assert_eq!(
        caller.request(Method::Bye).finish().cseq().unwrap().number,
        9
    );
    assert_eq!(caller.ack(7).finish().cseq().unwrap().number, 7);

    let mut callee = callee("");
    assert!(!callee.accept_cseq(7));
    assert!(callee.accept_cseq(9));
    assert!(!callee.accept_cseq(8));
}

#[test]
fn a_refresh_changes_the_target_but_not_the_route() {
    let mut callee = callee("Record-Route: <sip:p1.example.com;lr>\r\n");
    let update = invite("")
        .edit()
        .replace(Name::Contact, "<sip:alice@198.51.100.7>")
        .finish();

    callee.refresh_target(&update);

    let bye = callee.request(Method::Bye).finish();
    assert_eq!(bye.uri_text(), "sip:alice@198.51.100.7");
    assert_eq!(route_of(&bye), ["<sip:p1.example.com;lr>"]);
}

#[test]
fn an_invite_without_contact_makes_no_dialog() {
    let invite = invite("").edit().remove(Name::Contact).finish();

    let dialog = Dialog::of_callee(&invite, "bobs", contact(), source());

    assert_eq!(dialog.map_err(|fault| fault.status()).unwrap_err(), 400);
}

fn callee(routes: &str) -> Dialog {
    Dialog::of_callee(&invite(routes), "bobs", contact(), source()).unwrap()
}

fn caller(routes: &str) -> Dialog {
    let text = format!(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n{routes}\
         From: <sip:alice@a>;tag=alices\r\nTo: <sip:bob@b>;tag=bobs\r\nCall-ID: c\r\n\
         CSeq: 7 INVITE\r\nContact: <sip:bob@192.0.2.2>\r\nContent-Length: 0\r\n\r\n"
    );
    let response: Response = match Message::parse(text.into()).unwrap() {
        Message::Response(response) => response,
        Message::Request(_) => unreachable!(),
    };
    let peer = Peer::new(source(), false);
    Dialog::of_caller(&invite(""), &response, contact(), peer).unwrap()
}

fn invite(routes: &str) -> Request {
    let text = format!(
        "INVITE sip:bob@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n{routes}\
         From: <sip:alice@a>;tag=alices\r\nTo: <sip:bob@b>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n\
         Max-Forwards: 70\r\nContact: <sip:alice@192.0.2.1>\r\nContent-Length: 0\r\n\r\n"
    );
    match Message::parse(text.into()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!(),
    }
}

fn route_of(request: &Request) -> Vec<String> {
    request
        .header_all(Name::Route)
        .map(|route| route.to_string())
        .collect()
}

fn contact() -> NameAddr {
    NameAddr::parse("<sip:us@192.0.2.9>").unwrap()
}

fn source() -> Source {
    Source {
        transport: Transport::Udp,
        local: "192.0.2.9:5060".parse().unwrap(),
        remote: "192.0.2.1:5060".parse().unwrap(),
        flow: None,
    }
}
