//! A call's life between script, machine and store: commands, journal, record.

use std::time::{Duration, Instant};

use call::journal::Entry;
use call::record::{CallRecord, Outcome};
use call::{CallId, Cause, Command, Ended, LegId, Reply, RequestId};
use script::{Place, ScriptEnd, rows};
use serde_json::json;
use store::{CallBegin, CallEnd, Direction, FinishedCall, JournalLine, LegRow};
use tokio::sync::oneshot;
use web::News;

use super::live::{Leg, Live};
use super::{Errand, Switch};

impl Switch {
    /// A script asks something of its call.
    pub(super) fn handle_ask(
        &mut self,
        now: Instant,
        call: CallId,
        place: &Place,
        command: Command,
        answer: oneshot::Sender<Reply>,
    ) {
        self.with_call(now, call, |_, live| {
            let request = RequestId(live.next_request);
            live.next_request += 1;
            live.replies.insert(request, (command.method(), answer));
            let line = json!({
                "script": { "file": &*place.file, "line": place.line, "method": command.method(),
                            "request": request.0, "generation": place.generation },
            });
            live.note(now, &line);
            live.call.handle_command(now, request, command);
        });
    }

    pub(super) fn handle_script_ended(&mut self, now: Instant, call: CallId, end: ScriptEnd) {
        self.with_call(now, call, |switch, live| match end {
            ScriptEnd::Returned { vars } => {
                live.vars = vars;
                live.call.handle_script_ended(now, Ended::Returned);
            }
            ScriptEnd::Failed(fault) => {
                tracing::error!(
                    context = live.setup.context,
                    "the script failed, the caller gets the fallback\n{}",
                    fault.report
                );
                switch.parts.meters.calls_failed_by_script.increment(1);
                live.note(now, &json!({ "fault": &fault.report }));
                live.script_error = Some(fault.message.clone());
                switch.parts.scripts.event(
                    &live.setup.tenant,
                    "script.failed",
                    json!({ "call": call.to_string(), "error": &fault.message }),
                );
                let message = fault.message;
                live.call
                    .handle_script_ended(now, Ended::Failed { message });
            }
        });
    }

    pub(super) fn keep_vars(&mut self, call: CallId, vars: serde_json::Value) {
        if let Some(live) = self.calls.get_mut(&call) {
            live.vars = vars;
        }
    }

    /// Tells the store that a call began, so that a cut one has a record.
    pub(super) fn begin_record(&self, live: &Live) {
        let begin = self.beginning(live);
        let news = News::CallStarted {
            direction: begin.direction.word(),
            from: begin.from_raw.clone(),
            from_number: begin.from_number.clone(),
            to: begin.to.clone(),
            user: begin.user.clone(),
        };
        let setup = &live.setup;
        let scripts = &self.parts.scripts;
        scripts.live_event(&setup.tenant, "call.started", || {
            script::told::started(setup)
        });
        self.tell(&setup.tenant, Some(live.id()), news);
        self.parts.store.begin_call(begin).forget();
    }

    pub(super) fn note(&self, live: &mut Live, entry: &Entry) {
        live.push(entry.at, entry);
    }

    pub(super) fn write_journal(&mut self, live: &mut Live) {
        self.journal_messages(live);
        if live.journal.is_empty() {
            return;
        }
        let lines = std::mem::take(&mut live.journal);
        let (tenant, id) = (&*live.setup.tenant.0, live.setup.id.0);
        self.parts.store.append_journal(tenant, id, lines).forget();
    }

    /// The machine has ended: legs are let go, and the record waits a moment for their quality.
    pub(super) fn finish(&mut self, now: Instant, live: &mut Live, record: Box<CallRecord>) {
        let ids: Vec<LegId> = live
            .legs
            .iter()
            .filter(|leg| !leg.over && !leg.is_moving)
            .map(|leg| leg.id)
            .collect();
        for leg in ids {
            self.release(now, live, leg, record.cause, false);
        }
        self.errands.extend(live.over_beside());
        if let Some(callback) = live.calls_back {
            let tenant = live.setup.tenant.clone();
            self.errands
                .push_back(Errand::CallbackOver(tenant, callback));
        }
        live.replies.clear();
        live.ended = Some(record);
        live.end_by = Some(now + LAST_WORDS);
    }

