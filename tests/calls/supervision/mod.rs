//! Leaders hear agents' calls and are heard in them: who hears whom, by pilot tones.

mod after;
mod following;
mod orders;

use media::CodecKind;

use crate::support::{Exchange, Keys, Line, Phone, Setup, pilot};

/// A hotline that rings a user and is recorded, a queue, a room, and the codes of leaders.
const FLOOR: &str = r##"
queue "it" { agents = { "1049", "1050" }, strategy = "linear", ring_timeout = 15, wrap_up = "2m" }

local function user(call) call:bridge("user:" .. call.to, { timeout = 20, record = true }) end

local function supervise(options)
  return function(call)
    local _, why = call:supervise(call.to:sub(4), options)
    call.vars.why = why
  end
end

local function room(call) call:conference("room", { announce = false, leave_on = "#" }) end

context "inbound" {
  ["_10XX"] = user,
  ["8000"]  = function(call) call:queue("it", { record = true }) end,
  ["8800"]  = room,
}
context "internal" {
  ["_10XX"]    = user,
  ["*8800"]    = room,
  ["_*3310XX"] = supervise({}),
  ["_*3410XX"] = supervise({ mode = "barge" }),
  ["_*3510XX"] = supervise({ mode = "whisper" }),
  ["_*3910XX"] = supervise({ follow = "customer", notice = true }),
  ["*22"]      = function(call) agents.log_in(call.user.extension) agents.idle(call.user.extension) end,
  ["*23"]      = function(call) agents.idle(call.user.extension) end,
}
"##;

fn floor(threads: u32) -> Exchange {
    Exchange::start(Setup {
        threads,
        users: "[\"1002\"] = { name = \"二组班长\", password = \"demo-1002\", role = \"leader\", team = \"two\" },\n\
                [\"1052\"] = { name = \"二组\", password = \"demo-1052\", team = \"two\" },\n"
            .to_owned(),
        ..Setup::with(FLOOR)
    })
}

/// A customer who talks with 1049.
fn conversation(carrier: &Phone, agent: &Phone) -> (Line, Line) {
    carrier.reaches(agent, "1049")
}

/// Who hears whom of a customer, 1049 and 1001, every ordered pair.
fn each_hears(customer: &Line, agent: &Line, leader: &Line, mode: &str) {
    leader.hears(pilot::C1);
    leader.hears(pilot::A1);
    agent.hears(pilot::C1);
    customer.hears(pilot::A1);
    match mode {
        "listen" => {
            agent.is_deaf_to(pilot::L1);
            customer.is_deaf_to(pilot::L1);
        }
        "whisper" => {
            agent.hears(pilot::L1);
            customer.is_deaf_to(pilot::L1);
        }
        _ => {
            agent.hears(pilot::L1);
            customer.hears(pilot::L1);
        }
    }
    leader.is_deaf_to(pilot::L1);
}

#[test]
fn every_ordered_pair_hears_what_the_mode_says_after_every_key_of_the_leader() {
    let kinds = [
        [CodecKind::Pcma, CodecKind::Pcma, CodecKind::Pcma],
        [CodecKind::Pcma, CodecKind::G722, CodecKind::Pcmu],
    ];
    for (threads, [customers, agents, leaders]) in [(1, kinds[0]), (3, kinds[1])] {
        let exchange = floor(threads);
        let carrier = exchange.carrier_with(|manner| manner.codecs = vec![customers]);
        let a1 = exchange.phone_with("1049", |manner| manner.codecs = vec![agents]);
        let l1 = exchange.phone_with("1001", |manner| manner.codecs = vec![leaders]);
        a1.registers();
        let (customer, agent) = conversation(&carrier, &a1);

        let leader = l1.dials("*331049");

        each_hears(&customer, &agent, &leader, "listen");
        for (key, mode) in [
            ("5", "whisper"),
            ("6", "barge"),
            ("5", "whisper"),
            ("4", "listen"),
        ] {
            leader.presses(key, Keys::Rfc4733);
            each_hears(&customer, &agent, &leader, mode);
        }
        leader.presses("#", Keys::Rfc4733);
        leader.is_hung_up();
        agent.hears(pilot::C1);
        customer.hears(pilot::A1);
        agent.is_deaf_to(pilot::L1);
        customer.hangs_up();
        agent.is_hung_up();
        exchange.has_no_calls();
    }
}

#[test]
fn a_leader_barges_in_or_whispers_at_once() {
    let exchange = floor(1);
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);

    let leader = l1.dials("*341049");
    each_hears(&customer, &agent, &leader, "barge");
    leader.hangs_up();
    agent.is_deaf_to(pilot::L1);
    customer.hears(pilot::A1);

    let leader = l1.dials("*351049");
    each_hears(&customer, &agent, &leader, "whisper");
}

#[test]
fn two_leaders_supervise_one_agent_and_the_one_who_barges_in_is_heard_by_the_other() {
    let exchange = floor(3);
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let l2 = exchange.phone("1002");
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let first = l1.dials("*351049");
    each_hears(&customer, &agent, &first, "whisper");

    let second = l2.dials("*331049");

    second.hears(pilot::C1);
    second.hears(pilot::A1);
    second.is_deaf_to(pilot::L1);
    first.presses("6", Keys::Rfc4733);
    each_hears(&customer, &agent, &first, "barge");
    second.hears(pilot::L1);
    second.hangs_up();
    each_hears(&customer, &agent, &first, "barge");
}

#[test]
fn a_leader_hears_the_next_call_of_an_agent_who_is_in_none() {
    let exchange = floor(1);
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let leader = l1.dials("*331049");
    leader.is_answered();
    leader.hears_something(std::time::Duration::from_millis(500));

    let (customer, agent) = conversation(&carrier, &a1);

    each_hears(&customer, &agent, &leader, "listen");
    customer.hangs_up();
    agent.is_hung_up();
    leader.hears_something(std::time::Duration::from_millis(500));
    let (customer, agent) = conversation(&carrier, &a1);
    each_hears(&customer, &agent, &leader, "listen");
    assert!(leader.is_up());
}

#[test]
fn what_a_leader_says_stands_on_a_track_of_its_own_and_never_on_the_customers() {
    let exchange = floor(1);
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let leader = l1.dials("*331049");
    each_hears(&customer, &agent, &leader, "listen");
    leader.presses("5", Keys::Rfc4733);
    each_hears(&customer, &agent, &leader, "whisper");

    leader.presses("#", Keys::Rfc4733);
    leader.is_hung_up();
    customer.hangs_up();
    agent.is_hung_up();

    let ended = exchange.ended_calls(2);
    let contact = ended.iter().find(|row| row.begin.to == "1049").unwrap();
    let recordings = exchange.recordings(contact.begin.id);
    assert_eq!(recordings.len(), 2, "{recordings:?}");
    for (row, path) in recordings {
        let sound = crate::support::Wav::read(&path);
        match row.purpose.as_str() {
            "whisper" => {
                assert!(sound.has(0, pilot::L1) && !sound.has(0, pilot::C1));
                assert_eq!(row.channels, 1);
            }
            _ => {
                assert!(sound.has(0, pilot::C1) && sound.has(1, pilot::A1));
                assert!(!sound.has(0, pilot::L1) && !sound.has(1, pilot::L1));
            }
        }
    }
}
