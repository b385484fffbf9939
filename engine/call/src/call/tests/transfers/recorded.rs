//! Recordings go through transfers.

use super::refers;
use crate::call::tests::{Bench, bridge, s};
use crate::{Bridge, Command, LegId, Output, SegmentKind, StartRecording};

#[test]
fn a_recording_goes_through_a_transfer_in_one_piece() {
    let mut bench = Bench::new();
    bench.ask(Command::Bridge(Bridge {
        record: true,
        ..bridge(&["1049"])
    }));
    let agent = bench.invited("1049");
    bench.answers(agent);
    let recording = bench.recording();
    bench.wait(s(5));

    refers(&mut bench, agent, "1050");
    bench.ask(Command::Bridge(bridge(&["1050"])));
    bench.wait(s(3));
    let target = bench.invited("1050");
    bench.answers(target);

    let moves: Vec<_> = bench
        .take()
        .into_iter()
        .filter(|output| {
            matches!(
                output,
                Output::MoveRecording { .. } | Output::StopRecording { .. }
            )
        })
        .collect();
    let on = |right| Output::MoveRecording {
        recording,
        left: Some(LegId::CALLER),
        right,
    };
    assert_eq!(moves, [on(None), on(Some(target))]);
    bench.wait(s(7));
    bench.hangs_up(target);
    bench.closed(recording, 15);
    bench.hangs_up(LegId::CALLER);
    let segments: Vec<_> = bench
        .record()
        .segments
        .iter()
        .map(|segment| {
            let seconds = (segment.to - segment.from) / 1_000_000;
            (
                segment.kind,
                segment.agent.clone(),
                segment.recording,
                seconds,
            )
        })
        .collect();
    let of = |user: &str| Some(user.to_owned());
    assert_eq!(
        segments,
        [
            (SegmentKind::Talk, of("1049"), Some(recording), 5),
            (SegmentKind::Ring, of("1050"), Some(recording), 3),
            (SegmentKind::Talk, of("1050"), Some(recording), 7),
        ]
    );
}

#[test]
fn a_recording_that_a_bridge_began_ends_where_no_person_takes_the_transferred() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(true);
    refers(&mut bench, agent, "*98");
    bench.take();

    bench.ask(Command::VoicemailMenu { mailbox: None });

    let stopped = |outputs: Vec<Output>| {
        outputs
            .iter()
            .any(|output| matches!(output, Output::StopRecording { .. }))
    };
    assert!(stopped(bench.take()));

    // Nor is what is asked afterwards part of it.
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(true);
    refers(&mut bench, agent, "*9");
    bench.take();
    bench.ask(Command::AsSurvey { agent: None });
    assert!(stopped(bench.take()));

    let mut bench = Bench::answered();
    bench.ask(Command::StartRecording(StartRecording::default()));
    let (_, agent) = bench.talk(false);
    refers(&mut bench, agent, "*98");
    bench.take();
    bench.ask(Command::VoicemailMenu { mailbox: None });
    assert!(
        !stopped(bench.take()),
        "what a script began the script ends"
    );
}
