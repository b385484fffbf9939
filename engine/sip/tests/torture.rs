//! The messages of RFC 4475 and RFC 5118 get the reaction that they demand.

use bytes::Bytes;
use sip::{Message, Method, Name, Request, Response};

use Reaction::{Accepted, Dropped, Refused};

/// What a message demands of the one who reads it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reaction {
    /// It is well-formed; whether it can be served is decided further up.
    Accepted,
    /// It is refused with this status, without state.
    Refused(u16),
    /// It is not answered.
    Dropped,
}

/// Name, and what is demanded. Where the RFC leaves a choice, the comment says what we chose.
const DEMANDS: [(&str, Reaction); 66] = [
    // RFC 4475 §3.1.1, valid messages.
    ("wsinv", Accepted),
    ("intmeth", Accepted),
    ("esc01", Accepted),
    ("escnull", Accepted),
    ("esc02", Accepted),
    ("lwsdisp", Accepted),
    ("longreq", Accepted),
    ("dblreq", Accepted),
    ("semiuri", Accepted),
    ("transports", Accepted),
    ("mpart01", Accepted),
    ("unreason", Accepted),
    ("noreason", Accepted),
    // §3.1.2, invalid messages.
    ("badinv01", Refused(400)),
    ("clerr", Refused(400)),
    ("ncl", Refused(400)),
    ("scalar02", Refused(400)),
    ("scalarlg", Dropped),
    ("quotbal", Refused(400)),
    ("ltgtruri", Refused(400)),
    ("lwsruri", Refused(400)),
    ("lwsstart", Refused(400)),
    ("trws", Refused(400)),
    // Might be accepted without its Route; refusing is the safer choice.
    ("escruri", Refused(400)),
    // Might be refused; the date is of no use to us, so it is ignored.
    ("baddate", Accepted),
    // The registrar refuses it with 400, see below.
    ("regbadct", Accepted),
    ("badaspec", Refused(400)),
    // Might be refused; the names can be told apart from the addresses, so they are read.
    ("baddn", Accepted),
    ("badvers", Refused(505)),
    ("mismatch01", Refused(400)),
    // 501 would do as well.
    ("mismatch02", Refused(400)),
    ("bigcode", Dropped),
    // §3.2, the transaction layer takes it for a request of RFC 2543.
    ("badbranch", Accepted),
    // §3.3, the application's business, but for what can be told at once.
    ("insuf", Refused(400)),
    ("unkscm", Refused(416)),
    ("novelsc", Refused(416)),
    ("unksm2", Accepted),
    ("bext01", Accepted),
    ("invut", Accepted),
    ("regaut01", Accepted),
    ("multi01", Refused(400)),
    ("mcl01", Refused(400)),
    // Dropped by who compares the topmost Via with himself.
    ("bcast", Accepted),
    ("zeromf", Accepted),
    ("cparam01", Accepted),
    ("cparam02", Accepted),
    ("regescrt", Accepted),
    ("sdp01", Accepted),
    // §3.4, a request of RFC 2543.
    ("inv2543", Accepted),
    // RFC 5118 §4.
    ("ipv6-good", Accepted),
    ("ipv6-bad", Refused(400)),
    ("port-ambiguous", Accepted),
    ("port-unambiguous", Accepted),
    ("via-received-param-with-delim", Accepted),
    ("via-received-param-no-delim", Accepted),
    ("ipv6-in-sdp", Accepted),
    ("mult-ip-in-header", Accepted),
    ("mult-ip-in-sdp", Accepted),
    ("ipv4-mapped-ipv6", Accepted),
    ("ipv6-bug-abnf-3-colons", Accepted),
    ("ipv6-correct-abnf-2-colons", Accepted),
    // Our own, of transfers and subscriptions.
    ("refer01", Accepted),
    ("refer02", Refused(400)),
    ("replaces01", Accepted),
    ("subscribe01", Accepted),
    ("notify01", Accepted),
];

