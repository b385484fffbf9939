//! How a call ends, is handed to another handler, or is cut.

use super::{Bench, bridge, named, play, s};
use crate::{Cause, Command, Ended, LegId, Output, Reply, Why};

#[test]
fn hanging_up_beside_a_playing_ends_the_call_without_a_reply() {
    let mut bench = Bench::answered();
    let playing = bench.ask(play("menu/main"));
    let (play, _) = bench.playing();

    let hangup = bench.ask(Command::Hangup {
        cause: Cause::Normal,
    });

    assert_eq!(bench.reply(playing), None);
    assert_eq!(bench.reply(hangup), None);
    let outputs = bench.take();
    let end = [
        Output::StopPlay {
            leg: LegId::CALLER,
            play,
        },
        Output::Release {
            leg: LegId::CALLER,
            cause: Cause::Normal,
            elsewhere: false,
        },
        Output::StopScript,
    ];
    assert_eq!(outputs[..3], end);
    assert!(matches!(outputs[3], Output::Ended(_)));
}

#[test]
fn an_unanswered_call_is_rejected_with_its_cause() {
    let mut bench = Bench::new();

    bench.ask(Command::Reject { cause: Cause::Busy });

    let reject = Output::Reject { cause: Cause::Busy };
    assert_eq!(bench.outputs.first(), Some(&reject));
    assert!(bench.call.is_ended());
}

#[test]
fn a_script_that_does_nothing_is_ended_after_three_minutes() {
    let mut bench = Bench::new();

    bench.wait(s(179));
    assert!(!bench.call.is_ended());
    bench.wait(s(1));

    let reject = Output::Reject {
        cause: Cause::NoAnswer,
    };
    assert_eq!(
        bench.take()[..2],
        [reject, Output::StopScript],
        "the caller is told, the script is stopped"
    );
    assert!(bench.call.is_ended());
}

#[test]
fn an_answered_call_has_no_time_limit() {
    let mut bench = Bench::answered();

    bench.wait(s(100_000));

    assert_eq!(bench.call.poll_timeout(), None);
    assert!(!bench.call.is_ended());
}

#[test]
fn a_script_that_returns_hangs_up() {
    let mut bench = Bench::answered();

    bench.script_ends(Ended::Returned);

    assert_eq!(
        bench.outputs.first(),
        Some(&Output::Release {
            leg: LegId::CALLER,
            cause: Cause::Normal,
            elsewhere: false
        })
    );
    assert!(!bench.outputs.contains(&Output::StopScript), "it has ended");
    assert_eq!(bench.record().ended_by, "system:script_ended");
}

#[test]
fn a_script_that_returns_before_answering_refuses_with_480() {
    let mut bench = Bench::new();

    bench.script_ends(Ended::Returned);

    let Some(Output::Reject { cause }) = bench.outputs.first() else {
        panic!("refused");
    };
    assert_eq!(cause.sip_status(), 480);
}

#[test]
fn an_unanswered_caller_is_told_that_the_called_was_busy() {
    let mut bench = Bench::new();
    bench.ask(Command::Bridge(bridge(&["1049"])));
    let leg = bench.invited("1049");
    bench.refuses(leg, Cause::Busy);
    bench.take();

    bench.script_ends(Ended::Returned);

    let busy = Output::Reject { cause: Cause::Busy };
    assert_eq!(bench.outputs.first(), Some(&busy));
}

#[test]
fn a_transfer_runs_another_handler_and_is_not_replied_to() {
    let mut bench = Bench::answered();

    let request = bench.ask(Command::Transfer {
        to: "200".to_owned(),
        context: Some("internal".to_owned()),
    });

    let route = Output::Route {
        context: "internal".to_owned(),
        to: "200".to_owned(),
    };
    assert_eq!(bench.take(), [route]);
    let next = bench.ask(play("greet/welcome"));
    bench.hears(&[named("greet/welcome")]);
    assert_eq!(bench.reply(request), None);
    assert_eq!(bench.reply(next), Some(Reply::Key(None)));
}

#[test]
fn a_transfer_stays_in_the_calls_own_context() {
    let mut bench = Bench::answered();

    bench.ask(Command::Transfer {
        to: "200".to_owned(),
        context: None,
    });

    let route = Output::Route {
        context: "inbound".to_owned(),
        to: "200".to_owned(),
    };
    assert_eq!(bench.take(), [route]);
}

#[test]
fn calls_that_are_handed_round_in_circles_are_cut() {
    let mut bench = Bench::answered();
    let transfer = || Command::Transfer {
        to: "200".to_owned(),
        context: None,
    };
    for _ in 0..10 {
        bench.ask(transfer());
    }

    let request = bench.ask(transfer());

    assert!(matches!(bench.reply(request), Some(Reply::Mistake(why)) if why.contains("10 times")));
}

#[test]
fn a_call_that_rings_in_vain_for_ever_is_cut() {
    let mut bench = Bench::answered();
    let ring = |bench: &mut Bench| {
        let request = bench.ask(Command::Bridge(bridge(&["1049"])));
        if bench.call.state() == "ringing" {
            let leg = bench.invited("1049");
            bench.refuses(leg, Cause::Unavailable);
        }
        bench.reply(request)
    };

    for _ in 0..300 {
        assert_eq!(ring(&mut bench), Some(Reply::Leg(Err(Why::Unavailable))));
        bench.take();
    }

    let Some(Reply::Mistake(why)) = ring(&mut bench) else {
        panic!("it goes on for ever");
    };
    assert!(
        why.starts_with("this call has rung in vain 300 times"),
        "{why}"
    );
}

#[test]
fn a_number_without_a_handler_is_refused_or_said() {
    let ended = || Ended::NoRoute {
        to: "9999".to_owned(),
    };
    let mut unanswered = Bench::new();
    let mut answered = Bench::answered();

    unanswered.script_ends(ended());
    answered.script_ends(ended());

    let reject = Output::Reject {
        cause: Cause::Unallocated,
    };
    assert_eq!(unanswered.outputs.first(), Some(&reject));
    answered.hears(&[named("call/invalid")]);
    assert!(answered.call.is_ended());
    assert_eq!(answered.record().cause, Cause::Unallocated);
}

#[test]
fn an_ended_call_takes_no_commands() {
    let mut bench = Bench::answered();
    bench.hangs_up(LegId::CALLER);
    bench.take();

    bench.ask(play("greet/welcome"));
    bench.keys("1");
    bench.wait(s(300));

    assert_eq!(bench.take(), []);
    assert_eq!(bench.call.state(), "ended");
}
