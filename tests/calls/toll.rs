//! The toll fence: who may call what outside, by whatever way; and help, which everybody may call.

use std::fs;
use std::time::Duration;

use crate::support::{Api, Exchange, Line, Phone, Setup, hear_each_other, pilot};

/// Users ring each other and the outside; 1052 is forwarded to a mobile; the hotline rings 1060, and 4002 leads
/// outside. Refusals are spoken as a tone.
const PLAN: &str = "-- Users ring each other and the outside.
local SAID = { not_allowed = \"tones/840\", limit_reached = \"tones/1240\" }
local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end
local function outside(call, number)
  local leg, why = call:bridge(\"trunk:carrier/\" .. (number or call.to), { timeout = 20 })
  if leg then return end
  call:progress()
  if SAID[why] then call:play(SAID[why]) end
  call:reject(why)
end
local function forwarded(call) return outside(call, \"13900139000\") end
context \"internal\" { [\"_10XX\"] = user, [\"1052\"] = forwarded, [\"_1[3-9]X.\"] = outside, [\"_0.\"] = outside, [\"_[2-8]X.\"] = outside }
context \"inbound\" { [\"4001\"] = function(call) call:bridge(\"user:1060\") end, [\"4002\"] = forwarded }
context \"lobby\" { [\"_10XX\"] = user }
context \"broken\" { [\"110\"] = function() error(\"on purpose\") end }
";

/// 1060 may call no further than the city, 1061 nobody outside, from a lobby that has no route there.
const USERS: &str = "[\"1060\"] = { password = \"demo-1060\", toll = \"local\" },
[\"1061\"] = { password = \"demo-1061\", toll = \"internal\", context = \"lobby\", max_calls = 1 },
[\"1062\"] = { password = \"demo-1062\", toll = \"internal\", context = \"broken\" },
[\"1059\"] = { password = \"demo-1059\", role = \"leader\" },
[\"1063\"] = { password = \"demo-1063\", max_calls = 1 },
[\"1064\"] = { password = \"demo-1064\", toll = { \"mobile\", \"international\" }, calls_a_day = 2 },
";

fn setup() -> Setup {
    Setup {
        users: USERS.to_owned(),
        ..Setup::with(PLAN)
    }
}

/// The exchange with further settings of its trunk.
fn exchange_with(setup: Setup, trunk: &str) -> Exchange {
    let mut exchange = Exchange::start(setup);
    exchange.stop();
    let file = exchange.folder.join("config.lua");
    let text = fs::read_to_string(&file).unwrap();
    let changed = text.replace(
        "area_code = \"10\",",
        &format!("area_code = \"10\", {trunk}"),
    );
    assert_ne!(changed, text);
    fs::write(&file, changed).unwrap();
    exchange.resume();
    exchange
}

fn user(exchange: &Exchange, name: &str, tone: f64) -> Phone {
    let phone = exchange.phone_with(name, |manner| manner.pilot = tone);
    phone.registers();
    phone
}

/// The call is refused with a spoken word, and nobody outside rings.
fn is_barred(call: &Line, carrier: &Phone, tone: f64) {
    call.hears(tone);
    assert_eq!(call.is_refused(), 403);
    assert!(carrier.is_not_called_for(Duration::from_millis(200)));
}

#[test]
fn a_number_beyond_the_callers_rights_is_refused_in_words_and_nobody_outside_rings() {
    let exchange = Exchange::start(setup().with_http());
    let api = Api::of(&exchange, "8001");
    let near = user(&exchange, "1060", pilot::A2);
    let carrier = exchange.carrier();
    let mut stream = api.listens(None);

    is_barred(&near.dials("13900139000"), &carrier, 840.0);

    let told = stream.until("toll.refused").pop().unwrap();
    assert_eq!(told["data"]["user"], "1060");
    assert_eq!(told["data"]["why"], "mobile");
    let end = exchange.only_record().call.end.unwrap();
    assert_eq!((&*end.result, &*end.cause), ("refused", "not_allowed"));
    let call = near.dials("87654321");
    let rung = carrier.rings();
    rung.answers();
    hear_each_other(&call, pilot::A2, &rung, pilot::C1);
}

#[test]
fn a_role_without_a_word_calls_the_whole_country_and_not_abroad() {
    let exchange = Exchange::start(setup());
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    for number in ["13900139000", "075526881234", "87654321", "4008123123"] {
        let call = a1.dials(number);
        let rung = carrier.rings();
        rung.answers();
        call.hears(pilot::C1);
        call.hangs_up();
        rung.is_hung_up();
    }
    for number in ["0085221234567", "+85221234567", "008821234567890"] {
        is_barred(&a1.dials(number), &carrier, 840.0);
    }
}

#[test]
fn a_transfer_outside_has_the_rights_of_whoever_transfers() {
    let exchange = Exchange::start(setup());
    let near = user(&exchange, "1060", pilot::A2);
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001");
    let rung = near.rings();
    rung.answers();
    customer.hears(pilot::A2);

    rung.transfers_to("13900139000");
    assert_eq!(rung.has_transferred_in_vain(), 403);
    assert!(carrier.is_not_called_for(Duration::from_millis(200)));
    hear_each_other(&customer, pilot::C1, &rung, pilot::A2);

    // To 1049 it may be given, who may call that number.
    rung.transfers_to("1049");
    let next = a1.rings();
    next.answers();
    customer.hears(pilot::A1);
    next.transfers_to("13900139000");
    let outside = carrier.rings();
    outside.speaks(pilot::C2);
    outside.answers();
    customer.hears(pilot::C2);
}

#[test]
fn a_forward_has_the_rights_of_whoever_calls() {
    let exchange = Exchange::start(setup());
    let near = user(&exchange, "1060", pilot::A2);
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    is_barred(&near.dials("1052"), &carrier, 840.0);

    let call = a1.dials("1052");
    carrier.rings().answers();
    call.hears(pilot::C1);
}

#[test]
fn a_trunks_call_leaves_by_no_trunk_unless_that_trunk_is_given_the_right() {
    let exchange = Exchange::start(setup());
    let carrier = exchange.carrier();
    let call = carrier.dials("4002");
    call.hears(840.0);
    assert_eq!(call.is_refused(), 403);
    assert!(carrier.is_not_called_for(Duration::from_millis(200)));

    let exchange = exchange_with(setup(), "toll = \"mobile\",");
    let carrier = exchange.carrier();
    let call = carrier.dials("4002");
    let rung = carrier.rings();
    rung.speaks(pilot::C2);
    rung.answers();
    call.hears(pilot::C2);
}

#[test]
fn a_click_to_dial_has_the_rights_of_its_user_and_a_script_those_of_programs() {
    let mut setup = setup().with_http();
    setup.script.as_mut().unwrap().push_str(
        "context \"callback\" { [\"back\"] = function(call) call:answer() end }
context \"internal\" { [\"9000\"] = function(call)
  call:answer()
  local whys = json.list()
  for _, number in ipairs { \"0085221234567\", \"13900139000\" } do
    local made, why = calls.originate { from = \"trunk:carrier/\" .. number, to = \"back\", context = \"callback\", timeout = 5 }
    whys[#whys + 1] = why or made.state
  end
  call.vars.whys = whys
end }
",
    );
    let exchange = Exchange::start(setup);
    let api = Api::of(&exchange, "8001");
    let near = user(&exchange, "1060", pilot::A2);
    let carrier = exchange.carrier();

    let wanted = serde_json::json!({ "from": "1060", "to": "13900139000" });
    let (status, made) = api.gives("/calls", &wanted);
    assert_eq!(status, 201, "{made}");
    let agent = near.rings();
    agent.answers();
    agent.hears(840.0);
    agent.is_hung_up();
    assert!(carrier.is_not_called_for(Duration::from_millis(200)));

    let asked = near.dials("9000");
    carrier.rings().refuses(486);
    asked.is_hung_up();
    let records = exchange.ended_calls(4);
    let asked = records.iter().find(|call| call.begin.to == "9000").unwrap();
    let whys = &asked.end.as_ref().unwrap().vars["whys"];
    assert_eq!(*whys, serde_json::json!(["not_allowed", "busy"]));
}

#[test]
fn a_days_calls_are_counted_over_a_restart_and_their_end_is_told() {
    let mut exchange = Exchange::start(setup().with_http());
    let abroad = user(&exchange, "1064", pilot::A2);
    let carrier = exchange.carrier();
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);
    // A list of classes gives these and no others.
    is_barred(&abroad.dials("87654321"), &carrier, 840.0);

    for number in ["0085221234567", "13900139000"] {
        let call = abroad.dials(number);
        let rung = carrier.rings();
        rung.answers();
        call.hears(pilot::C1);
        call.hangs_up();
        rung.is_hung_up();
    }

    let told = stream.until("toll.alarm").pop().unwrap();
    let about = &told["data"];
    assert_eq!(
        (
            &about["user"],
            &about["limit"],
            &about["used"],
            &about["of"]
        ),
        (&"1064".into(), &"calls_a_day".into(), &2.into(), &2.into())
    );
    is_barred(&abroad.dials("13900139000"), &carrier, 1_240.0);

    exchange.stop();
    exchange.resume();
    abroad.registers();
    is_barred(&abroad.dials("13900139000"), &carrier, 1_240.0);

    // Another day.
    let time: jiff::Timestamp = "2026-11-25T00:30:00+08:00".parse().unwrap();
    exchange.clock.set(time.as_microsecond());
    abroad.registers();
    let call = abroad.dials("13900139000");
    carrier.rings().answers();
    call.hears(pilot::C1);
}

#[test]
fn calls_that_somebody_has_transferred_outside_count_among_their_calls_at_once() {
    let exchange = Exchange::start(setup());
    let one = user(&exchange, "1063", pilot::A2);
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let call = a1.dials("1063");
    let rung = one.rings();
    rung.answers();
    call.hears(pilot::A2);
    rung.transfers_to("13900139000");
    let outside = carrier.rings();
    outside.answers();
    call.hears(pilot::C1);
    rung.is_over();

    is_barred(&one.dials("13900139001"), &carrier, 1_240.0);

    outside.hangs_up();
    call.is_over();
    exchange.has_no_calls();
    let call = one.dials("13900139001");
    carrier.rings().answers();
    call.hears(pilot::C1);
}

#[test]
fn help_is_called_without_rights_without_a_route_and_with_a_broken_script() {
    let exchange = Exchange::start(setup().with_http());
    let api = Api::of(&exchange, "8001");
    let lobby = user(&exchange, "1061", pilot::A2);
    let broken = user(&exchange, "1062", pilot::A3);
    let leader = user(&exchange, "1059", pilot::L1);
    let carrier = exchange.carrier();
    let mut stream = api.listens(None);

    let mut others = Vec::new();
    for (phone, tone, who) in [(&lobby, pilot::A2, "1061"), (&broken, pilot::A3, "1062")] {
        let call = phone.dials("110");
        let help = carrier.rings();
        help.answers();
        hear_each_other(&call, tone, &help, pilot::C1);
        let told = stream.until("emergency.called").pop().unwrap();
        assert_eq!(told["data"]["user"], who);
        assert_eq!(told["data"]["number"], "110");
        others.push((call, help));
        let text = leader.is_texted(others.len()).pop().unwrap().text;
        assert!(text.contains(who) && text.contains("110"), "{text}");
    }
    // One call at once is this user's limit, but not for help.
    let call = lobby.dials("120");
    carrier.rings().answers();
    call.hears(pilot::C1);
    assert_eq!(lobby.dials("13900139000").is_refused(), 503);
}

#[test]
fn help_takes_the_line_of_another_call_where_all_are_in_use() {
    let setup = Setup {
        more: "limits = { max_calls = 2 },".to_owned(),
        ..setup()
    };
    let exchange = exchange_with(setup, "max_calls = 2,");
    let lobby = user(&exchange, "1061", pilot::A2);
    let [a1, a3] = exchange.phones(["1049", "1051"]);
    let carrier = exchange.carrier();
    let first = a1.dials("13900139000");
    carrier.rings().answers();
    first.hears(pilot::C1);
    let second = a3.dials("13900139001");
    let ringing = carrier.rings();
    second.is_ringing();

    let call = lobby.dials("119");
    let help = carrier.rings();
    ringing.is_over();
    second.is_over();
    help.answers();
    hear_each_other(&call, pilot::A2, &help, pilot::C1);
    assert!(
        first.is_up(),
        "who talks is spared where somebody only rings"
    );

    let another = lobby.dials("122");
    let more_help = carrier.rings();
    first.is_hung_up();
    more_help.answers();
    another.hears(pilot::C1);
    assert!(call.is_up(), "help gives its line to nobody");
    let cut = exchange.ended_calls(2);
    let by: Vec<_> = cut
        .iter()
        .filter_map(|call| Some(&*call.end.as_ref()?.ended_by))
        .collect();
    assert_eq!(by, ["system:emergency", "system:emergency"]);
}

#[test]
fn a_trunks_call_to_110_is_no_call_for_help_of_ours() {
    let exchange = Exchange::start(setup());
    let carrier = exchange.carrier();

    assert_eq!(carrier.dials("110").is_refused(), 404);
    assert!(carrier.is_not_called_for(Duration::from_millis(200)));
}
