//! Recordings: a machine's wishes, a media thread's samples, a file and a row.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use call::{CallId, Event, LegId, Purpose, RecordingId, TenantId};
use jiff::Timestamp;
use media::{Command, RecordingKey};
use net::FileEvent;
use store::{RecordingEnd, RecordingRow};
use web::News;

use super::Switch;
use super::live::Live;

/// One recording of a live call.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) id: RecordingId,
    pub(crate) key: RecordingKey,
    /// Of a conversation, not a message or a greeting.
    is_conversation: bool,
    discard: bool,
    /// What the board has counted, once it has closed.
    counted: Option<Counted>,
    /// What became of the file.
    file: Option<Result<u64, String>>,
}

#[derive(Clone, Copy, Debug)]
struct Counted {
    duration: Duration,
    speech: Duration,
    lost: u64,
}

impl Recording {
    /// Nothing more will be heard of it.
    pub(crate) fn is_closed(&self) -> bool {
        self.counted.is_some() && self.file.is_some()
    }

    /// It records what the parties of a call say to each other, and goes on.
    pub(crate) fn runs_for_conversation(&self) -> bool {
        self.is_conversation && self.counted.is_none()
    }

    /// Its file could not be written.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.file, Some(Err(_)))
    }
}

impl Switch {
    pub(super) fn start_recording(
        &mut self,
        live: &mut Live,
        id: RecordingId,
        [left, right]: [Option<LegId>; 2],
        stereo: bool,
        silence: Duration,
        purpose: Purpose,
    ) {
        let key = RecordingKey(self.next_key());
        let channels = if stereo { 2 } else { 1 };
        let wide = left
            .and_then(|leg| live.leg(leg))
            .is_some_and(|leg| leg.clip_rate() > 8_000);
        let rate = if wide { 16_000 } else { 8_000 };
        let path = self.recording_path(&live.setup.tenant, id);
        let relative = path
            .strip_prefix(&self.parts.recordings)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        self.parts
            .store
            .begin_recording(RecordingRow {
                id: id.0,
                tenant: live.setup.tenant.to_string(),
                call_id: live.setup.id.0,
                node: self.parts.node.clone(),
                path: relative,
                channels,
                rate,
                started_at: self.parts.clock.unix_micros(),
                purpose: purpose_word(purpose).to_owned(),
                end: None,
            })
            .forget();
        let sink = self.parts.files.open(key, path, channels, rate);
        let command = Command::StartRecording {
            recording: key,
            stereo,
            rate,
            sink,
            silence,
        };
        self.parts.media.command(live.thread, command);
        self.recordings.insert(key, live.id());
        live.recordings.push(Recording {
            id,
            key,
            is_conversation: matches!(purpose, Purpose::Call | Purpose::Script),
            discard: false,
            counted: None,
            file: None,
        });
        self.move_recording(live, id, [left, right]);
    }

    pub(super) fn move_recording(
        &self,
        live: &mut Live,
        id: RecordingId,
        [left, right]: [Option<LegId>; 2],
    ) {
        let Some(recording) = live
            .recordings
            .iter()
            .find(|one| one.id == id)
            .map(|one| one.key)
        else {
            return;
        };
        let mut key =
            |leg: Option<LegId>| leg.and_then(|leg| live.leg(leg)).and_then(|leg| leg.key());
        let (left, right) = (key(left), key(right));
        let command = Command::RecordLegs {
            recording,
            left,
            right,
        };
        self.parts.media.command(live.thread, command);
    }

    /// What a leg hears in its room, or of two others, is recorded right.
    pub(super) fn record_room(&self, live: &mut Live, id: RecordingId, leg: LegId) {
        let mut recordings = live.recordings.iter();
        let found = recordings.find(|one| one.id == id).map(|one| one.key);
        let leg = live.leg(leg).and_then(|leg| leg.key());
        if let (Some(recording), Some(leg)) = (found, leg) {
            let command = Command::RecordRoom { recording, leg };
            self.parts.media.command(live.thread, command);
        }
    }

    pub(super) fn stop_recording(&self, live: &mut Live, id: RecordingId, discard: bool) {
        let thread = live.thread;
        let tenant = live.setup.tenant.clone();
        let Some(recording) = live.recordings.iter_mut().find(|one| one.id == id) else {
            return;
        };
        recording.discard |= discard;
        if recording.is_closed() {
            self.throw_away(&tenant, id);
            return;
        }
        let recording = recording.key;
        self.parts
            .media
            .command(thread, Command::StopRecording { recording });
    }

    /// The board has closed a recording.
    pub(super) fn handle_recording_closed(
        &mut self,
        now: Instant,
        key: RecordingKey,
        duration: Duration,
        speech: Duration,
        lost: u64,
    ) {
        let counted = Counted {
            duration,
            speech,
            lost,
        };
        self.with_recording(now, key, |recording| recording.counted = Some(counted));
    }

