//! Offers, answers, and what crosses them on the wire.

use super::{Floor, ms, s};
use crate::Cause;
use crate::acd::{Greet, Leave, News, OfferEnd, Outcome, Output, State, Strategy, Withdrawn};

#[test]
fn an_answer_stops_what_the_caller_hears_and_connects_at_once() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let call = floor.calls();
    let lease = floor.lease("1049");
    floor.take();

    floor.news(lease, News::Answered);

    let agent = "1049".into();
    assert_eq!(
        floor.take(),
        [
            Output::Hush { call },
            Output::Connect {
                lease,
                call,
                agent,
                record: false,
                greet: Greet::default(),
            }
        ]
    );
    floor.news(lease, News::Connected);
    assert_eq!(floor.state("1049"), State::Talking);
    assert_eq!(floor.acd.position(call), None);
}

#[test]
fn an_agent_who_does_not_answer_is_followed_by_the_next() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    floor.calls();
    let lease = floor.lease("1049");

    floor.wait(s(15));

    assert_eq!(floor.ringing(), ["1050"]);
    let why = Withdrawn::RangOut;
    assert!(floor.take().contains(&Output::Withdraw { lease, why }));
    assert_eq!(floor.state("1049"), State::Idle);
}

#[test]
fn a_leg_that_does_not_die_holds_its_agent_for_half_a_second() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let first = floor.calls();
    let lease = floor.lease("1049");
    floor.hangs_up(first);
    floor.calls();
    assert_eq!(floor.ringing(), [""; 0], "its phone may ring yet");

    floor.news(lease, News::Gone);
    assert_eq!(floor.ringing(), ["1049"]);

    let second = floor.rings[&"1049".into()].1;
    floor.calls();
    floor.hangs_up(second);
    floor.wait(ms(499));
    assert_eq!(floor.ringing(), [""; 0]);
    floor.wait(ms(1));
    assert_eq!(floor.ringing(), ["1049"]);
}

#[test]
fn losers_ring_until_the_winner_is_connected() {
    let mut floor = Floor::staffed(&["1049", "1050", "1051"], |queue| {
        queue.offering.strategy = Strategy::RingAll;
    });
    let call = floor.calls();
    let [one, two, three] = ["1049", "1050", "1051"].map(|agent| floor.lease(agent));

    floor.news(one, News::Answered);
    assert_eq!(floor.ringing(), ["1050", "1051"]);
    floor.take();
    floor.news(two, News::Answered);
    let why = Withdrawn::Elsewhere;
    assert_eq!(floor.take()[0], Output::Withdraw { lease: two, why });
    assert_eq!(floor.ringing(), ["1051"]);
    floor.news(one, News::Connected);

    assert_eq!(floor.ringing(), [""; 0]);
    let out = floor.take();
    assert!(out.contains(&Output::Withdraw { lease: three, why }));
    let episode = out.iter().find_map(|it| match it {
        Output::Episode(episode) => Some(episode),
        _ => None,
    });
    let episode = episode.unwrap();
    assert_eq!((episode.call, episode.outcome), (call, Outcome::Answered));
    assert_eq!(episode.agent, Some("1049".into()));
    let ends: Vec<OfferEnd> = episode.offers.iter().map(|it| it.why).collect();
    assert_eq!(
        ends,
        [
            OfferEnd::Elsewhere,
            OfferEnd::Connected,
            OfferEnd::Elsewhere
        ]
    );
}

#[test]
fn a_winner_who_drops_before_the_connection_leaves_the_others_ringing() {
    let mut floor = Floor::staffed(&["1049", "1050"], |queue| {
        queue.offering.strategy = Strategy::RingAll;
    });
    let call = floor.calls();
    let [one, two] = ["1049", "1050"].map(|agent| floor.lease(agent));

    floor.news(one, News::Answered);
    floor.news(one, News::Gone);
    assert_eq!(floor.ringing(), ["1050"], "never stopped");
    floor.news(two, News::Answered);
    floor.news(two, News::Connected);

    assert_eq!(floor.state("1050"), State::Talking);
    assert_eq!(floor.acd.position(call), None);
}

#[test]
fn a_connection_that_is_never_made_does_not_hold_the_caller() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    floor.calls();
    let lease = floor.lease("1049");
    floor.news(lease, News::Answered);

    floor.wait(ms(500));

    assert_eq!(floor.ringing(), ["1050"]);
    let why = Withdrawn::NotConnected;
    assert!(floor.take().contains(&Output::Withdraw { lease, why }));
}

#[test]
fn of_answers_in_any_order_exactly_one_is_connected() {
    let names = ["1049", "1050", "1051"];
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for order in orders {
        for connect_after in 0..3 {
            let mut floor = Floor::staffed(&names, |queue| {
                queue.offering.strategy = Strategy::RingAll;
            });
            floor.calls();
            let leases = names.map(|agent| floor.lease(agent));
            for (step, index) in order.into_iter().enumerate() {
                floor.news(leases[index], News::Answered);
                if step == connect_after {
                    floor.news(leases[order[0]], News::Connected);
                }
            }

            let out = floor.take();
            let connects = out.iter().filter(|it| matches!(it, Output::Connect { .. }));
            assert_eq!(connects.count(), 1);
            assert_eq!(floor.state(names[order[0]]), State::Talking);
            // Those too late have been told to let go.
            for index in &order[1..] {
                let lease = leases[*index];
                let told =
                    |it: &Output| matches!(it, Output::Withdraw { lease: it, .. } if *it == lease);
                assert!(out.iter().any(told));
            }
        }
    }
}

#[test]
fn a_busy_phone_is_passed_over_without_delay() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    floor.calls();

    floor.refuses("1049", Cause::Busy);

    assert_eq!(floor.ringing(), ["1050"]);
}

#[test]
fn an_episode_tells_the_whole_stay() {
    let mut floor = Floor::staffed(&["1049", "1050"], |_| {});
    let ahead = floor.enters("it", 0, None);
    floor.answers("1049");
    floor.parts("1049", ahead);
    let call = floor.enters("it", 5, None);
    floor.take();
    floor.refuses("1050", Cause::Rejected);
    floor.wait(ms(7500));
    floor.hangs_up(call);

    let [episode] = floor.take_episodes().try_into().unwrap();

    assert_eq!(episode.call, call);
    assert_eq!(&*episode.queue.0, "it");
    assert_eq!((episode.position0, episode.priority), (1, 5));
    assert_eq!(episode.outcome, Outcome::Abandoned);
    assert_eq!((episode.wait_ms, episode.waited_before_ms), (7500, 0));
    assert_eq!(episode.agent, None);
    let [offer] = episode.offers.as_slice() else {
        panic!("{:?}", episode.offers);
    };
    assert_eq!((&*offer.agent.0, offer.why), ("1050", OfferEnd::Rejected));
    assert_eq!((offer.at, offer.ended), (episode.entered, episode.entered));
    let stored = serde_json::to_value(&episode).unwrap();
    assert_eq!(stored["outcome"], "abandoned");
    assert_eq!(stored["offers"][0]["why"], "rejected");
}

#[test]
fn the_script_may_take_its_caller_back() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    let call = floor.calls();

    floor.acd.handle_leave(floor.now, call);
    floor.drain();

    assert_eq!(floor.ringing(), [""; 0]);
    let left = floor.take().into_iter().find_map(|it| match it {
        Output::Leave { why, .. } => Some(why),
        _ => None,
    });
    assert_eq!(left, Some(Leave::Left));
    assert_eq!(left.unwrap().word(), Some("left"));
}
