//! What a simulated exchange writes down: as the switch does, so that events come from where they
//! come from in earnest.

use std::path::PathBuf;
use std::sync::Arc;

use call::record::CallRecord;
use call::{MailboxChange, Setup};
use serde_json::Value;
use store::{
    CallBegin, CallEnd, Direction, FinishedCall, MessageRow, Pending, RecordingEnd, RecordingRow,
    Store,
};
use uuid::Uuid;

use crate::jobs::Bell;
use crate::{MessageChange, rows};

/// The records of one simulated exchange.
pub(super) struct Records {
    store: Arc<dyn Store>,
    bell: Arc<Bell>,
    tenant: String,
    recordings: PathBuf,
}

impl Records {
    /// Empty ones; `bell` is rung when an event may be in them.
    pub(super) fn new(
        store: Arc<dyn Store>,
        bell: Arc<Bell>,
        tenant: String,
        recordings: PathBuf,
    ) -> Self {
        Self {
            store,
            bell,
            tenant,
            recordings,
        }
    }

    /// Writes a call's end; what scripts are told of it.
    pub(super) fn finish(&self, setup: &Setup, record: &CallRecord, vars: &Value) -> Value {
        let call = finished(setup, record, vars);
        let told = call.told();
        self.write(self.store.finish_call(call));
        told
    }

    /// Writes what has become of a message at `now`, in microseconds since 1970; the event that
    /// scripts are told, with what they are told.
    pub(super) fn change(
        &self,
        setup: &Setup,
        change: &MailboxChange,
        now: i64,
    ) -> Option<(&'static str, Value)> {
        let (event, id) = match change {
            MailboxChange::Leave { .. } => {
                let message = rows::message(change, &self.tenant, setup.id.0, now)?;
                let told = message.told();
                let at = (message.left_at, message.duration);
                self.keep_sound(setup, message.recording, "message", at);
                self.write(self.store.leave_message(message));
                return Some(("voicemail.recorded", told));
            }
            MailboxChange::Heard { message } => ("voicemail.heard", message.0),
            MailboxChange::Delete { message } => ("voicemail.deleted", message.0),
            MailboxChange::Assign { message, to } => {
                let to = Some(to.clone());
                self.write(self.store.assign_message(&self.tenant, message.0, to));
                return None;
            }
            MailboxChange::Greeting { .. } => return None,
        };
        let before = self.store.message(&self.tenant, id).wait().ok()??;
        let is_news = match change {
            MailboxChange::Heard { .. } => before.heard_at.is_none(),
            _ => before.deleted_at.is_none(),
        };
        self.write(match change {
            MailboxChange::Heard { .. } => self.store.mark_heard(&self.tenant, id, now),
            _ => self.store.delete_message(&self.tenant, id, now),
        });
        is_news.then(|| (event, before.told()))
    }

    /// Changes a message as a script wants it; the message as it is then.
    pub(super) fn change_message(
        &self,
        id: Uuid,
        change: &MessageChange,
        now: i64,
    ) -> Result<Option<MessageRow>, store::Error> {
        let (store, tenant) = (&self.store, &*self.tenant);
        let done = match change {
            MessageChange::Heard => store.mark_heard(tenant, id, now),
            MessageChange::Deleted => store.delete_message(tenant, id, now),
            MessageChange::Restored => store.restore_message(tenant, id),
            MessageChange::AssignedTo(user) => store.assign_message(tenant, id, user.clone()),
        };
        match done.wait() {
            Ok(()) => {}
            Err(store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        self.bell.ring();
        store.message(tenant, id).wait()
    }

    /// Writes a recording that began at a time and is so long, in microseconds. A file without any
    /// sound stands for what was said.
    pub(super) fn keep_sound(&self, setup: &Setup, id: Uuid, purpose: &str, at: (i64, i64)) {
        let path = format!("{id}.wav");
        let made = std::fs::create_dir_all(&self.recordings)
            .and_then(|()| std::fs::write(self.recordings.join(&path), SILENCE));
        if let Err(error) = made {
            tracing::warn!(%error, "a simulated recording has no file");
        }
        self.write(self.store.begin_recording(RecordingRow {
            id,
            tenant: self.tenant.clone(),
            node: "test".to_owned(),
            call_id: setup.id.0,
            path,
            channels: 1,
            rate: 8_000,
            started_at: at.0,
            purpose: purpose.to_owned(),
            end: Some(RecordingEnd {
                duration: at.1,
                bytes: SILENCE.len() as u64,
                sha256: None,
                lost: false,
            }),
        }));
    }

    fn write(&self, written: Pending<()>) {
        written.forget();
        self.bell.ring();
    }
}

/// The head of a WAV file.
const SILENCE: &[u8] =
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0";

fn finished(setup: &Setup, record: &CallRecord, vars: &Value) -> FinishedCall {
    FinishedCall {
        begin: CallBegin {
            id: setup.id.0,
            tenant: setup.tenant.to_string(),
            node: "test".to_owned(),
            direction: match setup.trunk {
                Some(_) => Direction::Inbound,
                None => Direction::Internal,
            },
            from_raw: setup.from_raw.clone(),
            from_number: setup.from.clone(),
            from_name: setup.from_name.clone(),
            to: setup.to.clone(),
            context: setup.context.clone(),
            user: setup.calling_user().map(str::to_owned),
            trunk_in: setup.trunk.clone(),
            generation: None,
            started_at: setup.started_at,
        },
        end: CallEnd {
            answered_at: record.answered_at,
            ended_at: record.ended_at,
            ended_by: record.ended_by.clone(),
            result: rows::word(&record.result),
            cause: record.cause.word().to_owned(),
            sip_status: record.sip_status(),
            q850: record.cause.q850(),
            trunk_out: None,
            mos_min: None,
            vars: vars.clone(),
            script_error: None,
        },
        legs: record.legs.iter().map(rows::leg).collect(),
        segments: rows::segments(record),
    }
}
