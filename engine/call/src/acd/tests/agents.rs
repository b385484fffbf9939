//! The states of A.4, and what leads from one to the next.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Floor, QueuePlan, ms, plan, s};
use crate::acd::{Act, AfterWrapUp, By, DialogNews, Output, Reason, Refusal, State};
use crate::{CallId, Cause};

fn internal() -> DialogNews {
    DialogNews::Began {
        customer: false,
        queue: None,
    }
}

fn customer() -> DialogNews {
    DialogNews::Began {
        customer: true,
        queue: None,
    }
}

#[test]
fn a_day_shows_every_state_once_and_in_order() {
    let mut floor = Floor::new(plan(vec![QueuePlan::new("it", &["1049"])]));
    floor.reach("1049", true);
    floor.act("1049", Act::LogIn).unwrap();
    floor.act("1049", Act::Idle).unwrap();
    let call = floor.calls();
    floor.answers("1049");
    floor.wait(s(90));
    floor.parts("1049", call);
    floor.act("1049", Act::EndWrapUp).unwrap();
    floor.act("1049", Act::LogOut).unwrap();

    let seen: Vec<(&str, By)> = floor
        .take()
        .into_iter()
        .filter_map(|output| match output {
            Output::State(it) if it.state != it.before => Some((it.state.chinese(), it.by)),
            _ => None,
        })
        .collect();

    assert_eq!(
        seen,
        [
            ("置忙", By::Agent),
            ("置闲", By::Agent),
            ("准备接听", By::Engine),
            ("通话中", By::Engine),
            ("事后", By::Engine),
            ("置闲", By::Agent),
            ("未登录", By::Agent),
        ]
    );
}

#[test]
fn acts_set_a_state_and_do_not_toggle_it() {
    let mut floor = Floor::new(plan(vec![QueuePlan::new("it", &["1049"])]));
    floor.reach("1049", true);

    assert_eq!(floor.act("1049", Act::Idle), Err(Refusal::LoggedOut));
    assert_eq!(floor.act("2000", Act::LogIn), Err(Refusal::NotAnAgent));
    for act in [Act::LogIn, Act::LogIn, Act::Idle, Act::Idle, Act::Idle] {
        floor.act("1049", act).unwrap();
    }
    assert_eq!(floor.state("1049"), State::Idle);
    assert_eq!(floor.act("1049", Act::EndWrapUp), Err(Refusal::NotInWrapUp));
    floor.act("1049", Act::Busy(3)).unwrap();
    floor.act("1049", Act::Busy(4)).unwrap();
    assert_eq!(floor.state("1049"), State::Busy(Reason::Code(4)));
}

#[test]
fn who_has_just_logged_in_is_offered_nothing() {
    let mut floor = Floor::new(plan(vec![QueuePlan::new("it", &["1049"])]));
    floor.reach("1049", true);
    floor.act("1049", Act::LogIn).unwrap();

    floor.calls();

    assert_eq!(floor.state("1049"), State::Busy(Reason::Login));
    assert_eq!(floor.ringing(), [""; 0]);
}

#[test]
fn a_press_during_an_offer_or_a_call_applies_after_it() {
    let mut floor = Floor::staffed(&["1049"], |queue| queue.offering.wrap_up = Some(s(20)));
    let call = floor.calls();
    floor.act("1049", Act::Busy(1)).unwrap();
    assert_eq!(floor.state("1049"), State::Offered);
    floor.hangs_up(call);
    assert_eq!(floor.state("1049"), State::Busy(Reason::Code(1)));

    floor.act("1049", Act::Idle).unwrap();
    floor.wait(s(1));
    let call = floor.calls();
    floor.answers("1049");
    floor.act("1049", Act::Busy(2)).unwrap();
    floor.parts("1049", call);
    assert_eq!(floor.state("1049"), State::WrapUp);
    floor.wait(s(20));
    assert_eq!(floor.state("1049"), State::Busy(Reason::Code(2)));
}

#[test]
fn wrap_up_counts_down_can_be_extended_and_ended_early() {
    let mut floor = Floor::staffed(&["1049"], |queue| queue.offering.wrap_up = Some(s(20)));
    let talk = |floor: &mut Floor| {
        let call = floor.calls();
        floor.answers("1049");
        floor.parts("1049", call);
    };
    let left = |floor: &Floor| {
        floor
            .acd
            .status(floor.now, &"1049".into())
            .unwrap()
            .wrap_up_left
    };

    talk(&mut floor);
    assert_eq!(left(&floor), Some(s(20)));
    floor.wait(s(5));
    floor.act("1049", Act::ExtendWrapUp(s(60))).unwrap();
    assert_eq!(left(&floor), Some(s(75)));
    floor.wait(ms(74_999));
    assert_eq!(floor.state("1049"), State::WrapUp);
    floor.wait(ms(1));
    assert_eq!(floor.state("1049"), State::Idle);

    talk(&mut floor);
    floor.act("1049", Act::EndWrapUp).unwrap();
    assert_eq!(floor.state("1049"), State::Idle);
}

