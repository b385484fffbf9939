//! Blind transfers: through the dialplan with the rights of whoever asks, and back when nobody comes.

use super::{Bench, bridge, play, s, setup};
use crate::record::Outcome;
use crate::{
    Bridge, Cause, Command, Ended, Event, LegId, Options, Output, Record, Reply, SegmentKind,
    Setup, Sound, StartRecording, Target, Tone, TransferId, TransferNews,
};

const TRANSFER: TransferId = TransferId(3);

/// A party asks that the other be put through to a number.
fn refers(bench: &mut Bench, leg: LegId, to: &str) {
    bench.event(Event::Referred {
        transfer: TRANSFER,
        leg,
        by: "1049".to_owned(),
        to: to.to_owned(),
        context: "internal".to_owned(),
    });
}

fn told(news: TransferNews) -> Output {
    Output::Transfer {
        transfer: TRANSFER,
        news,
    }
}

fn has(outputs: &[Output], wanted: &Output) -> bool {
    outputs.contains(wanted)
}

/// The customer talks with 1049, who transfers the call to 1050, whose handler rings.
fn transferred() -> (Bench, LegId, LegId) {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    refers(&mut bench, agent, "1050");
    bench.ask(Command::Bridge(bridge(&["1050"])));
    let target = bench.invited("1050");
    (bench, agent, target)
}

fn release(leg: LegId, cause: Cause) -> Output {
    Output::Release {
        leg,
        cause,
        elsewhere: false,
    }
}

#[test]
fn the_customer_waits_with_music_while_the_number_is_looked_up_in_the_transferors_context() {
    let mut bench = Bench::new();
    let (request, agent) = bench.talk(false);

    refers(&mut bench, agent, "1050");

    assert_eq!(bench.reply(request), None, "the script is dropped");
    let outputs = bench.take();
    let disconnect = Output::Disconnect {
        a: LegId::CALLER,
        b: agent,
    };
    let music = Output::Music {
        leg: LegId::CALLER,
        name: None,
    };
    let route = Output::Route {
        context: "internal".to_owned(),
        to: "1050".to_owned(),
    };
    assert_eq!(
        outputs,
        [told(TransferNews::Accepted), disconnect, music, route]
    );
    let now = bench.call.setup();
    assert_eq!(now.transferred_by.as_deref(), Some("1049"));
    assert_eq!(now.from.as_deref(), Some("+8613800138000"));
    assert_eq!(
        (now.to.as_str(), now.context.as_str()),
        ("1050", "internal")
    );
}

#[test]
fn when_the_target_answers_the_transferor_is_told_and_let_go() {
    let (mut bench, agent, target) = transferred();
    bench.rings(target);
    assert!(has(&bench.take(), &told(TransferNews::Ringing)));

    bench.answers(target);

    let connect = Output::Connect {
        a: LegId::CALLER,
        b: target,
    };
    let news = Output::Transferred {
        by: "1049".to_owned(),
        to: "1050".to_owned(),
        attended: false,
    };
    let outputs = bench.take();
    let rest: Vec<&Output> = outputs
        .iter()
        .filter(|output| !matches!(output, Output::StopPlay { .. }))
        .collect();
    assert_eq!(
        rest,
        [
            &connect,
            &told(TransferNews::Done),
            &release(agent, Cause::Normal),
            &news
        ]
    );
    bench.wait(s(10));
    bench.hangs_up(LegId::CALLER);
    let record = bench.record();
    assert_eq!(record.result, Outcome::Answered);
    let talks: Vec<_> = record
        .segments
        .iter()
        .filter(|segment| segment.kind == SegmentKind::Talk)
        .map(|segment| segment.agent.as_deref())
        .collect();
    assert_eq!(talks, [Some("1050")], "1049's took no time here");
}

#[test]
fn a_transferor_who_hangs_up_at_once_leaves_the_transfer_to_itself() {
    let (mut bench, agent, target) = transferred();

    bench.hangs_up(agent);
    bench.rings(target);
    bench.answers(target);

    assert_eq!(bench.call.state(), "talking");
    let outputs = bench.take();
    assert!(has(&outputs, &told(TransferNews::Done)));
    assert!(
        !has(&outputs, &release(agent, Cause::Normal)),
        "{outputs:?}"
    );
}

