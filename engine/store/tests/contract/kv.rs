//! Values of scripts and plugins.

use serde_json::json;
use store::{Error, KvKey, Store};

use super::tenant;

/// The contract of values.
pub(crate) fn run(store: &dyn Store) {
    a_value_is_set_read_replaced_and_deleted(store);
    a_value_is_gone_when_its_time_is_over(store);
    of_many_who_add_one_wins(store);
    many_who_count_lose_nothing(store);
    values_are_listed_by_prefix_in_order(store);
    scopes_and_tenants_are_apart(store);
    what_is_too_large_is_refused(store);
}

fn key(tenant: &str, key: &str) -> KvKey {
    KvKey {
        tenant: tenant.into(),
        scope: "script/seen".into(),
        key: key.into(),
    }
}

fn a_value_is_set_read_replaced_and_deleted(store: &dyn Store) {
    let name = key(&tenant("kv"), "客户");
    let value = json!({ "a": [1, 2.5, null, "二"], "b": { "c": true } });

    store
        .kv_set(name.clone(), value.clone(), None)
        .wait()
        .unwrap();
    assert_eq!(store.kv_get(name.clone(), 0).wait().unwrap(), Some(value));
    store
        .kv_set(name.clone(), json!(false), None)
        .wait()
        .unwrap();
    assert_eq!(
        store.kv_get(name.clone(), 0).wait().unwrap(),
        Some(json!(false))
    );

    assert!(store.kv_delete(name.clone(), 0).wait().unwrap());
    assert!(!store.kv_delete(name.clone(), 0).wait().unwrap());
    assert_eq!(store.kv_get(name, 0).wait().unwrap(), None);
}

fn a_value_is_gone_when_its_time_is_over(store: &dyn Store) {
    let tenant = tenant("expiry");
    let name = key(&tenant, "k");
    store
        .kv_set(name.clone(), json!(1), Some(100))
        .wait()
        .unwrap();

    assert_eq!(
        store.kv_get(name.clone(), 99).wait().unwrap(),
        Some(json!(1))
    );
    assert_eq!(store.kv_get(name.clone(), 100).wait().unwrap(), None);
    assert_eq!(
        store.kv_each(key(&tenant, ""), None, 100).wait().unwrap(),
        []
    );
    assert!(
        !store
            .kv_add(name.clone(), json!(2), None, 99)
            .wait()
            .unwrap()
    );
    assert!(
        store
            .kv_add(name.clone(), json!(2), Some(200), 100)
            .wait()
            .unwrap()
    );
    assert_eq!(
        store.kv_incr(name.clone(), 5, None, 200).wait().unwrap(),
        5,
        "a new count"
    );
    assert_eq!(
        store.kv_get(name.clone(), i64::MAX - 1).wait().unwrap(),
        Some(json!(5))
    );

    store
        .kv_set(name.clone(), json!(1), Some(100))
        .wait()
        .unwrap();
    assert!(
        !store.kv_delete(name.clone(), 100).wait().unwrap(),
        "it had gone already"
    );
    store
        .kv_set(name.clone(), json!(1), Some(100))
        .wait()
        .unwrap();
    assert!(store.kv_purge(100).wait().unwrap() >= 1);
    assert_eq!(store.kv_get(name, 0).wait().unwrap(), None);
}

fn of_many_who_add_one_wins(store: &dyn Store) {
    let name = key(&tenant("add"), "message-1");

    let waiting: Vec<_> = (0..50)
        .map(|n| store.kv_add(name.clone(), json!(n), None, 0))
        .collect();

    let wins: Vec<bool> = waiting
        .into_iter()
        .map(|pending| pending.wait().unwrap())
        .collect();
    assert_eq!(wins.iter().filter(|&&won| won).count(), 1);
    assert!(wins[0], "the first");
    assert_eq!(store.kv_get(name, 0).wait().unwrap(), Some(json!(0)));
}

fn many_who_count_lose_nothing(store: &dyn Store) {
    let tenant = tenant("incr");
    let name = key(&tenant, "calls");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    store.kv_incr(name.clone(), 2, None, 0).wait().unwrap();
                }
            });
        }
    });

    assert_eq!(
        store.kv_get(name.clone(), 0).wait().unwrap(),
        Some(json!(200))
    );
    assert_eq!(
        store.kv_incr(name.clone(), -300, None, 0).wait().unwrap(),
        -100
    );
    let full = key(&tenant, "full");
    store
        .kv_set(full.clone(), json!(i64::MAX), None)
        .wait()
        .unwrap();
    store.kv_set(name.clone(), json!("a"), None).wait().unwrap();
    for key in [full, name] {
        let refused = store.kv_incr(key.clone(), 1, None, 0).wait();
        assert_eq!(refused, Err(Error::NotANumber { key: key.key }));
    }
}

fn values_are_listed_by_prefix_in_order(store: &dyn Store) {
    let tenant = tenant("each");
    for name in ["b/2", "a", "b/1", "b/10", "c", "b", "b0"] {
        store
            .kv_set(key(&tenant, name), json!(name), Some(7_000))
            .wait()
            .unwrap();
    }
    let listed = |prefix: &str, after: Option<&str>| -> Vec<String> {
        let each = store.kv_each(key(&tenant, prefix), after.map(str::to_owned), 0);
        each.wait()
            .unwrap()
            .into_iter()
            .map(|entry| entry.key)
            .collect()
    };

    assert_eq!(listed("b/", None), ["b/1", "b/10", "b/2"]);
    assert_eq!(listed("b/", Some("b/1")), ["b/10", "b/2"]);
    assert_eq!(
        listed("", None),
        ["a", "b", "b/1", "b/10", "b/2", "b0", "c"]
    );
    assert_eq!(listed("%", None), Vec::<String>::new());
    let entry = store
        .kv_each(key(&tenant, "c"), None, 0)
        .wait()
        .unwrap()
        .remove(0);
    assert_eq!((entry.value, entry.expires_at), (json!("c"), Some(7_000)));
}

fn scopes_and_tenants_are_apart(store: &dyn Store) {
    let ours = key(&tenant("ours"), "k");
    let mut plugin = ours.clone();
    plugin.scope = "sms/seen".into();
    let theirs = KvKey {
        tenant: tenant("theirs"),
        ..ours.clone()
    };
    store.kv_set(ours.clone(), json!(1), None).wait().unwrap();

    for other in [plugin, theirs] {
        assert_eq!(store.kv_get(other.clone(), 0).wait().unwrap(), None);
        assert!(!store.kv_delete(other.clone(), 0).wait().unwrap());
        assert!(store.kv_add(other, json!(2), None, 0).wait().unwrap());
    }
    assert_eq!(store.kv_get(ours, 0).wait().unwrap(), Some(json!(1)));
}

fn what_is_too_large_is_refused(store: &dyn Store) {
    let tenant = tenant("large");
    let fits = json!("x".repeat(64 * 1024 - 2));
    let large = json!("x".repeat(64 * 1024 - 1));

    store.kv_set(key(&tenant, "v"), fits, None).wait().unwrap();
    let refused = store
        .kv_set(key(&tenant, "v"), large, None)
        .wait()
        .unwrap_err();

    assert_eq!(
        refused.to_string(),
        "the value has 65537 bytes; 65536 are allowed"
    );
    let long = key(&tenant, &"k".repeat(513));
    assert!(matches!(
        store.kv_incr(long, 1, None, 0).wait(),
        Err(Error::TooLarge { what: "key", .. })
    ));
}
