//! The dialogs of calls that stand: what is to be known so that phones that still talk after a crash
//! hear that nobody is there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sip::{Reason, SavedDialog};
use store::JournalLine;

use crate::switch::Switch;
use crate::switch::live::Live;

/// [`SavedDialog`] as it is written.
#[derive(Deserialize, Serialize)]
struct Kept {
    call_id: String,
    local: String,
    remote: String,
    contact: String,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    target: String,
    routes: Vec<String>,
    source: SocketAddr,
    listener: SocketAddr,
}

impl Switch {
    /// Writes down the dialog of each leg that stands, once, and again when its phone has moved.
    pub(in crate::switch) fn note_dialogs(&self, now: Instant, live: &mut Live) {
        let mut lines: Vec<Value> = Vec::new();
        for leg in &mut live.legs {
            let Some(session) = leg
                .up
                .filter(|up| leg.answered && leg.told.dialog != Some(*up))
            else {
                continue;
            };
            if let Some(saved) = self.endpoint.save_call(session) {
                leg.told.dialog = Some(session);
                lines.push(json!({ "dialog": Kept::from(saved) }));
            }
        }
        for line in lines {
            live.note(now, &line);
        }
    }

    /// Hangs up the calls that the last run was cut in: what came by connections has noticed itself.
    pub(in crate::switch) fn end_left_over(&mut self, now: Instant) {
        let left_over = std::mem::take(&mut self.parts.left_over);
        if left_over.is_empty() {
            return;
        }
        tracing::info!(
            legs = left_over.len(),
            "phones of calls that were cut are told that they are over"
        );
        let reason = Reason {
            protocol: "Q.850".into(),
            cause: Some(41),
            text: Some("The exchange was restarted".into()),
        };
        for saved in &left_over {
            self.endpoint.end_left_over(now, saved, &reason);
        }
    }
}

/// The dialogs that stood at the end of a journal, each as it was written last.
pub(crate) fn left_over(journal: &[JournalLine]) -> Vec<SavedDialog> {
    let mut last = BTreeMap::new();
    for line in journal {
        if !line.json.starts_with("{\"dialog\":") {
            continue;
        }
        let value = serde_json::from_str::<Value>(&line.json).unwrap_or_default();
        if let Ok(kept) = Kept::deserialize(&value["dialog"]) {
            last.insert((kept.call_id.clone(), kept.local.clone()), kept.into());
        }
    }
    last.into_values().collect()
}

impl From<SavedDialog> for Kept {
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

impl From<Kept> for SavedDialog {
    fn from(kept: Kept) -> Self {
        Self {
            call_id: kept.call_id,
            local: kept.local,
            remote: kept.remote,
            contact: kept.contact,
            local_cseq: kept.local_cseq,
            remote_cseq: kept.remote_cseq,
            target: kept.target,
            routes: kept.routes,
            source: kept.source,
            listener: kept.listener,
        }
    }
}