#[test]
fn nobody_who_comes_gives_the_call_back_to_a_transferor_who_is_there() {
    for cause in [Cause::Busy, Cause::Rejected, Cause::Unavailable] {
        let (mut bench, agent, target) = transferred();
        bench.take();

        bench.refuses(target, cause);
        bench.ask(play("call/failed"));

        let connect = Output::Connect {
            a: LegId::CALLER,
            b: agent,
        };
        let outputs = bench.take();
        assert!(
            has(&outputs, &told(TransferNews::Failed(cause))),
            "{outputs:?}"
        );
        assert!(has(&outputs, &Output::StopScript));
        assert!(has(&outputs, &connect));
        assert_eq!(bench.call.state(), "talking");
        bench.wait(s(3));
        bench.hangs_up(agent);
        let record = bench.record();
        assert_eq!(record.ended_by, "agent:1049");
    }
}

#[test]
fn a_phone_that_hangs_up_as_its_transfer_fails_is_rung_again_and_the_customer_stays() {
    let (mut bench, agent, target) = transferred();
    bench.refuses(target, Cause::Unallocated);
    bench.ask(play("call/failed"));
    assert_eq!(bench.call.state(), "talking");
    bench.take();

    bench.hangs_up(agent);

    let again = bench.invited("1049");
    assert_ne!(again, agent);
    let outputs = bench.take();
    assert!(!outputs.iter().any(|output| matches!(
        output,
        Output::Release {
            leg: LegId::CALLER,
            ..
        }
    )));
    bench.answers(again);
    assert_eq!(bench.call.state(), "talking");
    bench.hangs_up(again);
    assert_eq!(
        bench.record().ended_by,
        "agent:1049",
        "a second time is a good-bye"
    );
}

#[test]
fn after_20_seconds_without_an_answer_the_transferor_gets_the_call_back() {
    let (mut bench, agent, target) = transferred();
    bench.rings(target);
    bench.hangs_up(agent);
    bench.wait(s(19));
    assert_eq!(bench.invited("1049"), agent);
    bench.take();

    bench.wait(s(1));

    let again = bench.invited("1049");
    let outputs = bench.take();
    assert!(has(&outputs, &told(TransferNews::Failed(Cause::NoAnswer))));
    assert!(has(&outputs, &release(target, Cause::Cancelled)));
    let invite = Output::Invite {
        leg: again,
        target: Target::User("1049".to_owned()),
        caller_id: Some("+8613800138000".to_owned()),
        caller_name: Some("Wang".to_owned()),
    };
    assert!(has(&outputs, &invite), "{outputs:?}");
    bench.answers(again);
    assert_eq!(bench.call.state(), "talking");
}

#[test]
fn how_long_it_rings_before_the_recall_can_be_chosen() {
    let options = Options {
        recall: s(5),
        ..Options::default()
    };
    let mut bench = Bench::with(setup(), options);
    let (_, agent) = bench.talk(false);
    refers(&mut bench, agent, "1050");
    bench.wait(s(30));
    bench.ask(Command::Bridge(bridge(&["1050"])));

    bench.wait(s(4));
    assert_eq!(bench.call.state(), "ringing");
    bench.wait(s(1));

    assert_eq!(bench.call.state(), "talking", "with 1049 again");
}

#[test]
fn a_handler_that_never_decides_does_not_keep_the_customer_for_ever() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    refers(&mut bench, agent, "1050");

    bench.wait(s(120));

    assert_eq!(bench.call.state(), "talking");
    assert_eq!(bench.call.pair(), Some([LegId::CALLER, agent]));
}

