//! kill -9 in the middle of recorded calls: records and recordings are whole after the start.

use std::time::{Duration, Instant};

use crate::support::{Exchange, Setup, Wav, eventually, pilot};

#[test]
fn records_and_recordings_are_whole_after_kill_9_during_twenty_recorded_calls() {
    let mut exchange = Exchange::start_program(Setup::answering(
        "call:bridge(\"user:1049\", { record = true })",
    ));
    let [a1] = exchange.phones(["1049"]);
    a1.answers_always();
    let carrier = exchange.carrier();
    let calls: Vec<_> = (0..20).map(|_| carrier.dials("4001234567")).collect();
    for call in &calls {
        call.is_answered();
        call.hears(pilot::A1);
    }
    let all_up = Instant::now();
    calls[0].talks_for(Duration::from_secs(4));

    exchange.is_killed();
    let talked = all_up.elapsed();
    let begun = Instant::now();
    exchange.resume();

    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "ready again after {:?}",
        begun.elapsed()
    );
    let records = exchange.ended_calls(20);
    assert_eq!(records.len(), 20);
    for record in records {
        let end = record.end.unwrap();
        assert_eq!(end.ended_by, "system:cut");
        // The whole record, as far as the exchange lived: whom the caller talked to, and how long.
        let whole = exchange.store().call("8001", record.begin.id);
        let whole = whole.wait().unwrap().unwrap();
        assert_eq!(end.result, "answered");
        let peers: Vec<_> = whole.legs.iter().map(|leg| leg.peer.as_str()).collect();
        assert_eq!(peers.len(), 2);
        assert_eq!(peers[1], "1049");
        assert!(whole.legs.iter().all(|leg| leg.up_at.is_some()));
        let talk = whole.segments.last().unwrap();
        assert_eq!(
            (talk.kind.as_str(), talk.agent.as_deref()),
            ("talk", Some("1049"))
        );
        let known = Duration::from_micros((talk.to - talk.from) as u64);
        assert!(
            known + Duration::from_secs(2) >= talked,
            "the record knows of {known:?} of {talked:?}"
        );
        let recordings = exchange.recordings(record.begin.id);
        assert_eq!(recordings.len(), 1);
        let (row, path) = &recordings[0];
        let kept = row.end.unwrap();
        let sound = Wav::read(path);
        let lost = talked.saturating_sub(sound.duration());
        assert!(
            lost <= Duration::from_secs(2),
            "{lost:?} of {talked:?} are lost"
        );
        assert!(kept.lost, "the row says that its end is missing");
        assert_eq!(
            Duration::from_micros(kept.duration as u64).as_millis() / 100,
            sound.duration().as_millis() / 100
        );
        assert!(sound.has(0, pilot::C1) && sound.has(1, pilot::A1));
    }
    let caller = exchange.phone("1050");
    let again = caller.dials("4001234567");
    again.is_answered();
    again.hears(pilot::A1);
}

#[test]
fn phones_that_still_talk_after_a_kill_are_told_at_the_next_start() {
    let mut exchange = Exchange::start_program(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);
    let out = a1.dials("13800138000");
    let outside = carrier.rings();
    outside.answers();
    out.hears(pilot::C1);
    // What is said of a call is on disk within a second or two.
    eventually("the dialogs on disk", || {
        let records = exchange.records();
        let kept = records.iter().map(|record| {
            let journal = exchange.store().journal("8001", record.begin.id);
            let journal = journal.wait().unwrap();
            let dialogs = journal
                .iter()
                .filter(|line| line.json.contains("\"dialog\""));
            dialogs.count()
        });
        (kept.sum::<usize>() == 4).then_some(())
    });

    exchange.is_killed();
    assert!(call.is_up() && rung.is_up() && out.is_up() && outside.is_up());
    exchange.resume();

    for line in [&call, &rung, &out, &outside] {
        line.is_hung_up();
    }
    a1.dials("1050");
    a2.rings().answers();
}
