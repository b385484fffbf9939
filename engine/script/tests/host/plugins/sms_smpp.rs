//! The plugin `sms` as it is shipped, with its line to a real SMSC on loopback.

use std::net::{SocketAddr, TcpListener};

use script::LineStatus;
use serde_json::{Value, json};
use store::JobState;

use super::dialplan;
use super::jobs::{advance, jobs, until_waits_after};
use super::shipped::{self, ask};
use super::smsc::{Says, Smsc, piece};
use crate::support::{Project, tenants, until};

fn settings(address: SocketAddr) -> Value {
    json!({
        "driver": "smpp", "host": "127.0.0.1", "port": address.port(), "system_id": "acme",
        "password": "secret08", "from": "10690000", "signature": "云桥", "per_second": 1000,
        "timeout": "5s",
    })
}

fn project(address: SocketAddr) -> Project {
    shipped::project(vec![("sms", settings(address))], &dialplan(""))
}

fn bound(smsc: &Smsc) -> Project {
    let project = project(smsc.address);
    until(|| line(&project).state == "bound");
    project
}

fn line(project: &Project) -> LineStatus {
    let plugins = &project.scripts.status().tenants[0].plugins;
    plugins[0].line.clone().expect("a line")
}

fn send(project: &Project, text: &str) -> (u16, Value) {
    let wanted = json!({ "to": "13900139000", "text": text });
    ask(project, "POST", "/sms", &wanted)
}

fn all(project: &Project) -> Vec<Value> {
    let (_, listed) = ask(project, "GET", "/sms", &Value::Null);
    listed["messages"].as_array().unwrap().clone()
}

fn newest(project: &Project) -> Value {
    all(project).remove(0)
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[test]
fn an_smsc_that_is_down_for_ten_minutes_gets_each_message_once() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let project = project(address);
    until(|| line(&project).state == "resting");

    assert_eq!(send(&project, "您好").0, 202);
    until_waits_after(&project, 1);
    for (attempt, seconds) in [(2, 5), (3, 30), (4, 120)] {
        advance(&project, seconds);
        let row = until_waits_after(&project, attempt);
        let why = row.last_error.unwrap();
        assert!(why.contains("is not reached"), "{why}");
    }
    let smsc = Smsc::at(address, "secret08", &[]);
    until(|| line(&project).state == "bound");
    advance(&project, 600);

    let (submit, id) = smsc.next();
    assert_eq!(submit.short_message().as_ref(), wide("【云桥】您好"));
    assert_eq!(submit.source_addr.as_str(), "10690000");
    assert_eq!(submit.destination_addr.as_str(), "13900139000");
    until(|| newest(&project)["state"] == "sent");
    assert_eq!(newest(&project)["theirs"], json!(id));
    until(|| jobs(&project, JobState::Done).len() == 1);
    advance(&project, 86_400);
    assert_eq!(jobs(&project, JobState::Waiting), []);
    assert_eq!((smsc.count(), line(&project).sent), (1, 1));
}

#[test]
fn an_smsc_that_has_too_much_is_left_alone_and_gets_the_message_later() {
    let smsc = Smsc::at(
        ([127, 0, 0, 1], 0).into(),
        "secret08",
        &[Says::Refuses(0x58)],
    );
    let project = bound(&smsc);

    send(&project, "您好");
    until(|| {
        let waiting = jobs(&project, JobState::Waiting).into_iter();
        let mut waiting = waiting.filter_map(|row| row.last_error);
        waiting.any(|why| why.contains("ESME_RTHROTTLED"))
    });
    assert_eq!(smsc.count(), 1);
    advance(&project, 2);

    until(|| newest(&project)["state"] == "sent");
    assert_eq!(smsc.count(), 2);
}

#[test]
fn a_wrong_password_says_what_to_do_in_the_status() {
    let smsc = Smsc::start("another");
    let project = project(smsc.address);

    until(|| line(&project).state == "resting");

    let place = smsc.address;
    assert_eq!(
        line(&project).why.unwrap(),
        format!(
            "{place} refuses the login of acme: ESME_RINVPASWD; look at system_id and password in \
             config.lua, and ask the provider whether it lets this address in"
        )
    );
    assert_eq!((smsc.binds(), smsc.count()), (0, 0));
}

