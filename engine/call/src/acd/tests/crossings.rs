//! Answers that cross each other, and answers that cross a hang-up.

use super::{Floor, ms};
use crate::acd::{News, Output, Strategy, Withdrawn};
use crate::call::random::Random;

fn connects(out: &[Output]) -> usize {
    let connects = |it: &&Output| matches!(it, Output::Connect { .. });
    out.iter().filter(connects).count()
}

fn elsewhere(out: &[Output]) -> usize {
    let elsewhere = |it: &&Output| {
        let why = Withdrawn::Elsewhere;
        matches!(it, Output::Withdraw { why: it, .. } if *it == why)
    };
    out.iter().filter(elsewhere).count()
}

#[test]
fn d6_ten_thousand_times_all_answer_at_once_and_one_has_the_caller() {
    let agents = ["1049", "1050", "1051"];
    let mut floor = Floor::staffed(&agents, |queue| {
        queue.offering.strategy = Strategy::RingAll;
        queue.offering.wrap_up = Some(ms(0));
    });
    let mut random = Random::new(7);
    for round in 0..10_000 {
        let call = floor.calls();
        let mut rung: Vec<(String, _)> = agents
            .iter()
            .map(|agent| ((*agent).to_owned(), floor.lease(agent)))
            .collect();
        let first = usize::from(random.ten_bytes()[0]) % rung.len();
        rung.swap(0, first);
        floor.take();

        for (_, lease) in &rung {
            floor.news(*lease, News::Answered);
        }
        let out = floor.take();
        assert_eq!((connects(&out), elsewhere(&out)), (1, 2), "round {round}");
        let drops = random.ten_bytes()[0] < 64;
        if drops {
            // The winner hangs up before the two hear each other: the caller waits on, and is served.
            floor.news(rung[0].1, News::Gone);
            assert_eq!(
                connects(&floor.take()),
                0,
                "nobody is put through to silence"
            );
            floor.hangs_up(call);
        } else {
            floor.news(rung[0].1, News::Connected);
            floor.parts(&rung[0].0, call);
        }
        for (_, lease) in &rung {
            floor.news(*lease, News::Gone);
        }
        floor.wait(ms(1_500));
        floor.take();
    }
}

#[test]
fn d6_who_rings_beside_an_agent_who_drops_has_never_stopped_ringing() {
    let agents = ["1049", "1050"];
    let mut floor = Floor::staffed(&agents, |queue| {
        queue.offering.strategy = Strategy::RingAll;
    });
    let call = floor.calls();
    let (first, second) = (floor.lease("1049"), floor.lease("1050"));
    floor.take();

    floor.news(first, News::Answered);
    floor.news(first, News::Gone);

    assert_eq!(elsewhere(&floor.take()), 0, "1050 rings on");
    floor.news(second, News::Answered);
    floor.news(second, News::Connected);
    assert_eq!(floor.acd.position(call), None);
}

#[test]
fn d3_at_no_moment_of_an_offer_does_an_answer_reach_a_caller_who_is_gone() {
    // The ring time-out is 15 s; the caller hangs up at every millisecond of it, and the agent answers then.
    for offset in (0..15_000).step_by(7) {
        let mut floor = Floor::staffed(&["1049"], |_| {});
        let call = floor.calls();
        let lease = floor.lease("1049");
        floor.wait(ms(offset));
        floor.take();

        floor.hangs_up(call);
        floor.news(lease, News::Answered);

        let out = floor.take();
        assert_eq!(connects(&out), 0, "at {offset} ms");
        let stale = |it: &Output| matches!(it, Output::Withdraw { lease: it, .. } if *it == lease);
        assert!(out.iter().any(stale), "the agent is let go at {offset} ms");
    }
}
