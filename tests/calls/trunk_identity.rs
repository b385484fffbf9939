//! Whom a trunk shows as calling, and whom it is believed.

use sip::{Method, Name, Request, Uri};

use crate::support::Exchange;
use crate::support::trunks::{RawCarrier, exchange_dialling, exchange_with_trunks, status_of};

#[test]
fn from_is_the_trunks_number_in_its_form_and_the_asserting_headers_stand_beside_it() {
    let exchange = exchange(
        "caller_id = \"01087654321\", caller_format = \"e164\", identity = { \"p_asserted\", \"remote_party\" }",
    );
    let carrier = RawCarrier::open(&exchange, 8);
    let [a1] = exchange.phones(["1049"]);

    let _call = a1.dials("13800138000");
    let invite = carrier.refuses_a_call(486);

    let host = exchange.address().ip();
    let number = format!("<sip:+861087654321@{host}>");
    assert!(text(&invite, "From").starts_with(&number));
    assert_eq!(text(&invite, "P-Asserted-Identity"), number);
    let party = format!("{number};party=calling;screen=yes;privacy=off");
    assert_eq!(text(&invite, "Remote-Party-ID"), party);
    assert_eq!(text(&invite, "Privacy"), "");
}

#[test]
fn the_account_stands_in_from_where_the_carrier_wants_it_there() {
    let exchange = exchange(
        "caller_id = \"01087654321\", username = \"8001-main\", password = \"carrier-secret\", \
         from = \"account\", identity = \"p_asserted\"",
    );
    let carrier = RawCarrier::open(&exchange, 8);
    let [a1] = exchange.phones(["1049"]);

    let _call = a1.dials("13800138000");
    let invite = carrier.refuses_a_call(486);

    assert!(text(&invite, "From").starts_with("<sip:8001-main@"));
    assert!(text(&invite, "P-Asserted-Identity").starts_with("<sip:01087654321@"));
}

#[test]
fn a_script_shows_an_allowed_number_and_one_that_is_not_becomes_the_trunks() {
    for (wanted, shown) in [
        ("075526881234", "075526881234"),
        ("13900139000", "01087654321"),
        ("4008123123", "01012345678"),
    ] {
        let exchange = showing(
            wanted,
            "caller_id = \"01087654321\", caller_ids = { \"+8675526881234\", \"4008123123\" }, \
             fixed_line = \"01012345678\"",
        );
        let carrier = RawCarrier::open(&exchange, 8);
        let [a1] = exchange.phones(["1049"]);

        let _call = a1.dials("13800138000");
        let invite = carrier.refuses_a_call(486);

        let from = text(&invite, "From");
        assert!(
            from.starts_with(&format!("<sip:{shown}@")),
            "{wanted}: {from}"
        );
    }
}

#[test]
fn a_withheld_number_is_told_to_the_carrier_only() {
    let exchange = showing(
        "anonymous",
        "caller_id = \"01087654321\", identity = { \"p_asserted\", \"remote_party\" }",
    );
    let carrier = RawCarrier::open(&exchange, 8);
    let [a1] = exchange.phones(["1049"]);

    let _call = a1.dials("13800138000");
    let invite = carrier.refuses_a_call(486);

    let from = text(&invite, "From");
    assert!(
        from.starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>"),
        "{from}"
    );
    assert_eq!(text(&invite, "Privacy"), "id");
    assert!(text(&invite, "P-Asserted-Identity").starts_with("<sip:01087654321@"));
    assert!(text(&invite, "Remote-Party-ID").ends_with(";privacy=full"));
}

#[test]
fn a_number_of_the_pool_that_carriers_refuse_rests() {
    let exchange = exchange(
        "caller_pool = { \"01011111111\", \"01022222222\" }, pool_failures = 2, retry_on = \"408\"",
    );
    let carrier = RawCarrier::open(&exchange, 8);
    let [a1] = exchange.phones(["1049"]);
    let number_of = |invite: &Request| {
        let from = text(invite, "From");
        let number = from
            .strip_prefix("<sip:")
            .unwrap()
            .split('@')
            .next()
            .unwrap();
        number.to_owned()
    };

    // Of three refused calls one number has had two.
    let mut refused: Vec<String> = Vec::new();
    let resting = loop {
        assert!(refused.len() < 3, "{refused:?}");
        let call = a1.dials("13800138000");
        refused.push(number_of(&carrier.refuses_a_call(603)));
        call.is_over();
        if let Some(number) = status_of(&exchange, "eight")["resting"][0].as_str() {
            break number.to_owned();
        }
    };

    assert_eq!(
        refused.iter().filter(|number| **number == resting).count(),
        2
    );
    for _ in 0..4 {
        let call = a1.dials("13800138000");
        // Who is busy says nothing of the number.
        assert_ne!(number_of(&carrier.refuses_a_call(486)), resting);
        call.is_over();
    }
}

#[test]
fn a_carriers_word_on_who_calls_is_believed_unless_config_lua_says_otherwise() {
    let trunk = |trusts: &str| {
        format!("eight = {{ TENANT, host = \"EIGHT\", trusted = \"HOUSE8\", {trusts} }}")
    };
    for (trusts, shown) in [
        ("", "13800138000"),
        ("trusts_identity = false", "13900139000"),
    ] {
        let exchange = exchange_with_trunks("", &trunk(trusts), "");
        let carrier = RawCarrier::open(&exchange, 8);
        let [a1] = exchange.phones(["1049"]);

        let contact = format!("<sip:{}>", exchange.house(8, 5090));
        let invite = Request::build(Method::Invite, &Uri::parse("sip:1049@exchange").unwrap())
            .header(Name::Via, "SIP/2.0/UDP carrier;branch=z9hG4bKin;rport")
            .header(Name::From, "<sip:13900139000@carrier.example>;tag=1")
            .header(Name::To, "<sip:1049@exchange>")
            .header(Name::CallId, "in")
            .header(Name::CSeq, "1 INVITE")
            .header(Name::Contact, contact.as_str())
            .header_named("P-Asserted-Identity", "<sip:13800138000@carrier.example>")
            .finish();
        carrier.sends(&invite.to_bytes());

        let line = a1.rings();
        let caller = line.caller();
        assert!(caller.contains(shown), "{trusts}: {caller}");
    }
}

/// One trunk with these settings, in a group.
fn exchange(settings: &str) -> Exchange {
    let trunk = format!("eight = {{ TENANT, host = \"EIGHT\", {settings} }}");
    exchange_with_trunks("", &trunk, "out = { { trunk = \"eight\" } }")
}

/// The same, whose script shows a number.
fn showing(number: &str, settings: &str) -> Exchange {
    let trunk = format!("eight = {{ TENANT, host = \"EIGHT\", {settings} }}");
    let outside =
        format!("call:bridge(\"trunk:eight/\" .. call.to, {{ caller_id = \"{number}\" }})");
    exchange_dialling(&outside, "", &trunk, "")
}

fn text(request: &Request, header: &str) -> String {
    let value = request.header_named(header);
    value.map(|value| value.to_string()).unwrap_or_default()
}
