//! Transfers that fail: the call goes back to whoever asked for them.

use super::{has, refers, release, told, transferred};
use crate::call::tests::{Bench, bridge, play, s, setup};
use crate::{
    Cause, Command, Ended, Event, LegId, Options, Output, Sound, Target, Tone, TransferNews,
};

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
            at_once: false,
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
