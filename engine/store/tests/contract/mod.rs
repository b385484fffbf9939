//! What every store must do, whatever keeps the records. Each run uses tenants of its own, so that
//! it can be repeated on one database.

use store::Store;
use uuid::Uuid;

pub(crate) mod answers;
pub(crate) mod calls;
pub(crate) mod desks;
pub(crate) mod figures;
pub(crate) mod floor;
pub(crate) mod jobs;
pub(crate) mod kv;
pub(crate) mod missed;
pub(crate) mod outbox;
pub(crate) mod recordings;
pub(crate) mod shifts;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod voicemail;

/// The whole contract.
pub(crate) fn run(store: &dyn Store) {
    users::run(store);
    calls::run(store);
    recordings::run(store);
    voicemail::run(store);
    kv::run(store);
    jobs::run(store);
    outbox::run(store);
    tokens::run(store);
    answers::run(store);
    desks::run(store);
    floor::run(store);
    figures::run(store);
    missed::run(store);
    shifts::run(store);
}

/// A tenant that nobody else uses.
fn tenant(name: &str) -> String {
    format!("{name}-{}", Uuid::now_v7())
}
