//! The toll fence by money, by the hour and by the clock: what calls cost is counted, what costs too much is ended, and
//! where nobody has called before is told.

use std::time::Duration;

use crate::support::{Api, Exchange, Line, Phone, Relay, Setup, pilot};

/// Users ring the outside by the only trunk; refusals are spoken as a tone.
const PLAN: &str = "-- All that is dialled goes out.
local SAID = { not_allowed = \"tones/840\", limit_reached = \"tones/1240\" }
local function outside(call)
  local leg, why = call:bridge(\"trunk:carrier/\" .. call.to, { timeout = 20 })
  if leg then return end
  call:progress()
  if SAID[why] then call:play(SAID[why]) end
  call:reject(why)
end
context \"internal\" { [\"_1[3-9]X.\"] = outside, [\"_0.\"] = outside, [\"110\"] = outside }
context \"inbound\" { [\"4001\"] = function(call) call:bridge(\"user:1001\") end }
";

const USERS: &str = "[\"1060\"] = { password = \"demo-1060\", role = \"admin\" },
[\"1061\"] = { password = \"demo-1061\", role = \"admin\", cost_a_day = 0 },
";

fn exchange(outbound: &str) -> Exchange {
    Exchange::start(setup(outbound))
}

fn setup(outbound: &str) -> Setup {
    Setup {
        users: USERS.to_owned(),
        tenant: format!("outbound = {{ {outbound} }},"),
        ..Setup::with(PLAN).with_http()
    }
}

fn user(exchange: &Exchange, name: &str, tone: f64) -> Phone {
    let phone = exchange.phone_with(name, |manner| manner.pilot = tone);
    phone.registers();
    phone
}

/// Calls, and talks.
fn talks(phone: &Phone, number: &str, carrier: &Phone) -> (Line, Line) {
    let call = phone.dials(number);
    let rung = carrier.rings();
    rung.answers();
    call.hears(pilot::C1);
    (call, rung)
}

fn talks_and_hangs_up(phone: &Phone, number: &str, carrier: &Phone) {
    let (call, rung) = talks(phone, number, carrier);
    call.hangs_up();
    rung.is_hung_up();
}

/// The call is refused with a spoken word, and nobody outside rings.
fn is_barred(call: &Line, carrier: &Phone, tone: f64) {
    call.hears(tone);
    assert_eq!(call.is_refused(), 403);
    assert!(carrier.is_not_called_for(Duration::from_millis(200)));
}

#[test]
fn a_call_that_has_cost_what_it_may_is_ended_told_and_mailed() {
    let relay = Relay::start();
    let mut setup = setup("rates = { { minute = 60, step = \"1s\" } }, cost_a_call = 3");
    setup.tenant.push_str(&format!(
        "smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\", from = \"pbx@example.com\" }},
         plugins = {{ alarms = {{ to = \"boss@example.com\" }} }},",
        relay.port()
    ));
    let exchange = Exchange::start(setup);
    exchange.allows("alarms");
    let api = Api::of(&exchange, "8001");
    let one = user(&exchange, "1060", pilot::A2);
    let carrier = exchange.carrier();
    let mut stream = api.listens(None);

    let (call, rung) = talks(&one, "13900139000", &carrier);

    call.is_over_within(Duration::from_secs(6));
    rung.is_hung_up();
    let told = stream.until("toll.cut").pop().unwrap();
    assert_eq!(told["data"]["user"], "1060");
    assert_eq!(told["data"]["number"], "13900139000");
    assert_eq!(told["data"]["why"], "cost_a_call");
    let end = exchange.only_record().call.end.unwrap();
    assert_eq!(end.ended_by, "system:toll");
    let letter = relay.next();
    assert!(letter.contains("boss@example.com"), "{letter}");
}

#[test]
fn a_days_money_is_counted_over_a_restart_and_nobody_spends_more() {
    let mut exchange = exchange(
        "rates = { { call = 1 }, { prefix = \"+852\", call = 3 } }, cost_a_day = 2, tenant_cost_a_day = 4",
    );
    let api = Api::of(&exchange, "8001");
    let (one, rich) = (
        user(&exchange, "1060", pilot::A2),
        user(&exchange, "1061", pilot::A3),
    );
    let carrier = exchange.carrier();
    let mut stream = api.listens(None);
    // It would cost more than the day has.
    is_barred(&one.dials("0085221234567"), &carrier, 1_240.0);

    talks_and_hangs_up(&one, "13900139000", &carrier);
    talks_and_hangs_up(&one, "13900139000", &carrier);

    let told = stream.until("toll.alarm").pop().unwrap();
    assert_eq!(told["data"]["user"], "1060");
    assert_eq!(told["data"]["limit"], "cost_a_day");
    assert_eq!(
        (&told["data"]["used"], &told["data"]["of"]),
        (&2.into(), &2.into())
    );
    is_barred(&one.dials("13900139000"), &carrier, 1_240.0);
    exchange.stop();
    exchange.resume();
    for phone in [&one, &rich] {
        phone.registers();
    }
    is_barred(&one.dials("13900139000"), &carrier, 1_240.0);

    // Whoever has no limit of their own has the tenant's; help costs nobody anything.
    talks_and_hangs_up(&rich, "13900139000", &carrier);
    is_barred(&rich.dials("0085221234567"), &carrier, 1_240.0);
    talks_and_hangs_up(&rich, "13900139000", &carrier);
    is_barred(&rich.dials("13900139000"), &carrier, 1_240.0);
    talks_and_hangs_up(&one, "110", &carrier);
}

#[test]
fn money_that_is_being_spent_counts_before_it_is_over() {
    let exchange = exchange("rates = { { call = 1 } }, cost_a_day = 1");
    let one = user(&exchange, "1060", pilot::A2);
    let carrier = exchange.carrier();
    let (call, rung) = talks(&one, "13900139000", &carrier);

    is_barred(&one.dials("13900139001"), &carrier, 1_240.0);

    call.hangs_up();
    rung.is_hung_up();
}

#[test]
fn a_user_has_so_many_calls_an_hour_and_at_once() {
    let exchange = exchange("calls_an_hour = 2, calls_at_once = 1");
    let one = user(&exchange, "1060", pilot::A2);
    let carrier = exchange.carrier();
    let (call, rung) = talks(&one, "13900139000", &carrier);
    is_barred(&one.dials("13900139001"), &carrier, 1_240.0);
    call.hangs_up();
    rung.is_hung_up();
    exchange.has_no_calls();

    talks_and_hangs_up(&one, "13900139000", &carrier);
    is_barred(&one.dials("13900139000"), &carrier, 1_240.0);

    let hour_later = exchange.clock.unix_micros() + 3_600_000_000;
    exchange.clock.set(hour_later);
    one.registers();
    talks_and_hangs_up(&one, "13900139000", &carrier);
}

#[test]
fn far_numbers_are_called_in_working_hours_only_and_help_always() {
    let exchange =
        exchange("hours = { [\"mon-fri\"] = \"09:00-18:00\" }, after_hours = \"domestic\"");
    let one = user(&exchange, "1060", pilot::A2);
    let carrier = exchange.carrier();
    talks_and_hangs_up(&one, "0085221234567", &carrier);

    let time: jiff::Timestamp = "2026-11-24T22:00:00+08:00".parse().unwrap();
    exchange.clock.set(time.as_microsecond());
    one.registers();

    is_barred(&one.dials("0085221234567"), &carrier, 840.0);
    talks_and_hangs_up(&one, "13900139000", &carrier);
    talks_and_hangs_up(&one, "110", &carrier);
}

#[test]
fn a_country_that_nobody_has_called_before_is_told_of_once_over_a_restart() {
    let mut exchange = exchange("");
    let one = user(&exchange, "1060", pilot::A2);
    let carrier = exchange.carrier();
    let told = |exchange: &Exchange, number: &str| {
        let api = Api::of(exchange, "8001");
        let mut stream = api.listens(None);
        talks_and_hangs_up(&one, number, &carrier);
        let events = stream.until("call.ended");
        let countries = events.iter().filter(|it| it["type"] == "toll.country");
        let countries = countries.map(|it| it["data"]["country"].as_str().unwrap().to_owned());
        countries.collect::<Vec<_>>()
    };

    assert_eq!(told(&exchange, "0085221234567"), ["+852"]);
    assert_eq!(told(&exchange, "0085291234567"), [""; 0]);
    assert_eq!(told(&exchange, "13900139000"), [""; 0]);
    exchange.stop();
    exchange.resume();
    one.registers();
    assert_eq!(told(&exchange, "+85221234567"), [""; 0]);
    assert_eq!(told(&exchange, "0081312345678"), ["+81"]);
}
