//! The SIP messages of each call: when, which way, with whom, and what; never what stands in them.
//!
//! They are kept as they pass by and written as one line of the journal a second, so that a message
//! costs a look at its head and no write of its own. A call keeps [`MOST`] of them.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use call::{CallId, LegId, TenantId};
use serde_json::{Value, json};
use sip::{Glance, Method, Route, Source, Transport};
use store::JournalLine;

use crate::switch::Switch;
use crate::switch::live::Live;

/// The messages of calls that are up, or were until a moment ago.
#[derive(Debug, Default)]
pub(in crate::switch) struct SipLog {
    calls: HashMap<CallId, Kept>,
    /// Whose messages have this Call-ID.
    names: HashMap<Box<[u8]>, (CallId, LegId)>,
    /// INVITEs, and what was answered at once, of which no call has been made yet; a few.
    unclaimed: VecDeque<(Box<[u8]>, Seen)>,
    /// Calls that are over; what comes late is written when their time has come.
    parting: VecDeque<(Instant, CallId)>,
}

/// The messages of one call.
#[derive(Debug)]
struct Kept {
    tenant: TenantId,
    born: Instant,
    /// Not yet written.
    seen: Vec<(LegId, Seen)>,
    /// Of all, written or not.
    count: usize,
    /// The last of them, so that repetitions are noticed.
    recent: VecDeque<u64>,
    /// Those that were too many.
    skipped: u64,
    names: Vec<Box<[u8]>>,
    /// The number of the journal's next line, once the call is over.
    next_line: Option<u32>,
}

/// One message that has passed by.
#[derive(Clone, Debug)]
struct Seen {
    at: Instant,
    is_sent: bool,
    status: Option<u16>,
    method: Method,
    number: u32,
    has_sdp: bool,
    peer: (Transport, SocketAddr),
    /// The same has passed by before: a repetition.
    is_again: bool,
}

impl SipLog {
    /// The messages of a call are kept from now on.
    fn open(&mut self, live: &Live) {
        let kept = Kept {
            tenant: live.setup.tenant.clone(),
            born: live.born,
            seen: Vec::new(),
            count: 0,
            recent: VecDeque::new(),
            skipped: 0,
            names: Vec::new(),
            next_line: None,
        };
        self.calls.insert(live.id(), kept);
    }

    fn note(&mut self, call: CallId, leg: LegId, mut seen: Seen) {
        let Some(kept) = self.calls.get_mut(&call) else {
            return;
        };
        kept.count += 1;
        if kept.count > MOST {
            kept.skipped += 1;
            return;
        }
        let likeness = seen.likeness(leg);
        seen.is_again = kept.recent.contains(&likeness);
        if kept.recent.len() >= LOOKED_BACK {
            kept.recent.pop_front();
        }
        kept.recent.push_back(likeness);
        kept.seen.push((leg, seen));
    }

    /// Messages with this Call-ID are a leg's, those that have passed by already among them.
    fn claim(&mut self, call_id: &[u8], call: CallId, leg: LegId) {
        let name: Box<[u8]> = call_id.into();
        if let Some(kept) = self.calls.get_mut(&call)
            && !kept.names.contains(&name)
        {
            kept.names.push(name.clone());
        }
        self.names.insert(name, (call, leg));
        let unclaimed = std::mem::take(&mut self.unclaimed);
        for (name, seen) in unclaimed {
            match *name == *call_id {
                true => self.note(call, leg, seen),
                false => self.unclaimed.push_back((name, seen)),
            }
        }
    }

    /// What was not written yet, as one line of the journal: its time, and what it says.
    fn take(&mut self, call: CallId) -> Option<(Duration, Value)> {
        let kept = self.calls.get_mut(&call)?;
        let seen = std::mem::take(&mut kept.seen);
        let skipped = std::mem::take(&mut kept.skipped);
        if seen.is_empty() && skipped == 0 {
            return None;
        }
        let born = kept.born;
        let last = seen.last();
        let last = last.map(|(_, last)| last.at.saturating_duration_since(born));
        let mut peers: Vec<(Transport, SocketAddr)> = Vec::new();
        let messages: Vec<Value> = seen
            .iter()
            .map(|(leg, seen)| {
                let known = peers.iter().position(|peer| *peer == seen.peer);
                let peer = known.unwrap_or_else(|| {
                    peers.push(seen.peer);
                    peers.len() - 1
                });
                seen.written(*leg, born, peer)
            })
            .collect();
        let peers: Vec<String> = peers
            .iter()
            .map(|(transport, peer)| format!("{peer}/{}", transport.via_name().to_lowercase()))
            .collect();
        let mut line = json!({ "peers": peers, "messages": messages });
        if skipped > 0 {
            line["skipped"] = skipped.into();
        }
        Some((last.unwrap_or_default(), json!({ "sip": line })))
    }

