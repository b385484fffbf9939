//! What rsip can parse, we parse, and both find the same in it.

use bytes::Bytes;
use rsip::headers::UntypedHeader;
use rsip::prelude::{HasHeaders, HeadersExt, ToTypedHeader};
use sip::{Head, Message, NameAddr, Scheme, Uri};

/// Torture messages that rsip accepts although RFC 4475 wants them refused or dropped.
const RSIP_IS_TOO_KIND: [&str; 13] = [
    "badaspec",
    "badinv01",
    "clerr",
    "insuf",
    "ltgtruri",
    "mcl01",
    "mismatch01",
    "multi01",
    "ncl",
    "novelsc",
    "quotbal",
    "refer02",
    "scalarlg",
];

#[test]
fn both_find_the_same_in_ordinary_messages() {
    let mut compared = 0;
    for message in ordinary() {
        let theirs = rsip::SipMessage::try_from(message.as_bytes()).expect("rsip reads it");
        let ours = Message::parse(Bytes::from(message.clone())).expect("we read it");

        compared += compare(&ours, &theirs);
    }
    assert!(compared > 100, "only {compared} values were compared");
}

#[test]
fn both_find_the_same_in_torture_messages_that_rsip_can_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/torture");
    let files = std::fs::read_dir(folder)
        .expect("the messages are there")
        .flatten();
    let mut read_by_both = 0;
    let mut refused = Vec::new();
    for path in files.map(|file| file.path()) {
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if path.extension().is_none_or(|kind| kind != "dat") {
            continue;
        }
        let octets = std::fs::read(&path).expect("a message can be read");
        let Ok(theirs) = rsip::SipMessage::try_from(octets.as_slice()) else {
            continue;
        };
        match Message::parse(Bytes::from(octets)) {
            Ok(ours) => {
                compare(&ours, &theirs);
                read_by_both += 1;
            }
            Err(_) => refused.push(name),
        }
    }
    refused.sort();
    assert_eq!(refused, RSIP_IS_TOO_KIND);
    assert!(read_by_both >= 15, "only {read_by_both} were read by both");
}

/// Compares what rsip can type; returns how many values that were.
fn compare(ours: &Message, theirs: &rsip::SipMessage) -> usize {
    let head: &Head = ours;
    let mut compared = 0;
    match (ours, theirs) {
        (Message::Request(ours), rsip::SipMessage::Request(theirs)) => {
            assert_eq!(ours.method().to_string(), theirs.method.to_string());
            same_uri(&ours.uri().expect("we read it"), &theirs.uri);
            compared += 2;
        }
        (Message::Response(ours), rsip::SipMessage::Response(theirs)) => {
            assert_eq!(ours.status(), theirs.status_code.code());
            compared += 1;
        }
        _ => panic!("one says request, the other response"),
    }
    if let Ok(theirs) = theirs.via_header().and_then(|via| via.typed()) {
        let ours = head.via().expect("we read it");
        assert_eq!(ours.transport().to_string(), theirs.transport.to_string());
        assert_eq!(ours.host().to_string(), theirs.uri.host().to_string());
        assert_eq!(ours.port(), theirs.uri.port().map(|port| *port.value()));
        let branch = theirs.branch().map(|branch| branch.value().to_owned());
        assert_eq!(ours.branch().map(|branch| branch.to_string()), branch);
        compared += 4;
    }
    if let Ok(theirs) = theirs.from_header().and_then(|from| from.typed()) {
        let ours = head.from().expect("we read it");
        compared += same_address(&ours, &theirs.uri, theirs.tag().map(|tag| tag.value()));
    }
    if let Ok(theirs) = theirs.to_header().and_then(|to| to.typed()) {
        let ours = head.to().expect("we read it");
        compared += same_address(&ours, &theirs.uri, theirs.tag().map(|tag| tag.value()));
    }
    if let Ok(theirs) = theirs.cseq_header().and_then(|cseq| cseq.typed()) {
        let ours = head.cseq().expect("we read it");
        assert_eq!(
            (ours.number, ours.method.to_string()),
            (theirs.seq, theirs.method.to_string())
        );
        compared += 1;
    }
    if let Ok(theirs) = theirs.call_id_header() {
        assert_eq!(head.call_id().to_string(), theirs.value());
        compared += 1;
    }
    assert_eq!(theirs.headers().iter().count(), head.headers().count());
    compared + 1
}

fn same_address(ours: &NameAddr, theirs: &rsip::Uri, tag: Option<&str>) -> usize {
    assert_eq!(ours.tag().map(|tag| tag.to_string()).as_deref(), tag);
    same_uri(&ours.uri().expect("we read it"), theirs);
    2
}

fn same_uri(ours: &Uri, theirs: &rsip::Uri) {
    // rsip loses a user with a dot in it, and reads a host out of schemes that it does not know.
    let has_dot = ours.user().is_some_and(|user| user.to_str().contains('.'));
    if has_dot || ours.scheme() == Scheme::Other {
        return;
    }
    assert_eq!(
        ours.user().map(|user| user.to_string()),
        theirs.user().map(String::from)
    );
    assert_eq!(
        ours.host().map(|host| host.to_string()),
        Some(theirs.host().to_string())
    );
    assert_eq!(ours.port(), theirs.port().map(|port| *port.value()));
}

/// Requests and responses of all methods, without what rsip is known not to read: compact and
/// folded headers, IPv6, `tel:`, quoted parameters, other octets than UTF-8.
fn ordinary() -> Vec<String> {
    let methods = [
        "INVITE",
        "ACK",
        "BYE",
        "CANCEL",
        "OPTIONS",
        "REGISTER",
        "INFO",
        "PRACK",
        "UPDATE",
        "SUBSCRIBE",
        "NOTIFY",
        "REFER",
        "MESSAGE",
        "PUBLISH",
    ];
    let mut messages = Vec::new();
    for (index, method) in methods.into_iter().enumerate() {
        let port = ["", ":5080"][index % 2];
        let name = ["", "\"Agent\" ", "Agent "][index % 3];
        let tag = ["", ";tag=abc-1"][index % 2];
        let fields = format!(
            "Via: SIP/2.0/UDP 192.0.2.{index}{port};branch=z9hG4bK{index};rport\r\n\
             Max-Forwards: 70\r\n\
             From: {name}<sip:1049@8001.example.com{port}>;tag=f{index}\r\n\
             To: <sip:100{index}@8001.example.com>{tag}\r\n\
             Call-ID: {index}-abc@192.0.2.1\r\n\
             CSeq: {index} {method}\r\n\
             Contact: <sip:1049@192.0.2.1:5061;transport=udp>\r\n\
             X-Customer: {index}\r\n\
             Content-Length: 0\r\n\r\n"
        );
        messages.push(format!(
            "{method} sip:100{index}@8001.example.com{port} SIP/2.0\r\n{fields}"
        ));
        messages.push(format!(
            "SIP/2.0 {} Some Words\r\n{fields}",
            [180, 200, 486][index % 3]
        ));
    }
    messages
}
