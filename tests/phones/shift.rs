//! An agent's shift at a baresip, by the codes of the demo exchange.

use std::time::Duration;

use crate::support::{Baresip, Exchange, Keys, Setup, eventually, pilot};

/// Dials a code, types PINs where one is asked for, and waits for the end: what was said, by the names of
/// the sounds.
fn said_to(exchange: &Exchange, phone: &Baresip, code: &str, pins: &[&str]) -> Vec<String> {
    let before = exchange.records().len();
    phone.forgets_what_it_heard();
    phone.dials(code);
    for pin in pins {
        let heard = phone.loud_time();
        phone.hears_something(heard + Duration::from_millis(500));
        phone.types(&format!("{pin}#"));
    }
    said_in(exchange, code, before)
}

/// What was said in the call to a code that came after so many, once it is over.
fn said_in(exchange: &Exchange, code: &str, before: usize) -> Vec<String> {
    let call = eventually(code, || {
        let records = exchange.records();
        let newest = records.first().filter(|call| call.end.is_some())?;
        (records.len() > before && newest.begin.to == code).then_some(newest.begin.id)
    });
    exchange.played_in(call)
}

#[test]
fn an_agent_works_a_shift_with_nothing_but_the_keys_of_a_baresip() {
    let exchange = Exchange::start(Setup::default().witnessed());
    let phone = Baresip::start(&exchange, "1049", pilot::A1, "pcma");
    phone.registers();
    let days = |said: &[&str], code: &str, pins: &[&str], state: &str| {
        assert_eq!(said_to(&exchange, &phone, code, pins), said, "{code}");
        exchange.agree_on("1049", state);
    };

    days(
        &["agent/login-ok", "agent/state-busy"],
        "*22",
        &["2580", "2580"],
        "busy",
    );
    days(&["agent/auto-answer-on"], "*481", &[], "busy");
    days(&["agent/dnd-on"], "*78", &[], "busy");
    days(&["agent/dnd-off"], "*79", &[], "busy");
    days(&["agent/auto-answer-off"], "*480", &[], "busy");
    let idle = ["agent/idle-ok", "agent/waiting-nobody"];
    days(&idle, "*23", &[], "idle");

    // A customer of the queue, and the time after them.
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001234567");
    customer.is_answered();
    customer.hears_something(Duration::from_millis(300));
    customer.presses("1", Keys::Rfc4733);
    customer.hears(pilot::A1);
    exchange.agree_on("1049", "talking");
    customer.hangs_up();
    exchange.agree_on("1049", "wrap_up");
    let said = said_to(&exchange, &phone, "*25", &[]);
    assert_eq!(
        said.first().map(String::as_str),
        Some("agent/wrap-up-ended")
    );
    exchange.agree_on("1049", "idle");

    days(
        &["agent/busy-ok", "agent/reason-meeting"],
        "*242",
        &[],
        "busy",
    );
    // The figures of the day, too, which take longer than one wants to listen.
    let before = exchange.records().len();
    phone.forgets_what_it_heard();
    phone.dials("*47");
    phone.hears_something(Duration::from_secs(5));
    phone.hangs_up();
    let said = said_in(&exchange, "*47", before);
    assert_eq!(
        said[..3],
        ["agent/state-is", "agent/state-busy", "agent/reason-meeting"]
    );
    let out = ["agent/logout-ok", "agent/drafts-one"];
    days(&out, "*20", &[], "logged_out");
}
