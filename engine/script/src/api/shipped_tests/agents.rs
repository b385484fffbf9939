//! What agents do by phone in the demo exchange, and what they hear.

use std::time::Duration;

use ::call::acd::{Act, QueuePlan, QueueStatus, Reason, Refusal, State, Status, Waiting};
use ::call::{CallId, Reply, Why};

use super::{demo, story};
use crate::api::testbed::REASONS;

fn status(state: State, lasted: u64) -> Status {
    Status {
        state,
        reachable: true,
        lasted: Duration::from_secs(lasted),
        since: 0,
        wrap_up_left: None,
        today: Vec::new(),
        asks: None,
        habits: Default::default(),
        queues: vec!["it".into()],
    }
}

fn waits(count: usize) -> QueueStatus {
    let caller = |position| Waiting {
        call: CallId::new(1, [0; 10]),
        position,
        waited: Duration::ZERO,
        is_offered: false,
        is_away: false,
    };
    QueueStatus {
        plan: QueuePlan::new("it", &["1049"]),
        is_gone: false,
        handling: None,
        expected_wait: None,
        waiting: (1..=count).map(caller).collect(),
        members: Vec::new(),
    }
}

/// What 1049 hears after a code, what they asked for, with so many callers in the queue.
fn heard(
    code: &str,
    before: State,
    after: Result<State, Refusal>,
    waiting: usize,
) -> (Vec<String>, Vec<Act>) {
    let (bed, handler) = demo("internal", code, Some("1049"));
    *bed.answers.agents.lock().unwrap() = vec![("1049".into(), status(before, 750))];
    *bed.answers.status.lock().unwrap() = Some(after.map(|state| status(state, 0)));
    let other = QueueStatus {
        plan: QueuePlan::new("sales", &["1051"]),
        ..waits(7)
    };
    *bed.answers.queues.lock().unwrap() = vec![waits(waiting), other];
    let story = story(&bed, &handler);
    let orders = bed.answers.orders.lock().unwrap();
    let reasons = REASONS.map(str::to_owned);
    let acts = orders.iter().map(|order| order.deed.act(&reasons));
    (story, acts.map(|act| act.unwrap().unwrap()).collect())
}

fn says(code: &str, after: State, waiting: usize, act: Act, said: &str) {
    let (story, acts) = heard(code, State::Idle, Ok(after), waiting);
    assert_eq!(story, ["Answer", said], "{code}");
    assert_eq!(acts, [act], "{code}");
}

#[test]
fn each_code_does_what_it_says_and_says_so() {
    let meeting = State::Busy(Reason::Code(2));
    // *20 asks a plugin's tables what is open: tests/dialplan has it.
    says(
        "*23",
        State::Idle,
        0,
        Act::Idle,
        "agent/idle-ok agent/waiting-nobody",
    );
    says(
        "*23",
        State::Idle,
        1,
        Act::Idle,
        "agent/idle-ok agent/waiting-one",
    );
    says(
        "*23",
        State::Idle,
        3,
        Act::Idle,
        "agent/idle-ok agent/waiting-1 Say(Number(3)) agent/waiting-2",
    );
    says(
        "*24",
        State::Busy(Reason::Code(0)),
        0,
        Act::Busy(0),
        "agent/busy-ok",
    );
    says(
        "*242",
        meeting,
        0,
        Act::Busy(2),
        "agent/busy-ok agent/reason-meeting",
    );
    says(
        "*46",
        State::Busy(Reason::Code(0)),
        0,
        Act::Busy(0),
        "agent/busy-ok",
    );
    says(
        "*25",
        State::Idle,
        0,
        Act::EndWrapUp,
        "agent/wrap-up-ended agent/waiting-nobody",
    );
    says(
        "*251",
        State::WrapUp,
        0,
        Act::ExtendWrapUp(Duration::from_secs(60)),
        "agent/wrap-up-longer-minute",
    );
    says(
        "*2515",
        State::WrapUp,
        0,
        Act::ExtendWrapUp(Duration::from_secs(900)),
        "agent/wrap-up-longer Say(Number(15)) queue/minutes",
    );
}

