//! What can go wrong with a record, told truthfully.

/// Why something was not stored or not found out. Whoever gets one of these knows that nothing was
/// written, except for [`Closed`](Self::Closed) while waiting, which leaves it open.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Too much is waiting already.
    #[error("the store is busy: {waiting} requests wait already; try again later")]
    Busy {
        /// How many were waiting.
        waiting: usize,
    },
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// No room.
    #[error("the disk is full; free some space and the store goes on by itself")]
    DiskFull,
    /// The file cannot be written.
    #[error("the database cannot be written; check the data folder's owner and mount")]
    ReadOnly,
    /// Another process holds it.
    #[error("the database is locked by another process; is a second exchange or a backup running?")]
    Locked,
    /// The disk failed.
    #[error("the disk failed: {0}")]
    Disk(String),
    /// What should be changed is not there.
    #[error("there is no {what} '{name}'")]
    NotFound {
        /// `user`, `message` …
        what: &'static str,
        /// Which.
        name: String,
    },
    /// A value or key of a script is too long.
    #[error("the {what} has {bytes} bytes; {limit} are allowed")]
    TooLarge {
        /// `key` or `value`.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// `incr` on something else.
    #[error("'{key}' holds no whole number that could be increased")]
    NotANumber {
        /// The value's key.
        key: String,
    },
    /// The key file is missing, damaged, or not the one the records were sealed with.
    #[error("{0}")]
    Key(String),
    /// The file was written by a newer version.
    #[error("the database has schema {found}, this version knows {known}; run the newer version")]
    TooNew {
        /// The file's.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// A record that we cannot read.
    #[error("a stored record is damaged: {0}")]
    Damaged(String),
    /// The database refused; ours to mend.
    #[error("the database refused: {0}")]
    Refused(String),
}
