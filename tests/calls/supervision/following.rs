//! Whatever becomes of the agent's call: a leader follows it.

use super::{conversation, each_hears, floor};
use crate::support::{Hold, Keys, pilot};

#[test]
fn a_leader_hears_what_the_agent_hears_through_a_hold() {
    let exchange = floor(1);
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let leader = l1.dials("*351049");
    each_hears(&customer, &agent, &leader, "whisper");

    agent.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    leader.is_deaf_to(pilot::C1);
    customer.is_deaf_to(pilot::L1);
    agent.retrieves();
    each_hears(&customer, &agent, &leader, "whisper");

    // The customer's phone holds: the agent hears music, and so does the leader.
    customer.holds(Hold::SendOnly);
    agent.hears(pilot::MUSIC);
    leader.hears(pilot::MUSIC);
    leader.hears(pilot::A1);
    customer.retrieves();
    each_hears(&customer, &agent, &leader, "whisper");
}

#[test]
fn a_leader_follows_the_agent_out_of_a_transfer_into_the_next_call() {
    let exchange = floor(1);
    let [a1, a2, l1] = exchange.phones(["1049", "1050", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let leader = l1.dials("*331049");
    each_hears(&customer, &agent, &leader, "listen");

    agent.transfers_to("1050");
    let second = a2.rings();
    second.answers();
    agent.is_hung_up();
    second.hears(pilot::C1);
    leader.is_deaf_to(pilot::C1);
    leader.is_deaf_to(pilot::A2);

    customer.hangs_up();
    let (customer, agent) = conversation(&carrier, &a1);
    each_hears(&customer, &agent, &leader, "listen");
}

#[test]
fn a_leader_follows_the_customer_to_whomever_they_are_put_through() {
    let exchange = floor(3);
    let [a1, a2, l1] = exchange.phones(["1049", "1050", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let leader = l1.dials("*391049");
    each_hears(&customer, &agent, &leader, "listen");
    leader.presses("5", Keys::Rfc4733);
    each_hears(&customer, &agent, &leader, "whisper");

    agent.transfers_to("1050");
    let second = a2.rings();
    // Between two agents nobody is whispered to.
    customer.is_deaf_to(pilot::L1);
    leader.hears(pilot::C1);
    second.answers();
    agent.is_hung_up();

    second.hears(pilot::C1);
    leader.hears(pilot::C1);
    leader.hears(pilot::A2);
    second.hears(pilot::L1);
    customer.is_deaf_to(pilot::L1);
    customer.hears(pilot::A2);
}

#[test]
fn a_leader_hears_whom_the_agent_asks_and_the_three_who_talk_then() {
    let exchange = floor(3);
    let [a1, a2, l1] = exchange.phones(["1049", "1050", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let leader = l1.dials("*351049");
    each_hears(&customer, &agent, &leader, "whisper");

    agent.presses("*21050#", Keys::Rfc4733);
    let asked = a2.rings();
    asked.answers();

    customer.hears(pilot::MUSIC);
    leader.hears(pilot::A1);
    leader.hears(pilot::A2);
    leader.is_deaf_to(pilot::C1);
    agent.hears(pilot::L1);
    asked.is_deaf_to(pilot::L1);
    customer.is_deaf_to(pilot::L1);
    agent.presses("*6", Keys::Rfc4733);
    each_hears(&customer, &agent, &leader, "whisper");
    leader.is_deaf_to(pilot::A2);

    agent.presses("*5", Keys::Rfc4733);
    asked.hears(pilot::C1);
    each_hears(&customer, &agent, &leader, "whisper");
    leader.hears(pilot::A2);
    asked.is_deaf_to(pilot::L1);
    leader.presses("6", Keys::Rfc4733);
    each_hears(&customer, &agent, &leader, "barge");
    asked.hears(pilot::L1);
    asked.hangs_up();
    each_hears(&customer, &agent, &leader, "barge");

    // Released in the midst of asking: nobody is left behind.
    agent.presses("*21050#", Keys::Rfc4733);
    let asked = a2.rings();
    asked.answers();
    customer.hears(pilot::MUSIC);
    leader.presses("99", Keys::Rfc4733);
    for line in [&customer, &agent, &asked] {
        line.is_hung_up();
    }
    leader.hangs_up();
    exchange.has_no_calls();
}

#[test]
fn a_leader_hears_all_who_are_in_a_room_with_the_agent() {
    let exchange = floor(3);
    let [a1, a2, l1] = exchange.phones(["1049", "1050", "1001"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("8800");
    let (first, second) = (a1.dials("*8800"), a2.dials("*8800"));
    customer.hears(pilot::A2);

    let leader = l1.dials("*331049");

    each_hears(&customer, &first, &leader, "listen");
    leader.hears(pilot::A2);
    second.is_deaf_to(pilot::L1);
    leader.presses("5", Keys::Rfc4733);
    each_hears(&customer, &first, &leader, "whisper");
    second.is_deaf_to(pilot::L1);
    leader.presses("6", Keys::Rfc4733);
    each_hears(&customer, &first, &leader, "barge");
    second.hears(pilot::L1);
    second.hangs_up();
    each_hears(&customer, &first, &leader, "barge");
    leader.presses("4", Keys::Rfc4733);
    each_hears(&customer, &first, &leader, "listen");
}

#[test]
fn a_star_goes_on_to_the_next_agent_in_a_call() {
    let exchange = floor(1);
    let [a1, a2, a3, l1] = exchange.phones(["1049", "1050", "1051", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let inside = a3.dials("1050");
    let rung = a2.rings();
    rung.answers();
    inside.hears(pilot::A2);
    let leader = l1.dials("*341049");
    each_hears(&customer, &agent, &leader, "barge");

    leader.presses("*", Keys::Rfc4733);

    leader.hears(pilot::A2);
    leader.hears(pilot::A3);
    leader.is_deaf_to(pilot::C1);
    rung.is_deaf_to(pilot::L1);
    customer.is_deaf_to(pilot::L1);
    leader.presses("**", Keys::Rfc4733);
    each_hears(&customer, &agent, &leader, "listen");
}

#[test]
fn nothing_happens_to_the_call_when_the_leaders_phone_dies() {
    let exchange = floor(1);
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let leader = l1.dials("*341049");
    each_hears(&customer, &agent, &leader, "barge");
    customer.watch();

    l1.dies();

    customer.hears(pilot::A1);
    agent.hears(pilot::C1);
    customer.is_deaf_to(pilot::L1);
    assert!(customer.is_up() && agent.is_up());
    let gap = customer.watch().longest_gap;
    assert!(gap < std::time::Duration::from_millis(300), "{gap:?}");
}

#[test]
fn the_call_ends_as_ever_when_the_agent_goes_in_the_midst_of_a_barge() {
    let exchange = floor(1);
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let leader = l1.dials("*341049");
    each_hears(&customer, &agent, &leader, "barge");

    agent.hangs_up();

    customer.is_hung_up();
    leader.hears_something(std::time::Duration::from_millis(500));
    assert!(leader.is_up(), "it waits for the next call");
    leader.hangs_up();
    exchange.has_no_calls();
}
