//! Calls that are parked, and calls that take what waits elsewhere.

use uuid::Uuid;

use super::{Bench, bridge, named, s};
use crate::{
    CallId, Cause, Command, Event, Fetch, LegId, Newcomer, Output, Park, Parted, Reply, RequestId,
    Say, SegmentKind, Sound, Target, TransferId, TransferNews, Why,
};

fn park() -> Park {
    Park {
        slot: None,
        timeout: s(120),
        music: None,
        announce: true,
    }
}

fn told() -> Vec<Sound> {
    let say = Sound::Say(Say::Digits("5901".to_owned()));
    let pause = Sound::Silence(std::time::Duration::from_millis(500));
    vec![named("park/at"), say.clone(), pause, say]
}

impl Bench {
    fn gets_a_place(&mut self) {
        self.event(Event::Parked {
            slot: Ok("5901".to_owned()),
        });
    }

    /// A parked call, everything before it looked at.
    fn is_parked(&mut self) -> RequestId {
        let request = self.ask(Command::Park(park()));
        self.gets_a_place();
        self.hears(&told());
        self.take();
        request
    }

    /// 1050 fetches it.
    fn is_fetched(&mut self) -> LegId {
        let leg = self.call.next_leg();
        self.event(Event::Joined {
            newcomer: Newcomer {
                leg,
                target: None,
                user: Some("1050".to_owned()),
                number: Some("1050".to_owned()),
                name: None,
                trunk: None,
                invited: s(1),
                answered: s(0),
                is_held: false,
            },
            instead_of: None,
            by: None,
            beside: false,
        });
        leg
    }
}

#[test]
fn who_parks_itself_hears_where_and_then_music_until_somebody_comes() {
    let mut bench = Bench::new();

    let request = bench.ask(Command::Park(park()));
    assert_eq!(bench.take(), [Output::Answer, Output::Park { slot: None }]);
    assert!(!bench.call.takes(None), "not before it has a place");
    bench.gets_a_place();
    assert!(bench.call.takes(None));
    bench.hears(&told());

    let music = Output::Music {
        leg: LegId::CALLER,
        name: None,
    };
    assert_eq!(bench.take(), [music]);
    assert_eq!(bench.call.state(), "parked");
    assert!(bench.call.takes(None));
    bench.wait(s(30));
    let leg = bench.is_fetched();

    let unpark = Output::Unpark {
        slot: "5901".to_owned(),
    };
    let connect = Output::Connect {
        a: LegId::CALLER,
        b: leg,
    };
    assert_eq!(bench.take(), [unpark, connect]);
    bench.wait(s(10));
    bench.hangs_up(leg);
    let parted = Parted {
        leg,
        target: Target::User("1050".to_owned()),
        user: Some("1050".to_owned()),
        talked: s(10),
        cause: Cause::Normal,
    };
    assert_eq!(bench.reply(request), Some(Reply::Leg(Ok(parted))));
    bench.hangs_up(LegId::CALLER);
    let kinds: Vec<_> = bench
        .record()
        .segments
        .iter()
        .map(|segment| segment.kind)
        .collect();
    assert_eq!(kinds, [SegmentKind::Park, SegmentKind::Talk]);
}

#[test]
fn a_place_that_is_taken_and_none_that_is_free_are_told_to_the_script() {
    for why in [Why::Busy, Why::Full] {
        let mut bench = Bench::new();
        let request = bench.ask(Command::Park(park()));

        bench.event(Event::Parked { slot: Err(why) });

        assert_eq!(bench.reply(request), Some(Reply::Leg(Err(why))));
    }
}

#[test]
fn nobody_who_comes_in_time_gives_the_call_back_to_the_script() {
    let mut bench = Bench::new();
    let request = bench.is_parked();

    bench.wait(s(119));
    assert_eq!(bench.call.state(), "parked");
    bench.wait(s(1));

    assert_eq!(bench.reply(request), Some(Reply::Leg(Err(Why::Timeout))));
    let unpark = Output::Unpark {
        slot: "5901".to_owned(),
    };
    assert!(bench.take().contains(&unpark));
    assert!(!bench.call.takes(None));
    bench.ask(Command::Bridge(bridge(&["1049"])));
    bench.answers(bench.invited("1049"));
    assert_eq!(bench.call.state(), "talking");
}

#[test]
fn the_place_is_free_when_the_parked_hang_up() {
    let mut bench = Bench::new();
    bench.is_parked();

    bench.hangs_up(LegId::CALLER);

    let unpark = Output::Unpark {
        slot: "5901".to_owned(),
    };
    assert!(bench.take().contains(&unpark));
    assert!(bench.call.is_ended());
}

