//! BLF: a key's lamp shows whether a colleague is called, talks, or is free.

use std::time::{Duration, Instant};

use crate::support::{Exchange, Lamp, PATIENCE, Phone, Setup, eventually, pilot};

const EARLY: &str = "<state>early</state>";
const CONFIRMED: &str = "<state>confirmed</state>";
const TERMINATED: &str = "<state>terminated</state>";
const RECIPIENT: &str = "direction=\"recipient\"";
const INITIATOR: &str = "direction=\"initiator\"";

/// The numbers that NOTIFYs carried.
fn versions(lamp: &Lamp) -> Vec<u32> {
    let number = |body: &str| attribute(body, "version")?.parse().ok();
    let told = lamp.told();
    told.iter().filter_map(|told| number(&told.body)).collect()
}

fn attribute(body: &str, name: &str) -> Option<String> {
    let (_, body) = body.split_once("?>")?;
    let (_, rest) = body.split_once(&format!(" {name}=\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

fn is_free(lamp: &Lamp) {
    eventually("a free colleague", || {
        let last = lamp.told().pop()?;
        let busy = last.body.contains(EARLY) || last.body.contains(CONFIRMED);
        (!busy).then_some(())
    });
}

#[test]
fn the_lamp_shows_ringing_talking_and_the_end_and_names_what_a_pick_up_needs() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let (called, calling) = (a3.watches("dialog", "1050"), a3.watches("dialog", "1049"));
    let first = called.is_told(1).remove(0);
    assert!(first.body.contains("state=\"full\"") && !first.body.contains("<dialog "));

    let call = a1.dials("1050");
    let rung = a2.rings();
    let rings = called.shows(&[EARLY, RECIPIENT, ">sip:1049@", "display=\"温平\""]);
    let name = rung.name();
    for what in ["call-id", "local-tag", "remote-tag"] {
        let told = attribute(&rings.body, what).unwrap();
        assert!(told.len() >= 16, "{what} can be guessed: {told}");
    }
    // Who knew these could speak in the colleague's call.
    for secret in [name.call_id, name.to_tag, name.from_tag] {
        assert!(!rings.body.contains(&secret.to_string()), "{}", rings.body);
    }
    let calls = calling.shows(&[EARLY, INITIATOR, ">sip:1050@"]);
    assert_eq!(
        attribute(&calls.body, "call-id"),
        None,
        "nobody picks up a caller"
    );

    rung.answers();
    let talks = called.shows(&[CONFIRMED, RECIPIENT]);
    assert_eq!(attribute(&talks.body, "id"), attribute(&rings.body, "id"));
    assert_eq!(
        attribute(&talks.body, "call-id"),
        None,
        "nobody takes a call that stands"
    );
    calling.shows(&[CONFIRMED, INITIATOR]);

    call.hangs_up();
    let over = called.shows(&[TERMINATED]);
    assert_eq!(attribute(&over.body, "id"), attribute(&rings.body, "id"));
    calling.shows(&[TERMINATED]);
    for lamp in [&called, &calling] {
        let versions = versions(lamp);
        let in_order: Vec<u32> = (0..).take(lamp.told().len()).collect();
        assert_eq!(versions, in_order);
    }
}

#[test]
fn a_key_takes_what_rings_at_a_colleague_by_what_its_lamp_was_told() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (theirs, own) = (a1.watches("dialog", "1050"), a2.watches("dialog", "1049"));
    let customer = carrier.dials("1050");
    let rung = a2.rings();

    let told = theirs.shows(&[EARLY]).body;
    let named = |name: &str| attribute(&told, name).unwrap();
    let taker = a1.takes_the_place_of(&format!(
        "{};to-tag={};from-tag={};early-only",
        named("call-id"),
        named("remote-tag"),
        named("local-tag")
    ));

    taker.is_answered();
    rung.is_taken_elsewhere();
    customer.hears(pilot::A1);
    taker.hears(pilot::C1);
    is_free(&theirs);
    own.shows(&[CONFIRMED, ">sip:+8613800138000@"]);
}

#[test]
fn what_a_lamp_was_told_takes_nothing_once_the_colleague_has_answered() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let lamp = a1.watches("dialog", "1050");
    let customer = carrier.dials("1050");
    let rung = a2.rings();
    let told = lamp.shows(&[EARLY]).body;
    let named = |name: &str| attribute(&told, name).unwrap();
    rung.answers();
    customer.hears(pilot::A2);

    let taker = a1.takes_the_place_of(&format!(
        "{};to-tag={};from-tag={}",
        named("call-id"),
        named("remote-tag"),
        named("local-tag")
    ));

    assert_eq!(taker.is_refused(), 481);
    customer.hears(pilot::A2);
    rung.hears(pilot::C1);
}

