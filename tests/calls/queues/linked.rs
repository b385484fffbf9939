//! A caller in a queue has a link sent to their phone: by a key, or by a step of the queue, through the shipped plugin `sms`.

use serde_json::json;

use crate::support::{Api, Exchange, Keys, Receiver, Setup, pilot};

const SCRIPT: &str = "local sms = require \"plugins.sms\"
queue \"it\" {
  agents = { \"1049\" }, join_if = \"always\", stay_if = \"always\",
  overflow = { { after = 2, emit = \"link.wanted\" } },
}
context \"internal\" {}
context \"inbound\" { [\"4001\"] = function(call)
  local reached = sms.takes_link(call.from)
  call:queue(\"it\", { keys = reached and { [\"5\"] = { emit = \"link.wanted\", play = \"tones/1520\" } } or nil })
end }
";

#[test]
fn a_caller_in_a_queue_has_a_link_sent_to_a_mobile_phone_by_a_key_or_a_step_and_once() {
    let provider = Receiver::start();
    let tenant = format!(
        "plugins = {{ sms = {{
           url = \"{}\", token = \"a-token-of-some-length\",
           templates = {{ link = \"自助办理：{{url}}\" }},
           link = {{ template = \"link\", url = \"https://m.example.com/it\" }},
         }} }},",
        provider.url()
    );
    let exchange = Exchange::start(
        Setup {
            tenant,
            ..Setup::with(SCRIPT)
        }
        .with_http(),
    );
    let allowed = Api::of(&exchange, "8001").does("POST", "/plugins/sms/allow");
    assert_eq!(allowed["reload"]["outcome"], "published", "{allowed}");
    let carrier = exchange.carrier();

    // Nothing goes to a phone that takes no messages, neither by the step.
    let desk = carrier.dials_as("01087654321", "4001", pilot::C2);
    desk.hears(pilot::MUSIC);
    let mobile = carrier.dials("4001");
    mobile.hears(pilot::MUSIC);
    mobile.presses("5", Keys::Rfc4733);

    mobile.hears(1_520.0);
    let (_, told) = provider.next();
    assert_eq!(
        (&told["to"], &told["text"]),
        (
            &json!("13800138000"),
            &json!("自助办理：https://m.example.com/it")
        )
    );
    // The step comes for both, and a third caller's is the next that is sent.
    mobile.hears(pilot::MUSIC);
    let third = carrier.dials_as("13900139000", "4001", pilot::C2);
    let (_, told) = provider.next();
    assert_eq!(told["to"], "13900139000");
    assert!(provider.has_no_more());
    for line in [&desk, &mobile, &third] {
        assert!(line.is_up());
    }
}
