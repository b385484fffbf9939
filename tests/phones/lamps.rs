//! Lamps of phones that others have written: baresip shows what waits, SIPp who talks.

use std::time::Duration;

use crate::support::{Baresip, Exchange, PATIENCE, Program, Setup, eventually, pilot, sipp};

const BOXES: &str = "-- Every number is a mailbox.
local function leave(call)
  call:answer()
  call:voicemail(call.to, { greeting = false, silence = 1, review = false })
end
context \"inbound\" { [\"_10XX\"] = leave }
context \"internal\" {
  [\"*97\"] = function(call) return call:voicemail_menu(call.user.mailbox) end,
}
";

#[test]
fn baresip_shows_a_message_until_it_was_heard_also_after_a_restart_of_the_exchange() {
    let mut exchange = Exchange::start(Setup::with(BOXES));
    let agent = Baresip::start_with_lamp(&exchange, "1049", pilot::A1);
    agent.shows_times("Messages-Waiting: no", 1, PATIENCE);

    let carrier = exchange.carrier();
    let call = carrier.dials("1049");
    call.hears(BEEP);
    call.talks_for(Duration::from_secs(3));
    call.hangs_up();
    agent.shows_times("Voice-Message: 1/0 (0/0)", 1, PATIENCE);

    // It is told again, without having done anything.
    exchange.stop();
    exchange.resume();
    agent.shows_times("Voice-Message: 1/0 (0/0)", 2, PATIENCE * 3);

    agent.dials("*97");
    agent.is_connected();
    for keys in ["2580#", "2580#"] {
        agent.hears_something(Duration::from_millis(300));
        for key in keys.chars() {
            agent.presses(&key.to_string());
        }
    }
    agent.shows_times("Voice-Message: 0/1 (0/0)", 1, PATIENCE * 3);
    agent.shows_times("Messages-Waiting: no", 2, PATIENCE);
}

#[test]
fn sipp_sees_a_colleague_ring_talk_and_hang_up_also_after_a_restart_of_the_exchange() {
    let mut exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let log = exchange.folder.join("watcher.log");
    let watcher = sipp(
        "watcher.xml",
        exchange.house(90, 5_070),
        &[
            &exchange.address().to_string(),
            "-s",
            "1050",
            "-m",
            "1",
            "-au",
            "1051",
            "-ap",
            "demo-1051",
            "-auth_uri",
            &format!("1050@{}", exchange.address()),
            "-trace_logs",
            "-log_file",
            log.to_str().unwrap(),
        ],
    );
    let shows = |watcher: &Program, what: &str| {
        eventually(&format!("{what}; {}", watcher.said()), || {
            let seen = std::fs::read_to_string(&log).ok()?;
            seen.lines().last()?.contains(what).then_some(())
        });
    };
    shows(&watcher, "active version=\"0\"");

    let call = a1.dials("1050");
    let rung = a2.rings();
    shows(&watcher, "<state>early</state>");
    rung.answers();
    call.hears(pilot::A2);
    shows(&watcher, "<state>confirmed</state>");
    rung.hangs_up();
    shows(&watcher, "<state>terminated</state>");
    exchange.stop();
    exchange.resume();
    shows(&watcher, "active version=\"100");
    let _call = a1.dials("1050");
    a2.rings();
    shows(&watcher, "<state>early</state>");
}

/// The tone that asks to speak, in Hz.
const BEEP: f64 = 1_000.0;
