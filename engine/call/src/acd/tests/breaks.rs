//! Reasons for 置忙 with rules of their own, and what people set for themselves.

use std::time::Duration;

use uuid::Uuid;

use super::{Floor, QueuePlan, ms, plan, s};
use crate::CallId;
use crate::acd::{
    Act, By, DialogNews, Habit, Output, Plan, Reason, ReasonRule, Refusal, Snapshot, State,
};

/// The first reason may last ten minutes, the second needs a leader's approval.
fn plan_with_rules() -> Plan {
    let mut queue = QueuePlan::new("it", &["1049", "1050"]);
    queue.offering.wrap_up = Some(s(60));
    let mut plan = plan(vec![queue]);
    let short = ReasonRule {
        max: Some(s(600)),
        approval: false,
    };
    let approved = ReasonRule {
        max: None,
        approval: true,
    };
    plan.rules.reasons = vec![short, approved];
    plan
}

fn floor() -> Floor {
    let mut floor = Floor::new(plan_with_rules());
    floor.ready("1049");
    floor.take();
    floor
}

fn leader(floor: &mut Floor, act: Act) -> Result<(), Refusal> {
    let by = By::Leader("user:1001".to_owned());
    let done = floor.acd.handle_agent(floor.now, &"1049".into(), act, by);
    floor.drain();
    done
}

fn overruns(floor: &mut Floor) -> Vec<(Reason, Duration)> {
    let out = floor.take().into_iter();
    out.filter_map(|output| match output {
        Output::Overrun { reason, lasted, .. } => Some((reason, lasted)),
        _ => None,
    })
    .collect()
}

#[test]
fn a_break_that_lasts_too_long_is_told_of_once_and_calls_in_between_count() {
    let mut floor = floor();
    floor.act("1049", Act::Busy(1)).unwrap();
    floor.wait(s(300));
    let own = CallId(Uuid::from_u128(900));
    floor.dialog("1049", own, DialogNews::Confirmed);
    floor.wait(s(10));
    floor.parts("1049", own);
    assert_eq!(overruns(&mut floor), []);

    floor.wait(s(290));
    assert_eq!(overruns(&mut floor), [(Reason::Code(1), s(600))]);
    floor.wait(s(3_600));
    assert_eq!(overruns(&mut floor), []);

    // The next one is told of again.
    floor.act("1049", Act::Idle).unwrap();
    floor.act("1049", Act::Busy(1)).unwrap();
    floor.wait(s(600));
    assert_eq!(overruns(&mut floor).len(), 1);
}

#[test]
fn a_reason_that_a_leader_must_approve_is_asked_for_and_approved_or_not() {
    let mut floor = floor();

    let asked = floor.act("1049", Act::Busy(2));
    assert_eq!(asked, Err(Refusal::ApprovalNeeded));
    assert_eq!(floor.state("1049"), State::Idle);
    let told = floor.take();
    assert!(told.iter().any(|output| matches!(
        output,
        Output::Asks {
            reason: Reason::Code(2),
            ..
        }
    )));
    let status = floor.acd.status(floor.now, &"1049".into()).unwrap();
    assert_eq!(status.asks, Some(Reason::Code(2)));
    leader(&mut floor, Act::Deny).unwrap();
    assert_eq!(leader(&mut floor, Act::Approve), Err(Refusal::NothingAsked));
    assert_eq!(floor.state("1049"), State::Idle);

    floor.act("1049", Act::Busy(2)).unwrap_err();
    leader(&mut floor, Act::Approve).unwrap();
    assert_eq!(floor.state("1049"), State::Busy(Reason::Code(2)));
    // Pressed again it is what it is; and a leader need not ask anybody.
    floor.act("1049", Act::Busy(2)).unwrap();
    floor.act("1049", Act::Idle).unwrap();
    leader(&mut floor, Act::Busy(2)).unwrap();

    assert_eq!(floor.state("1049"), State::Busy(Reason::Code(2)));
}

#[test]
fn a_tenant_may_want_a_reason() {
    let mut plan = plan_with_rules();
    plan.rules.reason_required = true;
    let mut floor = Floor::new(plan);
    floor.ready("1049");

    assert_eq!(
        floor.act("1049", Act::Busy(0)),
        Err(Refusal::ReasonRequired)
    );
    floor.act("1049", Act::Busy(1)).unwrap();

    assert_eq!(floor.state("1049"), State::Busy(Reason::Code(1)));
}

