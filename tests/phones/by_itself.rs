//! Phones that answer by themselves: linphone's stack says which calls ask for it.

use std::time::Duration;

use serde_json::json;

use crate::support::{Api, Exchange, Keys, Linphone, Setup, eventually, pilot};

/// The beep is a short rising one: 880 Hz, then 1,320 Hz.
const BEEP: [f64; 2] = [880.0, 1_320.0];

#[test]
fn a_linphone_is_asked_to_answer_a_customer_and_hears_a_beep_before_them_and_a_colleague_just_rings()
 {
    let exchange = Exchange::start(Setup::default().with_http());
    let phone = Linphone::start_attended(&exchange, "1049", pilot::A1);
    phone.registers();
    let api = Api::of(&exchange, "8001");
    let does = |deed: serde_json::Value| {
        let (status, answer) = api.gives("/users/1049/commands", &deed);
        assert_eq!(status, 200, "{answer}");
    };
    does(json!({ "command": "log_in" }));
    does(json!({ "command": "auto_answer", "on": true }));
    does(json!({ "command": "idle" }));
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001234567");
    customer.is_answered();
    customer.hears_something(Duration::from_millis(300));
    customer.presses("1", Keys::Rfc4733);

    phone.is_asked_to_answer(1);
    phone.answers();

    customer.hears(pilot::A1);
    phone.hears(pilot::C1);
    for tone in BEEP {
        eventually("the beep", || {
            (phone.time_of(tone) >= Duration::from_millis(60)).then_some(())
        });
    }
    customer.hangs_up();
    phone.is_hung_up(1);
    let [leader] = exchange.phones(["1001"]);
    let direct = leader.dials("1049");
    phone.is_called(2);
    direct.is_ringing();
    assert_eq!(phone.asked_to_answer(), 1, "nobody asked for this one");
    direct.hangs_up();
    // Unless that is wanted, too.
    does(json!({ "command": "auto_answer", "on": true, "internal": true }));
    let direct = leader.dials("1049");
    phone.is_asked_to_answer(2);
    phone.answers();
    direct.hears(pilot::A1);
}
