//! What a method gives back.

use super::*;

#[test]
fn replies_become_values_or_nil_and_why() {
    let cases = [
        ("call:answer()", Reply::Done, json!([])),
        (
            "call:play('menu/main')",
            Reply::Key(Some('1')),
            json!(["1"]),
        ),
        ("call:play('menu/main')", Reply::Key(None), json!([null])),
        (
            "call:gather()",
            Reply::Digits(Ok("12".into())),
            json!(["12"]),
        ),
        (
            "call:gather()",
            Reply::Digits(Err(Why::NoMatch)),
            json!([null, "no_match"]),
        ),
        (
            "call:record()",
            Reply::Recording(Err(Why::Silence)),
            json!([null, "silence"]),
        ),
        (
            "call:bridge('user:1049')",
            Reply::Leg(Err(Why::Busy)),
            json!([null, "busy"]),
        ),
        (
            "call:voicemail('8000')",
            Reply::Message(None),
            json!([null]),
        ),
        ("call:ask_pin('1049')", Reply::Right(Ok(())), json!([true])),
        (
            "call:ask_pin('1049')",
            Reply::Right(Err(Why::Rejected)),
            json!([null, "rejected"]),
        ),
    ];
    for (body, reply, expected) in cases {
        let bed = Bed::new();
        bed.will_reply([reply]);
        assert_eq!(bed.call(&format!("return {body}")), Ok(expected), "{body}");
    }
}

#[test]
fn a_schedule_chooses_the_greeting() {
    let bed = Bed::new();
    let greeted = |hours_later: i64| {
        bed.set_clock(NOON + hours_later * 3_600_000_000);
        let _ = bed.call(
            "local hours = schedule { ['mon-fri'] = '09:00-18:00' } \
             call:voicemail('8000', { greeting = hours:is_open() and 'busy' or 'hours/closed' })",
        );
        match bed.asked().pop() {
            Some(Command::Voicemail(Voicemail { greeting, .. })) => greeting,
            other => panic!("{other:?}"),
        }
    };

    assert_eq!(greeted(5), Greeting::Busy);
    assert_eq!(greeted(6), Greeting::Sound(named("hours/closed")));
    assert_eq!(greeted(24), Greeting::Busy);
}

#[test]
fn what_was_made_is_a_table_that_can_be_played() {
    let (recording, message) = (RecordingId::new(9, [3; 10]), MessageId::new(9, [4; 10]));
    let bed = Bed::new();
    let half = Duration::from_millis(1500);
    bed.will_reply([
        Reply::Recording(Ok(Recorded {
            id: recording,
            duration: half,
        })),
        Reply::Done,
        Reply::Message(Some(Left {
            id: message,
            mailbox: "8000".into(),
            duration: half,
            urgent: true,
        })),
        Reply::Done,
    ]);

    let returned = bed.call(
        "local r = call:record() call:play(r) local m = call:voicemail('8000') call:play { m } \
         return r.duration, m.mailbox, m.duration, m.urgent",
    );

    assert_eq!(returned, Ok(json!([1.5, "8000", 1.5, true])));
    let sounds: Vec<Sound> = bed
        .asked()
        .into_iter()
        .filter_map(|command| match command {
            Command::Play { sounds, .. } => sounds.into_iter().next(),
            _ => None,
        })
        .collect();
    assert_eq!(
        sounds,
        [Sound::Recording(recording), Sound::Message(message)]
    );
}

#[test]
fn a_bridge_tells_who_was_talked_to_and_for_how_long() {
    let bed = Bed::new();
    bed.will_reply([Reply::Leg(Ok(Parted {
        leg: LegId(1),
        target: Target::Trunk {
            trunk: "carrier".into(),
            number: "110".into(),
        },
        user: None,
        talked: s(90),
        cause: Cause::Normal,
    }))]);

    let returned = bed.call(
        "local leg, why = call:bridge('trunk:carrier/110') \
         return leg.target, leg.user, leg.talked, leg.cause, why, call.answered_at",
    );

    let answered = NOON as f64 / 1e6 - 90.0;
    let expected = json!(["trunk:carrier/110", null, 90.0, "normal", null, answered]);
    assert_eq!(returned, Ok(expected));
}
