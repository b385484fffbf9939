//! Supervision: the leader's own call, and agents who are taken out of theirs.

use super::{Bench, named, s};
use crate::acd::{LeaseId, MOST_PRIORITY, Wants};
use crate::{
    Cause, Command, Event, Follow, FromFloor, LegId, Mode, Options, Origin, Output, Parting, Queue,
    Reply, RequestId, Sound, Supervise, SupervisionNews, Target, ToFloor, Tone, Wanted,
};

fn wanted() -> Supervise {
    Supervise {
        agent: "1049".to_owned(),
        mode: Mode::Listen,
        follow: Follow::Agent,
        notice: false,
    }
}

impl Bench {
    fn is_told(&mut self, news: SupervisionNews) {
        self.event(Event::Supervision(news));
    }

    fn hears_agent(&mut self, mode: Mode) {
        self.is_told(SupervisionNews::Hears {
            agent: "1049".to_owned(),
            mode,
        });
    }

    /// A call that listens to 1049.
    fn supervises(&mut self) -> RequestId {
        let request = self.ask(Command::Supervise(wanted()));
        self.hears_agent(Mode::Listen);
        self.take();
        request
    }

    fn wants(&mut self) -> Vec<Wanted> {
        let wants = self.take().into_iter().filter_map(|output| match output {
            Output::Supervision(wanted) => Some(wanted),
            _ => None,
        });
        wants.collect()
    }
}

#[test]
fn keys_change_who_hears_the_leader_and_what_becomes_of_the_call() {
    let mut bench = Bench::new();
    bench.supervises();
    for (keys, wanted) in [
        ("5", Wanted::Mode(Mode::Whisper)),
        ("6", Wanted::Mode(Mode::Barge)),
        ("4", Wanted::Mode(Mode::Listen)),
        ("7", Wanted::TakeOver),
        ("*", Wanted::Next),
        ("99", Wanted::Release),
    ] {
        bench.keys(keys);
        assert_eq!(bench.wants(), [wanted], "{keys}");
    }
    bench.keys("9");
    bench.wait(s(4));
    bench.keys("9");
    bench.keys("19");
    assert_eq!(bench.wants(), [], "one 9 alone does nothing");
}

#[test]
fn a_change_is_confirmed_by_a_tone_and_a_refusal_by_words() {
    let mut bench = Bench::new();
    bench.supervises();
    bench.keys("5");
    bench.take();

    bench.hears_agent(Mode::Whisper);

    let (_, played) = bench.playing();
    assert_eq!(played, [Sound::Tone(Tone::Confirm)]);
    bench.is_told(SupervisionNews::Refused {
        why: "not_allowed".to_owned(),
    });
    let (_, played) = bench.playing();
    assert_eq!(played, [named("leader/refused")]);
    assert_eq!(bench.call.state(), "supervise");
}

#[test]
fn an_agent_without_a_call_is_waited_for_and_the_leader_is_told_so() {
    let mut bench = Bench::new();
    bench.ask(Command::Supervise(wanted()));
    let waits = SupervisionNews::Waits {
        agent: "1049".to_owned(),
    };
    bench.take();
    bench.is_told(waits.clone());
    bench.hears(&[named("leader/waiting")]);

    bench.hears_agent(Mode::Listen);
    bench.take();
    bench.is_told(waits);

    bench.hears(&[named("leader/waiting")]);
}

#[test]
fn the_end_of_it_tells_the_script_how_long_it_was() {
    let mut bench = Bench::new();
    let request = bench.supervises();
    bench.wait(s(30));

    bench.keys("#");

    assert_eq!(bench.reply(request), Some(Reply::Supervised(Ok(s(30)))));
    assert_eq!(bench.wants(), [Wanted::Stop]);
}

#[test]
fn who_may_not_is_told_why() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::Supervise(wanted()));
    assert_eq!(bench.wants(), [Wanted::Begin(wanted())]);

    bench.is_told(SupervisionNews::Refused {
        why: "not_allowed".to_owned(),
    });

    let refused = Err("not_allowed".to_owned());
    assert_eq!(bench.reply(request), Some(Reply::Supervised(refused)));
}

#[test]
fn a_leader_who_hangs_up_supervises_nobody_any_more() {
    let mut bench = Bench::new();
    bench.supervises();

    bench.hangs_up(LegId::CALLER);

    assert_eq!(bench.wants(), [Wanted::Stop]);
    assert!(bench.call.is_ended());
}