#[test]
fn whoever_parks_a_call_by_transfer_hears_where_and_the_parked_hear_music() {
    // The transferor listens, or hangs up at once.
    for hangs_up in [false, true] {
        let mut bench = Bench::new();
        let (_, agent) = bench.talk(true);
        let transfer = TransferId(3);
        bench.event(Event::Referred {
            transfer,
            leg: agent,
            by: "1049".to_owned(),
            to: "*5900".to_owned(),
            context: "internal".to_owned(),
        });
        bench.ask(Command::Park(park()));
        bench.take();

        bench.gets_a_place();

        let outputs = bench.take();
        let play = outputs.iter().find_map(|output| match output {
            Output::Play {
                leg, play, sounds, ..
            } => {
                assert_eq!((*leg, sounds), (agent, &told()));
                Some(*play)
            }
            _ => None,
        });
        let done = Output::Transfer {
            transfer,
            news: TransferNews::Done,
        };
        assert!(!outputs.contains(&done), "not before it has heard so");
        match hangs_up {
            true => bench.hangs_up(agent),
            false => bench.played(play.unwrap()),
        }

        let outputs = bench.take();
        assert!(outputs.contains(&done), "{outputs:?}");
        let is_told = |output: &Output| match output {
            Output::StopPlay { leg, .. } | Output::Release { leg, .. } => *leg == agent,
            _ => false,
        };
        let told = outputs.iter().filter(|output| is_told(output)).count();
        assert_eq!(told, usize::from(!hangs_up), "the gone are told nothing");
        let stops = |output: &Output| matches!(output, Output::StopRecording { .. });
        assert!(!outputs.iter().any(stops), "the recording follows");
        assert_eq!(bench.call.state(), "parked");
        let leg = bench.is_fetched();
        let follows = |output: &Output| matches!(output, Output::MoveRecording { right, .. } if *right == Some(leg));
        assert!(bench.take().iter().any(follows));
    }
}

#[test]
fn a_call_that_is_fetched_while_its_parker_still_hears_where_lets_the_parker_go() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    let transfer = TransferId(3);
    bench.event(Event::Referred {
        transfer,
        leg: agent,
        by: "1049".to_owned(),
        to: "*5900".to_owned(),
        context: "internal".to_owned(),
    });
    bench.ask(Command::Park(park()));
    bench.gets_a_place();
    bench.take();

    let leg = bench.is_fetched();

    let outputs = bench.take();
    let connected = Output::Connect {
        a: LegId::CALLER,
        b: leg,
    };
    let done = Output::Transfer {
        transfer,
        news: TransferNews::Done,
    };
    assert!(outputs.contains(&connected), "{outputs:?}");
    assert!(outputs.contains(&done), "{outputs:?}");
    assert_eq!(bench.call.pair(), Some([LegId::CALLER, leg]));
    let gone = bench.call.legs()[1].state();
    assert_eq!(gone, crate::LegState::Gone);
}

#[test]
fn a_parker_who_never_stops_listening_is_let_go() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    bench.event(Event::Referred {
        transfer: TransferId(3),
        leg: agent,
        by: "1049".to_owned(),
        to: "*5900".to_owned(),
        context: "internal".to_owned(),
    });
    bench.ask(Command::Park(park()));
    bench.gets_a_place();

    bench.wait(s(10));

    assert_eq!(bench.call.state(), "parked");
    let gone = bench.call.legs()[1].state();
    assert_eq!(gone, crate::LegState::Gone);
}

#[test]
fn who_looks_for_a_call_that_is_not_there_hears_so_from_its_script() {
    for fetch in [
        Fetch::Slot("5901".to_owned()),
        Fetch::Ringing(vec![Target::User("1050".to_owned())]),
    ] {
        let mut bench = Bench::new();

        let request = bench.ask(Command::Fetch(fetch.clone()));
        assert_eq!(bench.take(), [Output::Fetch(fetch)]);
        bench.event(Event::NothingFetched);

        assert_eq!(bench.reply(request), Some(Reply::Leg(Err(Why::Nobody))));
        bench.ask(super::play("call/noanswer"));
        bench.hears(&[named("call/noanswer")]);
    }
}

#[test]
fn who_comes_too_late_for_a_call_that_waits_hears_that_it_is_taken() {
    let fetch = Fetch::Waiting(crate::acd::Pick::NextOf("it".into()));
    let mut bench = Bench::new();

    let request = bench.ask(Command::Fetch(fetch));
    bench.event(Event::FetchedByOther);

    assert_eq!(bench.reply(request), Some(Reply::Leg(Err(Why::Taken))));
}

#[test]
fn who_finds_one_is_answered_and_goes_there() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::Fetch(Fetch::Slot("5901".to_owned())));
    bench.take();

    bench.event(Event::Moved {
        leg: Some(LegId::CALLER),
        to: CallId(Uuid::from_u128(9)),
    });

    assert_eq!(bench.take()[..2], [Output::Answer, Output::StopScript]);
    assert_eq!(bench.reply(request), None);
    assert!(bench.call.is_ended());
}

#[test]
fn a_customer_can_be_transferred_to_a_parked_one() {
    let mut bench = Bench::new();
    let (_, agent) = bench.talk(false);
    let transfer = TransferId(3);
    bench.event(Event::Referred {
        transfer,
        leg: agent,
        by: "1049".to_owned(),
        to: "*5901".to_owned(),
        context: "internal".to_owned(),
    });
    bench.ask(Command::Fetch(Fetch::Slot("5901".to_owned())));
    bench.take();

    bench.event(Event::Moved {
        leg: Some(LegId::CALLER),
        to: CallId(Uuid::from_u128(9)),
    });

    let done = Output::Transfer {
        transfer,
        news: TransferNews::Done,
    };
    assert!(bench.take().contains(&done));
}
