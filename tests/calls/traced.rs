//! `moonswitch trace` tells a call's story on one time axis: SIP, script, sound.

use std::process::Command;

use serde_json::Value;

use crate::support::{Exchange, Keys, Setup, eventually, pilot};

fn trace(exchange: &Exchange, more: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moonswitch"));
    command.args(["trace", "last"]).args(more);
    command
        .arg("--config")
        .arg(exchange.folder.join("config.lua"));
    command.arg("--data").arg(exchange.data());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether these stand in the story in this order, one in a line.
fn tells(story: &str, wanted: &[&str]) {
    let mut lines = story.lines();
    for words in wanted {
        assert!(
            lines.any(|line| line.contains(words)),
            "'{words}' should come next in\n{story}"
        );
    }
}

#[test]
fn a_call_between_users_is_told_from_its_invite_to_the_last_answer() {
    let exchange = Exchange::start(Setup::with(
        "-- Rings a colleague, and records both.
context \"internal\" { [\"_10XX\"] = function(call)
  call:bridge(\"user:\" .. call.to, { record = true })
end }
",
    ));
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    call.is_ringing();
    rung.answers();
    call.hears(pilot::A2);
    rung.hears(pilot::A1);
    call.presses("5", Keys::Rfc4733);
    rung.receives_keys("5");
    call.hangs_up();
    rung.is_over();
    exchange.ended_calls(1);

    let story = eventually("the answer to the last BYE", || {
        let story = trace(&exchange, &[]);
        story.contains("sip leg 1 <- 200 BYE").then_some(story)
    });

    let (from, to) = (
        format!("from {}/udp", a1.address()),
        format!("to {}/udp", a2.address()),
    );
    tells(
        &story,
        &[
            &format!("sip leg 0 <- INVITE {from}, with sound"),
            "sip leg 0 -> 401 INVITE",
            "sip leg 0 <- ACK",
            "sip leg 0 <- INVITE",
            "began",
            "scripts/8001/init.lua:3  call:bridge",
            &format!("sip leg 1 -> INVITE {to}, with sound"),
            "sip leg 1 <- 180 INVITE",
            "sip leg 0 -> 180 INVITE",
            "sip leg 1 <- 200 INVITE",
            "recording begins: call",
            "sip leg 0 -> 200 INVITE",
            "<- digit",
            "sip leg 0 <- BYE",
            "<- hung_up",
            "sip leg 1 -> BYE",
            "sip leg 1 <- 200 BYE",
        ],
    );
    for leg in ["leg 0: ", "leg 1: "] {
        tells(
            &story,
            &[
                &format!("{leg}pcma with 127."),
                &format!("{leg}its first packet"),
                leg,
            ],
        );
        assert!(story.contains(&format!("{leg}pcma with")), "{story}");
    }
    tells(&story, &["packets came and 0 did not", "MOS 4."]);
    tells(&story, &["recording begins", "<- recording_closed"]);
    // What stands in the messages is nobody's business: no password's hash, no address of a record.
    for secret in ["response=", "nonce", "Digest", "sip:1049", "branch"] {
        assert!(!story.contains(secret), "{secret}: {story}");
    }
}

#[test]
fn a_call_that_is_refused_is_told_with_its_refusal() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1] = exchange.phones(["1049"]);

    assert_eq!(a1.dials("7777").is_refused(), 404);

    let story = eventually("the last message", || {
        let story = trace(&exchange, &[]);
        story.matches("<- ACK").nth(1).is_some().then_some(story)
    });
    tells(&story, &["<- INVITE", "began", "-> 404 INVITE", "<- ACK"]);
}

#[test]
fn messages_that_had_to_be_repeated_are_told_as_repetitions() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    a2.dies();

    let call = a1.dials("1050");
    eventually("the call in the records", || {
        exchange.records().pop().map(|_| ())
    });
    eventually("three tries of the INVITE", || {
        let story = trace(&exchange, &[]);
        (story.matches("leg 1 -> INVITE").count() >= 3).then_some(())
    });
    call.hangs_up();
    exchange.ended_calls(1);

    let story = trace(&exchange, &[]);
    let tries: Vec<&str> = story
        .lines()
        .filter(|line| line.contains("leg 1 -> INVITE"))
        .collect();
    assert!(!tries[0].contains("again"), "{story}");
    assert!(
        tries[1..].iter().all(|line| line.contains(", again")),
        "{story}"
    );
}