#[test]
fn a_recall_that_nobody_takes_ends_at_the_fallbacks_target() {
    let options = Options {
        fallback: crate::Fallback {
            sound: None,
            target: Some(Target::User("1001".to_owned())),
        },
        ..Options::default()
    };
    let mut bench = Bench::with(setup(), options);
    let (_, agent) = bench.talk(false);
    refers(&mut bench, agent, "9999");
    bench.hangs_up(agent);
    bench.script_ends(Ended::NoRoute {
        to: "9999".to_owned(),
    });
    let again = bench.invited("1049");
    bench.take();

    bench.refuses(again, Cause::Busy);
    bench.hears(&[Sound::Tone(Tone::Apology)]);

    bench.answers(bench.invited("1001"));
    assert_eq!(bench.call.state(), "talking");
}

#[test]
fn every_way_in_which_a_handler_gives_up_leads_back_with_its_own_status() {
    type Ends = fn(&mut Bench);
    let ways: [(Ends, Cause); 6] = [
        (
            |bench| {
                bench.ask(Command::Reject {
                    cause: Cause::Forbidden,
                });
            },
            Cause::Forbidden,
        ),
        (
            |bench| {
                bench.ask(Command::Hangup {
                    cause: Cause::Normal,
                });
            },
            Cause::Unavailable,
        ),
        (
            |bench| bench.script_ends(Ended::Returned),
            Cause::Unavailable,
        ),
        (
            |bench| {
                bench.script_ends(Ended::NoRoute {
                    to: "1050".to_owned(),
                });
            },
            Cause::Unallocated,
        ),
        (
            |bench| {
                bench.script_ends(Ended::Failed {
                    message: "boom".to_owned(),
                });
            },
            Cause::Failure,
        ),
        (
            |bench| {
                bench.ask(Command::Bridge(bridge(&["1050"])));
                bench.refuses(bench.invited("1050"), Cause::Busy);
                bench.script_ends(Ended::Returned);
            },
            Cause::Busy,
        ),
    ];
    for (ends, cause) in ways {
        let mut bench = Bench::new();
        let (_, agent) = bench.talk(false);
        refers(&mut bench, agent, "1050");
        bench.take();

        ends(&mut bench);

        let outputs = bench.take();
        assert!(
            has(&outputs, &told(TransferNews::Failed(cause))),
            "{cause:?} {outputs:?}"
        );
        assert_eq!(bench.call.pair(), Some([LegId::CALLER, agent]));
    }
}

#[test]
fn a_handler_may_ring_somebody_else_when_the_first_does_not_come() {
    let (mut bench, _, target) = transferred();
    bench.refuses(target, Cause::Busy);

    bench.ask(Command::Bridge(bridge(&["1051"])));
    bench.answers(bench.invited("1051"));

    assert!(has(&bench.take(), &told(TransferNews::Done)));
    assert_eq!(bench.call.state(), "talking");
}

#[test]
fn a_menu_takes_the_call_and_an_announcement_alone_does_not() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    refers(&mut bench, agent, "4001234567");
    bench.take();

    bench.ask(play("greet/welcome"));
    assert!(!has(&bench.take(), &told(TransferNews::Done)));
    bench.ask(Command::Sleep { duration: s(1) });
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    refers(&mut bench, agent, "4001234567");
    bench.take();
    bench.ask(Command::Record(Record {
        max_duration: s(5),
        silence: s(1),
        beep: false,
        finish_on: crate::Keys::None,
    }));

    let outputs = bench.take();
    assert!(has(&outputs, &told(TransferNews::Done)));
    assert!(has(&outputs, &release(agent, Cause::Normal)));
    assert_eq!(bench.call.state(), "record");
}

