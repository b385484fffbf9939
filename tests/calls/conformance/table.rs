//! The table itself, the page that is printed of it, and what only the phone has.

use std::collections::BTreeSet;
use std::fs;

use super::{ASLEEP, IDLE, IN_CALL, Proof, demo, root, table};
use crate::support::{Keys, eventually, pilot};

/// The codes of the shipped table: what is dialled, what is typed in calls, and what stands there as a comment.
pub(super) fn written() -> [BTreeSet<String>; 3] {
    let mut all = [const { BTreeSet::new() }; 3];
    let mut at = 0;
    for line in table().lines() {
        if line.starts_with("local in_call") {
            at = 1;
        }
        if line.starts_with("idle[") {
            at = 0;
        }
        let Some((codes, _)) = line.split_once("does =") else {
            continue;
        };
        let is_asleep = line.trim_start().starts_with("--");
        all[if is_asleep { 2 } else { at }]
            .extend(codes.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    all
}

#[test]
fn every_row_of_the_table_is_proven_and_every_row_that_is_proven_is_there() {
    let [idle, in_call, asleep] = written();
    let proven = |rows: &[(&str, Proof)]| -> BTreeSet<String> {
        rows.iter().map(|(code, _)| (*code).to_owned()).collect()
    };
    assert_eq!(idle, proven(IDLE));
    assert_eq!(asleep, proven(ASLEEP));
    assert_eq!(
        in_call,
        IN_CALL.iter().map(|code| (*code).to_owned()).collect()
    );
    for (code, proof) in IDLE {
        let Proof::By(test) = proof else { continue };
        let (file, name) = test.split_once("::").expect(test);
        let text = fs::read_to_string(root().join(file)).unwrap();
        let its = text
            .split("#[test]")
            .find(|its| its.contains(&format!("fn {name}(")));
        assert!(its.is_some(), "{code}: there is no test {test}");
        // A test that never dials it proves nothing of it.
        let dialled = code.split('<').next().unwrap();
        assert!(
            text.contains(&format!("\"{dialled}")),
            "{code}: {test} does not dial it"
        );
    }
}

#[test]
fn the_page_for_agents_has_every_code_and_no_other() {
    let page = fs::read_to_string(root().join("scripts/KEYS.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let printed: BTreeSet<String> = rows
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|cell| {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    let all: BTreeSet<String> = written().into_iter().flatten().collect();
    assert_eq!(printed, all);
}

#[test]
fn a_headset_is_tried_before_the_shift() {
    let (exchange, _) = demo();
    let [a1] = exchange.phones(["1049"]);

    let echo = a1.dials("*43");
    echo.is_answered();
    echo.hears(pilot::A1);
    echo.hangs_up();
    let music = a1.dials("*9664");
    music.hears(pilot::MUSIC);
    music.hangs_up();
    let said = exchange.said_to(&a1, "*65", &[]);

    assert_eq!(said[0], "agent/number-is");
    assert!(said[1].contains("1049"), "{said:?}");
}

#[test]
fn who_has_talked_hears_their_last_recording_and_nobody_elses() {
    let (exchange, _) = demo();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    assert_eq!(exchange.said_to(&a1, "*732", &[]), ["agent/no-recording"]);
    let call = a1.dials("13800138000");
    let customer = carrier.rings();
    customer.answers();
    call.hears(pilot::C1);
    call.presses("*1", Keys::Rfc4733);
    call.talks_for(std::time::Duration::from_secs(2));
    customer.hangs_up();
    call.is_hung_up();
    eventually("the recording to be closed", || {
        let row = exchange
            .records()
            .into_iter()
            .find(|row| row.begin.to == "13800138000")?;
        let recordings = exchange.recordings(row.begin.id);
        recordings.first()?.0.end.is_some().then_some(())
    });

    let listens = a1.dials("*732");
    listens.hears(pilot::C1);
    listens.hangs_up();

    assert_eq!(exchange.said_to(&a2, "*732", &[]), ["agent/no-recording"]);
}

#[test]
fn a_leader_records_a_prompt_by_phone_and_the_next_caller_hears_it() {
    let (exchange, _) = demo();
    let [leader, agent] = exchange.phones(["1001", "1049"]);
    for (phone, said) in [(&agent, "hours/switch-denied"), (&leader, "prompt/saved")] {
        let line = phone.dials("*771");
        line.is_answered();
        // What it asks for is cut by no key: the tone begins the recording.
        line.hears_within(pilot::BEEP, std::time::Duration::from_secs(15));
        line.talks_for(std::time::Duration::from_secs(3));
        line.presses("#", Keys::Rfc4733);
        line.hears_something(std::time::Duration::from_millis(300));
        line.presses("2", Keys::Rfc4733);
        line.is_over_within(std::time::Duration::from_secs(20));
        let call = exchange.records()[0].begin.id;
        let played = eventually("what was played", || {
            let played = exchange.played_in(call);
            (!played.is_empty()).then_some(played)
        });
        assert_eq!(played.last().map(String::as_str), Some(said), "{played:?}");
    }
    let own = exchange.folder.join("sounds/8001/zh/greet/welcome.wav");
    eventually("the prompt to be there", || own.is_file().then_some(()));

    let carrier = exchange.carrier();
    let caller = carrier.dials("4001234567");

    caller.hears(pilot::L1);
}