#[test]
fn programs_get_the_same_story_message_by_message() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    a2.rings().answers();
    call.hears(pilot::A2);
    call.hangs_up();
    exchange.ended_calls(1);

    let story: Value = serde_json::from_str(&trace(&exchange, &["--json"])).unwrap();

    let journal = story["journal"].as_array().unwrap();
    let times: Vec<i64> = journal
        .iter()
        .map(|line| line["at_us"].as_i64().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    let messages = journal
        .iter()
        .filter(|line| line["what"].get("sip").is_some());
    let invite = messages.clone().next().unwrap();
    assert_eq!(invite["what"]["sip"]["in"], "INVITE");
    assert_eq!(
        invite["what"]["sip"]["peer"],
        format!("{}/udp", a1.address())
    );
    assert_eq!(invite["what"]["sip"]["leg"], 0);
    assert!(messages.count() > 10);
    let codec = journal
        .iter()
        .find_map(|line| line["what"]["sound"]["codec"].as_str());
    assert_eq!(codec, Some("pcma"));
}

#[test]
fn a_phone_that_holds_without_end_makes_no_journal_without_end() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    a2.rings().answers();
    call.hears(pilot::A2);

    for _ in 0..90 {
        call.holds(crate::support::Hold::SendOnly);
        call.retrieves();
    }
    call.hangs_up();
    exchange.ended_calls(1);

    let story = trace(&exchange, &[]);
    assert!(story.matches("sip leg").count() <= 300, "{story}");
    tells(&story, &["more messages, which were not kept"]);
    let sounds = story.lines().filter(|line| line.contains("leg 0: pcma"));
    assert!(sounds.count() <= 50);
}

#[test]
fn why_an_agent_was_offered_a_waiting_caller_and_another_was_not_is_told() {
    let exchange = crate::queues::exchange("ring_timeout = 10", "");
    let [a1] = crate::queues::idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    let offered = a1.rings();
    offered.answers();
    call.hears(pilot::A1);
    call.hangs_up();
    offered.is_over();
    exchange.ended_calls(2);

    let story = trace(&exchange, &[]);

    tells(
        &story,
        &[
            "call:queue",
            "1049",
            "sip leg 1 -> INVITE",
            "sip leg 1 <- 200 INVITE",
            "leg 1: its first packet",
        ],
    );
    let reasons: Vec<&str> = story
        .lines()
        .filter(|line| line.contains("because"))
        .collect();
    for agent in ["1049", "1050", "1051"] {
        let told = reasons.iter().any(|reason| reason.contains(agent));
        assert!(told, "{agent}: {story}");
    }
}

#[test]
fn a_queue_call_that_one_agent_lets_ring_and_another_takes_is_told_from_line_to_sound() {
    let exchange = crate::queues::exchange("ring_timeout = 1", "");
    let [a1, a2] = crate::queues::idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    let first = a1.rings();
    let second = a2.rings();
    first.is_over();
    second.answers();
    call.hears(pilot::A2);
    second.hangs_up();
    call.is_hung_up();
    exchange.ended_calls(3);

    let story = eventually("the answer to the last BYE", || {
        let story = trace(&exchange, &[]);
        story.contains("sip leg 0 <- 200 BYE").then_some(story)
    });

    tells(
        &story,
        &[
            "sip leg 0 <- INVITE",
            "scripts/8001/init.lua:6  call:queue",
            "-> queue it: offer to 1049, because longest_idle",
            &format!("sip leg 1 -> INVITE to {}/udp", a1.address()),
            "sip leg 1 <- 180 INVITE",
            "-> queue it: offer to 1050, because longest_idle; 1049: the last offer is being taken back",
            "sip leg 1 -> CANCEL",
            &format!("sip leg 2 -> INVITE to {}/udp", a2.address()),
            "sip leg 2 <- 200 INVITE",
            "leg 2: its first packet of sound",
            "sip leg 2 <- BYE",
            "(call:queue)",
            "sip leg 0 -> BYE",
        ],
    );
    // One axis: no line is earlier than the one above it.
    let times: Vec<f64> = story
        .lines()
        .filter_map(|line| line.trim_start().split_once(" s  ")?.0.parse().ok())
        .collect();
    assert!(times.len() > 20 && times.is_sorted(), "{story}");
    // Each is a sentence, and none a record as programs read it.
    assert!(!story.contains("{\""), "{story}");
}

#[test]
fn a_call_that_the_exchange_makes_is_told_from_its_first_invite() {
    let exchange = Exchange::start(Setup::with(
        "-- Who calls 9000 has 1049 put through to 1050.
context \"internal\" {
  [\"9000\"] = function() calls.originate { from = \"user:1049\", to = \"1050\", timeout = 10 } end,
  [\"1050\"] = function(call) call:bridge(\"user:1050\") end,
}
",
    ));
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let _asks = a3.dials("9000");
    let agent = a1.rings();
    agent.answers();
    let called = a2.rings();
    called.answers();
    agent.hears(pilot::A2);
    agent.hangs_up();
    called.is_over();
    exchange.ended_calls(2);

    let story = trace(&exchange, &[]);

    tells(
        &story,
        &[
            &format!("-> INVITE to {}/udp", a1.address()),
            "<- 200 INVITE",
            &format!("-> INVITE to {}/udp", a2.address()),
            "<- BYE",
        ],
    );
}
