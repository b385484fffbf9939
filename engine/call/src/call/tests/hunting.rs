//! Ringing several phones, and connecting the first.

use super::{Bench, bridge, named, s, setup};
use crate::{
    Bridge, Cause, Command, Event, LegId, LegState, Options, Output, PlayId, Reply, Sound,
    Strategy, Target, Tone, Why,
};

fn in_order(users: &[&str]) -> Command {
    Command::Bridge(Bridge {
        strategy: Strategy::InOrder,
        ..bridge(users)
    })
}

fn all(users: &[&str]) -> Command {
    Command::Bridge(bridge(users))
}

fn invited(bench: &Bench) -> Vec<String> {
    let legs = bench.call.legs().iter().skip(1);
    legs.map(|leg| leg.user().unwrap_or_default().to_owned())
        .collect()
}

fn release(leg: LegId, cause: Cause, elsewhere: bool) -> Output {
    Output::Release {
        leg,
        cause,
        elsewhere,
    }
}

fn leg(result: Result<crate::Parted, Why>) -> Option<Reply> {
    Some(Reply::Leg(result))
}

#[test]
fn a_phone_that_rings_makes_the_callers_phone_ring() {
    let mut bench = Bench::new();
    bench.ask(all(&["1049"]));
    let callee = bench.invited("1049");
    assert!(!bench.take().contains(&Output::Ring { early_media: false }));

    bench.rings(callee);

    assert_eq!(bench.take(), [Output::Ring { early_media: false }]);
}

#[test]
fn the_called_sees_the_callers_number_and_name_unless_told_otherwise() {
    let mut bench = Bench::new();
    bench.ask(all(&["1049"]));
    let mut other = Bench::new();
    other.ask(Command::Bridge(Bridge {
        caller_id: Some("4001234567".to_owned()),
        ..bridge(&["1049"])
    }));

    let shown = |bench: &mut Bench| {
        bench.take().into_iter().find_map(|output| match output {
            Output::Invite {
                caller_id,
                caller_name,
                ..
            } => Some((caller_id.unwrap(), caller_name)),
            _ => None,
        })
    };

    let own = ("+8613800138000".to_owned(), Some("Wang".to_owned()));
    assert_eq!(shown(&mut bench), Some(own));
    assert_eq!(shown(&mut other), Some(("4001234567".to_owned(), None)));
}

#[test]
fn who_answers_is_connected_before_the_others_stop_ringing() {
    let mut bench = Bench::new();
    bench.ask(all(&["1049", "1050", "1051"]));
    let legs = ["1049", "1050", "1051"].map(|user| bench.invited(user));
    for leg in legs {
        bench.rings(leg);
    }
    bench.take();

    bench.answers(legs[1]);

    assert_eq!(
        bench.take(),
        [
            Output::Answer,
            Output::Connect {
                a: LegId::CALLER,
                b: legs[1]
            },
            release(legs[0], Cause::Cancelled, true),
            release(legs[2], Cause::Cancelled, true),
        ]
    );
    assert_eq!(bench.call.state(), "talking");
}

#[test]
fn a_second_answer_is_sent_away_politely() {
    let mut bench = Bench::new();
    let request = bench.ask(all(&["1049", "1050"]));
    let (first, second) = (bench.invited("1049"), bench.invited("1050"));
    bench.answers(first);
    bench.take();

    bench.answers(second);

    assert_eq!(bench.take(), [release(second, Cause::Cancelled, true)]);
    assert_eq!(bench.reply(request), None, "the conversation goes on");
    assert_eq!(bench.call.state(), "talking");
}

#[test]
fn an_answered_caller_hears_ring_back_until_somebody_answers() {
    let mut bench = Bench::answered();
    bench.ask(all(&["1049"]));
    let callee = bench.invited("1049");
    let (play, sounds) = bench.playing();
    assert_eq!(sounds, [Sound::Tone(Tone::Ringback)]);

    bench.rings(callee);
    bench.answers(callee);

    let stop = Output::StopPlay {
        leg: LegId::CALLER,
        play,
    };
    let connect = Output::Connect {
        a: LegId::CALLER,
        b: callee,
    };
    assert_eq!(bench.take(), [stop, connect]);
}

#[test]
fn a_ring_back_of_ones_own_needs_early_media_and_falls_back_to_the_tone() {
    let mut bench = Bench::new();
    bench.ask(Command::Bridge(Bridge {
        ringback: Some(named("music/ring")),
        ..bridge(&["1049"])
    }));
    assert!(bench.outputs.contains(&Output::Ring { early_media: true }));
    let (play, sounds) = bench.playing();
    assert_eq!(sounds, [named("music/ring")]);

    bench.event(Event::PlayFailed {
        play,
        why: "sound 'music/ring' not found".to_owned(),
    });

    let (tone, sounds) = bench.playing();
    assert_eq!(sounds, [Sound::Tone(Tone::Ringback)]);
    bench.event(Event::PlayFailed {
        play: tone,
        why: "no tones".to_owned(),
    });
    let callee = bench.invited("1049");
    bench.rings(callee);
    assert_eq!(bench.take(), [], "there is nothing simpler to try");
}