#[test]
fn a_caller_can_transfer_whom_it_has_called() {
    let mut bench = Bench::with(
        Setup {
            user: Some("1049".to_owned()),
            from: Some("1049".to_owned()),
            from_name: None,
            trunk: None,
            ..setup()
        },
        Options::default(),
    );
    let customer = Target::Trunk {
        trunk: "carrier".to_owned(),
        number: "13800138000".to_owned(),
    };
    bench.ask(Command::Bridge(Bridge {
        targets: vec![customer],
        ..bridge(&[])
    }));
    let customer = LegId(1);
    bench.answers(customer);
    bench.take();

    refers(&mut bench, LegId::CALLER, "1050");
    bench.ask(Command::Bridge(bridge(&["1050"])));

    let target = bench.invited("1050");
    let outputs = bench.take();
    let invite = Output::Invite {
        leg: target,
        target: Target::User("1050".to_owned()),
        caller_id: Some("13800138000".to_owned()),
        caller_name: None,
    };
    assert!(has(&outputs, &invite), "{outputs:?}");
    assert_eq!(bench.call.setup().user, None);
    bench.answers(target);
    assert!(has(&bench.take(), &release(LegId::CALLER, Cause::Normal)));
    assert_eq!(bench.call.pair(), Some([customer, target]));
    bench.hangs_up(customer);
    assert_eq!(bench.record().ended_by, "customer");
}

#[test]
fn a_transferor_on_hold_gets_the_call_back_on_hold() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    bench.event(Event::Held {
        leg: agent,
        held: true,
    });
    refers(&mut bench, agent, "1050");
    bench.ask(Command::Bridge(bridge(&["1050"])));
    bench.refuses(bench.invited("1050"), Cause::Busy);
    bench.script_ends(Ended::Returned);

    assert_eq!(bench.call.state(), "held");
    bench.event(Event::Held {
        leg: agent,
        held: false,
    });
    assert_eq!(bench.call.state(), "talking");
}

#[test]
fn who_talks_with_nobody_and_who_transfers_already_are_refused() {
    let mut bench = Bench::answered();
    refers(&mut bench, LegId::CALLER, "1050");
    assert_eq!(bench.take(), [told(TransferNews::Refused(Cause::Rejected))]);

    let (mut bench, agent, _) = transferred();
    bench.take();
    refers(&mut bench, agent, "1051");
    assert_eq!(bench.take(), [told(TransferNews::Refused(Cause::Rejected))]);

    let (mut bench, _, target) = transferred();
    bench.answers(target);
    bench.take();
    refers(&mut bench, LegId(1), "1051");
    assert_eq!(bench.take(), [told(TransferNews::Refused(Cause::Rejected))]);
}

#[test]
fn calls_that_are_transferred_round_and_round_stay_where_they_are_in_the_end() {
    let mut bench = Bench::new();
    let (_, mut agent) = bench.talk(false);
    for _ in 0..10 {
        refers(&mut bench, agent, "1050");
        bench.ask(Command::Bridge(bridge(&["1050"])));
        agent = bench.invited("1050");
        bench.answers(agent);
    }
    bench.take();

    refers(&mut bench, agent, "1050");

    assert_eq!(
        bench.take(),
        [told(TransferNews::Refused(Cause::Forbidden))]
    );
    assert_eq!(bench.call.state(), "talking");
}

#[test]
fn the_customer_who_gives_up_ends_the_transfer_and_everybody_is_let_go() {
    let (mut bench, agent, target) = transferred();
    bench.take();

    bench.hangs_up(LegId::CALLER);

    let outputs = bench.take();
    assert!(has(&outputs, &told(TransferNews::Failed(Cause::Cancelled))));
    assert!(has(&outputs, &release(agent, Cause::Normal)));
    assert!(
        outputs
            .iter()
            .any(|output| matches!(output, Output::Release { leg, .. } if *leg == target))
    );
    assert!(bench.call.is_ended());
}

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

#[test]
fn after_a_transfer_has_failed_the_next_one_may_come_about() {
    let (mut bench, agent, target) = transferred();
    bench.refuses(target, Cause::Busy);
    bench.script_ends(Ended::Returned);
    bench.take();

    refers(&mut bench, agent, "1051");
    let request = bench.ask(Command::Bridge(bridge(&["1051"])));
    let other = bench.invited("1051");
    bench.answers(other);

    assert!(has(&bench.take(), &told(TransferNews::Done)));
    bench.hangs_up(other);
    assert!(matches!(bench.reply(request), Some(Reply::Leg(Ok(_)))));
}
