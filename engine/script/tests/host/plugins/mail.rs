//! Mail from Lua, and the sound that goes with it.

use ::store::{RecordingEnd, RecordingRow, Store};
use script::config::{Smtp, SmtpTls};
use serde_json::json;
use uuid::Uuid;

use super::{dialplan, manifest, plugin, why, with};
use crate::support::{Project, Setting};

/// A relay on loopback.
pub(super) fn smtp(port: u16) -> Option<Smtp> {
    Some(Smtp {
        host: "127.0.0.1".to_owned(),
        port,
        tls: SmtpTls::None,
        username: None,
        password: None,
        from: "desk@example.com".to_owned(),
    })
}

/// What is said of a letter with these options.
fn told(options: &str) -> String {
    let manifest = manifest("a", "mail = true, recordings = true", "");
    let init = format!(
        "return {{ try = function() local _, why = pcall(mail.send, {{ {options} }}) return tostring(why) end }}"
    );
    let plan = dialplan("call.vars.why = require(\"plugins.a\").try()");
    let files = [
        ("plugins/a/plugin.lua", manifest.as_str()),
        ("plugins/a/init.lua", &init),
        ("scripts/8001/init.lua", &plan),
    ];
    let setting = Setting {
        smtp: smtp(1),
        ..with(vec![("a", json!({}))])
    };
    why(&Project::new(&files, setting))
}

#[test]
fn what_is_wrong_with_a_letter_is_told_before_it_is_sent() {
    for (options, sentence) in [
        ("subject = \"a\"", "mail.send: to: nobody would get it"),
        ("to = \"nobody\"", "to: 'nobody' is no mail address"),
        (
            "to = \"a@b.cn\", subject = \"a\\nBcc: c@d.cn\"",
            "subject: has one line",
        ),
        ("to = \"a@b.cn\", id = \"a b\"", "id: is letters, digits"),
        (
            "to = \"a@b.cn\", attachments = { {} }",
            "each has a body or a recording",
        ),
        (
            "to = \"a@b.cn\", attachments = { { recording = \"7\" } }",
            "'7' is no recording's id",
        ),
        (
            "to = \"a@b.cn\", attachments = { { recording = \"00000000-0000-0000-0000-000000000007\" } }",
            "there is no recording '00000000-0000-0000-0000-000000000007'",
        ),
        (
            "to = \"a@b.cn\", subjcet = \"a\"",
            "did you mean 'subject'?",
        ),
        (
            "to = \"a@b.cn\"",
            "mail.send: 127.0.0.1 has not taken it: Connection error",
        ),
    ] {
        let said = told(options);
        assert!(said.contains(sentence), "{options}: {said}");
    }
}

#[test]
fn who_may_not_or_has_no_relay_sends_nothing() {
    let init = "return { try = function() local _, why = pcall(mail.send, { to = \"a@b.cn\" }) return why end }";
    let asks = "call.vars.why = require(\"plugins.a\").try()";

    let sentence = why(&plugin("", init, asks));
    assert!(
        sentence.contains("plugin 'a' may not use mail: add mail = true"),
        "{sentence}"
    );
    let sentence = why(&plugin("mail = true", init, asks));
    assert!(
        sentence.contains("there is no relay: write smtp"),
        "{sentence}"
    );
}

#[test]
fn the_sound_of_a_recording_is_there_for_who_may_hear_it() {
    let init = "return { try = function(id)
        local about = recordings.get(id)
        local audio, why = recordings.audio(id)
        return json.encode { about and about.seconds, audio, why }
      end }";
    let asks =
        "call.vars.why = require(\"plugins.a\").try(\"00000000-0000-0000-0000-000000000007\")";
    let project = plugin("recordings = true", init, asks);
    assert!(why(&project).contains("there is no recording"));
    let row = RecordingRow {
        id: Uuid::from_u128(7),
        tenant: "8001".to_owned(),
        node: "test".to_owned(),
        call_id: Uuid::from_u128(1),
        path: "8001/a.wav".to_owned(),
        channels: 1,
        rate: 8_000,
        started_at: 1,
        purpose: "message".to_owned(),
        end: Some(RecordingEnd {
            duration: 1_500_000,
            bytes: 4,
            sha256: None,
            lost: false,
        }),
    };
    project.store.begin_recording(row.clone()).wait().unwrap();
    let end = row.end.unwrap();
    project
        .store
        .finish_recording("8001", row.id, end)
        .wait()
        .unwrap();
    project.folder.write("recordings/8001/a.wav", "RIFF");

    assert_eq!(why(&project), r#"[1.5,"RIFF"]"#);
    let other = plugin("", init, asks);
    assert!(other.fault().message.contains("may not use recordings"));
}
