//! The reject key of a phone that others have written: baresip's says "busy".

use crate::support::{Baresip, Exchange, Setup, pilot};

/// A busy phone would rest for longer than the test waits.
const PLAN: &str = "-- Customers wait for one agent.
queue \"it\" { agents = { \"1049\" }, delays = { rejected = 1, busy = \"10m\" } }
context \"inbound\" { [\"4001\"] = function(call) call:queue(\"it\") end }
context \"internal\" { [\"*22\"] = function(call)
  agents.log_in(call.user.extension)
  agents.idle(call.user.extension)
  call:answer()
end }
";

#[test]
fn baresip_whose_key_says_busy_has_declined_and_is_rung_again_after_that_rest() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let agent = Baresip::start_attended(&exchange, "1049", pilot::A1, "pcmu");
    agent.registers();
    agent.dials("*22");
    agent.is_connected();
    agent.is_hung_up();
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001");

    agent.is_called_times(1);
    agent.hangs_up();
    agent.is_called_times(2);
    agent.answers();

    customer.hears(pilot::A1);
    customer.hangs_up();
    let ended = exchange.ended_calls(2);
    let hotline = ended.iter().find(|call| call.begin.to == "4001").unwrap();
    let record = exchange.call(hotline.begin.id);
    let declined = record.legs.iter().find(|leg| leg.up_at.is_none()).unwrap();
    assert_eq!(declined.cause, "busy", "as it said");
    let offers = record.episodes[0].offers.iter();
    let ends: Vec<&str> = offers.map(|offer| &*offer.why).collect();
    assert_eq!(ends, ["rejected", "connected"]);
}
