//! A message that is heard and deleted by the keys of a mailbox's menu, beside the same by the API.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Witness, root};
use crate::support::{Api, Exchange, Keys, Phone, Setup, eventually, pilot};

/// The demo exchange, where who dials 9 and a mailbox's number leaves a message there and then.
fn exchange() -> Exchange {
    let exchange = Exchange::start(Setup::default().with_http());
    let shipped = std::fs::read_to_string(root().join("scripts/8001/init.lua")).unwrap();
    let leaves = "context \"inbound\" {
  [\"_9XXXX\"] = function(call)
    call:answer()
    call:voicemail(call.to:sub(2), { greeting = false, review = false })
  end,
";
    let plan = shipped.replacen("context \"inbound\" {\n", leaves, 1);
    assert_ne!(plan, shipped);
    exchange.write_script("init.lua", &plan);
    let said = exchange.reload().to_string();
    assert!(said.contains("published"), "{said}");
    exchange
}

/// Messages of 1049's and the hotline's, all spoken at once.
fn leave(carrier: &Phone, mailboxes: &[&str]) {
    let lines: Vec<_> = mailboxes
        .iter()
        .map(|mailbox| carrier.dials(&format!("9{mailbox}")))
        .collect();
    for line in &lines {
        line.has_heard(pilot::BEEP);
    }
    lines[0].talks_for(Duration::from_secs(3));
    for line in &lines {
        line.hangs_up();
    }
}

/// What the audit log says about messages: who did what, without which message.
fn audited(api: &Api, by: &str) -> Vec<String> {
    let lines = api.items(&format!("/audit?by={by}"));
    let acts = lines.iter().filter_map(|line| line["act"].as_str());
    let mut acts: Vec<String> = acts
        .filter(|act| act.starts_with("voicemail_h") || act.starts_with("voicemail_d"))
        .map(str::to_owned)
        .collect();
    acts.sort();
    acts
}

#[test]
fn a_message_that_is_heard_and_deleted_by_phone_is_told_of_as_by_a_program() {
    let exchange = exchange();
    let api = Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    leave(&carrier, &["1049", "1049", "1049", "1049", "8000", "8000"]);
    eventually("all messages", || {
        (api.items("/voicemails").len() == 6).then_some(())
    });
    let mut witness = Witness::of(&api);
    for (code, keys, mailbox) in [
        ("*97", "2580#2580#", "1049"),
        ("*98", "1049#2580#", "1049"),
        ("*980", "8000#", "8000"),
    ] {
        let line = a1.dials(code);
        line.is_answered();
        line.presses(keys, Keys::Rfc4733);
        line.hears_within(pilot::C1, Duration::from_secs(20));
        // Again, which is having heard it, and away with it.
        line.presses("17", Keys::Rfc4733);
        let by_phone = witness.told_of_kind("voicemail.", 2);
        line.hangs_up();

        let left = api.items(&format!("/voicemails?mailbox={mailbox}&heard=false"));
        let path = format!("/voicemails/{}", left[0]["id"].as_str().unwrap());
        api.does("POST", &format!("{path}/heard"));
        api.does("DELETE", &path);
        let by_program = witness.told_of_kind("voicemail.", 2);

        assert_eq!(by_phone, by_program, "{code}");
        let changes: Vec<&Value> = by_phone.iter().map(|it| &it["data"]["change"]).collect();
        assert_eq!(changes, [&json!("heard"), &json!("deleted")], "{code}");
        assert_eq!(by_phone[0]["data"]["mailbox"], mailbox);
    }
    assert_eq!(api.items("/voicemails"), [] as [Value; 0]);
    let three = [vec!["voicemail_deleted"; 3], vec!["voicemail_heard"; 3]].concat();
    for by in ["user:1049", "api:desk"] {
        eventually("the audit log to have all", || {
            (audited(&api, by) == three).then_some(())
        });
    }
}
