//! Two applications that do anything at any time, on a bad network: in the end nothing is left.

use std::time::Duration;

use proptest::prelude::*;

use super::pair::{ALICE, ANSWER, BOB, OFFER, Pair};
use crate::{Event, ReferTo, SessionId, SubscriptionId};

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
    Refer { wants_news: bool },
    ReferOutside,
    AcceptRefers,
    RefuseRefers,
    ReportRefers { status: u16 },
    Message,
    Talk,
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
        let mut transfers = Transfers::default();
        for step in steps {
            act(&mut pair, &mut born, step);
            act_on_transfers(&mut pair, &born, &mut transfers, step);
            pair.run_for(step.pause);
            learn(&mut pair, &mut born);
            learn_transfers(&pair, &mut transfers);
        }
        // Everybody hangs up, and the network lies still.
        learn_transfers(&pair, &mut transfers);
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
            learn_transfers(&pair, &mut transfers);
            for refer in &transfers.theirs[side] {
                let ends = pair.count(side, |event| matches!(event,
                    Event::SubscriptionEnded { subscription, .. } if subscription == refer
                ));
                prop_assert_eq!(ends, 1);
            }
            for asked in &transfers.ours[side] {
                let ends = pair.count(side, |event| matches!(event,
                    Event::ReferEnded { refer, .. } if refer == asked
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
            Action::Message => {
                endpoint.message_within(now, session, "text/plain", ANSWER);
            }
            Action::Talk => endpoint.notify_unasked_within(now, session, "talk", None),
            Action::Call { .. }
            | Action::BreakConnection
            | Action::Refer { .. }
            | Action::ReferOutside
            | Action::AcceptRefers
            | Action::RefuseRefers
            | Action::ReportRefers { .. } => {}
        }
    }
}

/// What each side was asked for, and asks for.
#[derive(Default)]
struct Transfers {
    theirs: [Vec<SubscriptionId>; 2],
    ours: [Vec<SubscriptionId>; 2],
}

fn act_on_transfers(
    pair: &mut Pair,
    born: &[Vec<SessionId>; 2],
    transfers: &mut Transfers,
    step: Step,
) {
    let Step { side, action, .. } = step;
    let (now, route) = (pair.now, pair.route(side));
    let to = ReferTo::to(&pair.outgoing().uri);
    let outside = pair.outside(side);
    assert_eq!(outside.destination, route);
    let endpoint = &mut pair.sides[side].endpoint;
    match action {
        Action::Refer { wants_news } => {
            for &session in &born[side] {
                let refer = endpoint.refer(now, session, &to, None, wants_news);
                transfers.ours[side].extend(refer);
            }
        }
        Action::ReferOutside => {
            let refer = endpoint.refer_outside(now, outside, &to, true);
            transfers.ours[side].push(refer);
        }
        _ => {}
    }
    for &refer in &transfers.theirs[side] {
        match action {
            Action::AcceptRefers => endpoint.accept_refer(now, refer),
            Action::RefuseRefers => endpoint.refuse_refer(now, refer, 603, &[]),
            Action::ReportRefers { status } => endpoint.report_refer(now, refer, status),
            _ => {}
        }
    }
}

/// Notes the transfers that were asked for.
fn learn_transfers(pair: &Pair, transfers: &mut Transfers) {
    for side in [ALICE, BOB] {
        let asked = pair.sides[side]
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Referred { refer, .. } => Some(*refer),
                _ => None,
            });
        transfers.theirs[side] = asked.collect();
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
        3 => any::<bool>().prop_map(|wants_news| Action::Refer { wants_news }),
        1 => Just(Action::ReferOutside),
        3 => Just(Action::AcceptRefers),
        1 => Just(Action::RefuseRefers),
        3 => (100_u16..700).prop_map(|status| Action::ReportRefers { status }),
        1 => Just(Action::Message),
        1 => Just(Action::Talk),
    ];
    let pause = prop_oneof![0_u64..30, 0_u64..1000, 0_u64..40_000];
    (0..2_usize, action, pause).prop_map(|(side, action, pause)| Step {
        side,
        action,
        pause,
    })
}
