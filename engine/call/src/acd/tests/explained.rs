//! Every decision says of every member of its queue why they get the call or not.

use super::widening::{requires, skills};
use super::{Floor, QueuePlan, plan, s};
use crate::Cause;
use crate::acd::{Act, Decided, DialogNews, Member, PenaltyRange, Strategy, Tiers, Wants};

#[test]
fn every_decision_has_a_word_for_every_candidate() {
    let names: Vec<String> = (0..13).map(|at| (1000 + at).to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut it = QueuePlan::new("it", &names);
    for (at, member) in it.members.iter_mut().enumerate() {
        *member = Member {
            skills: skills(&[("english", if at == 9 { 4 } else { 7 })]),
            level: if at == 10 { 2 } else { 1 },
            penalty: if at == 11 { 3 } else { 0 },
            ..member.clone()
        };
    }
    it.widening.tiers = Some(Tiers {
        wait: s(30),
        by_level: true,
    });
    // By the other queue some come to have a call.
    let mut other = QueuePlan::new("hr", &["1005", "1007", "1008", "1004", "1012"]);
    other.offering.strategy = Strategy::Linear;
    let mut floor = Floor::new(plan(vec![it, other]));
    for name in names.iter().filter(|name| **name != "1001") {
        floor.ready(name);
    }
    floor.act("1003", Act::Busy(1)).unwrap();
    floor.enters("hr", 0, None);
    floor.answers("1005");
    let over = floor.enters("hr", 0, None);
    floor.answers("1007");
    floor.parts("1007", over);
    floor.enters("hr", 0, None);
    floor.refuses("1008", Cause::Rejected);
    assert_eq!(floor.ringing(), ["1004"]);
    floor.reach("1002", false);
    let own = floor.enters("hr", 0, None);
    floor.hangs_up(own);
    let began = DialogNews::Began {
        customer: true,
        queue: None,
    };
    floor.dialog("1006", own, began.clone());
    floor.dialog("1012", own, began);
    floor.dialog("1012", own, DialogNews::Alone(true));
    floor.decisions.clear();

    let wants = Wants {
        penalty: PenaltyRange {
            max: 2,
            ..PenaltyRange::default()
        },
        ..requires(&[("english", 5)])
    };
    floor.wants("it", wants);

    let decision = floor.decisions.first().unwrap();
    assert_eq!(decision.what, Decided::Offer(vec!["1000".into()]));
    let said = decision.candidates.iter();
    let said: Vec<String> = said
        .map(|it| format!("{}: {}", it.agent, it.because))
        .collect();
    assert_eq!(
        said,
        [
            "1000: no. 1, idle 0 s, 0 calls",
            "1001: logged out",
            "1002: phone not reachable",
            "1003: busy (code 1)",
            "1004: offered a call",
            "1005: talking",
            "1006: a call of their own rings",
            "1007: wrap-up",
            "1008: rests for 10 s after a failed offer",
            "1009: free, lacks english 5 (has 4)",
            "1010: free, level 2 opens in 60 s",
            "1011: free, penalty 3 is out of range",
            "1012: in a menu of the exchange",
        ]
    );
    let waits = floor.wants("it", Wants::default());
    let why = floor.acd.explain(waits).unwrap();
    assert_eq!(why.candidates.len(), names.len(), "and so does a wait");
}