    /// A call is over, and its journal ends before this line; what is late is to come.
    fn part(&mut self, now: Instant, call: CallId, next_line: u32) {
        if let Some(kept) = self.calls.get_mut(&call) {
            kept.next_line = Some(next_line);
            self.parting.push_back((now + LATE, call));
        }
    }

    /// The next call whose last messages have had their time.
    fn pop_parted(&mut self, now: Instant) -> Option<(CallId, TenantId, Option<JournalLine>)> {
        let (due, call) = *self.parting.front()?;
        if due > now {
            return None;
        }
        self.parting.pop_front();
        let line = self.take(call);
        let kept = self.calls.remove(&call)?;
        for name in &kept.names {
            if self.names.get(name).is_some_and(|(of, _)| *of == call) {
                self.names.remove(name);
            }
        }
        let line = line.and_then(|(at, line)| {
            Some(JournalLine {
                seq: kept.next_line?,
                at: micros(at),
                json: line.to_string(),
            })
        });
        Some((call, kept.tenant, line))
    }
}

impl Seen {
    /// The same for a message and its repetition.
    fn likeness(&self, leg: LegId) -> u64 {
        let mut hasher = DefaultHasher::new();
        (leg, self.is_sent, self.number, self.status, self.peer).hash(&mut hasher);
        self.method.as_bytes().hash(&mut hasher);
        hasher.finish()
    }

    fn written(&self, leg: LegId, born: Instant, peer: usize) -> Value {
        // A password was asked for before the call was made.
        let at = match born.checked_duration_since(self.at) {
            Some(before) => -micros(before),
            None => micros(self.at.saturating_duration_since(born)),
        };
        let what = match self.status {
            Some(status) => format!("{status} {}", self.method),
            None => self.method.to_string(),
        };
        let way = if self.is_sent { "out" } else { "in" };
        let mut line = json!({ "at": at, "leg": leg.0, way: what, "peer": peer });
        if self.has_sdp {
            line["sdp"] = true.into();
        }
        if self.is_again {
            line["again"] = true.into();
        }
        line
    }
}

impl Switch {
    /// A message has come.
    pub(in crate::switch) fn log_received(&mut self, now: Instant, source: Source, octets: &[u8]) {
        self.log_message(now, false, (source.transport, source.remote), octets);
    }

    /// A message leaves.
    pub(in crate::switch) fn log_sent(&mut self, now: Instant, route: &Route, octets: &[u8]) {
        self.log_message(now, true, (route.transport, route.remote), octets);
    }

    /// A call has come in: its INVITE is the first of its messages.
    pub(in crate::switch) fn begin_sip_log(&mut self, live: &Live, call_id: &[u8]) {
        self.sip_log.open(live);
        self.sip_log.claim(call_id, live.id(), LegId::CALLER);
    }

    /// Puts the messages of a call into its journal.
    pub(in crate::switch) fn journal_messages(&mut self, live: &mut Live) {
        if let Some((at, line)) = self.sip_log.take(live.id()) {
            live.push(at, &line);
        }
    }

    /// A call's journal ends; what is still said about it is added to its end.
    pub(in crate::switch) fn end_sip_log(&mut self, now: Instant, live: &Live) {
        self.sip_log.part(now, live.id(), live.journal_lines);
    }

    /// Writes what came after calls' ends, once nothing more is to be expected.
    pub(in crate::switch) fn write_late_messages(&mut self, now: Instant) {
        while let Some((call, tenant, line)) = self.sip_log.pop_parted(now) {
            if let Some(line) = line {
                let lines = vec![line];
                self.parts
                    .store
                    .append_journal(&tenant.0, call.0, lines)
                    .forget();
            }
        }
    }

    /// The same for all at once: the exchange stops.
    pub(in crate::switch) fn write_last_messages(&mut self) {
        self.write_late_messages(Instant::now() + LATE);
    }

