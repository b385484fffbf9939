//! Messages in mailboxes from Lua: found, given to somebody, heard, deleted and brought back.

use ::store::{MessageRow, Store};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{plugin, why};
use crate::support::Project;

/// A message of 7.5 seconds in the hotline's mailbox.
pub(super) fn message(id: u128) -> MessageRow {
    MessageRow {
        id: Uuid::from_u128(id),
        tenant: "8001".to_owned(),
        mailbox: "8000".to_owned(),
        recording: Uuid::from_u128(3),
        call_id: Some(Uuid::from_u128(1)),
        from: Some("+8613800138000".to_owned()),
        left_at: 1_800_000_000_000_000,
        duration: 7_500_000,
        urgent: true,
        heard_at: None,
        deleted_at: None,
        assigned_to: None,
    }
}

/// A plugin that does this with messages, and two of them; what it returns, as JSON.
fn does(body: &str) -> (Project, Value) {
    let init = format!(
        "local ONE = \"00000000-0000-0000-0000-000000000002\"
         return {{ try = function() {body} end }}"
    );
    let asks = "local done, what = pcall(require(\"plugins.a\").try)
        call.vars.why = json.encode { done and (what or \"nothing\") or tostring(what) }";
    let project = plugin("voicemail = true", &init, asks);
    for id in [2, 3] {
        project.store.leave_message(message(id)).wait().unwrap();
    }
    let said: Value = serde_json::from_str(&why(&project)).unwrap();
    (project, said[0].clone())
}

#[test]
fn messages_are_listed_newest_first_and_narrowed() {
    let (_, found) = does(
        "voicemail.assign(ONE, \"1049\")
         local found = {}
         for _, options in ipairs { {}, { assigned_to = \"1049\" }, { mailbox = \"8001\" }, { heard = true },
           { limit = 1 }, { before = \"00000000-0000-0000-0000-000000000003\" } } do
           local ids = \"\"
           for _, one in ipairs(voicemail.list(options)) do ids = ids .. one.id:sub(-1) end
           found[#found + 1] = ids
         end
         return found",
    );

    assert_eq!(found, json!(["32", "2", "", "", "3", "2"]));
}

#[test]
fn what_is_done_with_a_message_is_in_the_records() {
    let (project, found) = does(
        "voicemail.assign(ONE, \"1049\")
         voicemail.mark_heard(ONE)
         local deleted = voicemail.delete(ONE)
         local left, gone = #voicemail.list(), #voicemail.list { deleted = true }
         return { deleted.deleted_at ~= nil, left, gone, voicemail.restore(ONE), voicemail.get(ONE).seconds }",
    );

    assert_eq!(
        (&found[0], &found[1], &found[2], &found[4]),
        (&json!(true), &json!(1), &json!(1), &json!(7.5))
    );
    assert_eq!(found[3]["assigned_to"], "1049");
    let row = project.store.message("8001", Uuid::from_u128(2));
    let row = row.wait().unwrap().unwrap();
    assert_eq!(row.assigned_to.as_deref(), Some("1049"));
    assert!(row.heard_at.is_some() && row.deleted_at.is_none());
}

#[test]
fn what_is_mistaken_about_a_message_is_told() {
    for (body, said) in [
        ("return voicemail.get(\"7\")", "'7' is not a message's id"),
        (
            "voicemail.assign(ONE, \"1059\")",
            "no user '1059' (did you mean '1049'?)",
        ),
        (
            "voicemail.list { mailbx = \"1\" }",
            "did you mean 'mailbox'?",
        ),
        (
            "return voicemail.delete(\"00000000-0000-0000-0000-000000000009\")",
            "nothing",
        ),
    ] {
        let (_, found) = does(body);
        let found = found.as_str().unwrap();
        assert!(found.contains(said), "{body}: {found}");
    }
}
