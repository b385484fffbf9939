//! What `on` handlers hear while it happens.

use serde_json::Value;
use store::KvKey;

use crate::support::{Exchange, Setup, eventually, pilot};

const SCRIPT: &str = "-- Writes down what it hears.
local heard = store(\"heard\")
for _, event in ipairs { \"call.started\", \"call.answered\", \"call.bridged\", \"user.registered\", \"generation.published\" } do
  on(event, function(about) heard:set(event, about) end)
end
context \"internal\" { [\"_10XX\"] = function(call) call:bridge(\"user:\" .. call.to) end }
";

#[test]
fn scripts_hear_of_calls_phones_and_generations_while_it_happens() {
    let exchange = Exchange::start(Setup::with(SCRIPT));
    let heard = |event: &str| -> Value {
        eventually("an event", || {
            let key = KvKey {
                tenant: "8001".into(),
                scope: "script/heard".into(),
                key: event.into(),
            };
            exchange.store().kv_get(key, 0).wait().unwrap()
        })
    };
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    assert!(["1049", "1050"].contains(&heard("user.registered")["user"].as_str().unwrap()));

    let call = a1.dials("1050");
    let rung = a2.rings();
    let started = heard("call.started");
    rung.answers();
    call.hears(pilot::A2);

    assert_eq!(started["to"], "1050");
    assert_eq!(started["user"], "1049");
    let bridged = heard("call.bridged");
    assert_eq!(
        (&bridged["id"], &bridged["with"]),
        (&started["id"], &"1050".into())
    );
    assert_eq!(heard("call.answered")["id"], started["id"]);
    exchange.write_script("init.lua", &format!("{SCRIPT}-- Changed.\n"));
    exchange.reload();
    eventually("the second generation", || {
        (heard("generation.published")["generation"] == 2).then_some(())
    });
}