#[test]
fn receipts_turn_messages_delivered_and_are_acknowledged() {
    let smsc = Smsc::start("secret08");
    let project = bound(&smsc);

    send(&project, "您好");
    let (_, id) = smsc.next();
    until(|| newest(&project)["state"] == "sent");
    let acknowledged = smsc.receipt(&id.unwrap(), "DELIVRD");

    assert_eq!(acknowledged, 0);
    assert_eq!(newest(&project)["state"], "delivered");
    // One of a message that is not ours, too: it would come again for ever.
    assert_eq!(smsc.receipt("unknown", "DELIVRD"), 0);
}

#[test]
fn a_long_chinese_message_is_joined_from_pieces_in_any_order() {
    let smsc = Smsc::start("secret08");
    let project = bound(&smsc);
    let said = format!("{}😀，谢谢", "几点开门？".repeat(20));
    let octets = wide(&said);
    // Cut as no phone should: within a letter, and between the halves of the last but three.
    let pieces: Vec<&[u8]> = octets.chunks(101).collect();
    let total = u8::try_from(pieces.len()).unwrap();

    for index in (0..pieces.len()).rev() {
        let number = u8::try_from(index).unwrap() + 1;
        let mut data = vec![5, 0, 3, 0x2a, total, number];
        data.extend_from_slice(pieces[index]);
        assert_eq!(smsc.delivers(piece(0x40, 8, &data)), 0);
        // The provider has not heard that we have it, and hands it over again.
        if index == 1 {
            assert_eq!(smsc.delivers(piece(0x40, 8, &data)), 0);
        }
    }

    let received = all(&project);
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["text"], said);
    assert_eq!(received[0]["number"], "+8613900139000");
    assert_eq!(line(&project).received, u64::from(total) + 1);
}

#[test]
fn pieces_that_come_at_the_same_time_are_one_message() {
    let smsc = Smsc::start("secret08");
    let project = bound(&smsc);

    for reference in 1..=20 {
        let handed = (1..=4).map(|number| {
            let data = [&[5, 0, 3, reference, 4, number][..], b"abc"].concat();
            smsc.hands_over(piece(0x40, 0, &data))
        });
        let handed: Vec<_> = handed.collect();
        for acknowledged in handed {
            assert_eq!(acknowledged.recv().unwrap(), 0);
        }
    }

    let received = all(&project);
    assert_eq!(received.len(), 20);
    assert!(received.iter().all(|it| it["text"] == "abcabcabcabc"));
}

#[test]
fn whoever_answers_td_by_smpp_gets_no_more() {
    let smsc = Smsc::start("secret08");
    let project = bound(&smsc);

    assert_eq!(smsc.delivers(piece(0, 0, b" td ")), 0);

    let (status, why) = send(&project, "您好");
    assert_eq!((status, &why["error"]), (409, &json!("opted_out")));
    assert_eq!(smsc.count(), 0);
}

#[test]
fn a_message_whose_answer_is_lost_comes_again_with_its_reference_and_nothing_else_does() {
    let smsc = Smsc::start("secret08");
    let project = bound(&smsc);
    smsc.will_say(&[Says::Takes, Says::BreaksOff]);

    send(&project, &"字".repeat(150));
    let row = until_waits_after(&project, 1);
    until(|| smsc.binds() == 2 && line(&project).state == "bound");
    advance(&project, 5);
    until(|| newest(&project)["state"] == "sent");

    let why = row.last_error.unwrap();
    assert!(why.contains("it may have the message"), "{why}");
    let parts: Vec<_> = (0..4).map(|_| smsc.next().0).collect();
    let numbers: Vec<u8> = parts.iter().map(|it| it.short_message()[5]).collect();
    assert_eq!(numbers, [1, 2, 2, 3]);
    assert_eq!(parts[1], parts[2]);
    assert_eq!(smsc.count(), 4);
}

