//! What goes wrong in one turn, and what a sink cannot take, stays where it is.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::{Clip, PlayItem, PlayKey, RecordingKey, RecordingSink};

/// Fails for whatever is sent.
struct Broken;

impl Wire for Broken {
    fn send(&mut self, _: LegKey, _: Channel, _: SocketAddr, _: &[u8]) {
        panic!("a fault of ours");
    }
}

#[test]
fn a_panic_over_a_packet_costs_its_leg_and_nobody_else() {
    let mut lab = Lab::new();
    let [a, b, c, d] = [500.0, 600.0, 700.0, 800.0].map(|tone| lab.phone(CodecKind::Pcma, tone));
    lab.connect(a, b);
    lab.connect(c, d);
    lab.run(200);

    let mut packet = lab.of(a).next_packet();
    let (now, from) = (lab.now, address(0));
    let broke = catch_unwind(AssertUnwindSafe(|| {
        let board = &mut lab.board;
        board.handle_packet(now, a, Channel::Rtp, from, &mut packet, &mut Broken);
    }));
    assert!(broke.is_err());
    assert!(lab.board.abandon(now));
    for phone in &mut lab.phones {
        phone.heard.clear();
    }
    lab.run(400);

    assert_eq!(told(&lab), [Event::Lost { leg: a }]);
    assert!(lab.of(c).hears(800.0) && lab.of(d).hears(700.0));
    assert!(lab.of(a).heard.is_empty() && !lab.of(b).hears(500.0));
    lab.command(Command::RemoveLeg { leg: a });
    lab.run(10);
    assert!(matches!(lab.events.last(), Some(Event::Left { leg, .. }) if *leg == a));
}

#[test]
fn a_panic_at_a_tick_costs_the_leg_whose_turn_it_was() {
    let mut lab = Lab::new();
    let legs = [500.0, 600.0].map(|tone| lab.phone(CodecKind::Pcma, tone));
    for leg in legs {
        lab.command(Command::Play {
            leg,
            play: PlayKey(1),
            items: vec![PlayItem::Clip(Arc::new(Clip::from_samples(
                8_000,
                tone(700.0, 8_000, 0, 8_000),
            )))],
            times: 0,
        });
    }
    lab.run(100);

    lab.now += Duration::from_millis(20);
    let now = lab.now;
    let broke = catch_unwind(AssertUnwindSafe(|| {
        lab.board.handle_tick(now, &mut Broken);
    }));
    assert!(broke.is_err());
    assert!(lab.board.abandon(now));
    assert!(!lab.board.abandon(now), "nobody's turn any more");
    lab.run(200);

    let lost = told(&lab);
    let [Event::Lost { leg }] = lost[..] else {
        panic!("one leg was lost: {lost:?}");
    };
    let other = legs.into_iter().find(|&other| other != leg).unwrap();
    assert!(lab.of(other).hears(700.0));
}

#[test]
fn a_panic_in_a_recording_costs_the_recording() {
    #[derive(Debug)]
    struct Bad;
    impl RecordingSink for Bad {
        fn write(&mut self, _: &[i16]) -> bool {
            panic!("a fault of ours");
        }
        fn close(&mut self) -> bool {
            true
        }
    }
    let mut lab = Lab::new();
    let (a, b) = (
        lab.phone(CodecKind::Pcma, 500.0),
        lab.phone(CodecKind::Pcma, 800.0),
    );
    lab.connect(a, b);
    start(&mut lab, Box::new(Bad));

    let mut broke = 0;
    for _ in 0..200 {
        lab.now += Duration::from_millis(5);
        let now = lab.now;
        if catch_unwind(AssertUnwindSafe(|| lab.tick())).is_err() {
            broke += 1;
            assert!(lab.board.abandon(now));
        }
    }

    assert_eq!(broke, 1);
    assert!(matches!(told(&lab)[..], [Event::RecordingClosed { .. }]));
    assert_eq!(lab.board.counters().recordings, 0);
    assert!(lab.of(a).hears(800.0) && lab.of(b).hears(500.0));
}

#[test]
fn a_sink_that_cannot_be_told_of_the_end_is_told_again() {
    #[derive(Debug)]
    struct Slow(Arc<AtomicBool>);
    impl RecordingSink for Slow {
        fn write(&mut self, _: &[i16]) -> bool {
            true
        }
        fn close(&mut self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }
    let mut lab = Lab::new();
    let disk = Arc::new(AtomicBool::new(false));
    start(&mut lab, Box::new(Slow(disk.clone())));

    lab.command(Command::StopRecording {
        recording: RecordingKey(1),
    });
    lab.run(100);
    assert!(!lab.board.is_idle());

    disk.store(true, Ordering::Relaxed);
    lab.run(5);
    assert!(lab.board.is_idle());
}

fn start(lab: &mut Lab, sink: Box<dyn RecordingSink>) {
    lab.command(Command::StartRecording {
        recording: RecordingKey(1),
        stereo: true,
        rate: 8_000,
        sink,
        silence: Duration::ZERO,
    });
}

/// Events, but for those of every call.
fn told(lab: &Lab) -> Vec<Event> {
    let events = lab.events.iter().cloned();
    events
        .filter(|event| !matches!(event, Event::Heard { .. }))
        .collect()
}
