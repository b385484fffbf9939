//! Text messages by SMPP outlive an exchange that is killed: the shipped plugin `sms` and a real
//! provider on loopback.

use std::process::Command;

use store::JobState;

use crate::support::smsc::{Says, Smsc};
use crate::support::{Exchange, Setup, eventually};

#[test]
fn of_a_long_text_only_what_nobody_has_answered_comes_again_after_a_kill() {
    let smsc = Smsc::start("secret08");
    smsc.will_say(&[Says::Takes, Says::Nothing]);
    let port = smsc.address.port();
    let mut exchange = Exchange::start_program(Setup {
        tenant: format!(
            "plugins = {{ sms = {{ driver = \"smpp\", host = \"127.0.0.1\", port = {port},
             system_id = \"acme\", password = \"secret08\" }} }},"
        ),
        ..Setup::with(
            "-- Sends a text.
local sms = require \"plugins.sms\"
context \"internal\" { [\"700\"] = function(call)
  sms.send { to = \"13900139000\", text = (\"字\"):rep(150) }
  call:answer()
  call:hangup()
end }
",
        )
    });
    allow(&exchange);
    eventually("a line that stands", || (smsc.binds() == 1).then_some(()));
    let [a1] = exchange.phones(["1049"]);

    a1.dials("700").is_hung_up();
    let first = smsc.next();
    let lost = smsc.next();
    exchange.is_killed();
    exchange.resume();

    let again = smsc.next();
    let last = smsc.next();
    assert_eq!(again.0, lost.0);
    let number = |submit: &rusmpp::pdus::SubmitSm| submit.short_message()[5];
    assert_eq!([&first, &again, &last].map(|it| number(&it.0)), [1, 2, 3]);
    eventually("the job that is done", || {
        let done = exchange.store().jobs("8001", Some(JobState::Done)).wait();
        done.unwrap().first().cloned()
    });
    assert_eq!((smsc.count(), smsc.binds()), (4, 2));
    // It knows the first one by the id that was given before.
    assert_eq!(smsc.receipt(&first.1.unwrap(), "DELIVRD"), 0);
}

/// `moonswitch allow sms`: the provider is on this machine.
fn allow(exchange: &Exchange) {
    let data = exchange.data();
    let allowed = Command::new(env!("CARGO_BIN_EXE_moonswitch"))
        .args(["allow", "sms", "--config"])
        .arg(data.with_file_name("config.lua"))
        .arg("--data")
        .arg(&data)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&allowed.stdout);
    assert!(
        said.contains("private_hosts \"config.host\""),
        "{allowed:?}"
    );
}