#[test]
fn what_follows_wrap_up_is_as_the_tenant_set_it() {
    for (after, dialled_in_busy, expected) in [
        (AfterWrapUp::Back, false, State::Idle),
        (AfterWrapUp::Back, true, State::Busy(Reason::Code(1))),
        (AfterWrapUp::Idle, true, State::Idle),
        (AfterWrapUp::Busy, false, State::Busy(Reason::AfterCall)),
    ] {
        let mut plan = plan(vec![QueuePlan::new("it", &["1049"])]);
        plan.rules.wrap_up = Some(s(10));
        plan.rules.after_wrap_up = after;
        let mut floor = Floor::new(plan);
        floor.ready("1049");
        let own = floor.calls();
        floor.hangs_up(own);
        floor.wait(s(1));
        if dialled_in_busy {
            floor.act("1049", Act::Busy(1)).unwrap();
        }

        floor.dialog("1049", own, customer());
        floor.dialog("1049", own, DialogNews::Confirmed);
        floor.parts("1049", own);
        assert_eq!(floor.state("1049"), State::WrapUp);
        floor.wait(s(10));

        assert_eq!(floor.state("1049"), expected, "{after:?}");
    }
}

#[test]
fn an_internal_or_unanswered_call_blocks_and_leaves_no_wrap_up() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let own = floor.calls();
    floor.hangs_up(own);
    floor.wait(s(1));

    floor.dialog("1049", own, internal());
    assert_eq!(floor.state("1049"), State::Idle);
    floor.calls();
    assert_eq!(floor.ringing(), [""; 0], "the phone is not free");
    floor.dialog("1049", own, DialogNews::Confirmed);
    assert_eq!(floor.state("1049"), State::Internal);
    floor.parts("1049", own);

    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn who_talks_to_somebody_else_is_no_longer_rung() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    let own = floor.calls();
    floor.hangs_up(own);
    floor.wait(s(1));
    floor.calls();
    assert_eq!(floor.ringing(), ["1049"]);

    floor.dialog("1049", own, internal());
    floor.dialog("1049", own, DialogNews::Confirmed);

    assert_eq!(floor.ringing(), ["1050"]);
}

#[test]
fn a_lost_phone_keeps_its_place_for_a_minute() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    floor.reach("1049", false);
    let status = floor.acd.status(floor.now, &"1049".into()).unwrap();
    assert_eq!(
        (status.state, status.shown()),
        (State::Idle, "掉线(置闲)".into())
    );
    floor.wait(s(59));
    let call = floor.calls();
    assert_eq!(floor.ringing(), ["1050"]);
    floor.hangs_up(call);
    floor.wait(ms(500));

    floor.reach("1049", true);
    floor.calls();

    assert_eq!(floor.ringing(), ["1049"], "still the longest idle");
}

#[test]
fn a_phone_lost_for_longer_makes_its_agent_busy_and_then_logs_them_out() {
    let mut floor = Floor::staffed(&["1049"], |_| {});

    floor.reach("1049", false);
    floor.wait(s(60));
    assert_eq!(floor.state("1049"), State::Busy(Reason::Lost));
    floor.reach("1049", true);
    assert_eq!(floor.state("1049"), State::Busy(Reason::Lost));
    floor.reach("1049", false);
    floor.wait(s(300));

    assert_eq!(floor.state("1049"), State::LoggedOut);
}

#[test]
fn a_phone_lost_during_a_call_is_a_matter_of_after_the_call() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let call = floor.calls();
    floor.answers("1049");
    floor.reach("1049", false);

    floor.wait(s(400));
    assert_eq!(floor.state("1049"), State::Talking);
    floor.parts("1049", call);

    assert_eq!(floor.state("1049"), State::LoggedOut);
}

#[test]
fn failed_offers_of_one_kind_in_a_row_pause_the_agent() {
    for (cause, reason) in [
        (Cause::NoAnswer, Reason::NoAnswer),
        (Cause::Rejected, Reason::Rejected),
        (Cause::Busy, Reason::PhoneBusy),
        (Cause::Unavailable, Reason::Unreachable),
    ] {
        let mut floor = Floor::staffed(&["1049"], |queue| {
            let limits = &mut queue.offering.pause_after;
            limits.no_answer = Some(2);
            limits.rejected = Some(2);
            limits.busy = Some(2);
            limits.unreachable = Some(2);
        });
        let other = match cause {
            Cause::NoAnswer => Cause::Busy,
            _ => Cause::NoAnswer,
        };
        floor.calls();

        for cause in [cause, other] {
            floor.refuses("1049", cause);
            assert_eq!(floor.state("1049"), State::Idle, "kinds count apart");
            while floor.ringing().is_empty() {
                floor.wait(s(1));
            }
        }
        floor.refuses("1049", cause);

        assert_eq!(floor.state("1049"), State::Busy(reason));
        floor.wait(s(60));
        assert_eq!(floor.ringing(), [""; 0]);
        floor.act("1049", Act::Idle).unwrap();
        assert_eq!(floor.ringing(), ["1049"], "and begins anew");
    }
}