#[test]
fn who_may_not_take_a_colleagues_calls_does_not_see_them_either() {
    let exchange = Exchange::start(Setup {
        users: "[\"1060\"] = { name = \"大堂\", password = \"demo-1060\", context = \"lobby\" },\n"
            .to_owned(),
        ..Setup::with(
            "local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
             context \"internal\" { [\"_10XX\"] = user }\n\
             context \"lobby\" {}\n\
             context \"inbound\" { [\"_10XX\"] = user }\n",
        )
    });
    let lobby = exchange.phone_with("1060", |manner| manner.pilot = pilot::L1);
    lobby.registers();
    let [a1] = exchange.phones(["1049"]);

    let (lamp, status) = lobby.tries_to_watch("dialog", "1049", 600, PATIENCE);
    assert_eq!(status, Some(404), "as somebody who is not there");
    assert!(lamp.told().is_empty());
    let (_, status) = a1.tries_to_watch("dialog", "1060", 600, PATIENCE);
    assert_eq!(status, Some(404), "nor the other way");
    let own = lobby.watches("dialog", "1060");
    is_free(&own);

    // Whoever is put into another context sees no more of those they have left.
    let kept = a1.watches("dialog", "1050");
    let config = exchange.folder.join("config.lua");
    let text = std::fs::read_to_string(&config).unwrap();
    let (before, after) = text.split_once("[\"1049\"] = {").unwrap();
    let fenced = format!("{before}[\"1049\"] = {{ context = \"lobby\",{after}");
    std::fs::write(&config, fenced).unwrap();
    exchange.reload();
    assert!(kept.is_over().state.contains("reason=noresource"));
}

#[test]
fn a_lamp_follows_within_300_milliseconds() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let lamp = a3.watches("dialog", "1050");
    // The machine may be busy for a moment, but not most of the time.
    let mut delays = Vec::new();
    for _ in 0..5 {
        let call = a1.dials("1050");
        let rung = a2.rings();
        call.is_ringing();
        let from = Instant::now();
        let early = lamp.shows(&[EARLY]).at.saturating_duration_since(from);
        rung.answers();
        call.is_answered();
        let from = Instant::now();
        let confirmed = lamp.shows(&[CONFIRMED]).at.saturating_duration_since(from);
        rung.hangs_up();
        call.is_over();
        let from = Instant::now();
        is_free(&lamp);
        let over = lamp
            .told()
            .pop()
            .unwrap()
            .at
            .saturating_duration_since(from);
        delays.push(early.max(confirmed).max(over));
    }
    delays.sort();
    assert!(delays[2] <= Duration::from_millis(300), "{delays:?}");
}

#[test]
fn all_who_watch_a_colleague_see_all_of_their_calls() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2, a3, l1] = exchange.phones(["1049", "1050", "1051", "1001"]);
    let carrier = exchange.carrier();
    let call = a1.dials("1050");
    a2.rings().answers();
    call.hears(pilot::A2);

    // Who comes later sees what goes on already.
    let lamps = [
        a1.watches("dialog", "1050"),
        a3.watches("dialog", "1050"),
        l1.watches("dialog", "1050"),
    ];
    for lamp in &lamps {
        let seen = lamp.shows(&[CONFIRMED]);
        assert_eq!(attribute(&seen.body, "version").as_deref(), Some("0"));
    }
    let second = carrier.dials("1050");
    let rung = a2.rings();
    for lamp in &lamps {
        lamp.shows(&[CONFIRMED, EARLY, ">sip:1049@", ">sip:+8613800138000@"]);
    }
    call.hangs_up();
    for lamp in &lamps {
        eventually("only the second call", || {
            let last = lamp.told().pop()?;
            (last.body.contains(EARLY) && !last.body.contains(CONFIRMED)).then_some(())
        });
    }
    rung.refuses(486);
    second.is_over();
    lamps.iter().for_each(is_free);
}

