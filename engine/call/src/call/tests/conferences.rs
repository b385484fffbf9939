//! Rooms, as one of the calls in them knows them.

use super::{Bench, named, s};
use crate::record::Outcome;
use crate::{
    Cause, Command, Conference, Event, Guest, Keys, LegId, Newcomer, Output, Reply, RequestId,
    RoomNews, SegmentKind, Sound, StartRecording, Tone, Why,
};

fn conference() -> Conference {
    Conference {
        room: "8801".to_owned(),
        most: 10,
        leave_on: Keys::Of("#".to_owned()),
        announce: true,
        music: None,
        record: false,
    }
}

fn guest(user: Option<&str>) -> Guest {
    Guest {
        user: user.map(str::to_owned),
        is_held: false,
    }
}

impl Bench {
    fn others(&mut self, others: &[Guest]) {
        self.event(Event::Room(RoomNews::Others(others.to_vec())));
    }

    /// A call in a room with these.
    fn confers(&mut self, others: &[Guest]) -> RequestId {
        let request = self.ask(Command::Conference(conference()));
        self.others(others);
        self.take();
        request
    }
}

#[test]
fn the_first_one_hears_so_and_then_music_and_the_second_one_is_heard() {
    let mut bench = Bench::new();

    bench.ask(Command::Conference(conference()));
    let enter = Output::EnterRoom {
        room: "8801".to_owned(),
        most: 10,
    };
    assert_eq!(bench.take(), [Output::Answer, enter]);
    bench.others(&[]);
    bench.hears(&[named("conf/alone")]);
    let music = Output::Music {
        leg: LegId::CALLER,
        name: None,
    };
    assert_eq!(bench.take(), [music]);
    bench.others(&[guest(Some("1049"))]);

    let outputs = bench.take();
    assert_eq!(outputs[0], Output::Quiet { leg: LegId::CALLER });
    assert_eq!(bench.call.state(), "talking", "two are no conference");
    let tone = |output: &Output| matches!(output, Output::Play { sounds, .. } if *sounds == [Sound::Tone(Tone::Confirm)]);
    assert!(outputs.iter().any(tone), "who comes is told");
}

#[test]
fn the_record_tells_two_from_three_and_who_they_were() {
    let mut bench = Bench::new();
    bench.confers(&[guest(Some("1049"))]);
    bench.wait(s(10));
    bench.others(&[guest(Some("1049")), guest(Some("1050"))]);
    bench.wait(s(20));
    bench.others(&[guest(Some("1050"))]);
    bench.wait(s(30));

    bench.hangs_up(LegId::CALLER);

    assert!(bench.outputs.contains(&Output::LeaveRoom));
    let record = bench.record();
    assert_eq!(record.result, Outcome::Answered);
    let segments: Vec<_> = record
        .segments
        .iter()
        .map(|segment| {
            let seconds = (segment.to - segment.from) / 1_000_000;
            (segment.kind, segment.agent.as_deref().unwrap(), seconds)
        })
        .collect();
    assert_eq!(
        segments,
        [
            (SegmentKind::Talk, "1049", 10),
            (SegmentKind::Conference, "1049", 20),
            (SegmentKind::Talk, "1050", 30),
        ]
    );
}

#[test]
fn a_full_room_is_told_to_the_script() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::Conference(conference()));

    bench.event(Event::Room(RoomNews::Full));

    assert_eq!(bench.reply(request), Some(Reply::Room(Err(Why::Full))));
    assert!(!bench.outputs.contains(&Output::LeaveRoom));
}

#[test]
fn the_key_leaves_and_others_do_not() {
    let mut bench = Bench::new();
    let request = bench.confers(&[guest(None)]);
    bench.wait(s(7));
    bench.keys("1");
    assert_eq!(bench.reply(request), None);

    bench.keys("#");

    assert_eq!(bench.reply(request), Some(Reply::Room(Ok(s(7)))));
    assert!(bench.take().contains(&Output::LeaveRoom));
    assert_eq!(bench.call.state(), "script");
}

#[test]
fn of_two_the_one_who_waits_for_a_hold_hears_music_and_of_three_nobody_does() {
    let mut bench = Bench::new();
    bench.confers(&[guest(Some("1049"))]);
    let holding = Guest {
        is_held: true,
        ..guest(Some("1049"))
    };
    let music = Output::Music {
        leg: LegId::CALLER,
        name: None,
    };

    bench.others(std::slice::from_ref(&holding));
    assert_eq!(bench.take(), [music]);
    assert_eq!(bench.call.state(), "held");
    bench.others(&[holding, guest(None)]);

    assert_eq!(bench.take()[0], Output::Quiet { leg: LegId::CALLER });
    assert_eq!(bench.call.state(), "conference");
    bench.others(&[guest(None)]);
    bench.take();
    bench.event(Event::Held {
        leg: LegId::CALLER,
        held: true,
    });
    assert_eq!(bench.call.state(), "held");
}