    /// Writes the record and forgets the call.
    pub(super) fn conclude(&mut self, mut live: Live) {
        self.forget_names(&live);
        self.write_journal(&mut live);
        self.end_sip_log(Instant::now(), &live);
        let Some(record) = live.ended.take() else {
            return;
        };
        self.spend_time(&live, &record);
        let finished = FinishedCall {
            begin: self.beginning(&live),
            end: ending(&live, &record),
            legs: record.legs.iter().map(|leg| leg_row(&live, leg)).collect(),
            segments: rows::segments(&record),
        };
        for mos in live.legs.iter().filter_map(|leg| leg.quality.as_ref()?.mos) {
            self.parts.meters.mos.record(f64::from(mos));
        }
        tracing::info!(
            tenant = %live.setup.tenant,
            result = outcome_word(record.result), by = record.ended_by, cause = record.cause.word(),
            seconds = (record.ended_at - record.started_at) / 1_000_000, "call ended"
        );
        // Those who must be told in any case are told by the records.
        self.parts
            .scripts
            .event(&live.setup.tenant, "call.ended", finished.told());
        let news = News::CallEnded {
            result: finished.end.result.clone(),
            cause: finished.end.cause.clone(),
            ended_by: finished.end.ended_by.clone(),
            answered: finished.end.answered_at.is_some(),
            duration_ms: (record.ended_at - record.started_at) / 1_000,
        };
        self.count_call(&live.setup.tenant, &finished);
        let back = self.calls_back(&live, &finished);
        self.parts.store.finish_call(finished).forget();
        if let Some(back) = back {
            let tenant = &live.setup.tenant.0;
            self.parts.store.called_back(tenant, back).forget();
        }
        self.tell(&live.setup.tenant, Some(live.id()), news);
    }

    /// Ends a call whose handling panicked: its sessions, its sound, its script, its record.
    pub(super) fn bury(&mut self, now: Instant, mut live: Live) {
        let id = live.id();
        self.parts.scripts.hang_up(id);
        self.forget_on_floor(now, &live);
        let record = Box::new(CallRecord {
            id,
            started_at: live.setup.started_at,
            answered_at: None,
            ended_at: live.setup.started_at + micros(now.saturating_duration_since(live.born)),
            ended_by: "system:defect".to_owned(),
            result: Outcome::Failed,
            cause: Cause::Failure,
            legs: Vec::new(),
            segments: Vec::new(),
            goes_on_in: None,
        });
        self.finish(now, &mut live, record);
        self.conclude(live);
    }

    fn forget_names(&mut self, live: &Live) {
        self.note_supervision(live);
        self.forget_lamps(Instant::now(), live);
        if let Some(due) = live.due {
            self.timers.remove(&(due, live.setup.id));
        }
        for leg in &live.legs {
            for session in &leg.sessions {
                self.sessions.remove(session);
            }
            if let Some(sound) = &leg.sound {
                // Still there only when a media thread has not kept up.
                if self.legs.remove(&sound.key).is_some() {
                    self.close_port(live.thread, sound);
                }
            }
        }
        for recording in &live.recordings {
            self.recordings.remove(&recording.key);
        }
        for line in live.legs.iter().filter_map(|leg| leg.line.as_ref()) {
            self.trunks.free(line);
        }
        if let Some((tenant, place)) = self.lot.forget(live.setup.id) {
            self.light_place(&tenant, &place, false);
        }
        self.forget_in_rooms(live);
    }

    pub(super) fn beginning(&self, live: &Live) -> CallBegin {
        let setup = &live.setup;
        let direction = if setup.trunk.is_some() {
            Direction::Inbound
        } else if live.trunk_out.is_some() {
            Direction::Outbound
        } else {
            Direction::Internal
        };
        CallBegin {
            id: setup.id.0,
            tenant: setup.tenant.to_string(),
            node: self.parts.node.clone(),
            direction,
            from_raw: setup.from_raw.clone(),
            from_number: setup.from.clone(),
            from_name: setup.from_name.clone(),
            to: live.dialled().to_owned(),
            context: setup.context.clone(),
            user: setup.calling_user().map(str::to_owned),
            trunk_in: setup.trunk.clone(),
            generation: i64::try_from(live.generation).ok(),
            started_at: setup.started_at,
        }
    }
}

impl Live {
    /// The number that was dialled. What a code has dialled for somebody (`*870` the last number again) is a call to that
    /// number, as if they had dialled it.
    fn dialled(&self) -> &str {
        let is_code = |to: &str| to.starts_with(['*', '#']);
        let now = self.call.setup();
        let is_handed_on = is_code(&self.setup.to) && !is_code(&now.to);
        match is_handed_on && now.transferred_by.is_none() {
            true => &now.to,
            false => &self.setup.to,
        }
    }

    /// What the record keeps of its script's variables, and of what users have marked it with.
    fn told_vars(&self) -> serde_json::Value {
        let mut vars = self.vars.clone();
        if !self.tags.is_empty() {
            if vars.is_null() {
                vars = json!({});
            }
            if let Some(vars) = vars.as_object_mut() {
                vars.insert("tags".to_owned(), json!(self.tags));
            }
        }
        vars
    }

    /// Puts a line of the switch's own into the journal.
    pub(super) fn note(&mut self, now: Instant, line: &serde_json::Value) {
        self.push(now.saturating_duration_since(self.born), line);
    }

