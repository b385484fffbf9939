//! A leader with a baresip and nothing but its keys, in the call of an agent with another.

use crate::support::{Baresip, Exchange, Line, Phone, Setup, Wav, pilot};

const FLOOR: &str = "-- Agents who are called, and leaders who hear them.
local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20, record = true }) end
context \"inbound\" { [\"_10XX\"] = user }
context \"internal\" { [\"_10XX\"] = user, [\"_*3310XX\"] = function(call) call:supervise(call.to:sub(4), {}) end }
";

/// A customer, an agent's baresip and a leader's, who listens to them.
fn listens(exchange: &Exchange, carrier: &Phone, user: &str) -> (Line, Baresip, Baresip) {
    let agent = Baresip::start(exchange, user, pilot::A1, "pcma");
    agent.registers();
    let leader = Baresip::start(exchange, "1001", pilot::L1, "pcmu");
    leader.registers();
    let customer = carrier.dials(user);
    customer.hears(pilot::A1);
    agent.hears(pilot::C1);
    leader.dials(&format!("*33{user}"));
    leader.hears(pilot::C1);
    leader.hears(pilot::A1);
    (customer, agent, leader)
}

#[test]
fn a_leaders_keys_decide_who_hears_them_and_seven_takes_the_agents_place() {
    let exchange = Exchange::start(Setup::with(FLOOR));
    let carrier = exchange.carrier();
    let (customer, agent, leader) = listens(&exchange, &carrier, "1049");
    customer.is_deaf_to(pilot::L1);
    assert!(
        !agent.has_heard(pilot::L1),
        "who listens is heard by nobody"
    );

    leader.types("5");
    agent.hears(pilot::L1);
    customer.is_deaf_to(pilot::L1);
    leader.types("6");
    customer.hears(pilot::L1);
    customer.hears(pilot::A1);
    leader.types("4");
    customer.is_deaf_to(pilot::L1);
    customer.hears(pilot::A1);
    leader.types("7");
    agent.is_hung_up();
    customer.hears(pilot::L1);
    customer.is_deaf_to(pilot::A1);
    leader.hangs_up();
    customer.is_hung_up();
    customer.receives_keys("");

    // What the leader has said to both or to the agent stands on a track of its own.
    let ended = exchange.ended_calls(2);
    let contact = ended.iter().find(|row| row.begin.to == "1049").unwrap();
    let tracks = exchange.recordings(contact.begin.id);
    let own = tracks.iter().filter(|(row, _)| row.purpose == "whisper");
    let own: Vec<Wav> = own.map(|(_, path)| Wav::read(path)).collect();
    assert!(!own.is_empty(), "{tracks:?}");
    assert!(own.iter().any(|track| track.has(0, pilot::L1)));
    assert!(own.iter().all(|track| !track.has(0, pilot::C1)));
}

#[test]
fn a_leader_goes_on_to_the_next_agent_ends_that_ones_call_and_stops() {
    let exchange = Exchange::start(Setup::with(FLOOR));
    let carrier = exchange.carrier();
    let (customer, agent, leader) = listens(&exchange, &carrier, "1049");
    let [a2] = exchange.phones(["1050"]);
    let other = carrier.dials_as("13800138001", "1050", pilot::C2);
    let second = a2.rings();
    second.answers();
    other.hears(pilot::A2);

    leader.types("*");
    leader.hears(pilot::C2);
    leader.hears(pilot::A2);
    leader.types("99");
    other.is_hung_up();
    second.is_hung_up();
    assert!(customer.is_up(), "the first call is not concerned");
    leader.types("#");
    leader.is_hung_up();
    customer.hears(pilot::A1);
    let ended = exchange.ended_calls(2);
    let forced = ended.iter().find(|row| row.begin.to == "1050").unwrap();
    assert_eq!(forced.end.as_ref().unwrap().ended_by, "supervisor:1001");
    customer.hangs_up();
    agent.is_hung_up();
}
