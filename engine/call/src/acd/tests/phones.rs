//! Phones that are lost, legs that belong to offers, and legs of calls that turn out to be with
//! customers.

use uuid::Uuid;

use super::{Floor, s};
use crate::acd::{Act, DialogNews, Reason, Seen, State};
use crate::{
    Bridge, Call, CallId, Command, Event, Options, RequestId, Setup, Strategy, Target, TenantId,
};

#[test]
fn a_phone_that_is_reported_lost_again_was_lost_before() {
    let mut floor = Floor::staffed(&["1049"], |_| {});

    floor.reach("1049", false);
    floor.wait(s(40));
    floor.reach("1049", false);
    floor.wait(s(20));

    assert_eq!(floor.state("1049"), State::Busy(Reason::Lost));
}

#[test]
fn who_logs_in_without_a_phone_has_the_usual_time_to_plug_one_in() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.act("1049", Act::LogOut).unwrap();
    floor.reach("1049", false);
    floor.wait(s(3_600));

    floor.act("1049", Act::LogIn).unwrap();
    floor.act("1049", Act::Idle).unwrap();
    floor.wait(s(59));
    assert_eq!(floor.state("1049"), State::Idle);
    floor.wait(s(1));

    assert_eq!(floor.state("1049"), State::Busy(Reason::Lost));
}

#[test]
fn a_press_during_a_call_does_not_bring_back_whose_phone_was_lost() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let own = CallId(Uuid::from_u128(1_001));
    floor.dialog("1049", own, DialogNews::Confirmed);
    floor.act("1049", Act::Idle).unwrap();
    floor.reach("1049", false);
    floor.wait(s(61));

    floor.parts("1049", own);
    assert_eq!(floor.state("1049"), State::Busy(Reason::Lost));
    floor.reach("1049", true);

    assert_eq!(floor.state("1049"), State::Busy(Reason::Lost));
}

#[test]
fn what_was_pressed_before_logging_out_is_forgotten_with_it() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.calls();
    floor.act("1049", Act::Busy(4)).unwrap();

    floor.act("1049", Act::LogOut).unwrap();
    floor.act("1049", Act::LogIn).unwrap();

    assert_eq!(floor.state("1049"), State::Busy(Reason::Login));
}

#[test]
fn the_leg_of_an_offer_is_no_call_of_the_agents_own() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let call = floor.calls();

    let began = DialogNews::Began {
        customer: true,
        queue: None,
    };
    floor.dialog("1049", call, began);
    floor.dialog("1049", call, DialogNews::Confirmed);
    assert_eq!(floor.state("1049"), State::Offered);
    floor.hangs_up(call);
    floor.wait(s(1));
    floor.calls();

    assert_eq!(floor.ringing(), ["1049"], "nothing is left of it");
}

#[test]
fn a_call_of_ones_own_is_with_a_customer_from_their_answer_on() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let setup = Setup {
        id: CallId(Uuid::from_u128(1_001)),
        tenant: TenantId::from("8001"),
        context: "internal".to_owned(),
        from: Some("1049".to_owned()),
        from_raw: "1049".to_owned(),
        from_name: None,
        to: "13800138000".to_owned(),
        user: Some("1049".to_owned()).into(),
        trunk: None,
        headers: Vec::new(),
        transferred_by: None,
        language: "zh".to_owned(),
        started_at: 0,
    };
    let mut call = Call::new(floor.now, setup, Options::default());
    let mut seen = Seen::default();
    let mut looks = |floor: &mut Floor, call: &Call| {
        floor.acd.handle_legs(floor.now, call, &mut seen);
        floor.drain();
    };

    let bridge = Bridge {
        targets: vec![Target::Trunk {
            trunk: "carrier".to_owned(),
            number: "13800138000".to_owned(),
        }],
        timeout: s(20),
        caller_id: None,
        strategy: Strategy::All,
        ringback: None,
        record: false,
    };
    call.handle_command(floor.now, RequestId(1), Command::Bridge(bridge));
    looks(&mut floor, &call);
    let leg = call.legs()[1].id();
    call.handle_event(floor.now, Event::Answered { leg, user: None });
    looks(&mut floor, &call);
    assert_eq!(floor.state("1049"), State::Talking);
    call.handle_hang_up(floor.now, "customer".to_owned());
    looks(&mut floor, &call);

    assert_eq!(floor.state("1049"), State::WrapUp);
}