#[test]
fn each_message_gets_the_reaction_that_it_demands() {
    let mut wrong = Vec::new();
    for (name, demanded) in DEMANDS {
        let found = match Message::parse(octets(name)) {
            Ok(_) => Accepted,
            Err(fault) => fault
                .refusal()
                .map_or(Dropped, |refusal| Refused(refusal.status())),
        };
        if found != demanded {
            wrong.push((name, found, demanded));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_is_in_the_table() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/torture");
    let files = std::fs::read_dir(folder).unwrap().flatten();
    let mut files: Vec<_> = files
        .filter_map(|file| {
            file.file_name()
                .to_str()?
                .strip_suffix(".dat")
                .map(String::from)
        })
        .collect();
    let mut table: Vec<_> = DEMANDS.iter().map(|(name, _)| name.to_string()).collect();
    files.sort();
    table.sort();

    assert_eq!(files, table);
}

#[test]
fn an_accepted_message_is_sent_on_as_it_came_up_to_the_end_of_its_body() {
    for (name, _) in DEMANDS.iter().filter(|(_, demanded)| *demanded == Accepted) {
        let octets = octets(name);
        let message = Message::parse(octets.clone()).unwrap();

        let sent = message.to_bytes();

        assert!(octets.starts_with(&sent), "{name}");
        assert_eq!(sent.len() == octets.len(), *name != "dblreq", "{name}");
    }
}

#[test]
fn a_refusal_goes_back_with_what_could_be_read() {
    for (name, _) in DEMANDS
        .iter()
        .filter(|(_, demanded)| matches!(demanded, Refused(_)))
    {
        let octets = octets(name);
        let refusal = Message::parse(octets.clone())
            .unwrap_err()
            .refusal()
            .unwrap();

        let text = refusal.to_bytes();

        let call_id = refusal.call_id();
        assert!(refusal.has(Name::Via), "{name}");
        assert_eq!(call_id.is_empty(), *name == "insuf", "{name}");
        assert!(
            text.starts_with(b"SIP/2.0 ") && text.ends_with(b"Content-Length: 0\r\n\r\n"),
            "{name}"
        );
    }
}

#[test]
fn the_tortuous_invite_is_understood_to_the_last_parameter() {
    let invite = request("wsinv");

    assert_eq!(invite.method(), &Method::Invite);
    assert!(invite.uri().unwrap().params().has("unknownparam"));
    assert_eq!(invite.to().unwrap().tag().unwrap(), "1918181833n");
    let from = invite.from().unwrap();
    assert_eq!(from.display(), "J Rosenberg \\\"");
    assert_eq!(from.tag().unwrap(), "98asjd8");
    assert_eq!(invite.max_forwards(), Ok(Some(68)));
    assert_eq!(invite.cseq().unwrap().to_string(), "9 INVITE");
    assert_eq!(invite.header(Name::Subject).unwrap(), "");
    let vias = invite.vias().unwrap();
    let branches: Vec<_> = vias
        .iter()
        .map(|via| via.branch().unwrap().to_string())
        .collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    assert_eq!(vias[1].transport(), "TCP");
    assert_eq!(vias[2].host().to_string(), "192.168.255.111");
    assert_eq!(
        invite.header_named("newfangledheader").unwrap(),
        "newfangled value continued newfangled value"
    );
    assert_eq!(
        invite
            .header_named("UnknownHeaderWithUnusualValue")
            .unwrap(),
        ";;,,;;,;"
    );
    let route = &invite.routes().unwrap()[0];
    assert_eq!(route.uri().unwrap().param("unknownwith").unwrap(), "value");
    let contact = &invite.contacts().unwrap()[0];
    assert_eq!(contact.display(), "Quoted string \"\"");
    assert_eq!(contact.q(), Some(330));
    assert!(contact.params().has("secondparam"));
    assert_eq!(invite.body().len(), 150);
}

#[test]
fn all_valid_characters_are_taken_for_what_they_are() {
    let request = request("intmeth");

    let uri = request.uri().unwrap();
    assert_eq!(
        request.method().to_string(),
        "!interesting-Method0123456789_*+`.%indeed'~"
    );
    assert_eq!(
        uri.user().unwrap(),
        "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    );
    assert_eq!(
        uri.password().unwrap(),
        "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    );
    assert_eq!(request.to().unwrap().display(), "BEL:\x07 NUL:\0 DEL:\x7f");
    let from = request.from().unwrap();
    assert_eq!(from.display(), "token1~` token2'+_ token3*%!.-");
    assert_eq!(from.param("fromParam''~+*_!.-%").unwrap(), "работающий");
    assert_eq!(from.tag().unwrap(), "_token~1'+`*%!-.");
    assert_eq!(
        request.call_id(),
        "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    );
    assert_eq!(
        request.header_named("extensionHeader-!.%*+_`'~").unwrap(),
        "\u{feff}大停電"
    );
}

#[test]
fn escapes_are_resolved_where_they_are_escapes() {
    let escaped = request("esc01");
    let contact = escaped.contacts().unwrap()[0].uri().unwrap();
    assert_eq!(
        escaped.uri().unwrap().user_unescaped().unwrap(),
        "sips:user@example.com"
    );
    assert_eq!(
        escaped
            .to()
            .unwrap()
            .uri()
            .unwrap()
            .user_unescaped()
            .unwrap(),
        "user"
    );
    assert_eq!(contact.user_unescaped().unwrap(), "caller");

    let null = request("escnull");
    let nulls = null.contacts().unwrap();
    assert_ne!(nulls[0].uri(), nulls[1].uri());
    assert_eq!(nulls[1].uri().unwrap().user_unescaped().unwrap(), "\0\0");

    let method = request("esc02");
    assert_eq!(method.method().to_string(), "RE%47IST%45R");
    assert_eq!(method.contacts().unwrap().len(), 2);
    assert_eq!(method.to().unwrap().display(), "%Z%45");
}

#[test]
fn the_status_line_may_say_much_or_nothing() {
    let much = response("unreason");
    let nothing = response("noreason");

    assert_eq!(
        much.reason(),
        "= 2**3 * 5**2 но сто девяносто девять - простое"
    );
    assert_eq!((nothing.status(), nothing.reason().is_empty()), (100, true));
}

#[test]
fn parameters_without_brackets_are_the_headers() {
    let bare = request("cparam01").contacts().unwrap()[0].clone();
    let bracketed = request("cparam02").contacts().unwrap()[0].clone();

    assert!(bare.params().has("unknownparam"));
    assert!(!bare.uri().unwrap().params().has("unknownparam"));
    assert!(!bracketed.params().has("unknownparam"));
    assert!(bracketed.uri().unwrap().params().has("unknownparam"));
}

#[test]
fn a_contact_that_needs_brackets_and_has_none_is_malformed() {
    assert!(request("regbadct").contacts().is_err());

    let escaped = request("regescrt").contacts().unwrap()[0].uri().unwrap();
    assert_eq!(
        escaped.headers().unwrap(),
        "Route=%3Csip:sip.example.com%3E"
    );
}

#[test]
fn demands_of_the_application_can_be_seen() {
    let extensions: Vec<_> = request("bext01")
        .require()
        .map(|name| name.to_string())
        .collect();
    assert_eq!(
        extensions,
        ["nothingSupportsThis", "nothingSupportsThisEither"]
    );
    assert!(!request("invut").is_content_type("application/sdp"));
    assert!(!request("regaut01").authorization().unwrap().is_digest());
    assert!(!request("badbranch").via().unwrap().has_unique_branch());
    assert_eq!(request("zeromf").max_forwards(), Ok(Some(0)));
    assert_eq!(request("mpart01").body().len(), 553);
    let boundary = request("mpart01").header_param(Name::ContentType, "boundary");
    assert_eq!(boundary.unwrap(), "7a9cbec02ceef655");
    assert!(request("inv2543").from().unwrap().tag().is_none());
}

#[test]
fn ipv6_references_and_ports_are_told_apart() {
    let host = |name: &str| {
        let uri = request(name).uri().unwrap();
        (uri.host().unwrap().to_string(), uri.port())
    };
    assert_eq!(host("port-ambiguous"), ("[2001:db8::10:5070]".into(), None));
    assert_eq!(
        host("port-unambiguous"),
        ("[2001:db8::10]".into(), Some(5070))
    );
    assert_eq!(
        host("ipv6-bug-abnf-3-colons"),
        host("ipv6-correct-abnf-2-colons")
    );
    for name in [
        "via-received-param-with-delim",
        "via-received-param-no-delim",
    ] {
        let via = request(name).via().unwrap();
        assert_eq!(via.received(), "2001:db8::9:255".parse().ok(), "{name}");
    }
    assert_eq!(request("mult-ip-in-header").vias().unwrap().len(), 3);
    assert_eq!(
        request("ipv4-mapped-ipv6").via().unwrap().port(),
        Some(19823)
    );
}

#[test]
fn transfers_and_subscriptions_are_understood_as_phones_write_them() {
    let refer = request("refer01");
    let to = refer.refer_to().unwrap();
    assert_eq!(to.method(), Some(Method::Invite));
    let replaces = to.replaces().unwrap().unwrap();
    assert_eq!(replaces.call_id, "12345@192.0.2.3");
    assert_eq!(replaces.from_tag, "5FFE-3994");
    assert!(refer.refuses_refer_news());
    let by = refer.referred_by().unwrap().unwrap();
    assert_eq!(by.uri_text(), "sip:alice@192.0.2.1");

    let replaces = request("replaces01").replaces().unwrap().unwrap();
    assert_eq!(replaces.call_id, "\"odd\"()<>:\\/[]?{}@h");
    assert_eq!(
        (replaces.to_tag, replaces.from_tag),
        ("t".into(), "f".into())
    );
    assert!(replaces.early_only);

    let subscribe = request("subscribe01");
    let event = subscribe.event().unwrap();
    assert_eq!(
        (event.package, event.id),
        ("dialog".into(), Some("7".into()))
    );
    assert_eq!(subscribe.expires(), Some(u32::MAX));
    assert_eq!(subscribe.allow_events().count(), 2);

    let state = request("notify01").subscription_state().unwrap();
    assert_eq!(state.substate, sip::Substate::Terminated);
    assert_eq!((state.expires, state.retry_after), (Some(u32::MAX), None));
    let body = request("notify01").body().clone();
    assert_eq!(sip::body::read_status(&body), Some(200));
}

fn octets(name: &str) -> Bytes {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/torture");
    let octets = std::fs::read(format!("{folder}/{name}.dat"));
    Bytes::from(octets.expect("every message of the table has its file"))
}

fn request(name: &str) -> Request {
    match Message::parse(octets(name)) {
        Ok(Message::Request(request)) => request,
        other => panic!("{name} is no request: {other:?}"),
    }
}

fn response(name: &str) -> Response {
    match Message::parse(octets(name)) {
        Ok(Message::Response(response)) => response,
        other => panic!("{name} is no response: {other:?}"),
    }
}
