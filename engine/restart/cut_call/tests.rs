//! Calls that are cut at many moments, and what their journals still say.

use call::{
    Bridge, CallId, Cause, Command, Ended, Greeting, LegId, Options, PlayId, RequestId, Setup,
    Strategy, Voicemail,
};

use super::*;

const BIRTH: i64 = 1_795_000_000_000_000;

/// A call whose journal is written down, and what it wanted.
struct Lived {
    call: Call,
    birth: Instant,
    now: Instant,
    journal: Vec<JournalLine>,
    outputs: Vec<Output>,
}

impl Lived {
    fn begin() -> Self {
        let setup = Setup {
            id: CallId(Uuid::from_u128(7)),
            tenant: "8001".into(),
            context: "internal".to_owned(),
            from: Some("1049".to_owned()),
            from_raw: "1049".to_owned(),
            from_name: None,
            to: "1050".to_owned(),
            user: Some("1049".to_owned()).into(),
            trunk: None,
            headers: Vec::new(),
            transferred_by: None,
            language: "zh".to_owned(),
            started_at: BIRTH,
        };
        let now = Instant::now();
        let mut lived = Self {
            call: Call::new(now, setup, Options::default()),
            birth: now,
            now,
            journal: Vec::new(),
            outputs: Vec::new(),
        };
        lived.drain();
        lived
    }

    fn ask(&mut self, command: Command) {
        let line = serde_json::json!({ "script": { "file": "reception.lua", "line": 3 } });
        self.push(&line, self.now - self.birth);
        let request = RequestId(self.journal.len() as u64);
        self.call.handle_command(self.now, request, command);
        self.drain();
    }

    fn event(&mut self, event: Event) {
        self.call.handle_event(self.now, event);
        self.drain();
    }

    fn wait(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(due) = self.call.poll_timeout().filter(|due| *due <= end) {
            self.now = due;
            self.call.handle_timeout(due);
            self.drain();
        }
        self.now = end;
    }

    fn bridge_to(&mut self, target: Target) -> LegId {
        self.ask(Command::Bridge(Bridge {
            targets: vec![target],
            strategy: Strategy::All,
            timeout: Duration::from_secs(20),
            record: true,
            ringback: None,
            caller_id: None,
        }));
        let invited = self.outputs.iter().rev().find_map(|output| match output {
            Output::Invite { leg, .. } => Some(*leg),
            _ => None,
        });
        invited.unwrap()
    }

    fn recordings(&self) -> Vec<Uuid> {
        let started = self.outputs.iter().filter_map(|output| match output {
            Output::StartRecording { recording, .. } => Some(recording.0),
            _ => None,
        });
        started.collect()
    }

    fn drain(&mut self) {
        while let Some(output) = self.call.poll_output() {
            match output {
                Output::Journal(entry) => {
                    let at = entry.at;
                    self.push(&entry, at);
                }
                output => self.outputs.push(output),
            }
        }
    }

    fn push(&mut self, line: &impl serde::Serialize, at: Duration) {
        self.journal.push(JournalLine {
            seq: self.journal.len() as u32,
            at: at.as_micros() as i64,
            json: serde_json::to_string(line).unwrap(),
        });
    }
}

fn at(seconds: i64) -> i64 {
    BIRTH + seconds * 1_000_000
}

fn begin() -> CallBegin {
    CallBegin {
        id: Uuid::from_u128(7),
        tenant: "8001".into(),
        node: "local".into(),
        direction: Direction::Internal,
        from_raw: "1049".into(),
        from_number: Some("1049".into()),
        from_name: None,
        to: "1050".into(),
        context: "internal".into(),
        user: Some("1049".into()),
        trunk_in: None,
        generation: Some(3),
        started_at: BIRTH,
    }
}

fn found(recordings: &[Uuid], seconds: i64) -> HashMap<Uuid, RecordingEnd> {
    let end = RecordingEnd {
        duration: seconds * 1_000_000,
        bytes: 100_000,
        sha256: None,
        lost: true,
    };
    recordings.iter().map(|id| (*id, end)).collect()
}

#[test]
fn a_conversation_that_was_cut_has_its_legs_and_segments_up_to_the_cut() {
    let mut lived = Lived::begin();
    let agent = lived.bridge_to(Target::User("1050".to_owned()));
    lived.wait(2);
    lived.event(Event::Answered {
        leg: agent,
        user: None,
    });
    let recordings = lived.recordings();

    // Nothing happened for a minute but talk, so the journal is silent of it.
    let call = relive(
        &begin(),
        &lived.journal,
        Some(at(62)),
        &found(&recordings, 59),
    )
    .unwrap();

    let FinishedCall {
        end,
        legs,
        segments,
        ..
    } = &call.record;
    assert_eq!(end.ended_by, "system:cut");
    assert_eq!(
        (end.result.as_str(), end.cause.as_str()),
        ("answered", "failure")
    );
    assert_eq!((end.answered_at, end.ended_at), (Some(at(2)), at(62)));
    let legs: Vec<_> = legs
        .iter()
        .map(|leg| (leg.peer.as_str(), leg.up_at, leg.ended_at))
        .collect();
    assert_eq!(
        legs,
        [("1049", Some(at(2)), at(62)), ("1050", Some(at(2)), at(62))]
    );
    let kinds: Vec<_> = segments
        .iter()
        .map(|segment| (segment.kind.as_str(), segment.from, segment.to))
        .collect();
    assert_eq!(kinds, [("ring", at(0), at(2)), ("talk", at(2), at(62))]);
    assert_eq!(segments[1].recording, Some(recordings[0]));
}

