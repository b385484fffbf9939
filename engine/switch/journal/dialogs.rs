//! The dialogs of calls that stand: what is to be known so that phones that still talk after a crash
//! hear that nobody is there.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};
use sip::{Reason, SavedDialog};
use store::JournalLine;

use crate::switch::Switch;
use crate::switch::live::Live;
use crate::switch::written_dialog::WrittenDialog;

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
                lines.push(json!({ "dialog": WrittenDialog::from(saved) }));
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
        if let Ok(kept) = WrittenDialog::deserialize(&value["dialog"]) {
            last.insert((kept.call_id.clone(), kept.local.clone()), kept.into());
        }
    }
    last.into_values().collect()
}