    /// What a method has returned, where it is more than that it is done.
    pub(super) fn note_reply(
        &mut self,
        now: Instant,
        request: RequestId,
        method: &str,
        reply: &Reply,
    ) {
        let result = match reply {
            Reply::Done | Reply::Key(None) => return,
            Reply::Key(Some(key)) => format!("\"{key}\""),
            Reply::Digits(Ok(digits)) => format!("\"{digits}\""),
            Reply::Recording(Ok(recorded)) => format!("{:.1} s", recorded.duration.as_secs_f64()),
            Reply::Leg(Ok(parted)) => {
                let talked = parted.talked.as_secs_f64();
                format!("talked {talked:.1} s with {}", parted.target)
            }
            Reply::Message(Some(left)) => {
                format!("a message of {:.1} s", left.duration.as_secs_f64())
            }
            Reply::Message(None) => "no message".to_owned(),
            Reply::TakenOut(Some(key)) => format!("nil, \"left\", \"{key}\""),
            Reply::TakenOut(None) => "nil, \"left\"".to_owned(),
            Reply::Right(Ok(())) => "true".to_owned(),
            Reply::Room(Ok(time)) => format!("in the room for {:.1} s", time.as_secs_f64()),
            Reply::Supervised(Ok(time)) => {
                format!("has supervised for {:.1} s", time.as_secs_f64())
            }
            Reply::Supervised(Err(why)) => format!("nil, \"{why}\""),
            Reply::Digits(Err(why))
            | Reply::Room(Err(why))
            | Reply::Recording(Err(why))
            | Reply::Leg(Err(why))
            | Reply::Right(Err(why)) => {
                format!("nil, \"{}\"", why.word())
            }
            Reply::Mistake(sentence) => format!("error: {sentence}"),
        };
        let line = json!({
            "reply": { "request": request.0, "method": method, "result": result },
        });
        self.note(now, &line);
    }

    /// Puts a line into the journal, unless it has become too long.
    pub(super) fn push(&mut self, at: Duration, line: &impl serde::Serialize) {
        if self.journal_lines >= MOST_LINES {
            return;
        }
        let Ok(json) = serde_json::to_string(line) else {
            return;
        };
        self.journal.push(JournalLine {
            seq: self.journal_lines,
            at: micros(at),
            json,
        });
        self.journal_lines += 1;
    }
}

fn ending(live: &Live, record: &CallRecord) -> CallEnd {
    let mos_min = live
        .legs
        .iter()
        .filter_map(|leg| leg.quality.as_ref()?.mos_min)
        .fold(None, |least: Option<f32>, mos| {
            Some(least.map_or(mos, |least| least.min(mos)))
        });
    CallEnd {
        answered_at: record.answered_at,
        ended_at: record.ended_at,
        ended_by: record.ended_by.clone(),
        result: outcome_word(record.result).to_owned(),
        cause: record.cause.word().to_owned(),
        sip_status: record.sip_status(),
        q850: record.cause.q850(),
        trunk_out: live.trunk_out.clone(),
        mos_min: mos_min.map(f64::from),
        vars: live.told_vars(),
        script_error: live.script_error.clone(),
    }
}

fn leg_row(live: &Live, record: &call::record::LegRecord) -> LegRow {
    let leg: Option<&Leg> = live.legs.iter().find(|leg| leg.id == record.leg);
    let codec = leg
        .and_then(Leg::codec)
        .map(|codec| format!("{codec:?}").to_lowercase());
    LegRow {
        user_agent: leg.and_then(|leg| leg.user_agent.clone()),
        codec,
        quality: leg
            .and_then(|leg| leg.quality.as_ref())
            .map(|quality| store::Quality {
                received: quality.received,
                lost: quality.lost,
                jitter: u32::try_from(quality.jitter.as_micros()).unwrap_or(u32::MAX),
                round_trip: quality
                    .round_trip
                    .map(|trip| u32::try_from(trip.as_micros()).unwrap_or(u32::MAX)),
                mos: quality.mos.map(f64::from),
            }),
        ..rows::leg(record)
    }
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::RangOut => "rang_out",
        Outcome::AbandonedRinging => "abandoned_ringing",
        Outcome::AbandonedInQueue => "abandoned_in_queue",
        Outcome::QueueTimeout => "queue_timeout",
        Outcome::LeftMessage => "left_message",
        Outcome::EndedInMenu => "ended_in_menu",
        Outcome::Refused => "refused",
        Outcome::Unreachable => "unreachable",
        Outcome::NoCapacity => "no_capacity",
        Outcome::Blacklisted => "blacklisted",
        Outcome::TooManyCalls => "too_many_calls",
        Outcome::Transferred => "transferred",
        Outcome::Failed => "failed",
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Lines of one call's journal: a day in a queue, and no phone that sends keys without end.
const MOST_LINES: u32 = 50_000;
/// How long a record waits for the last words of media threads and files.
const LAST_WORDS: Duration = Duration::from_secs(2);
