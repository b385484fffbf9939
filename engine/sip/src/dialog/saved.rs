//! Dialogs for the record: what both ends remember of each other, as text.

use std::net::SocketAddr;

use super::Dialog;
use super::peer::Peer;
use crate::transport::{Source, Transport};
use crate::{NameAddr, Text, Uri};

/// A dialog for the record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SavedDialog {
    /// The Call-ID.
    pub call_id: String,
    /// We, with our tag.
    pub local: String,
    /// They, with theirs.
    pub remote: String,
    /// Our Contact.
    pub contact: String,
    /// The number of our last request.
    pub local_cseq: u32,
    /// The number of their last one.
    pub remote_cseq: Option<u32>,
    /// Their Contact.
    pub target: String,
    /// The proxies in between, nearest first.
    pub routes: Vec<String>,
    /// Where they were last heard from.
    pub source: SocketAddr,
    /// The address of ours that they reached.
    pub listener: SocketAddr,
}

impl Dialog {
    /// Returns the dialog for the record. `None` over connections: they end with us.
    pub(crate) fn save(&self) -> Option<SavedDialog> {
        let source = self.peer.source();
        if source.transport != Transport::Udp {
            return None;
        }
        Some(SavedDialog {
            call_id: self.call_id.to_string(),
            local: self.local.to_string(),
            remote: self.remote.to_string(),
            contact: self.contact.to_string(),
            local_cseq: self.local_cseq,
            remote_cseq: self.remote_cseq,
            target: self.target.to_string(),
            routes: self.routes.iter().map(NameAddr::to_string).collect(),
            source: source.remote,
            listener: source.local,
        })
    }

    /// Takes back what was recorded; `None` when it cannot be read. Requests that were sent after
    /// it was recorded have had higher numbers: ours go on far above.
    pub(crate) fn restore(saved: &SavedDialog) -> Option<Self> {
        let source = Source {
            transport: Transport::Udp,
            local: saved.listener,
            remote: saved.source,
            flow: None,
        };
        let routes = saved.routes.iter().map(|route| NameAddr::parse(&**route));
        let mut dialog = Self {
            call_id: Text::from(&*saved.call_id),
            local: NameAddr::parse(&*saved.local)?,
            remote: NameAddr::parse(&*saved.remote)?,
            contact: NameAddr::parse(&*saved.contact)?,
            local_cseq: saved.local_cseq.saturating_add(CSEQ_GAP) & 0x7fff_ffff,
            remote_cseq: saved.remote_cseq,
            target: Uri::parse(&*saved.target).ok()?,
            routes: routes.collect::<Option<Vec<_>>>()?,
            peer: Peer::new(source, false),
        };
        dialog.name_peer();
        Some(dialog)
    }
}

/// Requests that a dialog may have sent since it was recorded: ten a second until it is refreshed.
const CSEQ_GAP: u32 = 10_000;