/// A call of the queue that the agent answers and that ends.
fn serves(floor: &mut Floor) {
    let call = floor.calls();
    floor.answers("1049");
    floor.parts("1049", call);
}

fn sets(floor: &mut Floor, habit: Habit) {
    let set = floor.acd.handle_habit(floor.now, &"1049".into(), habit);
    set.unwrap();
    floor.drain();
}

#[test]
fn s35_auto_idle_after_an_agents_own_seconds_takes_the_next_caller() {
    let mut floor = floor();
    sets(&mut floor, Habit::WrapUp(Some(s(15))));
    sets(&mut floor, Habit::AutoIdle(true));
    floor.act("1049", Act::Busy(1)).unwrap();
    let own = CallId(Uuid::from_u128(900));
    let began = DialogNews::Began {
        customer: true,
        queue: None,
    };
    floor.dialog("1049", own, began);
    floor.dialog("1049", own, DialogNews::Confirmed);
    floor.calls();
    floor.parts("1049", own);

    floor.wait(s(15) - ms(1));
    assert_eq!(floor.state("1049"), State::WrapUp);
    floor.wait(ms(1));

    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn s36_auto_busy_follows_wrap_up_and_both_at_once_are_refused() {
    let mut floor = floor();
    sets(&mut floor, Habit::AutoBusy(true));
    let both = (floor.acd).handle_habit(floor.now, &"1049".into(), Habit::AutoIdle(true));
    assert_eq!(both, Err(Refusal::Exclusive));

    serves(&mut floor);
    assert_eq!(floor.state("1049"), State::WrapUp);
    floor.wait(s(60));

    assert_eq!(floor.state("1049"), State::Busy(Reason::AfterCall));
}

#[test]
fn s36_busy_after_this_call_is_for_once() {
    let mut floor = floor();
    assert_eq!(
        floor.act("1049", Act::BusyAfterCall),
        Err(Refusal::NotInCall)
    );
    let call = floor.calls();
    floor.answers("1049");
    floor.act("1049", Act::BusyAfterCall).unwrap();
    floor.parts("1049", call);
    floor.wait(s(60));
    assert_eq!(floor.state("1049"), State::Busy(Reason::AfterCall));

    floor.act("1049", Act::Idle).unwrap();
    serves(&mut floor);
    floor.wait(s(60));

    assert_eq!(floor.state("1049"), State::Idle);
}

#[test]
fn who_does_not_want_to_be_disturbed_is_offered_nothing() {
    let mut floor = floor();
    sets(&mut floor, Habit::DoNotDisturb(true));

    let call = floor.calls();
    assert_eq!(floor.ringing(), [""; 0]);
    let why = floor.acd.explain(call).unwrap().to_string();
    assert!(why.contains("does not want to be disturbed"), "{why}");
    sets(&mut floor, Habit::DoNotDisturb(false));

    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn s6_who_must_be_busy_to_dial_is_so_by_a_break_by_do_not_disturb_or_by_a_phone_that_said_busy() {
    let mut plan = plan_with_rules();
    plan.rules.dial_when_busy = true;
    plan.queues[0].offering.pause_after.busy = Some(1);
    let mut floor = Floor::new(plan);
    floor.ready("1049");
    let may = |floor: &Floor| floor.acd.may_dial(&"1049".into());

    assert_eq!(may(&floor), Err(Refusal::NotBusy));
    sets(&mut floor, Habit::DoNotDisturb(true));
    assert_eq!(may(&floor), Ok(()));
    sets(&mut floor, Habit::DoNotDisturb(false));
    floor.act("1049", Act::Busy(1)).unwrap();
    assert_eq!(may(&floor), Ok(()));
    floor.act("1049", Act::Idle).unwrap();
    assert_eq!(may(&floor), Err(Refusal::NotBusy));

    floor.calls();
    assert_eq!(may(&floor), Err(Refusal::Offered));
    floor.refuses("1049", crate::Cause::Busy);

    assert_eq!(floor.state("1049"), State::Busy(Reason::PhoneBusy));
    assert_eq!(may(&floor), Ok(()));
}

#[test]
fn a_desk_that_falls_silent_makes_its_agent_busy_and_then_logs_them_out() {
    let mut floor = floor();
    floor.act("1049", Act::Beat).unwrap();
    for _ in 0..5 {
        floor.wait(s(15));
        floor.act("1049", Act::Beat).unwrap();
    }
    assert_eq!(floor.state("1049"), State::Idle);

    floor.wait(s(20));
    let status = floor.acd.status(floor.now, &"1049".into()).unwrap();
    assert_eq!(status.shown(), "掉线(置闲)");
    floor.calls();
    assert_eq!(floor.ringing(), [""; 0]);
    floor.act("1049", Act::Beat).unwrap();
    assert_eq!(floor.ringing(), ["1049"], "back within the minute");
    floor.answers("1049");
    floor.parts("1049", CallId(Uuid::from_u128(1)));
    floor.act("1049", Act::EndWrapUp).unwrap();
    floor.act("1049", Act::Beat).unwrap();

    floor.wait(s(60));
    assert_eq!(floor.state("1049"), State::Busy(Reason::Lost));
    floor.wait(s(240));

    assert_eq!(floor.state("1049"), State::LoggedOut);
    assert_eq!(floor.act("1049", Act::Beat), Err(Refusal::LoggedOut));
}

#[test]
fn s11_a_day_has_its_totals_over_a_restart_and_begins_anew_at_midnight() {
    let mut floor = Floor::new(plan_with_rules());
    floor.now += s(100_000);
    floor.acd.handle_day(floor.now, 20_000, s(9 * 3_600));
    floor.ready("1049");
    floor.wait(s(75));
    floor.act("1049", Act::Busy(1)).unwrap();
    floor.wait(s(30));
    floor.act("1049", Act::Idle).unwrap();
    floor.wait(s(25));
    let today = |floor: &Floor, state: State| {
        let status = floor.acd.status(floor.now, &"1049".into()).unwrap();
        let found = status.today.iter().find(|it| it.0.word() == state.word());
        found.map(|it| it.1)
    };
    assert_eq!(today(&floor, State::Idle), Some(s(100)));
    assert_eq!(today(&floor, State::Busy(Reason::Login)), Some(s(30)));

    // A restart of five seconds: the state goes on counting.
    let stored = serde_json::to_string(&floor.acd.snapshot(floor.now)).unwrap();
    let stored: Snapshot = serde_json::from_str(&stored).unwrap();
    let mut next = Floor::new(plan_with_rules());
    next.now += s(100_000);
    next.acd.handle_day(next.now, 20_000, s(9 * 3_600 + 135));
    next.acd.restore(next.now, stored, s(5));
    next.drain();
    assert_eq!(today(&next, State::Idle), Some(s(105)));
    assert_eq!(today(&next, State::Busy(Reason::Login)), Some(s(30)));

    // At midnight what goes on begins with 0.
    next.acd.handle_day(next.now, 20_001, Duration::ZERO);
    next.wait(s(10));

    assert_eq!(today(&next, State::Idle), Some(s(10)));
    assert_eq!(today(&next, State::Busy(Reason::Login)), None);
}

#[test]
fn what_was_set_outlives_logging_out_and_a_restart_and_the_chosen_phone_does_not() {
    let mut floor = floor();
    sets(&mut floor, Habit::AutoAnswer(true));
    sets(&mut floor, Habit::Device(Some("1050".into())));
    assert_eq!(floor.acd.sits_at(&"1050".into()), Some(&"1049".into()));

    floor.act("1049", Act::LogOut).unwrap();
    assert_eq!(floor.acd.sits_at(&"1050".into()), None);
    let stored = serde_json::to_string(&floor.acd.snapshot(floor.now)).unwrap();
    let mut next = Floor::new(plan_with_rules());
    let stored = serde_json::from_str(&stored).unwrap();
    next.acd.restore(next.now, stored, s(5));
    next.drain();

    let habits = next.acd.habits(&"1049".into());
    assert!(habits.auto_answer && habits.device.is_none(), "{habits:?}");
    assert_eq!(next.state("1049"), State::LoggedOut);
}