#[test]
fn without_a_mark_the_journals_last_line_is_the_end() {
    let mut lived = Lived::begin();
    lived.wait(3);
    lived.ask(Command::Answer);

    let call = relive(&begin(), &lived.journal, None, &HashMap::new()).unwrap();

    assert_eq!(call.record.end.ended_at, at(3));
    assert_eq!(call.record.end.result, "failed");
}

#[test]
fn a_call_that_had_ended_and_lacks_only_its_record_gets_the_true_one() {
    let mut lived = Lived::begin();
    lived.ask(Command::Answer);
    lived.wait(5);
    lived.event(Event::HungUp {
        leg: LegId::CALLER,
        cause: Cause::Normal,
    });

    let call = relive(&begin(), &lived.journal, Some(at(60)), &HashMap::new()).unwrap();

    assert_eq!(call.record.end.ended_by, "agent:1049");
    assert_eq!(call.record.end.ended_at, at(5));
}

#[test]
fn a_message_that_was_being_left_is_kept_as_far_as_it_was_heard() {
    let mut lived = Lived::begin();
    lived.ask(Command::Voicemail(Voicemail {
        mailbox: "8000".to_owned(),
        greeting: Greeting::None,
        max_duration: Duration::from_secs(180),
        min_duration: Duration::from_secs(2),
        silence: Duration::from_secs(5),
        beep: false,
        review: false,
    }));
    lived.event(Event::Mailbox {
        mailbox: "8000".to_owned(),
        found: Some(call::Mailbox::default()),
    });
    for play in 0..4 {
        lived.event(Event::Played { play: PlayId(play) });
    }
    lived.wait(12);
    let recordings = lived.recordings();
    assert_eq!(recordings.len(), 1);

    let call = relive(
        &begin(),
        &lived.journal,
        Some(at(12)),
        &found(&recordings, 11),
    )
    .unwrap();

    let [message] = call.messages.as_slice() else {
        panic!("one message: {:?}", call.messages);
    };
    assert_eq!(message.mailbox, "8000");
    assert_eq!(message.recording, recordings[0]);
    assert_eq!(message.duration, 11_000_000);
    assert_eq!(call.record.end.result, "left_message");
    // Without its sound there is no message.
    let silent = relive(&begin(), &lived.journal, Some(at(12)), &HashMap::new()).unwrap();
    assert_eq!(silent.messages, []);
}

#[test]
fn a_call_out_of_the_house_is_known_by_its_trunk() {
    let mut lived = Lived::begin();
    lived.bridge_to(Target::Trunk {
        trunk: "carrier".to_owned(),
        number: "13800138000".to_owned(),
    });

    let call = relive(&begin(), &lived.journal, Some(at(4)), &HashMap::new()).unwrap();

    assert_eq!(call.record.begin.direction, Direction::Outbound);
    assert_eq!(call.record.end.trunk_out.as_deref(), Some("carrier"));
}

#[test]
fn what_the_script_failed_with_is_told() {
    let mut lived = Lived::begin();
    lived.push(
        &serde_json::json!({ "fault": "reception.lua:19: boom" }),
        Duration::ZERO,
    );
    lived.call.handle_script_ended(
        lived.now,
        Ended::Failed {
            message: "boom".to_owned(),
        },
    );
    lived.drain();

    let call = relive(&begin(), &lived.journal, None, &HashMap::new()).unwrap();

    assert_eq!(
        call.record.end.script_error.as_deref(),
        Some("reception.lua:19: boom")
    );
}

#[test]
fn a_journal_that_is_not_whole_or_not_ours_is_left_to_the_store() {
    let mut lived = Lived::begin();
    lived.ask(Command::Answer);
    let whole = lived.journal.clone();
    let relive = |journal: &[JournalLine]| relive(&begin(), journal, None, &HashMap::new());

    assert!(relive(&whole).is_some());
    assert_eq!(relive(&[]), None);
    assert_eq!(relive(&whole[1..]), None, "the beginning is missing");
    let gap = [whole[0].clone(), whole[2].clone()];
    assert_eq!(relive(&gap), None);
    let mut later = whole;
    later[2].json = r#"{"at":{"secs":0,"nanos":0},"what":{"NotYetInvented":1}}"#.to_owned();
    assert_eq!(relive(&later), None);
}
