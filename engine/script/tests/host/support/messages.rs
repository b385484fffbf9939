//! What scripts do with messages in mailboxes, as the exchange does it.

use script::MessageChange;
use store::{Error, MessageRow, Sqlite, Store};
use uuid::Uuid;

/// Changes a message in the records; the message as it is then.
pub(super) fn changed(
    records: &Sqlite,
    tenant: &str,
    id: Uuid,
    change: MessageChange,
) -> Result<Option<MessageRow>, Error> {
    let done = match change {
        MessageChange::Heard => records.mark_heard(tenant, id, 1),
        MessageChange::Deleted => records.delete_message(tenant, id, 1),
        MessageChange::Restored => records.restore_message(tenant, id),
        MessageChange::AssignedTo(user) => records.assign_message(tenant, id, user),
    };
    match done.wait() {
        Err(Error::NotFound { .. }) => Ok(None),
        done => done.and_then(|()| records.message(tenant, id).wait()),
    }
}
