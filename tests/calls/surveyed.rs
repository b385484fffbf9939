//! Callers rate a talk (the shipped plugin `survey`): an agent transfers them to `*9` by the phone's
//! own key, and what they press is that agent's score.

use store::KvKey;

use crate::support::{Exchange, Keys, Setup, eventually, pilot};

#[test]
fn an_agent_hands_a_customer_over_and_what_they_press_is_that_agents_score() {
    let mut setup = Setup::ringing();
    setup.tenant.push_str("plugins = { survey = {} },");
    setup.script.as_mut().unwrap().push_str(
        "context \"internal\" { [\"*9\"] = require(\"plugins.survey\").hand_over }\n\
         on(\"survey.low\", function(about) store(\"low\"):set(about.call, about) end)\n",
    );
    let exchange = Exchange::start(setup);
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1049");
    let agent = a1.rings();
    agent.answers();
    customer.hears(pilot::A1);

    agent.transfers_to("*9");
    agent.has_transferred();
    agent.is_hung_up();
    customer.presses("5", Keys::Rfc4733);

    customer.is_hung_up();
    let call = exchange.only_record().call.begin.id.to_string();
    let key = KvKey {
        tenant: "8001".to_owned(),
        scope: "script/low".to_owned(),
        key: call.clone(),
    };
    let about = eventually("the low score", || {
        exchange.store().kv_get(key.clone(), 0).wait().unwrap()
    });
    assert_eq!(
        (&about["call"], &about["agent"], &about["score"]),
        (&call.into(), &"1049".into(), &5.into())
    );
    assert_eq!(about["from"], "+8613800138000");
}
