//! The records: users, registrations, calls, journals, recordings, voicemail, agents and queues,
//! scripts' values and jobs; beside them, files of plugins' own ([`Database`]).
//!
//! [`Store`] is one trait of domain methods; [`Sqlite`] keeps it in a file. Nothing that carries a
//! call waits for it: each method returns at once, with a [`Pending`] that may be awaited or
//! dropped.

mod database;
mod desks;
mod error;
mod figures;
mod pending;
mod row;
mod secret;
mod shifts;
mod sqlite;
mod store;

pub use database::{
    Answer as DatabaseAnswer, Database, DatabaseError, Migration, Outcome, Parameters, Statement,
    Transaction, Value as DatabaseValue,
};
pub use desks::Desks;
pub use error::Error;
pub use figures::{
    AgentSums, Contact, Figures, FiguresOf, Line, Measure, NumberSums, QueueSums, Stretch,
};
pub use pending::Pending;
pub use row::{
    AgentNote, Answer, AnswerClaim, AuditFilter, AuditRow, Begun, CallBegin, CallDetails, CallEnd,
    CallFilter, CallRow, CalledBack, Claimed, Direction, DueJobs, EVENTS, EpisodeRow, FinishedCall,
    FloorNotes, FloorRow, HistoryRow, JobFilter, JobRow, JobState, JournalLine, KeptNote, KvEntry,
    KvKey, LegRow, MOST_FAMILIAR, MailboxRow, MessageCounts, MessageFilter, MessageRow,
    MissedFilter, MissedRow, MissedState, NewJob, OfferRow, Quality, QueueLogFilter, QueueLogRow,
    Recorded, RecordingEnd, RecordingFilter, RecordingRow, RegistrationRow, SegmentRow, SessionRow,
    Subscriber, TokenRow, UserRecord, WatcherRow, event_job, is_missed, recorded, result_name,
};
pub use secret::{Secret, load_or_create_key};
pub use shifts::{Adherence, ShiftRow, Shifts};
pub use sqlite::Sqlite;
pub use store::{Health, Store};