#[test]
fn a_leader_whose_phone_is_rung_supervises_when_it_answers() {
    let origin = Origin {
        returns_to: None,
        target: Target::User("1001".to_owned()),
        timeout: s(30),
        shown: None,
        supervises: Some(wanted()),
    };
    let options = Options {
        origin: Some(origin),
        ..Options::default()
    };
    let mut bench = Bench::with(super::setup(), options);
    bench.take();

    bench.answers(LegId::CALLER);

    let outputs = bench.take();
    assert!(outputs.contains(&Output::Supervision(Wanted::Begin(wanted()))));
    assert!(!outputs.iter().any(|it| matches!(it, Output::Route { .. })));
    bench.hears_agent(Mode::Listen);
    bench.keys("#");
    assert_eq!(bench.record().cause, Cause::Normal);
}

#[test]
fn an_agent_who_is_taken_out_ends_the_call_in_the_name_of_the_leader() {
    let mut bench = Bench::new();
    let (_, leg) = bench.talk(false);

    bench.event(Event::TakenOut {
        leg,
        by: "supervisor:1001".to_owned(),
        parting: Parting::HangUp,
    });

    let record = bench.record();
    assert_eq!(record.ended_by, "supervisor:1001");
    assert!(record.legs.iter().all(|leg| leg.cause == Cause::Normal));
}

#[test]
fn the_customer_is_told_good_bye_when_the_agent_has_been_taken_out() {
    for agent_calls in [false, true] {
        let mut bench = Bench::new();
        let (_, peer) = bench.talk(false);
        let (agent, customer) = match agent_calls {
            false => (peer, LegId::CALLER),
            true => (LegId::CALLER, peer),
        };

        bench.event(Event::TakenOut {
            leg: agent,
            by: "supervisor:1001".to_owned(),
            parting: Parting::Goodbye,
        });

        let outputs = bench.take();
        let released = |leg| {
            let of = |it: &Output| matches!(it, Output::Release { leg: it, .. } if *it == leg);
            outputs.iter().any(of)
        };
        assert!(released(agent) && !released(customer));
        let play = outputs.iter().find_map(|output| match output {
            Output::Play {
                leg, play, sounds, ..
            } if *leg == customer => {
                assert_eq!(*sounds, [named("leader/goodbye")]);
                Some(*play)
            }
            _ => None,
        });
        bench.played(play.expect("good-bye is said"));
        let record = bench.record();
        assert_eq!(record.ended_by, "supervisor:1001");
    }
}

#[test]
fn a_caller_of_a_queue_goes_back_to_its_head_when_the_agent_is_taken_out() {
    let mut bench = Bench::new();
    bench.ask(Command::Queue(Queue::new("it".into())));
    let waits = FromFloor::Waits {
        from_start: false,
        queue: "it".into(),
        music: None,
        position: 1,
    };
    bench.event(Event::Floor(waits.clone()));
    bench.event(Event::Floor(FromFloor::Ring {
        lease: LeaseId(1),
        agent: "1049".into(),
        queue: "it".into(),
        waited: s(1),
    }));
    let leg = bench.invited("1049");
    bench.answers(leg);
    bench.event(Event::Floor(FromFloor::Connect {
        greet: crate::acd::Greet::default(),
        lease: LeaseId(1),
        record: false,
    }));
    bench.take();

    bench.event(Event::TakenOut {
        leg,
        by: "supervisor:1001".to_owned(),
        parting: Parting::Requeue,
    });

    let outputs = bench.take();
    let enters = Output::Floor(ToFloor::Enter {
        callback: None,
        queue: "it".into(),
        priority: MOST_PRIORITY,
        max_wait: None,
        wants: Wants {
            vip: true,
            ..Wants::default()
        },
    });
    assert!(outputs.contains(&enters));
    assert!(
        outputs
            .iter()
            .any(|it| matches!(it, Output::Release { leg: it, .. } if *it == leg))
    );
    bench.event(Event::Floor(waits));
    assert_eq!(bench.call.state(), "queue");
    assert!(bench.take().iter().any(|it| matches!(
        it,
        Output::Music {
            leg: LegId::CALLER,
            ..
        }
    )));
}
