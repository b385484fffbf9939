//! Transfers that come about.

use super::{has, refers, release, told, transferred};
use crate::call::tests::{Bench, bridge, play, s, setup};
use crate::record::Outcome;
use crate::{
    Bridge, Cause, Command, Ended, LegId, Options, Output, Record, Reply, SegmentKind, Setup,
    Target, TransferNews,
};

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
        queue: None,
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
            user: Some("1049".to_owned()).into(),
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
    assert_eq!(bench.call.setup().calling_user(), None);
    bench.answers(target);
    assert!(has(&bench.take(), &release(LegId::CALLER, Cause::Normal)));
    assert_eq!(bench.call.pair(), Some([customer, target]));
    bench.hangs_up(customer);
    assert_eq!(bench.record().ended_by, "customer");
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
