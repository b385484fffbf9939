//! Waiting: music, announcements, keys, and where callers go from there.

use super::queue;
use crate::acd::{Announcement, Leave};
use crate::call::tests::{Bench, named, s};
use crate::{
    Command, Event, FromFloor, Keys, LegId, Output, Queue, Reply, Say, Sound, ToFloor, Why,
};

#[test]
fn who_waits_is_answered_and_hears_music_and_who_finds_no_room_is_not_answered_for_it() {
    let mut bench = Bench::new();

    bench.ask(Command::Queue(queue()));
    let asked = bench.take();
    bench.floor(FromFloor::Waits {
        queue: "it".into(),
        music: Some("piano".to_owned()),
        position: 1,
    });

    let enter = ToFloor::Enter {
        queue: "it".into(),
        priority: 0,
        max_wait: None,
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
fn after_an_announcement_the_music_goes_on_and_also_where_the_sound_is_missing() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let music = Output::Music {
        leg: LegId::CALLER,
        name: None,
    };

    let ahead = |ahead, more| FromFloor::Announce(Announcement::Position { ahead, more });
    bench.floor(ahead(3, false));
    let (play, sounds) = bench.playing();
    let number = Sound::Say(Say::Number(3));
    assert_eq!(
        sounds,
        [named("queue/ahead-1"), number, named("queue/ahead-2")]
    );
    bench.played(play);
    assert_eq!(bench.take(), std::slice::from_ref(&music));

    bench.floor(ahead(3, true));
    assert_eq!(bench.playing().1[0], named("queue/ahead-more"));
    bench.floor(ahead(1, false));
    assert_eq!(bench.playing().1, [named("queue/ahead-one")]);
    bench.floor(ahead(0, false));
    let (play, sounds) = bench.playing();
    assert_eq!(sounds, [named("queue/next")]);
    bench.event(Event::PlayFailed {
        play,
        why: "sound 'queue/next' not found".to_owned(),
    });
    assert_eq!(bench.take(), [music]);
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