#[test]
fn a_phone_that_never_picks_up_leaves_no_lamp_burning() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let lamp = a3.watches("dialog", "1050");
    let call = a1.dials("1050");
    let _rung = a2.rings();
    lamp.shows(&[EARLY]);

    call.hangs_up();

    is_free(&lamp);
    let unreachable = a3.watches("dialog", "1001");
    a1.dials("1001").is_over();
    is_free(&unreachable);
    exchange.has_no_calls();
}

#[test]
fn colleagues_are_those_of_the_same_enterprise() {
    let exchange = Exchange::start(Setup {
        tenant: "},\n [\"8002\"] = { domain = \"other.example\", timezone = \"Asia/Shanghai\", \
                 language = \"zh\", dialplan = \"scripts.8001\",\n\
                 users = { [\"2001\"] = { password = \"demo-2001\" } },"
            .to_owned(),
        ..Setup::ringing()
    });
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let refusal = |phone: &Phone, user: &str| {
        let (lamp, status) = phone.tries_to_watch("dialog", user, 600, PATIENCE);
        assert!(lamp.told().is_empty(), "{user}");
        status
    };

    // Another enterprise's user is as unknown here as nobody.
    assert_eq!(refusal(&a1, "2001"), Some(404));
    assert_eq!(refusal(&a1, "1999"), Some(404));
    // There, this user is a stranger.
    assert_eq!(refusal(&a1, "2001@other.example;x="), Some(401));
    assert_eq!(refusal(&carrier, "1050"), Some(403));
    assert_eq!(exchange.status()["subscriptions"], 0);
}

#[test]
fn a_lamp_is_right_while_the_exchange_stops_and_after_a_restart() {
    let mut exchange = Exchange::start(Setup::ringing());
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let lamp = a3.watches("dialog", "1050");
    let call = a1.dials("1050");
    a2.rings().answers();
    call.is_answered();
    lamp.shows(&[CONFIRMED]);

    exchange.stop();
    is_free(&lamp);
    let before = lamp.told().len();
    exchange.resume();

    // Told on without being asked, and with a higher number.
    let told = lamp.is_told(before + 1);
    assert!(told[before].state.starts_with("active"), "{told:?}");
    let versions = versions(&lamp);
    assert!(versions.is_sorted(), "{versions:?}");
    let _call = a1.dials("1050");
    a2.rings();
    lamp.shows(&[EARLY]);
    assert_eq!(a3.refreshes(&lamp, 600), Some(200));
}

#[test]
fn a_lamp_goes_out_after_a_crash_without_any_doing_of_its_phone() {
    let mut exchange = Exchange::start_program(Setup::ringing());
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let lamp = a3.watches("dialog", "1050");
    let call = a1.dials("1050");
    a2.rings().answers();
    call.is_answered();
    lamp.shows(&[CONFIRMED]);

    exchange.is_killed();
    exchange.resume();

    is_free(&lamp);
}

#[test]
fn who_is_taken_out_of_the_configuration_has_no_lamp_and_sees_none() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let (watched, watching) = (a1.watches("dialog", "1050"), a2.watches("dialog", "1001"));

    let config = exchange.folder.join("config.lua");
    let text = std::fs::read_to_string(&config).unwrap();
    let without: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("[\"1050\"]"))
        .collect();
    std::fs::write(&config, without.join("\n")).unwrap();
    exchange.reload();

    assert!(watched.is_over().state.contains("reason=noresource"));
    assert!(watching.is_over().state.contains("reason=rejected"));
}

#[test]
fn a_lamp_shows_no_whole_number_to_a_role_that_may_not_see_it() {
    let mut setup = Setup::ringing();
    setup.tenant.push_str("masked = \"agent\",");
    let exchange = Exchange::start(setup);
    let [agent, a2, leader] = exchange.phones(["1049", "1050", "1001"]);
    let carrier = exchange.carrier();
    let (theirs, leaders) = (
        agent.watches("dialog", "1050"),
        leader.watches("dialog", "1050"),
    );

    let customer = carrier.dials("1050");
    let rung = a2.rings();

    let shown = theirs.shows(&[EARLY, ">sip:+86138****8000@"]).body;
    assert!(!shown.contains("13800138000"), "{shown}");
    leaders.shows(&[EARLY, ">sip:+8613800138000@"]);
    rung.refuses(486);
    customer.is_over();
}
