//! The exchange stops: every call ends with its record, and the parts in order.

use std::time::{Duration, Instant};

use call::CallId;
use tokio::sync::mpsc;

use super::{Input, Switch};

impl Switch {
    /// Ends every call, waits a moment for their records, and stops the parts in order.
    pub(super) async fn stop(&mut self, inputs: &mut mpsc::Receiver<Input>) {
        self.parts
            .vitals
            .stopping
            .store(true, std::sync::atomic::Ordering::Relaxed);
        let now = Instant::now();
        let ids: Vec<CallId> = self.calls.keys().copied().collect();
        for id in ids {
            self.with_machine(now, id, |call| call.handle_shutdown(now));
        }
        self.end_trunks(now);
        self.pump(now);
        let give_up = tokio::time::Instant::now() + GRACE;
        let mut batch = Vec::new();
        while !self.calls.is_empty() {
            tokio::select! {
                input = inputs.recv() => {
                    if let Some(input) = input {
                        self.handle_input(Instant::now(), input);
                    }
                }
                () = self.parts.signalling.receive(&mut batch) => {
                    for received in batch.drain(..) {
                        self.handle_received(Instant::now(), received);
                    }
                }
                () = tokio::time::sleep_until(give_up) => break,
            }
        }
        for (_, live) in std::mem::take(&mut self.calls) {
            self.conclude(*live);
        }
        self.part_with_watchers().await;
        self.write_last_messages();
        self.parts.media.stop();
        self.parts.files.stop();
        // Recordings that the stop has closed still get their rows finished.
        while let Ok(input) = inputs.try_recv() {
            if let Input::File(event) = input {
                self.handle_file(Instant::now(), event);
            }
        }
        // Writes are applied in order: when this one is on disk, all before it are.
        if let Err(error) = self
            .parts
            .store
            .kv_purge(self.parts.clock.unix_micros())
            .await
        {
            tracing::error!(%error, "the last records may be missing");
        }
    }
}

/// How long a stop waits for records.
const GRACE: Duration = Duration::from_secs(3);
