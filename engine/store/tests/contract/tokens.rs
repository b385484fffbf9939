//! Tokens of the HTTP API.

use store::{Store, TokenRow};
use uuid::Uuid;

use super::tenant;

/// The contract of tokens.
pub(crate) fn run(store: &dyn Store) {
    a_token_is_found_by_its_id_alone_and_listed_for_its_tenant(store);
    a_token_that_was_taken_back_stays_so(store);
}

fn token(tenant: &str, created_at: i64) -> TokenRow {
    TokenRow {
        id: Uuid::now_v7().simple().to_string(),
        tenant: tenant.into(),
        name: "工单系统".into(),
        hash: [7; 32],
        scopes: vec!["calls:read".into(), "events:read".into()],
        created_at,
        expires_at: Some(2_000),
        revoked_at: None,
    }
}

fn a_token_is_found_by_its_id_alone_and_listed_for_its_tenant(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let (second, first) = (token(&ours, 20), token(&ours, 10));
    for row in [&second, &first] {
        store.put_token(row.clone()).wait().unwrap();
    }

    assert_eq!(store.token(&first.id).wait().unwrap(), Some(first.clone()));
    assert_eq!(store.token("nobody's").wait().unwrap(), None);
    assert_eq!(store.tokens(&theirs).wait().unwrap(), []);
    assert_eq!(store.tokens(&ours).wait().unwrap(), [first.clone(), second]);
    let again = TokenRow {
        tenant: theirs.clone(),
        ..first
    };
    assert!(
        store.put_token(again).wait().is_err(),
        "an id is of one token"
    );
    assert_eq!(store.tokens(&theirs).wait().unwrap(), []);
}

fn a_token_that_was_taken_back_stays_so(store: &dyn Store) {
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let row = token(&ours, 10);
    store.put_token(row.clone()).wait().unwrap();
    assert!(row.is_good(1_999) && !row.is_good(2_000));

    assert!(!store.revoke_token(&theirs, &row.id, 500).wait().unwrap());
    assert!(store.revoke_token(&ours, &row.id, 600).wait().unwrap());
    assert!(!store.revoke_token(&ours, &row.id, 700).wait().unwrap());

    let found = store.token(&row.id).wait().unwrap().unwrap();
    assert_eq!(found.revoked_at, Some(600));
    assert!(!found.is_good(601));
}
