//! Mailboxes and the messages in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Secret;

/// A mailbox with its messages.
#[derive(Clone, Debug, PartialEq)]
pub struct MailboxRow {
    /// The enterprise number.
    pub tenant: String,
    /// Its number: `1049`.
    pub mailbox: String,
    /// The PIN to listen, as it is typed; `None` when it has not been set. It is not
    /// hashed (four digits would not gain by it) but encrypted at rest; who compares it counts the
    /// tries.
    pub pin: Option<Secret>,
    /// Its own recordings, by what they are for: `unavailable`, `busy`, `temporary`, `name`.
    pub greetings: BTreeMap<String, Uuid>,
    /// Messages, oldest first, deleted ones left out.
    pub messages: Vec<MessageRow>,
}

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageRow {
    /// Version 7.
    pub id: Uuid,
    /// The enterprise number.
    pub tenant: String,
    /// Whose mailbox.
    pub mailbox: String,
    /// Its audio.
    pub recording: Uuid,
    /// The call that it was left in.
    pub call_id: Option<Uuid>,
    /// The caller's number, if known.
    pub from: Option<String>,
    /// When it was left.
    pub left_at: i64,
    /// Microseconds.
    pub duration: i64,
    /// The caller has marked it as urgent.
    pub urgent: bool,
    /// When it was first listened to.
    pub heard_at: Option<i64>,
    /// When it was deleted (清除); it can be restored until it is purged.
    pub deleted_at: Option<i64>,
    /// The user who is to see to it.
    pub assigned_to: Option<String>,
}

/// Which messages to list, newest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MessageFilter {
    /// In this mailbox.
    pub mailbox: Option<String>,
    /// Only those that were listened to, or only those that were not.
    pub is_heard: Option<bool>,
    /// Only those that this user is to see to.
    pub assigned_to: Option<String>,
    /// Those that were deleted and can be restored, instead of the others.
    pub deleted: bool,
    /// Older than this message: the last one of the page before.
    pub before: Option<Uuid>,
    /// At most so many; 0 means 100, and more than 1,000 are never given.
    pub limit: usize,
}

/// How many messages wait in a mailbox; deleted ones do not count.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MessageCounts {
    /// Not listened to.
    pub new: u32,
    /// Listened to and kept.
    pub old: u32,
    /// Of the new ones, those that their callers marked as urgent.
    pub urgent_new: u32,
    /// Of the old ones.
    pub urgent_old: u32,
}
