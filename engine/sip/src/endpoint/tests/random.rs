//! Two applications that do anything at any time, on a bad network: in the end nothing is left.

use std::time::Duration;

use proptest::prelude::*;

use super::pair::{ALICE, ANSWER, BOB, OFFER, Pair};
use crate::{Event, SessionId};

/// What an application may do, whether it makes sense or not.
#[derive(Clone, Copy, Debug)]
enum Action {
    Call { with_offer: bool },
    Ring { with_sdp: bool },
    Accept { with_sdp: bool },
    Reject,
    HangUp,
    Offer,
    Answer,
    RefuseOffer,
    Info,
    ExpectReaction,
    BreakConnection,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    side: usize,
    action: Action,
    /// Milliseconds until the next step.
    pause: u64,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_two_applications_do_everything_ends_exactly_once(
        steps in prop::collection::vec(step(), 1..40),
        seed in any::<u64>(),
        loss in 0_u64..40,
    ) {
        let mut pair = Pair::lossy(seed, loss);
        let mut born = [Vec::new(), Vec::new()];
        for step in steps {
            act(&mut pair, &mut born, step);
            pair.run_for(step.pause);
            learn(&mut pair, &mut born);
        }
        // Everybody hangs up, and the network lies still.
        for side in [ALICE, BOB] {
            for session in born[side].clone() {
                let now = pair.now;
                pair.sides[side].endpoint.hang_up(now, session, None);
            }
        }
        pair.run_for(1000);
        learn(&mut pair, &mut born);
        pair.run_for(200_000);
        learn(&mut pair, &mut born);

        pair.run_out();
        learn(&mut pair, &mut born);
        for side in [ALICE, BOB] {
            for session in &born[side] {
                let ends = pair.count(side, |event| matches!(event,
                    Event::Ended { session: s, .. } | Event::Refused { session: s, .. } if s == session
                ));
                prop_assert_eq!(ends, 1);
            }
        }
    }
}

fn act(pair: &mut Pair, born: &mut [Vec<SessionId>; 2], step: Step) {
    let Step { side, action, .. } = step;
    let now = pair.now;
    if let Action::Call { with_offer } = action {
        let mut outgoing = pair.outgoing();
        outgoing.destination = pair.route(side);
        outgoing.sdp = with_offer.then_some(OFFER);
        let session = pair.sides[side].endpoint.invite(now, outgoing);
        born[side].push(session);
        return;
    }
    if let Action::BreakConnection = action {
        let route = pair.route(side);
        return pair.sides[side]
            .endpoint
            .handle_transport_failed(now, &route);
    }
    let endpoint = &mut pair.sides[side].endpoint;
    for &session in &born[side] {
        match action {
            Action::Ring { with_sdp } => {
                endpoint.ring(now, session, 183, with_sdp.then_some(ANSWER))
            }
            Action::Accept { with_sdp } => {
                endpoint.accept(now, session, with_sdp.then_some(ANSWER))
            }
            Action::Reject => endpoint.reject(now, session, 486, &[]),
            Action::HangUp => endpoint.hang_up(now, session, None),
            Action::Offer => endpoint.offer(now, session, OFFER),
            Action::Answer => endpoint.answer(now, session, ANSWER),
            Action::RefuseOffer => endpoint.refuse_offer(now, session, 488),
            Action::Info => endpoint.info(now, session, "text/plain", ANSWER),
            Action::ExpectReaction => {
                endpoint.expect_reaction(now, session, Duration::from_secs(1));
            }
            Action::Call { .. } | Action::BreakConnection => {}
        }
    }
}

/// Notes the calls that came in.
fn learn(pair: &mut Pair, born: &mut [Vec<SessionId>; 2]) {
    for side in [ALICE, BOB] {
        while let Some(Event::Incoming { session, .. }) =
            pair.take(side, |event| matches!(event, Event::Incoming { .. }))
        {
            born[side].push(session);
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let action = prop_oneof![
        3 => any::<bool>().prop_map(|with_offer| Action::Call { with_offer }),
        3 => any::<bool>().prop_map(|with_sdp| Action::Ring { with_sdp }),
        4 => any::<bool>().prop_map(|with_sdp| Action::Accept { with_sdp }),
        1 => Just(Action::Reject),
        2 => Just(Action::HangUp),
        3 => Just(Action::Offer),
        3 => Just(Action::Answer),
        1 => Just(Action::RefuseOffer),
        1 => Just(Action::Info),
        1 => Just(Action::ExpectReaction),
        1 => Just(Action::BreakConnection),
    ];
    let pause = prop_oneof![0_u64..30, 0_u64..1000, 0_u64..40_000];
    (0..2_usize, action, pause).prop_map(|(side, action, pause)| Step {
        side,
        action,
        pause,
    })
}
