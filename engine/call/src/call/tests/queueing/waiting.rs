//! Waiting: music, announcements, keys, and where callers go from there.

use super::queue;
use crate::acd::{Announcement, Leave};
use crate::call::tests::{Bench, named, s};
use crate::{
    Choice, Command, Event, FromFloor, KeyChoice, Keys, LegId, Output, Queue, Reply, Say, Sound,
    ToFloor, Why,
};

#[test]
fn who_waits_is_answered_and_hears_music_and_who_finds_no_room_is_not_answered_for_it() {
    let mut bench = Bench::new();

    bench.ask(Command::Queue(queue()));
    let asked = bench.take();
    bench.floor(FromFloor::Waits {
        queue: "it".into(),
        music: Some("piano".to_owned()),
        from_start: false,
        position: 1,
    });

    let enter = ToFloor::Enter {
        queue: "it".into(),
        priority: 0,
        max_wait: None,
        wants: crate::acd::Wants::default(),
        callback: None,
    };
    assert_eq!(asked, [Output::Floor(enter)]);
    let music = Output::Music {
        leg: LegId::CALLER,
        name: Some("piano".to_owned()),
    };
    assert_eq!(bench.take(), [Output::Answer, music]);
    assert_eq!(bench.call.state(), "queue");

    let mut full = Bench::new();
    let request = full.ask(Command::Queue(queue()));
    full.floor(FromFloor::Left(Leave::Full));
    assert_eq!(full.reply(request), Some(Reply::Leg(Err(Why::Full))));
    assert!(!full.outputs.contains(&Output::Answer));
}

#[test]
fn announcements_are_played_over_the_music_one_after_the_other_also_where_a_sound_is_missing() {
    let mut bench = Bench::new();
    bench.waits(queue());

    let ahead = |ahead, more| FromFloor::Announce(vec![Announcement::Position { ahead, more }]);
    bench.floor(ahead(3, false));
    let (play, sounds) = bench.playing();
    let number = Sound::Say(Say::Number(3));
    assert_eq!(
        sounds,
        [named("queue/ahead-1"), number, named("queue/ahead-2")]
    );
    // The next waits for it, and the music is not touched.
    bench.take();
    bench.floor(ahead(3, true));
    bench.floor(ahead(1, false));
    assert_eq!(bench.take(), []);
    bench.played(play);
    let (play, sounds) = bench.playing();
    assert_eq!(sounds[0], named("queue/ahead-more"));
    bench.event(Event::PlayFailed {
        play,
        why: "sound 'queue/ahead-more' not found".to_owned(),
    });
    let (play, sounds) = bench.playing();
    assert_eq!(sounds, [named("queue/ahead-one")]);
    bench.played(play);
    bench.take();

    bench.floor(FromFloor::Announce(vec![
        Announcement::Position {
            ahead: 0,
            more: false,
        },
        Announcement::Wait { minutes: 2 },
        Announcement::Sound("queue/thanks-wait".to_owned()),
    ]));
    let minutes = Sound::Say(Say::Number(2));
    assert_eq!(
        bench.playing().1,
        [
            named("queue/next"),
            named("queue/eta-1"),
            minutes,
            named("queue/minutes"),
            named("queue/thanks-wait")
        ]
    );
}

#[test]
fn a_key_leads_elsewhere_when_it_is_pressed_again_and_the_place_is_kept_until_then() {
    let mut bench = Bench::new();
    let keys = [
        ('2', Choice::Go("voicemail:8000".to_owned())),
        ('3', Choice::Callback),
        ('4', Choice::Queue("hr".into())),
    ];
    let request = bench.waits(Queue {
        keys: keys
            .map(|(key, choice)| KeyChoice {
                key,
                confirm: choice.confirmation(),
                choice,
            })
            .into(),
        ..queue()
    });

    bench.keys("2");
    assert_eq!(bench.playing().1, [named("queue/confirm")]);
    bench.keys("3");
    assert_eq!(bench.playing().1, [named("queue/confirm-callback")]);
    assert_eq!(bench.told(), []);
    bench.wait(s(16));
    bench.keys("3");
    assert_eq!(bench.told(), [], "too late: it is asked for anew");
    bench.keys("3");
    assert_eq!(bench.told(), [ToFloor::Callback]);
    bench.keys("44");
    let queue = "hr".into();
    assert_eq!(bench.told(), [ToFloor::Move { queue }]);
    bench.keys("22");
    assert_eq!(bench.told(), [ToFloor::Leave]);
    bench.floor(FromFloor::Left(Leave::Left));

    assert_eq!(bench.call.state(), "voicemail");
    assert_eq!(bench.reply(request), None);
}

#[test]
fn a_key_tells_scripts_once_what_the_caller_wants_and_the_caller_waits_on() {
    let mut bench = Bench::new();
    let event = || "link.wanted".to_owned();
    bench.waits(Queue {
        keys: vec![KeyChoice {
            key: '5',
            confirm: None,
            choice: Choice::Tell {
                event: event(),
                say: Some(named("link/sent")),
            },
        }],
        ..queue()
    });

    bench.keys("5");
    let outputs = bench.take();
    let told = Output::Floor(ToFloor::Aside { event: event() });
    assert!(outputs.contains(&told), "{outputs:?}");
    let sent = [named("link/sent")];
    let said = |it: &Output| match it {
        Output::Play { sounds, .. } | Output::PlayOver { sounds, .. } => *sounds == sent,
        _ => false,
    };
    assert!(outputs.iter().any(said), "{outputs:?}");
    bench.keys("5");

    assert_eq!(bench.told(), [], "once is enough");
    assert_eq!(bench.call.state(), "queue");
}

#[test]
fn who_will_be_called_back_hears_so_and_is_hung_up() {
    let mut bench = Bench::new();
    bench.waits(queue());

    bench.floor(FromFloor::Left(Leave::Callback));
    let (play, sounds) = bench.playing();
    assert_eq!(sounds, [named("queue/callback-ok")]);
    bench.played(play);

    assert_eq!(bench.call.state(), "ended");
}

#[test]
fn a_key_takes_the_caller_out_if_the_script_wants_it_so() {
    let mut bench = Bench::new();
    let request = bench.waits(Queue {
        exit_keys: Keys::Of("0".to_owned()),
        ..queue()
    });

    bench.keys("70");
    assert_eq!(bench.told(), [ToFloor::Leave]);
    bench.floor(FromFloor::Left(Leave::Left));

    assert_eq!(bench.reply(request), Some(Reply::TakenOut(Some('0'))));
}

#[test]
fn a_queue_sends_its_callers_on_to_a_mailbox_or_a_person() {
    let mut bench = Bench::new();
    let request = bench.waits(queue());
    bench.floor(FromFloor::Left(Leave::Overflow("user:1001".to_owned())));
    let leader = bench.invited("1001");
    bench.answers(leader);
    bench.wait(s(9));
    bench.hangs_up(leader);
    let parted = bench.reply(request);
    assert!(matches!(parted, Some(Reply::Leg(Ok(_)))), "{parted:?}");

    let mut bench = Bench::new();
    let request = bench.waits(queue());
    bench.floor(FromFloor::Left(Leave::Overflow(
        "voicemail:8000".to_owned(),
    )));
    let open = Output::OpenMailbox {
        mailbox: "8000".to_owned(),
    };
    assert!(bench.outputs.contains(&open));
    assert_eq!(bench.call.state(), "voicemail");
    bench.mailbox("8000", None);
    let reply = bench.reply(request);
    assert_eq!(reply, Some(Reply::Leg(Err(Why::Overflow))));
}