#[test]
fn whoever_is_busy_is_idle_after_the_toggle() {
    let (_, acts) = heard("*46", State::Busy(Reason::Login), Ok(State::Idle), 0);

    assert_eq!(acts, [Act::Idle]);
}

#[test]
fn in_a_call_a_code_says_that_it_applies_afterwards() {
    let (story, _) = heard("*242", State::Talking, Ok(State::Talking), 0);

    assert_eq!(story, ["Answer", "agent/busy-ok agent/after-call"]);
}

#[test]
fn what_is_refused_is_said() {
    for (code, refusal, said) in [
        ("*20", Refusal::InCall, "agent/in-call"),
        ("*23", Refusal::LoggedOut, "agent/not-logged-in"),
        ("*24", Refusal::NotAnAgent, "agent/not-an-agent"),
        ("*25", Refusal::NotInWrapUp, "agent/not-in-wrap-up"),
        ("*259", Refusal::NotInWrapUp, "agent/not-in-wrap-up"),
    ] {
        let (story, _) = heard(code, State::Idle, Err(refusal), 0);
        assert_eq!(story, ["Answer", said], "{code}");
    }
    let (story, acts) = heard("*249", State::Idle, Ok(State::Idle), 0);
    assert_eq!(story, ["Answer", "agent/no-such-reason"]);
    assert_eq!(acts, []);
}

#[test]
fn who_is_no_agent_is_told_so() {
    for code in ["*22", "*47"] {
        let (bed, handler) = demo("internal", code, Some("1001"));
        assert_eq!(story(&bed, &handler), ["Answer", "agent/not-an-agent"]);
    }
    let (bed, handler) = demo("internal", "*23", None);
    assert_eq!(story(&bed, &handler), ["Answer", "agent/not-an-agent"]);
}

#[test]
fn logging_in_asks_for_the_pin_once() {
    let try_in = |before: State, reply: Reply| {
        let (bed, handler) = demo("internal", "*22", Some("1049"));
        *bed.answers.agents.lock().unwrap() = vec![("1049".into(), status(before, 0))];
        let busy = status(State::Busy(Reason::Login), 0);
        *bed.answers.status.lock().unwrap() = Some(Ok(busy));
        if before == State::LoggedOut {
            bed.will_reply([reply]);
        }
        let story = story(&bed, &handler);
        let acts = bed.answers.orders.lock().unwrap().len();
        (story, acts)
    };
    let pin = "AskPin { mailbox: \"1049\", choose: true, change: false }";

    let right = try_in(State::LoggedOut, Reply::Right(Ok(())));
    let said = "agent/login-ok agent/state-busy";
    assert_eq!(right, (vec![pin.into(), "Answer".into(), said.into()], 1));
    let wrong = try_in(State::LoggedOut, Reply::Right(Err(Why::Rejected)));
    assert_eq!(
        wrong,
        (vec![pin.into(), "Answer".into(), "agent/failed".into()], 0)
    );
    let again = try_in(State::Idle, Reply::Done);
    let said = "agent/login-ok agent/state-busy";
    assert_eq!(again, (vec!["Answer".into(), said.into()], 1));
}

#[test]
fn ones_state_is_read_out_with_its_reason_and_time() {
    let of = |before: State, lasted: u64| {
        let (bed, handler) = demo("internal", "*47", Some("1049"));
        *bed.answers.agents.lock().unwrap() = vec![("1049".into(), status(before, lasted))];
        *bed.answers.queues.lock().unwrap() = vec![waits(0)];
        story(&bed, &handler)[1].clone()
    };

    assert_eq!(
        of(State::Busy(Reason::Code(2)), 750),
        "agent/state-is agent/state-busy agent/reason-meeting agent/lasted Say(Number(12)) \
         queue/minutes agent/waiting-nobody"
    );
    assert_eq!(
        of(State::WrapUp, 59),
        "agent/state-is agent/state-wrap-up agent/lasted-moment agent/waiting-nobody"
    );
    assert_eq!(
        of(State::Busy(Reason::NoAnswer), 119),
        "agent/state-is agent/state-busy agent/reason-no-answer agent/lasted-minute \
         agent/waiting-nobody"
    );
    assert_eq!(
        of(State::LoggedOut, 3),
        "agent/state-is agent/state-logged-out agent/lasted-moment"
    );
}