    fn log_message(
        &mut self,
        now: Instant,
        is_sent: bool,
        peer: (Transport, SocketAddr),
        octets: &[u8],
    ) {
        let Some(glance) = Glance::at(octets) else {
            return;
        };
        let call_id = glance.call_id;
        let session = self.endpoint.session_with(call_id);
        let current = session.and_then(|session| self.sessions.get(&session).copied());
        let known = self.sip_log.names.get(call_id).copied();
        let seen = Seen {
            at: now,
            is_sent,
            status: glance.status,
            number: glance.number,
            has_sdp: glance.has_sdp,
            method: glance.method,
            peer,
            is_again: false,
        };
        match current.or(known) {
            Some((call, leg)) => {
                // A call that the exchange makes itself begins with its first message.
                if !self.sip_log.calls.contains_key(&call)
                    && let Some(live) = self.calls.get(&call)
                {
                    self.sip_log.open(live);
                }
                if known != Some((call, leg)) {
                    self.sip_log.claim(call_id, call, leg);
                }
                self.sip_log.note(call, leg, seen);
            }
            // It may be the beginning of a call.
            None if matches!(seen.method, Method::Invite | Method::Ack) => {
                let unclaimed = &mut self.sip_log.unclaimed;
                if unclaimed.len() >= MOST_UNCLAIMED {
                    unclaimed.pop_front();
                }
                unclaimed.push_back((call_id.into(), seen));
            }
            None => {}
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Messages that are kept of one call: some thirty are a call with a transfer.
const MOST: usize = 300;
/// Messages among which a repetition finds what it repeats.
const LOOKED_BACK: usize = 32;
/// INVITEs and their first answers that wait for a call; strangers' are among them.
const MOST_UNCLAIMED: usize = 8;
/// How long the last messages of a call may take: its BYE is repeated a few times.
const LATE: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: Instant, is_sent: bool, status: Option<u16>, number: u32) -> Seen {
        Seen {
            at,
            is_sent,
            status,
            method: Method::Invite,
            number,
            has_sdp: number == 2,
            peer: (Transport::Udp, ([192, 0, 2, 1], 5060).into()),
            is_again: false,
        }
    }

    fn log(born: Instant) -> (SipLog, CallId) {
        let (mut log, call) = (SipLog::default(), CallId::new(1, [7; 10]));
        let kept = Kept {
            tenant: "8001".into(),
            born,
            seen: Vec::new(),
            count: 0,
            recent: VecDeque::new(),
            skipped: 0,
            names: Vec::new(),
            next_line: None,
        };
        log.calls.insert(call, kept);
        (log, call)
    }

    #[test]
    fn what_came_before_the_call_was_made_is_among_its_messages() {
        let born = Instant::now();
        let (mut log, call) = log(born);
        log.unclaimed
            .push_back((b"other"[..].into(), seen(born, false, None, 1)));
        let before = born - Duration::from_millis(1);
        log.unclaimed
            .push_back((b"a@b"[..].into(), seen(before, false, None, 2)));

        log.claim(b"a@b", call, LegId::CALLER);
        log.note(
            call,
            LegId::CALLER,
            seen(born + Duration::from_millis(3), true, Some(180), 2),
        );

        let (at, line) = log.take(call).unwrap();
        assert_eq!(at, Duration::from_millis(3));
        assert_eq!(
            line,
            json!({ "sip": { "peers": ["192.0.2.1:5060/udp"], "messages": [
                { "at": -1_000, "leg": 0, "in": "INVITE", "peer": 0, "sdp": true },
                { "at": 3_000, "leg": 0, "out": "180 INVITE", "peer": 0, "sdp": true },
            ] } })
        );
        assert_eq!(log.unclaimed.len(), 1);
        assert!(log.take(call).is_none(), "it is written once");
    }

    #[test]
    fn repetitions_are_told_from_new_messages() {
        let born = Instant::now();
        let (mut log, call) = log(born);
        for message in [
            seen(born, true, None, 1),
            seen(born, true, None, 1),
            seen(born, false, None, 1),
            seen(born, true, None, 3),
            seen(born, true, Some(100), 1),
        ] {
            log.note(call, LegId(1), message);
        }

        let (_, line) = log.take(call).unwrap();

        let messages = line["sip"]["messages"].as_array().unwrap();
        let again: Vec<bool> = messages.iter().map(|one| one["again"] == true).collect();
        assert_eq!(again, [false, true, false, false, false]);
        // Also of what has been written meanwhile.
        log.note(call, LegId(1), seen(born, true, None, 3));
        let (_, line) = log.take(call).unwrap();
        assert_eq!(line["sip"]["messages"][0]["again"], true);
    }

    #[test]
    fn a_call_keeps_so_many_messages_and_counts_the_others() {
        let born = Instant::now();
        let (mut log, call) = log(born);
        for number in 0..1_000 {
            log.note(call, LegId(1), seen(born, true, None, number));
        }

        let (_, line) = log.take(call).unwrap();

        assert_eq!(line["sip"]["messages"].as_array().unwrap().len(), MOST);
        assert_eq!(line["sip"]["skipped"], 1_000 - MOST);
        log.note(call, LegId(1), seen(born, true, None, 1_001));
        assert_eq!(log.take(call).unwrap().1["sip"]["skipped"], 1);
    }

    #[test]
    fn what_comes_late_is_written_behind_the_journal_and_nothing_is_left() {
        let born = Instant::now();
        let (mut log, call) = log(born);
        log.claim(b"a@b", call, LegId::CALLER);
        log.part(born, call, 17);
        log.note(call, LegId::CALLER, seen(born, false, Some(200), 9));

        assert!(
            log.pop_parted(born + LATE - Duration::from_millis(1))
                .is_none()
        );
        let (of, _, line) = log.pop_parted(born + LATE).unwrap();

        let line = line.unwrap();
        assert_eq!((of, line.seq), (call, 17));
        assert!(line.json.contains("200 INVITE"));
        assert!(log.calls.is_empty() && log.names.is_empty() && log.parting.is_empty());
    }
}