#[test]
fn a_recording_has_the_room_on_its_right() {
    let mut bench = Bench::answered();
    bench.ask(Command::StartRecording(StartRecording::default()));
    let recording = bench.recording();

    bench.ask(Command::Conference(conference()));
    bench.others(&[guest(None)]);
    let in_room = Output::RecordRoom {
        recording,
        leg: LegId::CALLER,
    };
    assert!(bench.take().contains(&in_room));
    bench.keys("#");

    let out = Output::MoveRecording {
        recording,
        left: Some(LegId::CALLER),
        right: None,
    };
    let outputs = bench.take();
    assert!(outputs.contains(&out) && !outputs.contains(&in_room));

    let mut bench = Bench::new();
    bench.ask(Command::Conference(Conference {
        record: true,
        ..conference()
    }));
    bench.others(&[]);
    let outputs = bench.take();
    let started = outputs.iter().find_map(|output| match output {
        Output::StartRecording { recording, .. } => Some(*recording),
        _ => None,
    });
    let recording = started.unwrap();
    assert!(outputs.contains(&Output::RecordRoom {
        recording,
        leg: LegId::CALLER,
    }));
    bench.keys("#");
    let stopped = Output::StopRecording {
        recording,
        discard: false,
    };
    assert!(bench.take().contains(&stopped));
}

#[test]
fn the_two_who_are_left_become_one_call_when_one_of_them_transfers() {
    let mut bench = Bench::new();
    let request = bench.confers(&[guest(Some("1049")), guest(Some("1050"))]);
    assert!(!bench.call.takes(None), "three are no pair");
    bench.others(&[guest(Some("1050"))]);
    bench.take();
    assert!(bench.call.takes(None));
    let leg = bench.call.next_leg();

    bench.event(Event::Joined {
        newcomer: Newcomer {
            leg,
            target: None,
            user: Some("1050".to_owned()),
            number: Some("1050".to_owned()),
            name: None,
            trunk: None,
            invited: s(1),
            answered: s(1),
            is_held: false,
        },
        instead_of: None,
        by: None,
        beside: false,
    });

    let outputs = bench.take();
    let connect = Output::Connect {
        a: LegId::CALLER,
        b: leg,
    };
    let place = |wanted: &Output| outputs.iter().position(|output| output == wanted);
    assert!(place(&Output::LeaveRoom).unwrap() < place(&connect).unwrap());
    assert_eq!(bench.call.pair(), Some([LegId::CALLER, leg]));
    bench.others(&[]);
    assert_eq!(bench.call.state(), "talking");
    bench.event(Event::HungUp {
        leg,
        cause: Cause::Normal,
    });
    assert!(matches!(bench.reply(request), Some(Reply::Room(Ok(_)))));
}

/// A leader who comes in the place of this leg.
fn takes_over(bench: &mut Bench, leg: LegId) -> LegId {
    assert!(bench.call.takes(Some(leg)));
    let new = bench.call.next_leg();
    bench.event(Event::Joined {
        newcomer: Newcomer {
            leg: new,
            target: None,
            user: Some("1001".to_owned()),
            number: Some("1001".to_owned()),
            name: None,
            trunk: None,
            invited: s(3),
            answered: s(1),
            is_held: false,
        },
        instead_of: Some(leg),
        by: None,
        beside: false,
    });
    new
}

#[test]
fn who_takes_over_stands_in_the_room_in_the_others_place_and_leaves_it_in_the_same_ways() {
    for by_key in [true, false] {
        let mut bench = Bench::new();
        let request = bench.confers(&[guest(None), guest(Some("1050"))]);
        bench.wait(s(5));

        let leader = takes_over(&mut bench, LegId::CALLER);

        let outputs = bench.take();
        let released = Output::Release {
            leg: LegId::CALLER,
            cause: Cause::Normal,
            elsewhere: false,
        };
        assert!(outputs.contains(&released), "{outputs:?}");
        assert!(outputs.contains(&Output::StandInRoom));
        assert_eq!(bench.call.front(), leader);
        assert_eq!(bench.call.state(), "conference");
        bench.hangs_up(LegId::CALLER);
        assert_eq!(bench.take(), [], "that one is gone already");
        bench.wait(s(5));
        match by_key {
            true => {
                bench.event(Event::Digit {
                    leg: leader,
                    digit: '#',
                });
                assert_eq!(bench.reply(request), Some(Reply::Room(Ok(s(10)))));
            }
            false => {
                bench.hangs_up(leader);
                assert!(bench.call.is_ended());
            }
        }
        assert!(bench.take().contains(&Output::LeaveRoom));
    }
}

#[test]
fn nobody_takes_the_place_of_who_is_only_on_the_way_into_a_room() {
    let mut bench = Bench::new();
    bench.ask(Command::Conference(conference()));

    assert!(!bench.call.takes(Some(LegId::CALLER)));
}
