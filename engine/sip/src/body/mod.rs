//! Bodies that are neither sessions nor text: lamps of mailboxes, states of calls, pieces of SIP.
//! Each is a pure function of what it says.

mod dialog_info;
mod message_summary;
mod sipfrag;

pub use dialog_info::{DialogInfo, DialogParty, DialogReport, DialogState};
pub use message_summary::{MessageCounts, MessageSummary};
pub use sipfrag::{read_status, status_line};

/// Media types of what is built here.
pub mod media_type {
    /// [`MessageSummary`](super::MessageSummary).
    pub const MESSAGE_SUMMARY: &str = "application/simple-message-summary";
    /// [`DialogInfo`](super::DialogInfo).
    pub const DIALOG_INFO: &str = "application/dialog-info+xml";
    /// [`status_line`](super::status_line).
    pub const SIPFRAG: &str = "message/sipfrag";
}
