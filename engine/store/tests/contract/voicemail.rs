//! Mailboxes and messages.

use std::collections::BTreeMap;

use store::{
    Error, MailboxRow, MessageCounts, MessageFilter, MessageRow, RecordingEnd, RecordingRow,
    Secret, Store,
};
use uuid::Uuid;

use super::tenant;

/// The contract of voicemail.
pub(crate) fn run(store: &dyn Store) {
    a_first_pin_is_given_once_and_can_be_changed(store);
    a_mailbox_greets_in_several_ways_and_gives_back_what_it_no_longer_plays(store);
    a_message_is_left_heard_deleted_and_restored(store);
    an_urgent_message_stays_urgent(store);
    a_message_finds_a_mailbox_that_nobody_has_made(store);
    tenants_do_not_see_each_others_messages(store);
    a_message_is_somebodys_to_see_to(store);
    purged_messages_give_back_their_recordings(store);
    messages_of_all_mailboxes_are_listed_newest_first(store);
    messages_are_counted_as_a_lamp_shows_them(store);
}

pub(super) fn message(tenant: &str, left_at: i64) -> MessageRow {
    MessageRow {
        id: Uuid::now_v7(),
        tenant: tenant.into(),
        mailbox: "1049".into(),
        recording: Uuid::now_v7(),
        call_id: Some(Uuid::now_v7()),
        from: Some("+8613800138000".into()),
        left_at,
        duration: 12_000_000,
        urgent: false,
        heard_at: None,
        deleted_at: None,
        assigned_to: None,
    }
}

fn recorded(tenant: &str, id: Uuid, started_at: i64) -> RecordingRow {
    RecordingRow {
        id,
        tenant: tenant.into(),
        node: tenant.into(),
        call_id: id,
        path: format!("{id}.wav"),
        channels: 1,
        rate: 8_000,
        started_at,
        purpose: "message".into(),
        end: Some(RecordingEnd {
            duration: 1,
            bytes: 44,
            sha256: None,
            lost: false,
        }),
    }
}

fn messages_of_all_mailboxes_are_listed_newest_first(store: &dyn Store) {
    let (ours, theirs) = (tenant("listed"), tenant("theirs"));
    let rows: Vec<MessageRow> = (1..=4).map(|at| message(&ours, at)).collect();
    for (row, mailbox) in rows.iter().zip(["1049", "1050", "1049", "8000"]) {
        let mut row = row.clone();
        row.mailbox = mailbox.into();
        store.leave_message(row).wait().unwrap();
    }
    store.mark_heard(&ours, rows[0].id, 50).wait().unwrap();
    store.delete_message(&ours, rows[3].id, 60).wait().unwrap();
    let found = |change: &dyn Fn(&mut MessageFilter)| -> Vec<i64> {
        let mut filter = MessageFilter::default();
        change(&mut filter);
        let rows = store.list_messages(&ours, filter).wait().unwrap();
        rows.into_iter().map(|row| row.left_at).collect()
    };

    assert_eq!(found(&|_| ()), [3, 2, 1]);
    assert_eq!(
        found(&|filter| filter.mailbox = Some("1049".into())),
        [3, 1]
    );
    assert_eq!(found(&|filter| filter.is_heard = Some(true)), [1]);
    assert_eq!(found(&|filter| filter.is_heard = Some(false)), [3, 2]);
    assert_eq!(found(&|filter| filter.deleted = true), [4]);
    assert_eq!(found(&|filter| filter.limit = 2), [3, 2]);
    assert_eq!(found(&|filter| filter.before = Some(rows[1].id)), [1]);
    let others = store.list_messages(&theirs, MessageFilter::default());
    assert_eq!(others.wait().unwrap(), []);
}

fn messages_are_counted_as_a_lamp_shows_them(store: &dyn Store) {
    let (ours, theirs) = (tenant("counted"), tenant("uncounted"));
    let count = |mailbox: &str| store.count_messages(&ours, mailbox).wait().unwrap();
    assert_eq!(count("1049"), MessageCounts::default());
    let mut rows = Vec::new();
    for (at, urgent) in [(1, false), (2, true), (3, false), (4, true), (5, true)] {
        let mut row = message(&ours, at);
        row.urgent = urgent;
        store.leave_message(row.clone()).wait().unwrap();
        rows.push(row);
    }
    let mut elsewhere = message(&ours, 6);
    elsewhere.mailbox = "1050".into();
    store.leave_message(elsewhere).wait().unwrap();
    store.leave_message(message(&theirs, 7)).wait().unwrap();

    store.mark_heard(&ours, rows[0].id, 50).wait().unwrap();
    store.mark_heard(&ours, rows[1].id, 50).wait().unwrap();
    store.delete_message(&ours, rows[4].id, 60).wait().unwrap();

    let counts = MessageCounts {
        new: 2,
        old: 2,
        urgent_new: 1,
        urgent_old: 1,
    };
    assert_eq!(count("1049"), counts);
    assert_eq!((count("1050").new, count("8000").new), (1, 0));
}

