//! The record of a call that was cut: its journal is lived again up to the cut, and ended there.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use call::journal::{Entry, What};
use call::record::{CallRecord, Outcome};
use call::{Call, Event, MailboxChange, Output, RecordingId, Target};
use script::rows;
use serde_json::Value;
use store::{CallBegin, CallEnd, Direction, FinishedCall, JournalLine, MessageRow, RecordingEnd};
use uuid::Uuid;

/// What a journal says of a call that has no record.
#[derive(Debug, PartialEq)]
pub(super) struct CutCall {
    pub(super) record: FinishedCall,
    /// Messages that the caller left or was leaving; those that are stored already among them.
    pub(super) messages: Vec<MessageRow>,
}

/// Lives a call again. `alive` is when the exchange was alive for the last time, `recordings` what
/// was found of those that the call had.
///
/// `None` when the journal is not whole or of another version: then the store closes the call as
/// it is.
pub(super) fn relive(
    begin: &CallBegin,
    journal: &[JournalLine],
    alive: Option<i64>,
    recordings: &HashMap<Uuid, RecordingEnd>,
) -> Option<CutCall> {
    // A call that a defect has cut must not cut every start after it.
    catch_unwind(AssertUnwindSafe(|| {
        let mut past = Past::read(begin, journal)?;
        past.cut(alive, recordings);
        past.tell(recordings)
    }))
    .ok()
    .flatten()
}

/// A call on its way from its first journal line to its record.
struct Past<'b> {
    begin: &'b CallBegin,
    /// Any time will do: the machine only adds to it.
    birth: Instant,
    now: Instant,
    call: Call,
    record: Option<Box<CallRecord>>,
    /// With the time of each.
    messages: Vec<(i64, MailboxChange)>,
    script_error: Option<String>,
    is_cut: bool,
}

impl<'b> Past<'b> {
    fn read(begin: &'b CallBegin, journal: &[JournalLine]) -> Option<Self> {
        let birth = Instant::now();
        let mut past: Option<Self> = None;
        for (line, seq) in journal.iter().zip(0..) {
            if line.seq != seq {
                return None;
            }
            let value: Value = serde_json::from_str(&line.json).ok()?;
            if value.get("what").is_none() {
                // The switch's own remarks between the machine's lines.
                if let (Some(past), Some(fault)) = (&mut past, value["fault"].as_str()) {
                    past.script_error = Some(fault.to_owned());
                }
                continue;
            }
            let entry: Entry = serde_json::from_value(value).ok()?;
            match (&mut past, entry.what) {
                (None, What::Began { setup, options }) => {
                    past = Some(Self {
                        begin,
                        birth,
                        now: birth,
                        call: Call::new(birth, *setup, options),
                        record: None,
                        messages: Vec::new(),
                        script_error: None,
                        is_cut: false,
                    });
                }
                (Some(past), what) => past.live(entry.at, what),
                (None, _) => return None,
            }
        }
        past
    }

    fn live(&mut self, at: Duration, what: What) {
        self.now = self.birth + at;
        let now = self.now;
        match what {
            What::Event(event) => self.call.handle_event(now, event),
            What::Command { request, command } => self.call.handle_command(now, request, *command),
            What::ScriptEnded(ended) => self.call.handle_script_ended(now, ended),
            What::Timer { .. } => self.call.handle_timeout(now),
            What::HungUp { by } => self.call.handle_hang_up(now, by),
            What::Shutdown => self.call.handle_shutdown(now),
            What::Began { .. } | What::Decision { .. } => {}
        }
        self.drain();
    }

    /// Ends the call where the exchange was cut.
    fn cut(&mut self, alive: Option<i64>, recordings: &HashMap<Uuid, RecordingEnd>) {
        if self.record.is_some() {
            return;
        }
        let lived = alive.unwrap_or_default() - self.begin.started_at;
        let lived = Duration::from_micros(u64::try_from(lived).unwrap_or_default());
        self.now = self.now.max(self.birth + lived);
        self.is_cut = true;
        self.call.handle_shutdown(self.now);
        self.drain();
        for (&id, end) in recordings {
            let duration = Duration::from_micros(end.duration.unsigned_abs());
            let closed = Event::RecordingClosed {
                recording: RecordingId(id),
                duration,
                // Nobody has listened for pauses: all of it may be speech.
                speech: duration,
            };
            self.call.handle_event(self.now, closed);
            self.drain();
        }
        for _ in 0..LAST_DEADLINES {
            let Some(due) = self.call.poll_timeout() else {
                break;
            };
            self.call.handle_timeout(due);
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.call.poll_output() {
            match output {
                Output::Mailbox(change @ MailboxChange::Leave { .. }) => {
                    let at = self.now.saturating_duration_since(self.birth);
                    let at = i64::try_from(at.as_micros()).unwrap_or(i64::MAX);
                    self.messages
                        .push((self.begin.started_at.saturating_add(at), change));
                }
                Output::Ended(record) => self.record = Some(record),
                _ => {}
            }
        }
    }

    fn tell(self, recordings: &HashMap<Uuid, RecordingEnd>) -> Option<CutCall> {
        let record = *self.record?;
        let messages: Vec<MessageRow> = self
            .messages
            .into_iter()
            .filter_map(|(at, change)| {
                rows::message(&change, &self.begin.tenant, self.begin.id, at)
            })
            .filter(|message| recordings.contains_key(&message.recording))
            .collect();
        let trunk_out = self.call.legs().iter().find_map(|leg| match leg.target() {
            Some(Target::Trunk { trunk, .. }) => Some(trunk.clone()),
            _ => None,
        });
        let mut begin = self.begin.clone();
        if begin.trunk_in.is_none() && trunk_out.is_some() {
            begin.direction = Direction::Outbound;
        }
        let sip_status = record.sip_status();
        let ended_by = if self.is_cut {
            "system:cut".to_owned()
        } else {
            record.ended_by.clone()
        };
        let result = match record.result {
            // The machine says so of all that the exchange ends; but what was said is kept.
            Outcome::Failed if self.is_cut && !messages.is_empty() => {
                rows::word(&Outcome::LeftMessage)
            }
            result => rows::word(&result),
        };
        let end = CallEnd {
            answered_at: record.answered_at,
            ended_at: record.ended_at,
            ended_by,
            result,
            cause: record.cause.word().to_owned(),
            sip_status,
            q850: record.cause.q850(),
            trunk_out,
            mos_min: None,
            vars: Value::Null,
            script_error: self.script_error,
        };
        Some(CutCall {
            messages,
            record: FinishedCall {
                begin,
                end,
                legs: record.legs.iter().map(rows::leg).collect(),
                segments: rows::segments(&record),
            },
        })
    }
}

/// More deadlines than an ending call has: its recordings', its message's.
const LAST_DEADLINES: usize = 16;

#[cfg(test)]
mod tests;
