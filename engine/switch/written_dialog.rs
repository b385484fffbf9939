//! A dialog as it is written into records and journals, to be gone on with after a restart.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use sip::SavedDialog;

/// [`SavedDialog`] as it is written.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct WrittenDialog {
    pub(super) call_id: String,
    pub(super) local: String,
    remote: String,
    contact: String,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    target: String,
    routes: Vec<String>,
    /// Where the far end was heard last.
    pub(super) source: SocketAddr,
    /// Where of ours.
    pub(super) listener: SocketAddr,
}

impl From<SavedDialog> for WrittenDialog {
    fn from(saved: SavedDialog) -> Self {
        Self {
            call_id: saved.call_id,
            local: saved.local,
            remote: saved.remote,
            contact: saved.contact,
            local_cseq: saved.local_cseq,
            remote_cseq: saved.remote_cseq,
            target: saved.target,
            routes: saved.routes,
            source: saved.source,
            listener: saved.listener,
        }
    }
}

impl From<WrittenDialog> for SavedDialog {
    fn from(written: WrittenDialog) -> Self {
        Self {
            call_id: written.call_id,
            local: written.local,
            remote: written.remote,
            contact: written.contact,
            local_cseq: written.local_cseq,
            remote_cseq: written.remote_cseq,
            target: written.target,
            routes: written.routes,
            source: written.source,
            listener: written.listener,
        }
    }
}