fn mailbox(store: &dyn Store, tenant: &str) -> MailboxRow {
    store.mailbox(tenant, "1049").wait().unwrap().unwrap()
}

fn a_first_pin_is_given_once_and_can_be_changed(store: &dyn Store) {
    let tenant = tenant("pin");
    assert_eq!(store.mailbox(&tenant, "1049").wait().unwrap(), None);
    store.put_mailbox(&tenant, "1049", None).wait().unwrap();
    assert_eq!(mailbox(store, &tenant).pin, None);

    store
        .put_mailbox(&tenant, "1049", Some(Secret::new("1234")))
        .wait()
        .unwrap();
    store
        .put_mailbox(&tenant, "1049", Some(Secret::new("9999")))
        .wait()
        .unwrap();
    assert_eq!(mailbox(store, &tenant).pin, Some(Secret::new("1234")));

    store
        .set_pin(&tenant, "1049", Some(Secret::new("4321")))
        .wait()
        .unwrap();
    assert_eq!(mailbox(store, &tenant).pin, Some(Secret::new("4321")));

    store.put_mailbox(&tenant, "1048", None).wait().unwrap();
    let all = store.mailboxes(&tenant).wait().unwrap();
    assert_eq!(
        all.iter()
            .map(|row| row.mailbox.as_str())
            .collect::<Vec<_>>(),
        ["1048", "1049"]
    );
}

fn a_mailbox_greets_in_several_ways_and_gives_back_what_it_no_longer_plays(store: &dyn Store) {
    let tenant = tenant("greetings");
    let [busy, first, second] = [1, 2, 3].map(|at| recorded(&tenant, Uuid::now_v7(), at));
    for recording in [&busy, &first, &second] {
        store.begin_recording(recording.clone()).wait().unwrap();
    }
    let set = |kind: &str, recording: Option<&RecordingRow>| {
        let recording = recording.map(|recording| recording.id);
        let set = store.set_greeting(&tenant, "1049", kind, recording);
        set.wait().unwrap()
    };

    assert_eq!(set("busy", Some(&busy)), None);
    assert_eq!(set("temporary", Some(&first)), None);
    let both = [("busy", &busy), ("temporary", &first)]
        .map(|(kind, recording)| (kind.to_owned(), recording.id));
    assert_eq!(mailbox(store, &tenant).greetings, BTreeMap::from(both));
    let all = store.mailboxes(&tenant).wait().unwrap();
    assert_eq!(all[0].greetings, mailbox(store, &tenant).greetings);

    // Said twice it is the same, and takes nothing away.
    assert_eq!(set("temporary", Some(&first)), None);
    assert_eq!(set("temporary", Some(&second)), Some(first.clone()));
    assert_eq!(set("temporary", None), Some(second.clone()));
    assert_eq!(set("temporary", None), None);
    let left = BTreeMap::from([("busy".to_owned(), busy.id)]);
    assert_eq!(mailbox(store, &tenant).greetings, left);
    let row = |recording: &RecordingRow| store.recording(&tenant, recording.id).wait().unwrap();
    assert_eq!(
        (row(&busy), row(&first), row(&second)),
        (Some(busy.clone()), None, None)
    );
}

fn an_urgent_message_stays_urgent(store: &dyn Store) {
    let tenant = tenant("urgent");
    let left = MessageRow {
        urgent: true,
        ..message(&tenant, 1_000)
    };

    store.leave_message(left.clone()).wait().unwrap();

    assert_eq!(
        mailbox(store, &tenant).messages,
        std::slice::from_ref(&left)
    );
    assert_eq!(store.message(&tenant, left.id).wait().unwrap(), Some(left));
}