#[test]
fn a_reload_leaves_the_line_as_it_is_and_new_settings_make_a_new_one() {
    let smsc = Smsc::start("secret08");
    let project = bound(&smsc);
    let another = Smsc::start("secret08");

    project
        .folder
        .write("scripts/8001/init.lua", dialplan("call:answer()"));
    project.scripts.reload(None);
    assert_eq!(smsc.delivers(piece(0, 0, b"still there?")), 0);
    assert_eq!(all(&project)[0]["text"], "still there?");
    assert_eq!(smsc.binds(), 1);
    let changed = tenants(&super::with(vec![("sms", settings(another.address))]));
    project.scripts.reconfigure(changed, true);

    until(|| another.binds() == 1);
    send(&project, "您好");
    until(|| newest(&project)["state"] == "sent");
    assert_eq!((smsc.count(), another.count()), (0, 1));
}

#[test]
fn a_script_that_fails_lets_the_provider_keep_what_it_hands_over() {
    let smsc = Smsc::start("secret08");
    let manifest = super::manifest("a", "smpp = { \"127.0.0.1\" }, store = true", "");
    let init = format!(
        "local out = plugin.store(\"out\")
         smpp.line({{ host = \"127.0.0.1\", port = {}, system_id = \"acme\", password = \"secret08\" }}, function(message)
           if out:incr(\"told\") == 1 then error(\"not yet\") end
           out:set(\"text\", message.text)
         end)",
        smsc.address.port()
    );
    let project = line_of_a(&manifest, &init, true);
    until(|| smsc.binds() == 1);

    assert_eq!(smsc.delivers(piece(0, 0, b"hello")), 0x64);
    assert_eq!(smsc.delivers(piece(0, 0, b"hello")), 0);

    assert_eq!(super::kept(&project, "text"), Some(json!("hello")));
}

#[test]
fn a_line_to_this_machine_is_allowed_by_an_administrator_alone() {
    let smsc = Smsc::start("");
    let manifest = super::manifest("a", "smpp = { \"127.0.0.1:2775\", \"localhost\" }", "");
    let init = |host: &str| {
        let port = smsc.address.port();
        format!(
            "smpp.line({{ host = \"{host}\", port = {port}, system_id = \"acme\" }}, function() end)"
        )
    };

    let refused = line_of_a(&manifest, &init("127.0.0.1"), false);
    let private = line_of_a(&manifest, &init("localhost"), false);

    let why = super::refused(&refused);
    let sentence = "add it to permissions.smpp in plugins/a/plugin.lua";
    assert!(why[0].contains(sentence), "{why:?}");
    until(|| line(&private).why.is_some());
    let why = line(&private).why.unwrap();
    assert!(
        why.contains("list it in permissions.private_hosts"),
        "{why}"
    );
    assert_eq!(smsc.binds(), 0);
}

/// A project with a plugin `a`, which may reach private hosts or not.
fn line_of_a(manifest: &str, init: &str, may_be_private: bool) -> Project {
    let manifest = match may_be_private {
        true => manifest.replace(
            "store = true",
            "store = true, private_hosts = { \"127.0.0.1\" }",
        ),
        false => manifest.to_owned(),
    };
    let files = [
        ("plugins/a/plugin.lua", manifest.as_str()),
        ("plugins/a/init.lua", init),
        ("scripts/8001/init.lua", &dialplan("")),
    ];
    let may = json!({
        "smpp": ["127.0.0.1", "127.0.0.1:2775", "localhost"], "store": true,
        "private_hosts": ["127.0.0.1"],
    });
    let mut setting = super::with(vec![("a", json!({}))]);
    setting.before = may_be_private.then(|| -> Box<dyn FnOnce(&store::Sqlite)> {
        Box::new(move |store| {
            store::Store::put_grant(store, "8001", "a", may)
                .wait()
                .unwrap()
        })
    });
    Project::new(&files, setting)
}