#[test]
fn an_agent_rests_after_a_failed_offer_for_as_long_as_its_kind_says() {
    for (cause, rest) in [
        (Cause::NoAnswer, 10),
        (Cause::Rejected, 10),
        (Cause::Busy, 30),
        (Cause::Unavailable, 5),
    ] {
        let mut floor = Floor::staffed(&["1049"], |_| {});
        floor.calls();
        floor.refuses("1049", cause);

        floor.wait(s(rest) - ms(1));
        assert_eq!(floor.ringing(), [""; 0], "{cause:?}");
        floor.wait(ms(1));
        assert_eq!(floor.ringing(), ["1049"], "{cause:?}");
    }
}

#[test]
fn logging_out_takes_an_offer_back_and_is_refused_in_a_call() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    let call = floor.calls();

    floor.act("1049", Act::LogOut).unwrap();
    assert_eq!(floor.state("1049"), State::LoggedOut);
    assert_eq!(floor.ringing(), ["1050"]);
    floor.answers("1050");
    assert_eq!(floor.act("1050", Act::LogOut), Err(Refusal::InCall));

    floor.parts("1050", call);
    floor.act("1050", Act::LogOut).unwrap();
}

#[test]
fn a_reset_keeps_a_live_call_and_ends_in_busy() {
    let mut floor = Floor::staffed(&["1049"], |queue| queue.offering.wrap_up = Some(s(5)));
    let call = floor.calls();
    floor.answers("1049");

    floor.act("1049", Act::Reset).unwrap();
    assert_eq!(floor.state("1049"), State::Talking);
    floor.parts("1049", call);
    floor.wait(s(5));
    assert_eq!(floor.state("1049"), State::Busy(Reason::Reset));

    floor.act("1049", Act::Idle).unwrap();
    floor.calls();
    floor.act("1049", Act::Reset).unwrap();
    assert_eq!(floor.state("1049"), State::Busy(Reason::Reset));
    assert_eq!(floor.ringing(), [""; 0]);
}

#[test]
fn a_lost_end_of_a_call_is_found_by_the_audit() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    let talk = floor.calls();
    floor.answers("1049");
    let waits = floor.calls();
    floor.refuses("1050", Cause::Rejected);

    // Neither the BYE of the one nor that of the other was seen.
    let alive = BTreeSet::from([("1049".into(), talk)]);
    floor
        .acd
        .handle_audit(floor.now, &BTreeSet::from([waits]), &alive);
    floor.drain();
    assert_eq!(floor.state("1049"), State::Talking);
    assert_eq!(floor.acd.position(waits), Some(1));
    floor
        .acd
        .handle_audit(floor.now, &BTreeSet::new(), &BTreeSet::new());
    floor.drain();

    assert_eq!(floor.state("1049"), State::WrapUp);
    assert_eq!(floor.acd.position(waits), None);
}

#[test]
fn whoever_dials_a_star_code_is_in_no_call_and_is_offered_none() {
    let mut floor = Floor::staffed(&["1049"], |queue| queue.offering.wrap_up = Some(s(20)));
    floor.act("1049", Act::Busy(1)).unwrap();
    let dials = |floor: &mut Floor, number| {
        let own = CallId(Uuid::from_u128(number));
        for news in [internal(), DialogNews::Alone(true), DialogNews::Confirmed] {
            floor.dialog("1049", own, news);
        }
        own
    };
    let own = dials(&mut floor, 900);
    assert_eq!(floor.state("1049"), State::Busy(Reason::Code(1)));

    // What they do applies at once, and a call that waits comes when they have hung up.
    floor.act("1049", Act::Idle).unwrap();
    assert_eq!(floor.state("1049"), State::Idle);
    let call = floor.calls();
    assert_eq!(floor.ringing(), [""; 0]);
    let why = floor.acd.explain(call).unwrap().to_string();
    assert!(why.contains("1049: in a menu of the exchange"), "{why}");
    floor.parts("1049", own);
    assert_eq!(floor.ringing(), ["1049"]);

    // Neither does it take an offer back, nor end a 事后 or begin one.
    let own = dials(&mut floor, 901);
    assert_eq!(floor.state("1049"), State::Offered);
    floor.answers("1049");
    floor.parts("1049", call);
    assert_eq!(floor.state("1049"), State::WrapUp);
    floor.act("1049", Act::EndWrapUp).unwrap();
    assert_eq!(floor.state("1049"), State::Idle);
    floor.act("1049", Act::LogOut).unwrap();
    floor.parts("1049", own);
    assert_eq!(floor.state("1049"), State::LoggedOut);
}

#[test]
fn a_menu_that_puts_the_agent_through_to_somebody_is_a_call_like_any_other() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.calls();
    let own = CallId(Uuid::from_u128(900));
    for news in [internal(), DialogNews::Alone(true), DialogNews::Confirmed] {
        floor.dialog("1049", own, news);
    }
    assert_eq!(floor.ringing(), ["1049"]);

    floor.dialog("1049", own, DialogNews::Alone(false));

    assert_eq!(floor.state("1049"), State::Internal);
    assert_eq!(floor.ringing(), [""; 0]);
    assert_eq!(floor.act("1049", Act::LogOut), Err(Refusal::InCall));
}
