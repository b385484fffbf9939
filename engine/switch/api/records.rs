//! What the API changes in the records, and tells of.

use std::io::ErrorKind;
use std::sync::Arc;

use call::TenantId;
use script::Scripts;
use store::{MessageRow, Store};
use tokio::sync::oneshot;
use uuid::Uuid;
use web::{Deletion, Events, News, VoicemailChange};

use super::Changed;
use crate::switch::{Entrance, Switch};

impl Switch {
    /// Lets a job that was given up run again, at once.
    pub(super) fn retry_job(
        &self,
        tenant: &TenantId,
        job: Uuid,
        answer: oneshot::Sender<Result<bool, store::Error>>,
    ) {
        let now = self.parts.clock.unix_micros();
        let retried = self.parts.store.retry_job(&tenant.0, job, now);
        let scripts = self.parts.scripts.clone();
        tokio::spawn(async move {
            let retried = retried.await;
            scripts.jobs_are_due();
            let _ = answer.send(retried);
        });
    }

    /// Deletes a recording: its sound first, so that what is told to be gone is gone.
    pub(super) fn delete_recording(
        &self,
        tenant: &TenantId,
        recording: Uuid,
        answer: oneshot::Sender<Result<Deletion, store::Error>>,
    ) {
        let (store, root) = (self.parts.store.clone(), self.parts.recordings.clone());
        let (events, now) = (self.parts.events.clone(), self.parts.clock.unix_micros());
        let tenant = tenant.clone();
        tokio::spawn(async move {
            let delete = async || {
                let Some(row) = store.recording(&tenant.0, recording).await? else {
                    return Ok(Deletion::NotThere);
                };
                if row.end.is_none() {
                    return Ok(Deletion::Running);
                }
                let path = root.join(&row.path);
                let removed = tokio::task::spawn_blocking(move || std::fs::remove_file(path));
                match removed.await {
                    Ok(Err(error)) if error.kind() != ErrorKind::NotFound => {
                        return Err(store::Error::Disk(error.to_string()));
                    }
                    _ => {}
                }
                if !store.delete_recording(&tenant.0, recording).await? {
                    return Ok(Deletion::NotThere);
                }
                let news = News::RecordingDeleted { id: recording };
                events.publish(&tenant.0, now, Some(row.call_id), news);
                Ok(Deletion::Deleted)
            };
            let _ = answer.send(delete().await);
        });
    }

    pub(super) fn change_voicemail(
        &self,
        tenant: &TenantId,
        message: Uuid,
        change: VoicemailChange,
        answer: oneshot::Sender<Changed>,
    ) {
        let (store, now) = (self.parts.store.clone(), self.parts.clock.unix_micros());
        let (events, tenant) = (self.parts.events.clone(), tenant.clone());
        let entrance = self.parts.entrance.clone();
        let scripts = self.parts.scripts.clone();
        tokio::spawn(async move {
            let of = &*tenant.0;
            let done = match change {
                VoicemailChange::Heard => store.mark_heard(of, message, now).await,
                VoicemailChange::Deleted => store.delete_message(of, message, now).await,
                VoicemailChange::Restored => store.restore_message(of, message).await,
                VoicemailChange::AssignedTo(ref user) => {
                    store.assign_message(of, message, user.clone()).await
                }
            };
            let changed = match done {
                Ok(()) => {
                    tell_of_message(&*store, &events, &entrance, &tenant, message, &change, now)
                        .await
                }
                Err(store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            };
            if let Ok(row) = &changed {
                tell_scripts_of_message(&scripts, row.as_ref(), now);
            }
            let _ = answer.send(changed);
        });
    }
}

/// Tells scripts of what has happened to a message at `now`, when that is news to them.
pub(in crate::switch) fn tell_scripts_of_message(
    scripts: &Scripts,
    message: Option<&MessageRow>,
    now: i64,
) {
    let Some(message) = message else { return };
    for (event, at) in [
        ("voicemail.heard", message.heard_at),
        ("voicemail.deleted", message.deleted_at),
    ] {
        if at == Some(now) {
            scripts.event(&message.tenant.as_str().into(), event, message.told());
        }
    }
}

/// Tells that a message was changed, also the lamps; the message as it is now.
pub(in crate::switch) async fn tell_of_message(
    store: &dyn Store,
    events: &Arc<Events>,
    entrance: &Entrance,
    tenant: &TenantId,
    message: Uuid,
    change: &VoicemailChange,
    now: i64,
) -> Changed {
    let row = store.message(&tenant.0, message).await?;
    if let Some(row) = &row {
        let news = News::VoicemailChanged {
            id: message,
            mailbox: row.mailbox.clone(),
            change: change.word(),
            assigned_to: row.assigned_to.clone(),
        };
        events.publish(&tenant.0, now, None, news);
        entrance.mailbox_changed(tenant, &row.mailbox).await;
    }
    Ok(row)
}