#[test]
fn the_early_media_of_the_only_ringing_phone_is_heard() {
    let mut bench = Bench::new();
    bench.ask(all(&["1049"]));
    let callee = bench.invited("1049");
    bench.take();

    bench.event(Event::Ringing {
        leg: callee,
        early_media: true,
    });

    let pass = Output::PassEarlyMedia {
        from: callee,
        to: LegId::CALLER,
    };
    assert_eq!(bench.take(), [Output::Ring { early_media: true }, pass]);
}

#[test]
fn the_early_media_of_several_phones_waits_until_one_is_alone() {
    let mut bench = Bench::answered();
    bench.ask(all(&["1049", "1050"]));
    let (first, second) = (bench.invited("1049"), bench.invited("1050"));
    let (ringback, _) = bench.playing();
    bench.event(Event::Ringing {
        leg: first,
        early_media: true,
    });
    assert_eq!(bench.take(), []);

    bench.refuses(second, Cause::Busy);

    let stop = Output::StopPlay {
        leg: LegId::CALLER,
        play: ringback,
    };
    let pass = Output::PassEarlyMedia {
        from: first,
        to: LegId::CALLER,
    };
    assert_eq!(bench.take(), [stop, pass]);
}

#[test]
fn ring_back_comes_again_when_early_media_ends_with_its_phone() {
    let mut bench = Bench::answered();
    bench.ask(in_order(&["1049", "1050"]));
    let first = bench.invited("1049");
    bench.event(Event::Ringing {
        leg: first,
        early_media: true,
    });
    bench.take();

    bench.refuses(first, Cause::Busy);

    let (_, sounds) = bench.playing();
    assert_eq!(sounds, [Sound::Tone(Tone::Ringback)]);
}

#[test]
fn in_order_the_next_rings_when_the_one_before_has_had_its_time() {
    let mut bench = Bench::new();
    bench.ask(in_order(&["1049", "1050"]));
    assert_eq!(invited(&bench), ["1049"]);
    let first = bench.invited("1049");
    bench.take();

    bench.wait(s(19));
    assert_eq!(invited(&bench), ["1049"]);
    bench.wait(s(1));

    assert_eq!(invited(&bench), ["1049", "1050"]);
    let outputs = bench.take();
    assert_eq!(outputs[0], release(first, Cause::NoAnswer, false));
    assert!(bench.decided("user:1049 did not answer in 20 s"));
}

#[test]
fn in_order_the_next_rings_at_once_when_the_one_before_refuses() {
    let mut bench = Bench::new();
    bench.ask(in_order(&["1049", "1050"]));

    bench.refuses(bench.invited("1049"), Cause::Rejected);

    assert_eq!(invited(&bench), ["1049", "1050"]);
    assert!(bench.decided("user:1049: rejected"));
}

#[test]
fn all_that_ring_have_the_same_time() {
    let mut bench = Bench::new();
    let request = bench.ask(all(&["1049", "1050"]));
    let legs = ["1049", "1050"].map(|user| bench.invited(user));
    bench.take();

    bench.wait(s(20));

    let outputs = bench.take();
    assert_eq!(
        outputs,
        [
            release(legs[0], Cause::NoAnswer, false),
            release(legs[1], Cause::NoAnswer, false),
            Output::Reply {
                request,
                reply: Reply::Leg(Err(Why::NoAnswer))
            }
        ]
    );
}

#[test]
fn the_best_reason_is_told() {
    let told = |causes: &[Cause]| {
        let users = &["1049", "1050", "1051"][..causes.len()];
        let mut bench = Bench::new();
        let request = bench.ask(all(users));
        for (user, cause) in users.iter().zip(causes) {
            bench.refuses(bench.invited(user), *cause);
        }
        bench.reply(request)
    };

    use Cause::{Busy, Congestion, NoAnswer, Rejected, Unavailable};
    assert_eq!(told(&[Unavailable, Busy, Rejected]), leg(Err(Why::Busy)));
    assert_eq!(told(&[NoAnswer, Rejected]), leg(Err(Why::Rejected)));
    assert_eq!(told(&[Unavailable, NoAnswer]), leg(Err(Why::NoAnswer)));
    assert_eq!(told(&[Congestion, Unavailable]), leg(Err(Why::Unavailable)));
    assert_eq!(told(&[Congestion]), leg(Err(Why::Congestion)));
}

#[test]
fn a_phone_named_twice_rings_once() {
    let mut bench = Bench::new();

    bench.ask(all(&["1049", "1050", "1049"]));

    assert_eq!(invited(&bench), ["1049", "1050"]);
}

