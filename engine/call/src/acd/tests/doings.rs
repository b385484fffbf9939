//! What agents' legs do is what their state shows.

use uuid::Uuid;

use super::{Floor, s};
use crate::acd::{Act, Seen, State};
use crate::{
    Bridge, Call, CallId, Command, Conference, Event, Guest, Keys, LegId, Options, Origin,
    RequestId, RoomNews, Setup, Strategy, Target, TenantId,
};

/// Calls of an agent, seen by the floor after whatever happens in them.
struct Desk {
    floor: Floor,
    calls: Vec<(Call, Seen)>,
}

impl Desk {
    fn new() -> Self {
        let mut floor = Floor::staffed(&["1049"], |queue| queue.offering.wrap_up = Some(s(5)));
        floor.act("1049", Act::Busy(1)).unwrap();
        let calls = Vec::new();
        Self { floor, calls }
    }

    /// A call of `user`; its number among the calls.
    fn call(&mut self, user: Option<&str>, origin: Option<Origin>) -> usize {
        let number = self.calls.len();
        let setup = Setup {
            id: CallId(Uuid::from_u128(2_000 + number as u128)),
            tenant: TenantId::from("8001"),
            context: "internal".to_owned(),
            from: user.map(str::to_owned),
            from_raw: user.unwrap_or("13800138000").to_owned(),
            from_name: None,
            to: "13800138000".to_owned(),
            user: user.map(str::to_owned).into(),
            trunk: None,
            headers: Vec::new(),
            transferred_by: None,
            language: "zh".to_owned(),
            started_at: 0,
        };
        let options = Options {
            origin,
            ..Options::default()
        };
        let call = Call::new(self.floor.now, setup, options);
        self.calls.push((call, Seen::default()));
        self.looks(number);
        number
    }

    fn looks(&mut self, number: usize) {
        let (call, seen) = &mut self.calls[number];
        while call.poll_output().is_some() {}
        self.floor.acd.handle_legs(self.floor.now, call, seen);
        self.floor.drain();
    }

    /// It rings this target; the leg that does.
    fn rings(&mut self, number: usize, target: Target) -> LegId {
        let bridge = Bridge {
            targets: vec![target],
            timeout: s(20),
            caller_id: None,
            strategy: Strategy::All,
            ringback: None,
            record: false,
        };
        let (call, _) = &mut self.calls[number];
        call.handle_command(self.floor.now, RequestId(1), Command::Bridge(bridge));
        let leg = call.legs().last().unwrap().id();
        self.looks(number);
        leg
    }

    fn happens(&mut self, number: usize, event: Event) {
        let (call, _) = &mut self.calls[number];
        call.handle_event(self.floor.now, event);
        self.looks(number);
    }

    fn shows(&self) -> State {
        self.floor.state("1049")
    }
}

fn customer() -> Target {
    Target::Trunk {
        trunk: "carrier".to_owned(),
        number: "13800138000".to_owned(),
    }
}

fn colleague() -> Target {
    Target::User("1050".to_owned())
}

fn answers(leg: LegId) -> Event {
    let user = None;
    Event::Answered { leg, user }
}

#[test]
fn a_call_of_ones_own_shows_who_is_called_who_talks_and_who_is_on_hold() {
    let mut desk = Desk::new();
    let own = desk.call(Some("1049"), None);

    let leg = desk.rings(own, customer());
    assert_eq!(desk.shows(), State::Calling);
    desk.happens(own, answers(leg));
    assert_eq!(desk.shows(), State::Talking);
    for (held, state) in [(true, State::Holding), (false, State::Talking)] {
        let leg = LegId::CALLER;
        desk.happens(own, Event::Held { leg, held });
        assert_eq!(desk.shows(), state);
    }
    // Who is kept waiting by the customer talks all the same.
    desk.happens(own, Event::Held { leg, held: true });
    assert_eq!(desk.shows(), State::Talking);
    let cause = crate::Cause::Normal;
    desk.happens(own, Event::HungUp { leg, cause });
    desk.happens(
        own,
        Event::HungUp {
            leg: LegId::CALLER,
            cause,
        },
    );

    assert_eq!(desk.shows(), State::WrapUp);
}

