//! What is stored, as plain records. Times are integer microseconds since 1970, UTC, everywhere.
//!
//! The words in them (results, causes, kinds) are those of the call crate, kept as text so that a
//! database of a newer version can be read by an older one.

mod answer;
mod call;
mod desk;
mod event;
mod floor;
mod history;
mod job;
mod kv;
mod missed;
mod recording;
mod token;
mod user;
mod voicemail;

pub use answer::{Answer, AnswerClaim, Claimed};
pub use call::{
    CallBegin, CallDetails, CallEnd, CallFilter, CallRow, Direction, FinishedCall, JournalLine,
    LegRow, Quality, SegmentRow, result_name,
};
pub use desk::{AuditFilter, AuditRow, Begun, SessionRow};
pub(crate) use event::job_id;
pub use event::{EVENTS, Subscriber, event_job};
pub use floor::{
    AgentNote, EpisodeRow, FloorNotes, FloorRow, KeptNote, MOST_FAMILIAR, OfferRow, QueueLogFilter,
    QueueLogRow,
};
pub use history::HistoryRow;
pub use job::{DueJobs, JobFilter, JobRow, JobState, NewJob};
pub use kv::{KvEntry, KvKey};
pub use missed::{CalledBack, MissedFilter, MissedRow, MissedState, is_missed};
pub(crate) use recording::DELETED;
pub use recording::{Recorded, RecordingEnd, RecordingFilter, RecordingRow, recorded};
pub use token::TokenRow;
pub use user::{RegistrationRow, UserRecord, WatcherRow};
pub use voicemail::{MailboxRow, MessageCounts, MessageFilter, MessageRow};
