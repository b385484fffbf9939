//! Users' own lists of calls, and the star codes and requests that call somebody on them again.

use serde_json::{Value, json};

use crate::support::{Api, Exchange, Phone, Setup, eventually, pilot};

/// The shipped dialplan; numbers are masked for agents where `masked` says so.
fn exchange(masked: &str) -> Exchange {
    let mut setup = Setup::default().with_http();
    setup.tenant.push_str(masked);
    Exchange::start(setup)
}

/// 1049 calls three numbers: one answers, one is busy, one does not exist.
fn three_calls(exchange: &Exchange, agent: &Phone, carrier: &Phone) {
    let call = agent.dials("13900139001");
    let rung = carrier.rings();
    rung.answers();
    call.hears(pilot::C1);
    call.hangs_up();
    rung.is_hung_up();
    for (number, status) in [("13900139002", 486), ("13900139003", 404)] {
        let call = agent.dials(number);
        carrier.rings().refuses(status);
        call.is_over();
    }
    exchange.has_no_calls();
    exchange.ended_calls(3);
}

fn history(api: &Api, user: &str) -> Vec<Value> {
    let page = api.get(&format!("/users/{user}/history?limit=10"));
    page["items"].as_array().unwrap().clone()
}

#[test]
fn three_calls_are_three_rows_newest_first_and_the_second_is_called_again_from_the_list() {
    let exchange = exchange("");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let api = Api::of(&exchange, "8001");
    three_calls(&exchange, &a1, &carrier);

    let rows = history(&api, "1049");
    let shown: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("direction"), text("number"), text("outcome"))
        })
        .collect();
    let row =
        |number: &str, outcome: &str| ("out".to_owned(), number.to_owned(), outcome.to_owned());
    assert_eq!(
        shown,
        [
            row("13900139003", "空号"),
            row("13900139002", "忙"),
            row("13900139001", "接通")
        ]
    );

    let (status, made) = api.gives("/users/1049/redial", &json!({ "call": rows[1]["call"] }));
    assert_eq!(status, 201, "{made}");
    let agent = a1.rings();
    agent.answers();
    let rung = carrier.rings();
    rung.answers();
    agent.hears(pilot::C1);
    agent.hangs_up();
    rung.is_hung_up();
    let again = eventually("the call on the list", || {
        let rows = history(&api, "1049");
        (rows.len() == 4 && rows[0]["outcome"] == "接通").then(|| rows[0].clone())
    });
    assert_eq!(again["number"], "13900139002");

    // Somebody else's call is not on this list.
    let (status, _) = api.gives("/users/1050/redial", &json!({ "call": rows[1]["call"] }));
    assert_eq!(status, 404);
    let (status, nobody) = api.gives("/users/1050/redial", &json!({}));
    assert_eq!((status, &nobody["code"]), (409, &"nobody_to_call".into()));
}

#[test]
fn numbers_are_masked_where_the_role_says_so_and_are_called_again_all_the_same() {
    let exchange = exchange("masked = \"agent\",");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let api = Api::of(&exchange, "8001");
    three_calls(&exchange, &a1, &carrier);

    assert_eq!(history(&api, "1049")[0]["number"], "139****9003");
    let (status, _) = api.gives("/users/1049/redial", &json!({}));
    assert_eq!(status, 201);
    a1.rings().answers();
    let rung = carrier.rings();
    rung.refuses(486);
    let calls = eventually("the record", || {
        let calls = exchange.records();
        (calls.iter().filter(|call| call.end.is_some()).count() == 4).then_some(calls)
    });
    assert_eq!(calls[0].begin.to, "13900139003");
}

#[test]
fn the_phone_redials_calls_back_and_reads_the_last_five_from_any_of_ones_phones() {
    let exchange = exchange("");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    three_calls(&exchange, &a1, &carrier);
    // Another phone of the same user.
    let other = exchange.phone("1049");
    other.registers();

    // *870: the last number once more.
    let call = other.dials("*870");
    let rung = carrier.rings();
    rung.answers();
    call.hears(pilot::C1);
    call.hangs_up();
    rung.is_hung_up();
    exchange.has_no_calls();

    // *69: who has called last, though nobody took it.
    let missed = carrier.dials_as("13700137000", "4001234567", pilot::C2);
    missed.is_answered();
    missed.presses("0", crate::support::Keys::Rfc4733);
    missed.hangs_up();
    exchange.has_no_calls();
    let [leader] = exchange.phones(["1001"]);
    let missed = leader.dials("1049");
    a1.rings();
    missed.hangs_up();
    eventually("the missed call in the records", || {
        let records = exchange.records();
        let newest = records.first().filter(|call| call.end.is_some())?;
        (newest.begin.to == "1049").then_some(())
    });
    let call = other.dials("*69");
    leader.rings().answers();
    call.hears(pilot::L1);
    call.hangs_up();
    exchange.has_no_calls();

    // *690: the last five, each once; 2 is the second newest.
    let call = other.dials("*690");
    call.is_answered();
    call.presses("2", crate::support::Keys::Rfc4733);
    let rung = carrier.rings();
    rung.answers();
    call.hears(pilot::C1);
    call.hangs_up();
    exchange.has_no_calls();
    let dialled: Vec<_> = exchange
        .ended_calls(8)
        .iter()
        .map(|call| call.begin.to.clone())
        .collect();
    // They are calls to those numbers, as if these had been dialled.
    assert_eq!(
        dialled[..5],
        ["13900139003", "1001", "1049", "4001234567", "13900139003"]
    );
}

#[test]
fn a_leader_puts_the_last_caller_and_a_typed_number_on_the_blacklist_by_phone() {
    let exchange = exchange("");
    let [a1, leader] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let api = Api::of(&exchange, "8001");
    let keys =
        |line: &crate::support::Line, keys: &str| line.presses(keys, crate::support::Keys::Rfc4733);

    let call = leader.dials("*30");
    call.is_answered();
    keys(&call, "13900139000#");
    call.hears_something(std::time::Duration::from_millis(500));
    keys(&call, "2");
    call.is_hung_up();
    let listed = api.get("/lists/blacklist");
    assert_eq!(listed["items"][0]["number"], "+8613900139000");
    assert_eq!(listed["items"][0]["reason"], "fraud");
    assert_eq!(listed["items"][0]["added_by"], "user:1001");
    assert_eq!(
        carrier
            .dials_as("13900139000", "4001234567", pilot::C2)
            .is_refused(),
        603
    );

    let call = leader.dials("*31");
    call.is_answered();
    keys(&call, "13900139000#");
    call.is_hung_up();
    assert_eq!(api.get("/lists/blacklist")["items"], json!([]));

    // Who is no leader is told so.
    let call = a1.dials("*31");
    call.is_answered();
    keys(&call, "13900139000#");
    call.is_hung_up();

    // The API adds and removes, too.
    let (status, entry) = api.gives("/lists/vip", &json!({ "number": "138 0013-8000" }));
    assert_eq!((status, &entry["number"]), (201, &"+8613800138000".into()));
    let (status, gone) = api.gives("/lists/vip/remove", &json!({ "number": "+8613800138000" }));
    assert_eq!((status, &gone["list"]), (200, &"vip".into()));
    let (status, wrong) = api.gives(
        "/lists/blacklist",
        &json!({ "number": "all", "prefix": true }),
    );
    assert_eq!((status, &wrong["code"]), (422, &"no_number".into()));
    assert_eq!(
        api.gives("/lists/vip/remove", &json!({ "number": "13800138000" }))
            .0,
        404
    );
}