fn a_message_is_left_heard_deleted_and_restored(store: &dyn Store) {
    let tenant = tenant("message");
    let (mut old, new) = (message(&tenant, 1_000), message(&tenant, 2_000));
    store.leave_message(new.clone()).wait().unwrap();
    store.leave_message(old.clone()).wait().unwrap();
    store.leave_message(old.clone()).wait().unwrap();
    assert_eq!(mailbox(store, &tenant).messages, [old.clone(), new.clone()]);

    store.mark_heard(&tenant, old.id, 3_000).wait().unwrap();
    store.mark_heard(&tenant, old.id, 4_000).wait().unwrap();
    old.heard_at = Some(3_000);
    assert_eq!(
        store.message(&tenant, old.id).wait().unwrap(),
        Some(old.clone())
    );

    store.delete_message(&tenant, old.id, 5_000).wait().unwrap();
    assert_eq!(mailbox(store, &tenant).messages, std::slice::from_ref(&new));
    let deleted = store.deleted_messages(&tenant, "1049").wait().unwrap();
    assert_eq!(
        deleted,
        [MessageRow {
            deleted_at: Some(5_000),
            ..old.clone()
        }]
    );

    store.restore_message(&tenant, old.id).wait().unwrap();
    assert_eq!(mailbox(store, &tenant).messages, [old, new]);
}

fn a_message_finds_a_mailbox_that_nobody_has_made(store: &dyn Store) {
    let tenant = tenant("unmade");
    let left = message(&tenant, 1_000);

    store.leave_message(left.clone()).wait().unwrap();

    assert_eq!(mailbox(store, &tenant).messages, [left]);
}

fn tenants_do_not_see_each_others_messages(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let left = message(&ours, 1_000);
    store.leave_message(left.clone()).wait().unwrap();
    let missing = || {
        Err(Error::NotFound {
            what: "message",
            name: left.id.to_string(),
        })
    };

    assert_eq!(store.message(&theirs, left.id).wait().unwrap(), None);
    assert_eq!(store.mailbox(&theirs, "1049").wait().unwrap(), None);
    assert_eq!(store.mailboxes(&theirs).wait().unwrap(), []);
    assert_eq!(store.mark_heard(&theirs, left.id, 1).wait(), missing());
    assert_eq!(store.delete_message(&theirs, left.id, 1).wait(), missing());
    assert_eq!(store.restore_message(&theirs, left.id).wait(), missing());
    assert_eq!(store.deleted_messages(&theirs, "1049").wait().unwrap(), []);
    store
        .set_pin(&theirs, "1049", Some(Secret::new("1")))
        .wait()
        .unwrap();
    assert_eq!(mailbox(store, &ours).pin, None);
    assert_eq!(mailbox(store, &ours).messages, [left]);
}

fn a_message_is_somebodys_to_see_to(store: &dyn Store) {
    let (ours, theirs) = (tenant("assigned"), tenant("theirs"));
    let (first, second) = (message(&ours, 1_000), message(&ours, 2_000));
    for left in [&first, &second] {
        store.leave_message(left.clone()).wait().unwrap();
    }
    let of = |user: &str| -> Vec<Uuid> {
        let filter = MessageFilter {
            assigned_to: Some(user.into()),
            ..MessageFilter::default()
        };
        let rows = store.list_messages(&ours, filter).wait().unwrap();
        rows.into_iter().map(|row| row.id).collect()
    };
    let assign = |tenant: &str, to: Option<&str>| {
        store
            .assign_message(tenant, first.id, to.map(str::to_owned))
            .wait()
    };

    assign(&ours, Some("1050")).unwrap();
    assert_eq!(of("1050"), [first.id]);
    let row = store.message(&ours, first.id).wait().unwrap().unwrap();
    assert_eq!(row.assigned_to.as_deref(), Some("1050"));
    assert!(assign(&theirs, Some("1051")).is_err());
    assign(&ours, None).unwrap();
    assert_eq!(of("1050"), Vec::<Uuid>::new());
}

fn purged_messages_give_back_their_recordings(store: &dyn Store) {
    let tenant = tenant("purge");
    let (old, young) = (message(&tenant, 1_000), message(&tenant, 1_001));
    let row = |message: &MessageRow| recorded(&tenant, message.recording, message.left_at);
    for message in [&old, &young] {
        store.begin_recording(row(message)).wait().unwrap();
        store.leave_message(message.clone()).wait().unwrap();
    }
    // Before all other deletions of this contract, so that it takes nothing from them.
    store.delete_message(&tenant, old.id, 10).wait().unwrap();
    store.delete_message(&tenant, young.id, 20).wait().unwrap();

    let purged = store.purge_deleted(20).wait().unwrap();

    assert_eq!(purged, [row(&old)]);
    assert_eq!(store.message(&tenant, old.id).wait().unwrap(), None);
    assert_eq!(
        store.recording(&tenant, old.recording).wait().unwrap(),
        None
    );
    assert!(
        store
            .recording(&tenant, young.recording)
            .wait()
            .unwrap()
            .is_some()
    );
    store.restore_message(&tenant, young.id).wait().unwrap();
    assert_eq!(mailbox(store, &tenant).messages, [young]);
}
