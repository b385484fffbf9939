//! People at their desks: sessions, and what they have done.

use uuid::Uuid;

/// A session of somebody at a desk, without what opens it: only its hash is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionRow {
    /// SHA-256 of what the browser holds.
    pub id: [u8; 32],
    /// The enterprise number.
    pub tenant: String,
    /// The extension: `1049`.
    pub extension: String,
    /// The address that logged in.
    pub source: String,
    /// When that was.
    pub began_at: i64,
    /// When it was last used; noted once a minute at most.
    pub seen_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// When another desk took over: since then this one may look, and do nothing.
    pub taken_over_at: Option<i64>,
}

/// What became of beginning a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Begun {
    /// It has begun; that many others were taken over.
    New(usize),
    /// The user has this one already, and nobody said that it is to be taken over.
    There(SessionRow),
}

/// One line of the audit log. Lines are added and never changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRow {
    /// Version 7, in the order in which lines were made.
    pub id: Uuid,
    /// The enterprise number.
    pub tenant: String,
    /// When it was done.
    pub at: i64,
    /// `user:1001`, `api:NAME`, `plugin:NAME`, `script`.
    pub by: String,
    /// What: `command:busy`, `recording_heard`, `logged_in` …
    pub act: String,
    /// About what: a user, a call, a recording.
    pub about: String,
    /// `done`, or the word of why not.
    pub outcome: String,
    /// The address that asked, where one did.
    pub source: Option<String>,
}

/// Which lines of the audit log to list, newest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AuditFilter {
    /// Of this time or later.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Done by this one.
    pub by: Option<String>,
    /// What.
    pub act: Option<String>,
    /// About this.
    pub about: Option<String>,
    /// Older than this line: the last one of the page before.
    pub before: Option<Uuid>,
    /// At most so many; 0 means 100, and more than 1,000 are never given.
    pub limit: usize,
}