    /// The file is complete, or has failed.
    pub(super) fn handle_file(&mut self, now: Instant, event: FileEvent) {
        let (key, outcome) = match event {
            FileEvent::Closed { recording, bytes } => (recording, Ok(bytes)),
            FileEvent::Failed { recording, why } => {
                tracing::error!(why, "a recording cannot be written; its call goes on");
                self.parts.meters.recordings_failed.increment(1);
                (recording, Err(why))
            }
        };
        self.with_recording(now, key, |recording| recording.file = Some(outcome));
    }

    fn with_recording(
        &mut self,
        now: Instant,
        key: RecordingKey,
        note: impl FnOnce(&mut Recording),
    ) {
        let Some(&call) = self.recordings.get(&key) else {
            return;
        };
        self.with_call(now, call, |switch, live| {
            let tenant = live.setup.tenant.clone();
            let Some(recording) = live.recordings.iter_mut().find(|one| one.key == key) else {
                return;
            };
            note(recording);
            if let Some(file) = &recording.file {
                switch.reconciled.note_file(&tenant.0, file.is_ok());
            }
            let (Some(counted), Some(file)) = (recording.counted, &recording.file) else {
                return;
            };
            let id = recording.id;
            let told = recording.is_conversation.then_some(call);
            switch.recordings.remove(&key);
            if recording.discard {
                switch.throw_away(&tenant, id);
            } else {
                let end = RecordingEnd {
                    duration: counted.duration.as_micros() as i64,
                    bytes: file.as_ref().copied().unwrap_or(0),
                    sha256: None,
                    lost: file.is_err() || counted.lost > 0,
                };
                switch.finish_recording(&tenant, id, end, file.is_ok(), told);
            }
            live.echoes.push_back(Event::RecordingClosed {
                recording: id,
                duration: counted.duration,
                speech: counted.speech,
            });
        });
    }

    /// Ends a recording's row, with the checksum of its file where there is one, and tells
    /// listeners where it is of a call's conversation.
    fn finish_recording(
        &self,
        tenant: &TenantId,
        id: RecordingId,
        mut end: RecordingEnd,
        is_whole: bool,
        told: Option<CallId>,
    ) {
        let (store, tenant) = (self.parts.store.clone(), tenant.clone());
        if !is_whole {
            store.finish_recording(&tenant.0, id.0, end).forget();
            return;
        }
        let path = self.recording_path(&tenant, id);
        let (events, clock) = (self.parts.events.clone(), self.parts.clock.clone());
        let news = News::RecordingFinished {
            id: id.0,
            duration_ms: end.duration / 1_000,
            lost: end.lost,
        };
        let of = tenant.clone();
        let mut finish = move || {
            match crate::checksum::sha256_of(&path) {
                Ok(sum) => end.sha256 = Some(sum),
                Err(error) => {
                    tracing::error!(%error, path = %path.display(), "no checksum of a recording");
                }
            }
            store.finish_recording(&tenant.0, id.0, end)
        };
        if self.parts.vitals.stopping.load(Ordering::Relaxed) {
            // Nobody would wait for another thread any more.
            finish().forget();
            return;
        }
        tokio::spawn(async move {
            let Ok(stored) = tokio::task::spawn_blocking(finish).await else {
                return;
            };
            match (stored.await, told) {
                (Ok(()), Some(call)) => {
                    events.publish(&of.0, clock.unix_micros(), Some(call.0), news);
                }
                (Ok(()), None) => {}
                (Err(error), _) => tracing::warn!(%error, "a recording's row stays open"),
            }
        });
    }

    /// Where a recording's file is: by tenant and the day in its id.
    pub(super) fn recording_path(&self, tenant: &TenantId, id: RecordingId) -> PathBuf {
        recording_path(&self.parts.recordings, tenant, id)
    }

    fn throw_away(&self, tenant: &TenantId, id: RecordingId) {
        let path = self.recording_path(tenant, id);
        self.parts.store.delete_recording(&tenant.0, id.0).forget();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::warn!(%error, path = %path.display(), "cannot remove a recording");
            }
        });
    }
}

/// `recordings/8001/2026-11-22/ID.wav`.
pub(crate) fn recording_path(
    root: &std::path::Path,
    tenant: &TenantId,
    id: RecordingId,
) -> PathBuf {
    let seconds =
        id.0.get_timestamp()
            .map_or(0, |stamp| stamp.to_unix().0 as i64);
    let day = Timestamp::from_second(seconds)
        .unwrap_or_default()
        .strftime("%Y-%m-%d")
        .to_string();
    root.join(&*tenant.0).join(day).join(format!("{id}.wav"))
}

pub(super) fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Call => "call",
        Purpose::Script => "script",
        Purpose::Message => "message",
        Purpose::Greeting => "greeting",
        Purpose::Whisper => "whisper",
    }
}
