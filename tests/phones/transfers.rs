//! Transfers by baresip's own key.

use crate::support::{Baresip, Exchange, PATIENCE, Setup, pilot};

#[test]
fn baresip_transfers_its_caller_to_another_baresip() {
    let exchange = Exchange::start(Setup::ringing());
    let customer = Baresip::start(&exchange, "1049", pilot::C1, "pcma");
    let agent = Baresip::start(&exchange, "1050", pilot::A1, "pcmu");
    let colleague = Baresip::start(&exchange, "1051", pilot::A2, "g722");
    for phone in [&customer, &agent, &colleague] {
        phone.registers();
    }
    customer.dials("1050");
    agent.is_connected();
    agent.hears(pilot::C1);
    customer.hears(pilot::A1);

    agent.transfers_to("1051");

    colleague.is_connected();
    colleague.hears(pilot::C1);
    customer.hears(pilot::A2);
    // What baresip shows of its end depends on who of both says BYE first; the record tells.
    customer.hangs_up();
    colleague.is_hung_up();
    let record = exchange.only_record();
    let mut agents: Vec<_> = record
        .segments
        .iter()
        .filter_map(|segment| segment.agent.as_deref())
        .collect();
    agents.dedup();
    assert_eq!(agents, ["1050", "1051"], "one contact, two agents");
}

#[test]
fn baresip_that_transfers_to_a_wrong_number_is_rung_again_and_nobody_is_lost() {
    let exchange = Exchange::start(Setup::ringing());
    let customer = Baresip::start(&exchange, "1049", pilot::C1, "pcma");
    let agent = Baresip::start(&exchange, "1050", pilot::A1, "pcma");
    customer.registers();
    agent.registers();
    customer.dials("1050");
    agent.is_connected();
    agent.hears(pilot::C1);

    agent.transfers_to("9999999");

    // It hangs up as it hears that there is no such number; the exchange calls it back.
    agent.shows_times("Call established", 2, PATIENCE);
    customer.hears(pilot::A1);
    agent.hangs_up();
    customer.is_hung_up();
}
