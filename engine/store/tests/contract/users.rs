//! Users and registrations.

use store::{RegistrationRow, Secret, Store, UserRecord, WatcherRow};

use super::tenant;

/// The contract of users and registrations.
pub(crate) fn run(store: &dyn Store) {
    a_user_is_put_replaced_listed_and_deleted(store);
    a_user_is_given_a_role_and_a_team(store);
    tenants_do_not_see_each_others_users(store);
    a_contact_is_saved_replaced_and_deleted(store);
    expired_contacts_do_not_come_back(store);
    a_watcher_is_saved_replaced_deleted_and_expires(store);
}

fn user(tenant: &str, extension: &str) -> UserRecord {
    UserRecord {
        tenant: tenant.into(),
        extension: extension.into(),
        name: Some("张三".into()),
        realm: "8001.example".into(),
        ha1_md5: Secret::new("5f4dcc3b5aa765d61d8327deb882cf99"),
        ha1_sha256: Secret::new("aa".repeat(32)),
        context: "internal".into(),
        role: "agent".to_owned(),
        team: None,
        created_at: 1_764_000_000_000_000,
    }
}

fn a_user_is_put_replaced_listed_and_deleted(store: &dyn Store) {
    let tenant = tenant("users");
    let first = user(&tenant, "1050");
    store.put_user(first.clone()).wait().unwrap();
    store.put_user(user(&tenant, "1049")).wait().unwrap();

    let mut changed = first.clone();
    changed.ha1_md5 = Secret::new("00".repeat(16));
    changed.name = None;
    changed.created_at += 5;
    store.put_user(changed.clone()).wait().unwrap();

    changed.created_at = first.created_at;
    assert_eq!(
        store.user(&tenant, "1050").wait().unwrap(),
        Some(changed.clone())
    );
    assert_eq!(
        store.users(&tenant).wait().unwrap(),
        [user(&tenant, "1049"), changed]
    );
    assert!(store.delete_user(&tenant, "1050").wait().unwrap());
    assert!(!store.delete_user(&tenant, "1050").wait().unwrap());
    assert_eq!(store.user(&tenant, "1050").wait().unwrap(), None);
}

fn a_user_is_given_a_role_and_a_team(store: &dyn Store) {
    let tenant = tenant("roles");
    store.put_user(user(&tenant, "1049")).wait().unwrap();
    let give = |extension: &str, role: &str, team: Option<&str>| {
        store.give_role((&tenant, extension), role, team).wait()
    };

    assert!(give("1049", "leader", Some("it")).unwrap());
    assert!(!give("1050", "leader", None).unwrap(), "there is none");

    let known = store.user(&tenant, "1049").wait().unwrap().unwrap();
    assert_eq!(
        (&*known.role, known.team.as_deref()),
        ("leader", Some("it"))
    );
    assert!(give("1049", "agent", None).unwrap());
    let known = store.user(&tenant, "1049").wait().unwrap();
    assert_eq!(known, Some(user(&tenant, "1049")));
}

fn tenants_do_not_see_each_others_users(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    store.put_user(user(&ours, "1049")).wait().unwrap();

    assert_eq!(store.user(&theirs, "1049").wait().unwrap(), None);
    assert_eq!(store.users(&theirs).wait().unwrap(), []);
    assert!(!store.delete_user(&theirs, "1049").wait().unwrap());
    assert!(store.user(&ours, "1049").wait().unwrap().is_some());
}

fn registration(tenant: &str, contact: &str, expires_at: i64) -> RegistrationRow {
    RegistrationRow {
        tenant: tenant.into(),
        user: "1049".into(),
        contact: contact.into(),
        instance: Some("<urn:uuid:1>".into()),
        call_id: "abc@192.0.2.7".into(),
        cseq: u32::MAX,
        path: vec!["<sip:edge.example;lr>".into()],
        source: "192.0.2.7:5060/udp".into(),
        expires_at,
        user_agent: Some("baresip".into()),
    }
}

fn of(store: &dyn Store, tenant: &str, now: i64) -> Vec<RegistrationRow> {
    let mut all = store.all_registrations(now).wait().unwrap();
    all.retain(|row| row.tenant == tenant);
    all
}

fn a_contact_is_saved_replaced_and_deleted(store: &dyn Store) {
    let tenant = tenant("contacts");
    let desk = registration(&tenant, "sip:1049@192.0.2.7", i64::MAX);
    let mobile = registration(&tenant, "sip:1049@198.51.100.2", i64::MAX - 1);
    store.save_registration(desk.clone()).wait().unwrap();
    store.save_registration(mobile.clone()).wait().unwrap();

    let mut again = desk.clone();
    again.path.clear();
    again.instance = None;
    store.save_registration(again.clone()).wait().unwrap();

    assert_eq!(of(store, &tenant, 0), [again, mobile]);
    assert!(
        store
            .delete_registration(&tenant, "1049", &desk.contact)
            .wait()
            .unwrap()
    );
    assert!(
        !store
            .delete_registration(&tenant, "1050", "sip:1049@198.51.100.2")
            .wait()
            .unwrap()
    );
    assert_eq!(of(store, &tenant, 0).len(), 1);
}

fn expired_contacts_do_not_come_back(store: &dyn Store) {
    let tenant = tenant("expired");
    let live = registration(&tenant, "sip:live@192.0.2.7", 101);
    store
        .save_registration(registration(&tenant, "sip:dead@192.0.2.7", 100))
        .wait()
        .unwrap();
    store.save_registration(live.clone()).wait().unwrap();

    assert_eq!(of(store, &tenant, 100), std::slice::from_ref(&live));
    assert_eq!(of(store, &tenant, 0), [live], "removed, not hidden");
}

fn a_watcher_is_saved_replaced_deleted_and_expires(store: &dyn Store) {
    let (ours, theirs) = (tenant("watching"), tenant("watched"));
    let watcher = |tenant: &str, name: &str, version: u32, expires_at: i64| WatcherRow {
        tenant: tenant.into(),
        name: name.into(),
        state: serde_json::json!({ "user": "1049", "version": version }),
        expires_at,
    };
    let of = |tenant: &str, now: i64| -> Vec<WatcherRow> {
        let mut all = store.all_watchers(now).wait().unwrap();
        all.retain(|row| row.tenant == tenant);
        all
    };
    for row in [
        watcher(&ours, "a", 1, 100),
        watcher(&ours, "b", 1, 200),
        watcher(&theirs, "a", 7, 300),
        watcher(&ours, "a", 2, 150),
    ] {
        store.save_watcher(row).wait().unwrap();
    }

    assert_eq!(
        of(&ours, 0),
        [watcher(&ours, "a", 2, 150), watcher(&ours, "b", 1, 200)]
    );
    assert_eq!(of(&ours, 150), [watcher(&ours, "b", 1, 200)]);
    assert!(store.delete_watcher(&ours, "b").wait().unwrap());
    assert!(!store.delete_watcher(&ours, "a").wait().unwrap());
    assert_eq!(
        (of(&ours, 0), of(&theirs, 0)),
        (vec![], vec![watcher(&theirs, "a", 7, 300)])
    );
}