#[test]
fn nobody_to_ring_is_a_mistake() {
    let mut bench = Bench::new();

    let request = bench.ask(all(&[]));

    assert!(matches!(bench.reply(request), Some(Reply::Mistake(_))));
}

#[test]
fn a_caller_who_gives_up_stops_every_phone_at_once() {
    for moment in 0..4 {
        let mut bench = Bench::new();
        bench.ask(all(&["1049", "1050"]));
        let legs = ["1049", "1050"].map(|user| bench.invited(user));
        match moment {
            0 => {}
            1 => bench.rings(legs[0]),
            2 => bench.event(Event::Ringing {
                leg: legs[1],
                early_media: true,
            }),
            _ => bench.refuses(legs[0], Cause::Busy),
        }
        bench.take();

        bench.event(Event::HungUp {
            leg: LegId::CALLER,
            cause: Cause::Cancelled,
        });

        let outputs = bench.take();
        for leg in legs {
            let alive = moment != 3 || leg != legs[0];
            let released = outputs.contains(&release(leg, Cause::Cancelled, false));
            assert_eq!(released, alive, "moment {moment}");
        }
        assert!(outputs.contains(&Output::StopScript));
        assert!(matches!(outputs.last(), Some(Output::Ended(_))));
        assert!(
            bench
                .call
                .legs()
                .iter()
                .all(|leg| leg.state() == LegState::Gone)
        );
    }
}

#[test]
fn a_phone_that_answers_after_the_caller_is_gone_gets_no_call() {
    let mut bench = Bench::answered();
    bench.ask(Command::StartRecording(crate::StartRecording::default()));
    bench.ask(all(&["1049"]));
    let callee = bench.invited("1049");
    bench.hangs_up(LegId::CALLER);
    bench.take();

    bench.answers(callee);

    assert_eq!(bench.take(), [release(callee, Cause::Cancelled, false)]);
}

#[test]
fn nothing_rings_longer_than_the_limit() {
    let options = Options {
        ring_limit: s(30),
        ..Options::default()
    };
    let mut bench = Bench::with(setup(), options);
    bench.ask(Command::Answer);
    let request = bench.ask(Command::Bridge(Bridge {
        timeout: s(100_000),
        ..bridge(&["1049"])
    }));

    bench.wait(s(30));

    assert_eq!(bench.reply(request), leg(Err(Why::NoAnswer)));
}

#[test]
fn keys_pressed_while_it_rings_are_not_kept() {
    let mut bench = Bench::answered();
    bench.ask(all(&["1049"]));
    bench.keys("123");
    bench.refuses(bench.invited("1049"), Cause::Busy);
    bench.take();

    let request = bench.ask(Command::Play {
        sounds: vec![named("call/busy")],
        interrupt_on: crate::Keys::Any,
        times: 1,
    });

    assert_eq!(bench.reply(request), None);
    assert!(matches!(bench.playing(), (PlayId(_), _)));
}

#[test]
fn the_phone_that_answers_for_a_group_is_known() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::Bridge(Bridge {
        targets: vec![Target::Uri("sip:desk@example.com".to_owned())],
        ..bridge(&[])
    }));
    let callee = LegId(1);
    bench.event(Event::Answered {
        leg: callee,
        user: Some("1050".to_owned()),
    });

    bench.hangs_up(callee);

    let Some(Reply::Leg(Ok(parted))) = bench.reply(request) else {
        panic!("they talked");
    };
    assert_eq!(parted.user.as_deref(), Some("1050"));
}

fn outside(number: &str) -> Target {
    Target::Trunk {
        trunk: "carrier".to_owned(),
        number: number.to_owned(),
    }
}

#[test]
fn the_keys_behind_a_number_are_pressed_after_the_answer() {
    let mut bench = Bench::new();
    bench.ask(Command::Bridge(Bridge {
        targets: vec![outside("0755-26881234转802")],
        ..bridge(&[])
    }));
    let called = LegId(1);
    let leg = bench.call.legs().last().unwrap();
    assert_eq!(leg.target(), Some(&outside("0755-26881234")));
    bench.rings(called);
    bench.take();

    bench.answers(called);

    let press = Output::SendDigits {
        leg: called,
        digits: ",802".to_owned(),
    };
    assert!(bench.take().contains(&press));
    assert!(bench.decided("press 802"));
}

#[test]
fn a_number_that_only_sends_text_messages_is_not_rung() {
    for strategy in [Strategy::All, Strategy::InOrder] {
        let mut bench = Bench::new();
        let alone = bench.ask(Command::Bridge(Bridge {
            targets: vec![outside("10690123456789")],
            strategy,
            ..bridge(&[])
        }));
        assert_eq!(bench.reply(alone), leg(Err(Why::Unavailable)));

        bench.ask(Command::Bridge(Bridge {
            targets: vec![outside("1065512345"), Target::User("1049".to_owned())],
            strategy,
            ..bridge(&[])
        }));
        assert_eq!(invited(&bench), ["1049"]);
    }
}
