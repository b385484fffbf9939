//! People at their desks: passwords, sessions, the audit log.

use store::{AuditFilter, AuditRow, Begun, SessionRow, Store};
use uuid::Uuid;

use super::tenant;

/// The contract of desks.
pub(crate) fn run(store: &dyn Store) {
    a_second_desk_is_told_of_the_first_until_it_takes_over(store);
    a_session_that_nobody_has_used_for_long_is_in_nobodys_way(store);
    a_new_password_ends_all_sessions_but_the_one_that_is_kept(store);
    the_audit_log_is_listed_by_who_what_and_when(store);
}

fn session(tenant: &str, octet: u8, at: i64) -> SessionRow {
    let mut id = [octet; 32];
    id[..16].copy_from_slice(Uuid::now_v7().as_bytes());
    SessionRow {
        id,
        tenant: tenant.into(),
        extension: "1049".into(),
        source: "192.0.2.7".into(),
        began_at: at,
        seen_at: at,
        ended_at: None,
        taken_over_at: None,
    }
}

fn a_second_desk_is_told_of_the_first_until_it_takes_over(store: &dyn Store) {
    let ours = tenant("ours");
    let (first, second) = (session(&ours, 1, 100), session(&ours, 2, 200));
    let begin = |row: &SessionRow, take_over| {
        store
            .begin_session(row.clone(), take_over, 0)
            .wait()
            .unwrap()
    };

    assert_eq!(begin(&first, false), Begun::New(0));
    store.touch_session(first.id, 150).wait().unwrap();
    let seen = SessionRow {
        seen_at: 150,
        ..first.clone()
    };
    assert_eq!(begin(&second, false), Begun::There(seen));
    assert_eq!(store.session(second.id).wait().unwrap(), None);
    assert_eq!(begin(&second, true), Begun::New(1));
    let first = store.session(first.id).wait().unwrap().unwrap();
    assert_eq!((first.taken_over_at, first.ended_at), (Some(200), None));
    store.end_session(second.id, 300).wait().unwrap();
    let second = store.session(second.id).wait().unwrap().unwrap();
    assert_eq!((second.taken_over_at, second.ended_at), (None, Some(300)));
    assert_eq!(begin(&session(&ours, 3, 400), false), Begun::New(0));
}

fn a_session_that_nobody_has_used_for_long_is_in_nobodys_way(store: &dyn Store) {
    let ours = tenant("ours");
    let old = session(&ours, 1, 100);
    store.begin_session(old, false, 0).wait().unwrap();

    let new = session(&ours, 2, 500);
    let begun = store.begin_session(new, false, 101).wait().unwrap();

    assert_eq!(begun, Begun::New(0));
}

fn a_new_password_ends_all_sessions_but_the_one_that_is_kept(store: &dyn Store) {
    let ours = tenant("ours");
    let (first, second) = (session(&ours, 1, 100), session(&ours, 2, 200));
    store.begin_session(first.clone(), false, 0).wait().unwrap();
    store.begin_session(second.clone(), true, 0).wait().unwrap();
    let whose = (ours.as_str(), "1049");

    let put = |hash: &str, keep| store.put_desk_password(whose, hash.into(), 300, keep);
    put("$argon2id$1", Some(second.id)).wait().unwrap();

    let hash = store.desk_password(&ours, "1049").wait().unwrap();
    assert_eq!(hash.as_deref(), Some("$argon2id$1"));
    let ended = |id| store.session(id).wait().unwrap().unwrap().ended_at;
    assert_eq!((ended(first.id), ended(second.id)), (Some(300), None));
    put("$argon2id$2", None).wait().unwrap();
    assert_eq!(ended(second.id), Some(300));
    assert_eq!(store.desk_password(&ours, "1050").wait().unwrap(), None);
}

fn the_audit_log_is_listed_by_who_what_and_when(store: &dyn Store) {
    let ours = tenant("ours");
    let line = |at: i64, by: &str, act: &str| AuditRow {
        id: Uuid::now_v7(),
        tenant: ours.clone(),
        at,
        by: by.into(),
        act: act.into(),
        about: "1049".into(),
        outcome: "done".into(),
        source: Some("192.0.2.7".into()),
    };
    let lines = [
        line(1, "user:1001", "logged_in"),
        line(2, "user:1001", "command:busy"),
        line(3, "api:tour", "command:busy"),
    ];
    for line in &lines {
        store.note_audit(line.clone()).wait().unwrap();
    }
    let found = |filter| store.audit(&ours, filter).wait().unwrap();
    let all = AuditFilter::default;

    assert_eq!(
        found(all()),
        [&lines[2], &lines[1], &lines[0]].map(Clone::clone)
    );
    let by = Some("user:1001".to_owned());
    assert_eq!(found(AuditFilter { by, ..all() }).len(), 2);
    let act = Some("command:busy".to_owned());
    let before = Some(lines[2].id);
    assert_eq!(
        found(AuditFilter {
            act,
            before,
            ..all()
        }),
        [lines[1].clone()]
    );
    let (since, until) = (Some(2), Some(3));
    assert_eq!(
        found(AuditFilter {
            since,
            until,
            ..all()
        }),
        [lines[1].clone()]
    );
    assert_eq!(store.audit("another", all()).wait().unwrap(), []);
}
