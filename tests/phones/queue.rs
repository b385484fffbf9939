//! A queue with phones that others have written: baresip for the agents, SIPp for their callers.

use std::time::Duration;

use crate::support::{Baresip, Exchange, PATIENCE, Setup, pilot, sipp};

const PLAN: &str = "-- Customers wait for two agents.
queue \"it\" { agents = { \"1049\", \"1050\" }, wrap_up = 0 }
context \"inbound\" { [\"4001\"] = function(call) call:queue(\"it\") end }
context \"internal\" { [\"*22\"] = function(call)
  agents.log_in(call.user.extension)
  agents.idle(call.user.extension)
  call:answer()
end }
";

#[test]
fn two_baresip_agents_serve_six_sipp_callers_in_the_order_in_which_they_came() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let agents = [("1049", pilot::A1), ("1050", pilot::A2)].map(|(user, tone)| {
        let agent = Baresip::start(&exchange, user, tone, "pcmu");
        agent.registers();
        agent.dials("*22");
        agent.is_connected();
        agent.is_hung_up();
        agent
    });
    let target = exchange.address().to_string();

    let mut callers = sipp(
        "waiting_caller.xml",
        exchange.house(9, 5_090),
        &[
            &target, "-s", "4001", "-m", "6", "-r", "4", "-timeout", "60s",
        ],
    );
    for number in 0..6 {
        let agent = &agents[number % 2];
        // Once with *22, and then with each customer.
        agent.shows_times("Call established", 2 + number / 2, PATIENCE);
        agent.hangs_up();
    }

    let status = callers.ends(Duration::from_secs(60));
    assert!(status.success(), "{}", callers.said());
    exchange.has_no_calls();
    let mut customers: Vec<_> = exchange.ended_calls(8);
    customers.retain(|call| call.begin.to == "4001");
    customers.sort_by_key(|call| call.begin.started_at);
    let talks: Vec<(i64, String)> = customers
        .iter()
        .map(|call| {
            let segments = exchange.call(call.begin.id).segments;
            let talk = segments.into_iter().find(|it| it.kind == "talk").unwrap();
            (talk.from, talk.agent.unwrap())
        })
        .collect();
    assert_eq!(talks.len(), 6);
    assert!(talks.is_sorted_by_key(|(from, _)| *from), "{talks:?}");
    let by: Vec<&str> = talks.iter().map(|(_, agent)| agent.as_str()).collect();
    assert_eq!(by, ["1049", "1050", "1049", "1050", "1049", "1050"]);
}
