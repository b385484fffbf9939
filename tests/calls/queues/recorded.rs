//! Recordings of a queue's calls go through transfers: one file, everybody on their side, no gap (D13).

use std::ops::Range;
use std::time::Duration;

use store::{CallDetails, QueueLogFilter};

use super::{exchange, idle};
use crate::support::{Exchange, Hold, Line, Phone, Wav, eventually, pilot};

/// A customer talks with 1049, who has answered for the queue; the conversation is recorded.
fn talk(carrier: &Phone, agent: &Phone) -> (Line, Line) {
    let (customer, rung) = carrier.reaches(agent, "4001");
    customer.talks_for(Duration::from_secs(1));
    (customer, rung)
}

/// The customer's call, and its only recording.
fn recorded(exchange: &Exchange, calls: usize) -> (CallDetails, Recording) {
    let ended = exchange.ended_calls(calls);
    let hotline = ended.iter().find(|call| call.begin.to == "4001").unwrap();
    let record = exchange.call(hotline.begin.id);
    let recordings = exchange.recordings(hotline.begin.id);
    let [(row, path)] = &recordings[..] else {
        panic!("one recording, not {}", recordings.len());
    };
    let recording = Recording {
        began: row.started_at,
        sound: Wav::read(path),
    };
    (record, recording)
}

struct Recording {
    /// Microseconds since 1970.
    began: i64,
    sound: Wav,
}

impl Recording {
    /// A stretch of the call, as a stretch of the recording.
    fn part(&self, stretch: &store::SegmentRow) -> Range<Duration> {
        let at = |time: i64| Duration::from_micros((time - self.began).max(0) as u64);
        at(stretch.from)..at(stretch.to)
    }

    fn has_no_gap(&self, channel: usize, tone: f64, part: Range<Duration>) {
        let gap = self.sound.longest_gap(channel, tone, part.clone());
        assert!(
            gap <= LONGEST_GAP,
            "{gap:?} of {tone} Hz are missing within {part:?}, channel {channel}"
        );
    }

    /// The customer is heard from the answer to the end, whoever talks with them, and every agent in
    /// their own stretches of the call, on the other side.
    fn holds_everybody(&self, record: &CallDetails, agents: &[(&str, f64)]) {
        self.has_no_gap(0, pilot::C1, Duration::ZERO..self.sound.duration());
        let talks = record.segments.iter().filter(|it| it.kind == "talk");
        let talks: Vec<_> = talks.collect();
        let names: Vec<&str> = talks.iter().filter_map(|it| it.agent.as_deref()).collect();
        let expected: Vec<&str> = agents.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, expected);
        for (talk, (name, tone)) in talks.iter().zip(agents) {
            let part = self.part(talk);
            let length = part.end - part.start;
            assert!(length >= Duration::from_secs(1), "{name}: {length:?}");
            self.has_no_gap(1, *tone, part);
            assert!(!self.sound.has(0, *tone), "{name} on the customer's side");
        }
        assert!(!self.sound.has(1, pilot::C1));
    }
}

#[test]
fn d13_a_queues_recording_goes_through_a_blind_transfer() {
    let exchange = exchange("record = true", "");
    let [a1] = idle(&exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    agent.transfers_to("1050");
    let target = a2.rings();
    // It rings for longer than any gap may be.
    customer.hears(pilot::RINGBACK);
    target.answers();
    customer.hears(pilot::A2);
    target.talks_for(Duration::from_secs(1));
    customer.hangs_up();
    target.is_hung_up();

    let (record, recording) = recorded(&exchange, 2);
    recording.holds_everybody(&record, &[("1049", pilot::A1), ("1050", pilot::A2)]);
}

#[test]
fn d13_a_queues_recording_goes_through_a_hold_and_an_attended_transfer_and_on() {
    let exchange = exchange("record = true", "");
    let [a1] = idle(&exchange, ["1049"]);
    let [a2, a3] = exchange.phones(["1050", "1051"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    agent.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    let asks = a1.dials("1050");
    let asked = a2.rings();
    asked.answers();
    asks.hears(pilot::A2);
    agent.transfers_to_call(&asks);
    customer.hears(pilot::A2);
    asked.talks_for(Duration::from_secs(1));
    asked.transfers_to("1051");
    let last = a3.rings();
    last.answers();
    customer.hears(pilot::A3);
    last.talks_for(Duration::from_secs(1));
    last.hangs_up();
    customer.is_hung_up();

    let (record, recording) = recorded(&exchange, 3);
    let agents = [
        ("1049", pilot::A1),
        ("1050", pilot::A2),
        ("1051", pilot::A3),
    ];
    recording.holds_everybody(&record, &agents);
    assert!(!recording.sound.has(1, pilot::MUSIC));
}

#[test]
fn the_queue_log_says_who_has_transferred_whom_the_queue_had_brought_and_where() {
    let exchange = exchange("", "");
    let [a1] = idle(&exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let mut expected = Vec::new();
    for attended in [false, true] {
        let (customer, agent) = talk(&carrier, &a1);
        let target = match attended {
            false => {
                agent.transfers_to("1050");
                let target = a2.rings();
                target.answers();
                target
            }
            true => {
                agent.holds(Hold::SendOnly);
                let asks = a1.dials("1050");
                let target = a2.rings();
                target.answers();
                asks.hears(pilot::A2);
                agent.transfers_to_call(&asks);
                target
            }
        };
        customer.hears(pilot::A2);
        agent.is_over();
        customer.hangs_up();
        target.is_over();
        let how = if attended { "attended" } else { "blind" };
        expected.insert(0, ["it", "1049", how, "1050"].map(|it| Some(it.to_owned())));
    }

    let filter = QueueLogFilter {
        kind: Some("transferred".to_owned()),
        ..QueueLogFilter::default()
    };
    let told: Vec<_> = eventually("both transfers in the log", || {
        let lines = exchange.store().queue_log("8001", filter.clone()).wait();
        lines.ok().filter(|lines| lines.len() == 2)
    })
    .into_iter()
    .map(|line| [line.queue, line.agent, line.why, line.target])
    .collect();
    assert_eq!(told, expected);
}

/// As users put up with it.
const LONGEST_GAP: Duration = Duration::from_millis(200);
