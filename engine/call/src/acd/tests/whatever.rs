//! D6, D7: what must be so however many answer, and however agents stand.

use super::{Floor, QueuePlan, ms, s};
use crate::acd::{
    Act, LeaseId, Leave, Limits, News, Output, Overflow, Presence, Step, Strategy, When, Withdrawn,
};
use crate::call::random::Random;
use crate::{CallId, Cause};

fn ring_all(agents: &[&str]) -> Floor {
    Floor::staffed(agents, |queue| {
        queue.offering.strategy = Strategy::RingAll;
        queue.offering.wrap_up = Some(s(0));
    })
}

#[test]
fn d6_ten_thousand_answers_of_two_at_once_make_one_connection_each() {
    let agents = ["1049", "1050"];
    let mut floor = ring_all(&agents);
    let mut random = Random::new(6);

    for round in 0..10_000 {
        let call = floor.calls();
        let first = usize::from(random.ten_bytes()[0] % 2);
        let leases: [LeaseId; 2] = agents.map(|agent| floor.lease(agent));
        let [winner, loser] = [leases[first], leases[1 - first]];
        floor.take();

        floor.news(winner, News::Answered);
        floor.news(loser, News::Answered);

        let mut connected = Vec::new();
        for output in floor.take() {
            match output {
                Output::Connect { lease, .. } => connected.push(lease),
                Output::Withdraw { lease, why } => {
                    assert_eq!((lease, why), (loser, Withdrawn::Elsewhere), "round {round}");
                }
                _ => {}
            }
        }
        assert_eq!(connected, [winner], "round {round}");
        floor.news(winner, News::Connected);
        floor.news(loser, News::Gone);
        floor.parts(agents[first], call);
        floor.wait(s(1));
    }
    let setbacks = floor
        .acd
        .agents
        .iter()
        .map(|it| it.record.setbacks.no_answer);
    assert_eq!(
        setbacks.sum::<u32>(),
        0,
        "nobody is blamed for coming second"
    );
}

#[test]
fn d6_who_answers_and_is_gone_before_the_two_talk_leaves_the_others_ringing_all_the_while() {
    let mut floor = ring_all(&["1049", "1050", "1051"]);
    floor.calls();
    let winner = floor.lease("1049");
    floor.take();

    floor.news(winner, News::Answered);
    assert_eq!(floor.ringing(), ["1050", "1051"]);
    floor.news(winner, News::Gone);

    assert_eq!(floor.ringing(), ["1050", "1051"]);
    let stopped = |it: &Output| matches!(it, Output::Withdraw { .. });
    assert!(!floor.take().iter().any(stopped), "not for a moment");
    floor.answers("1051");
}

/// How the only agent of the queue stands, and whether they count as present.
const STANDS: [(&str, bool); 6] = [
    ("logged out", false),
    ("on a break", false),
    ("without a phone", false),
    ("talking", true),
    ("in wrap-up", true),
    ("resting", true),
];

fn stands(how: &str, with: impl FnOnce(&mut QueuePlan)) -> Floor {
    let mut floor = Floor::staffed(&["1049"], |queue| {
        queue.offering.delays.rejected = s(300);
        queue.limits.join_if = Presence::Always;
        queue.limits.stay_if = Presence::Always;
        queue.limits.max_wait = None;
        with(queue);
    });
    match how {
        "logged out" => floor.act("1049", Act::LogOut).unwrap(),
        "on a break" => floor.act("1049", Act::Busy(1)).unwrap(),
        "without a phone" => floor.reach("1049", false),
        "resting" => {
            let call = floor.calls();
            floor.refuses("1049", Cause::Rejected);
            floor.hangs_up(call);
        }
        _ => {
            let call = floor.calls();
            floor.answers("1049");
            if how == "in wrap-up" {
                floor.parts("1049", call);
            }
        }
    }
    floor.take();
    floor
}

/// The caller leaves at that moment, and not a millisecond sooner.
fn leaves(floor: &mut Floor, call: CallId, at: u64, because: &Leave, what: &str) {
    let left = |floor: &mut Floor| {
        floor.take().into_iter().find_map(|output| match output {
            Output::Leave { call: it, why, .. } if it == call => Some(why),
            _ => None,
        })
    };
    floor.wait(s(at) - ms(1));
    assert_eq!(left(floor), None, "{what}: too soon");
    floor.wait(ms(1));
    assert_eq!(left(floor).as_ref(), Some(because), "{what}");
}

#[test]
fn d7_each_limit_fires_to_the_millisecond_however_the_agents_stand() {
    for (how, counts) in STANDS {
        let mut floor = stands(how, |queue| queue.limits.max_wait = Some(s(60)));
        let call = floor.calls();
        leaves(&mut floor, call, 60, &Leave::Timeout, how);

        let target = "voicemail:8000".to_owned();
        let mut floor = stands(how, |queue| {
            queue.overflow = vec![Overflow {
                when: When::Waited(s(45)),
                step: Step::Leave(target.clone()),
            }];
        });
        let call = floor.calls();
        leaves(&mut floor, call, 45, &Leave::Overflow(target.clone()), how);

        let present = "reachable and not paused and not logged_out";
        let mut floor = stands(how, |queue| {
            queue.limits = Limits {
                stay_if: Presence::read(present).unwrap(),
                grace: s(20),
                max_wait: Some(s(50)),
                ..queue.limits.clone()
            };
        });
        let call = floor.calls();
        let (at, because) = match counts {
            true => (50, Leave::Timeout),
            false => (20, Leave::Empty),
        };
        leaves(&mut floor, call, at, &because, how);
    }
}