#[test]
fn a_number_that_is_dialled_for_an_agent_rings_them_first_and_then_calls_it() {
    let mut desk = Desk::new();
    let origin = Origin {
        returns_to: None,
        target: Target::User("1049".to_owned()),
        timeout: s(20),
        shown: None,
        supervises: None,
    };

    let own = desk.call(Some("1049"), Some(origin));
    assert_eq!(desk.shows(), State::Dialling);
    desk.happens(own, answers(LegId::CALLER));
    assert_eq!(desk.shows(), State::Calling, "their own leg is up");
    let leg = desk.rings(own, customer());
    assert_eq!(desk.shows(), State::Calling);
    desk.happens(own, answers(leg));

    assert_eq!(desk.shows(), State::Talking);
}

#[test]
fn a_colleague_is_an_internal_call_and_one_beside_a_held_customer_a_consultation() {
    let mut desk = Desk::new();
    let internal = desk.call(Some("1049"), None);
    let leg = desk.rings(internal, colleague());
    desk.happens(internal, answers(leg));
    assert_eq!(desk.shows(), State::Internal);
    let cause = crate::Cause::Normal;
    desk.happens(
        internal,
        Event::HungUp {
            leg: LegId::CALLER,
            cause,
        },
    );
    assert_eq!(
        desk.shows().word(),
        "busy",
        "an internal call leaves no 事后"
    );

    let first = desk.call(None, None);
    let mine = desk.rings(first, Target::User("1049".to_owned()));
    desk.happens(first, answers(mine));
    assert_eq!(desk.shows(), State::Talking);
    desk.happens(
        first,
        Event::Held {
            leg: mine,
            held: true,
        },
    );
    assert_eq!(desk.shows(), State::Holding);
    let second = desk.call(Some("1049"), None);
    let leg = desk.rings(second, colleague());
    assert_eq!(desk.shows(), State::Consulting, "it rings there");
    desk.happens(second, answers(leg));

    assert_eq!(desk.shows(), State::Consulting);
}

#[test]
fn a_room_of_three_is_a_conference_and_one_of_two_a_conversation() {
    let mut desk = Desk::new();
    let own = desk.call(Some("1049"), None);
    let conference = Conference {
        room: "8801".to_owned(),
        most: 10,
        leave_on: Keys::Of("#".to_owned()),
        announce: false,
        music: None,
        record: false,
    };
    let (call, _) = &mut desk.calls[own];
    call.handle_command(
        desk.floor.now,
        RequestId(1),
        Command::Conference(conference),
    );
    let guest = |user: Option<&str>| Guest {
        user: user.map(str::to_owned),
        is_held: false,
    };
    let alone = vec![];
    let with_customer = vec![guest(None)];
    let all = vec![guest(None), guest(Some("1050"))];
    let without_customer = vec![guest(Some("1050"))];

    for (others, word) in [
        (alone, "busy"),
        (with_customer, "talking"),
        (all, "conference"),
        (without_customer, "internal"),
    ] {
        desk.happens(own, Event::Room(RoomNews::Others(others)));
        assert_eq!(desk.shows().word(), word);
    }
    let (leg, cause) = (LegId::CALLER, crate::Cause::Normal);
    desk.happens(own, Event::HungUp { leg, cause });

    assert_eq!(desk.shows(), State::WrapUp, "a customer was there");
}

#[test]
fn who_dials_takes_back_what_is_offered_to_them_and_is_offered_nothing() {
    let mut desk = Desk::new();
    desk.floor.act("1049", Act::Idle).unwrap();
    desk.floor.calls();
    assert_eq!(desk.floor.ringing(), ["1049"]);
    let own = desk.call(Some("1049"), None);
    assert_eq!(desk.floor.ringing(), ["1049"], "it may be a star code");

    desk.rings(own, customer());

    assert_eq!(desk.shows(), State::Calling);
    assert_eq!(desk.floor.ringing(), [""; 0]);
}
