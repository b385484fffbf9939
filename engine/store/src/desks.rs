//! What is kept of people at their desks.

use crate::{AuditFilter, AuditRow, Begun, Pending, SessionRow};

/// Passwords, roles, sessions and the audit log. A part of [`Store`](crate::Store).
pub trait Desks {
    /// Somebody's password for the desk, as Argon2id made it (a PHC string).
    fn desk_password(&self, tenant: &str, extension: &str) -> Pending<Option<String>>;

    /// Gives somebody (tenant and extension) a password, and ends all their sessions but the one that is kept.
    fn put_desk_password(
        &self,
        whose: (&str, &str),
        hash: String,
        at: i64,
        keep: Option<[u8; 32]>,
    ) -> Pending<()>;

    /// Gives a user of the records (tenant and extension) a role and a team; false when there is no such user.
    fn give_role(&self, whose: (&str, &str), role: &str, team: Option<&str>) -> Pending<bool>;

    /// Begins a session. One that the user has already and that was used at `alive_since` or later stops
    /// it, unless that one is to be taken over: it may then look, and do nothing.
    fn begin_session(
        &self,
        session: SessionRow,
        take_over: bool,
        alive_since: i64,
    ) -> Pending<Begun>;

    /// A session by its hash, whatever its tenant: it is what says whose a request is.
    fn session(&self, id: [u8; 32]) -> Pending<Option<SessionRow>>;

    /// A session was used.
    fn touch_session(&self, id: [u8; 32], at: i64) -> Pending<()>;

    /// Ends a session.
    fn end_session(&self, id: [u8; 32], at: i64) -> Pending<()>;

    /// Adds a line to the audit log.
    fn note_audit(&self, line: AuditRow) -> Pending<()>;

    /// A tenant's lines of the audit log, newest first.
    fn audit(&self, tenant: &str, filter: AuditFilter) -> Pending<Vec<AuditRow>>;
}
