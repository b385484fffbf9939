//! Waiting in a queue: what the call does for the floor, and what it tells it.

use super::{Bench, bridge, named, s};
use crate::acd::{Announcement, LeaseId, Leave, News, Withdrawn};
use crate::record::{Outcome, SegmentKind};
use crate::{
    Cause, Command, Ended, Event, FromFloor, Keys, LegId, Output, Queue, Reply, RequestId, Say,
    Sound, Target, ToFloor, TransferId, Why,
};

fn queue() -> Queue {
    Queue {
        name: "it".into(),
        priority: 0,
        max_wait: None,
        record: false,
        exit_keys: Keys::None,
    }
}

impl Bench {
    fn floor(&mut self, news: FromFloor) {
        self.event(Event::Floor(news));
    }

    /// A caller who waits, everything before it looked at.
    fn waits(&mut self, queue: Queue) -> RequestId {
        let request = self.ask(Command::Queue(queue));
        self.floor(FromFloor::Waits {
            queue: "it".into(),
            music: None,
            position: 1,
        });
        self.take();
        request
    }

    /// An agent's phone that is rung for the caller.
    fn offered(&mut self, lease: u64, agent: &str) -> LegId {
        self.floor(FromFloor::Ring {
            lease: LeaseId(lease),
            agent: agent.into(),
            queue: "it".into(),
            waited: s(3),
        });
        self.invited(agent)
    }

    fn told(&mut self) -> Vec<ToFloor> {
        let told = self.take().into_iter().filter_map(|output| match output {
            Output::Floor(told) => Some(told),
            _ => None,
        });
        told.collect()
    }
}

fn offer(lease: u64, news: News) -> ToFloor {
    ToFloor::Offer {
        lease: LeaseId(lease),
        news,
    }
}

fn connect(lease: u64) -> FromFloor {
    FromFloor::Connect {
        lease: LeaseId(lease),
        record: false,
    }
}

fn withdraw(lease: u64, why: Withdrawn) -> FromFloor {
    FromFloor::Withdraw {
        lease: LeaseId(lease),
        why,
    }
}

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
fn d4_the_answer_cuts_an_announcement_and_connects_in_the_same_breath() {
    let mut bench = Bench::new();
    let request = bench.waits(queue());
    let agent = bench.offered(1, "1049");
    bench.rings(agent);
    bench.floor(FromFloor::Announce(Announcement::Position {
        ahead: 0,
        more: false,
    }));
    let (play, _) = bench.playing();

    bench.answers(agent);
    assert_eq!(bench.told(), [offer(1, News::Answered)]);
    bench.floor(FromFloor::Hush);
    bench.floor(connect(1));

    let stop = Output::StopPlay {
        leg: LegId::CALLER,
        play,
    };
    let joined = Output::Connect {
        a: LegId::CALLER,
        b: agent,
    };
    let connected = Output::Floor(offer(1, News::Connected));
    assert_eq!(bench.take(), [stop, joined, connected]);
    assert_eq!(bench.call.state(), "talking");

    bench.wait(s(40));
    bench.event(Event::HungUp {
        leg: agent,
        cause: Cause::Normal,
    });
    let Some(Reply::Leg(Ok(parted))) = bench.reply(request) else {
        panic!("they have parted");
    };
    assert_eq!(
        (parted.user.as_deref(), parted.talked),
        (Some("1049"), s(40))
    );
}

#[test]
fn the_phone_shows_the_queue_and_who_calls() {
    let mut bench = Bench::new();
    bench.waits(queue());

    bench.offered(1, "1049");

    let shown = bench.take().into_iter().find_map(|output| match output {
        Output::Invite {
            target,
            caller_id,
            caller_name,
            ..
        } => Some((target, caller_id, caller_name)),
        _ => None,
    });
    let (target, number, name) = shown.unwrap();
    assert_eq!(target, Target::User("1049".to_owned()));
    assert_eq!(number.as_deref(), Some("+8613800138000"));
    assert_eq!(name.as_deref(), Some("[it] Wang"));
}

#[test]
fn the_floor_is_told_what_becomes_of_every_offer() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let legs: Vec<LegId> = [(1, "1049"), (2, "1050"), (3, "1051")]
        .map(|(lease, agent)| bench.offered(lease, agent))
        .to_vec();
    bench.take();

    bench.refuses(legs[0], Cause::Rejected);
    bench.answers(legs[1]);
    bench.hangs_up(legs[1]);
    bench.hangs_up(legs[2]);

    let told = [
        offer(1, News::Refused(Cause::Rejected)),
        offer(2, News::Answered),
        offer(2, News::Gone),
        offer(3, News::Refused(Cause::Normal)),
    ];
    assert_eq!(bench.told(), told);
}

#[test]
fn an_offer_that_is_taken_back_is_released_with_the_reason_that_its_phone_is_to_show() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let reasons = [
        (Withdrawn::Elsewhere, Cause::Cancelled, true),
        (Withdrawn::Stale, Cause::Cancelled, true),
        (Withdrawn::RangOut, Cause::NoAnswer, false),
        (Withdrawn::AgentGone, Cause::Cancelled, false),
    ];

    for (lease, (why, cause, elsewhere)) in (1..).zip(reasons) {
        let leg = bench.offered(lease, "1049");
        bench.take();

        bench.floor(withdraw(lease, why));

        let release = Output::Release {
            leg,
            cause,
            elsewhere,
        };
        assert_eq!(bench.take(), [release], "{why:?}");
    }
}

#[test]
fn rivals_ring_on_until_the_floor_takes_their_offers_back_and_stop_while_the_two_talk() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let (winner, rival) = (bench.offered(1, "1049"), bench.offered(2, "1050"));
    bench.take();
    bench.answers(winner);
    bench.floor(FromFloor::Hush);

    bench.floor(connect(1));
    let rung_on = bench.take();
    bench.floor(withdraw(2, Withdrawn::Elsewhere));

    let is_release = |output: &Output| matches!(output, Output::Release { .. });
    assert!(!rung_on.iter().any(is_release));
    let release = Output::Release {
        leg: rival,
        cause: Cause::Cancelled,
        elsewhere: true,
    };
    assert_eq!(bench.take(), [release]);
}

#[test]
fn d3_when_the_caller_hangs_up_the_floor_knows_before_the_phones_stop_ringing() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let agent = bench.offered(1, "1049");
    bench.rings(agent);
    bench.take();

    bench.hangs_up(LegId::CALLER);

    let outputs = bench.take();
    let release = Output::Release {
        leg: agent,
        cause: Cause::Cancelled,
        elsewhere: false,
    };
    assert_eq!(outputs[..2], [Output::Floor(ToFloor::Gone), release]);
    bench.outputs = outputs;
    let record = bench.record();
    assert_eq!(record.result, Outcome::AbandonedInQueue);
    assert_eq!(record.ended_by, "customer");
}

#[test]
fn the_record_says_in_which_queue_the_caller_was_and_for_how_long() {
    let mut bench = Bench::new();
    bench.waits(queue());
    bench.wait(s(7));
    let agent = bench.offered(1, "1049");
    bench.answers(agent);
    bench.floor(connect(1));
    bench.wait(s(20));
    bench.hangs_up(LegId::CALLER);

    let segments = bench.record().segments;

    let told: Vec<_> = segments
        .iter()
        .map(|it| {
            let seconds = (it.to - it.from) / 1_000_000;
            (it.kind, seconds, it.queue.as_deref(), it.agent.as_deref())
        })
        .collect();
    let it = Some("it");
    let expected = [
        (SegmentKind::Queue, 7, it, None),
        (SegmentKind::Talk, 20, it, Some("1049")),
    ];
    assert_eq!(told, expected);
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
fn why_nobody_came_is_told_to_the_script_and_stands_in_the_record() {
    for (leave, why, outcome) in [
        (Leave::Timeout, Why::Timeout, Outcome::QueueTimeout),
        (Leave::Full, Why::Full, Outcome::NoCapacity),
        (Leave::Empty, Why::Empty, Outcome::Unreachable),
    ] {
        let mut bench = Bench::new();
        let request = bench.waits(queue());

        bench.floor(FromFloor::Left(leave));

        assert_eq!(bench.reply(request), Some(Reply::Leg(Err(why))));
        bench.script_ends(Ended::Returned);
        assert_eq!(bench.record().result, outcome);
    }
}

#[test]
fn a_queue_that_is_not_there_is_a_mistake() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::Queue(queue()));
    let why = "no queue 'it' (did you mean 'its'?)".to_owned();

    bench.floor(FromFloor::Refused { why: why.clone() });

    assert_eq!(bench.reply(request), Some(Reply::Mistake(why)));
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

#[test]
fn who_waits_when_the_script_fails_waits_on_and_talks_to_an_agent() {
    let mut bench = Bench::new();
    bench.waits(queue());

    bench.script_ends(Ended::Failed {
        message: "reception.lua:19: boom".to_owned(),
    });
    let agent = bench.offered(1, "1049");
    bench.answers(agent);
    bench.floor(connect(1));
    assert_eq!(bench.call.state(), "talking");
    bench.hangs_up(agent);

    assert_eq!(bench.record().result, Outcome::Answered);
}

#[test]
fn a_conversation_is_recorded_when_the_queue_or_the_script_says_so() {
    for (by_script, by_queue) in [(true, false), (false, true)] {
        let mut bench = Bench::new();
        bench.waits(Queue {
            record: by_script,
            ..queue()
        });
        let agent = bench.offered(1, "1049");
        bench.answers(agent);
        bench.take();

        bench.floor(FromFloor::Connect {
            lease: LeaseId(1),
            record: by_queue,
        });

        bench.recording();
    }
}

#[test]
fn a_connection_to_somebody_who_has_hung_up_meanwhile_is_none() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let agent = bench.offered(1, "1049");
    bench.answers(agent);
    bench.hangs_up(agent);
    bench.take();

    bench.floor(connect(1));

    assert_eq!(bench.told(), [offer(1, News::Gone)]);
    assert_eq!(bench.call.state(), "queue");
}

#[test]
fn a_script_that_asks_for_a_queue_again_and_again_is_stopped_at_last() {
    let mut bench = Bench::new();

    let last = (0..400).find_map(|_| {
        let request = bench.ask(Command::Queue(queue()));
        bench.floor(FromFloor::Left(Leave::Empty));
        match bench.reply(request) {
            Some(Reply::Mistake(why)) => Some(why),
            _ => None,
        }
    });

    assert!(last.unwrap().contains("nobody came 300 times"));
}

#[test]
fn a_call_that_waited_can_be_lived_again_from_its_journal() {
    let mut bench = Bench::new();
    bench.waits(queue());
    bench.floor(FromFloor::Announce(Announcement::Position {
        ahead: 2,
        more: false,
    }));
    let agent = bench.offered(1, "1049");
    bench.answers(agent);
    bench.floor(FromFloor::Hush);
    bench.floor(connect(1));
    bench.wait(s(20));
    bench.hangs_up(LegId::CALLER);

    let (again, _) = super::replay::live_again(bench.birth, &bench.entries);

    assert_eq!(again, bench.entries);
}

#[test]
fn an_agent_who_has_answered_for_a_queue_transfers_the_call_and_rivals_stop_ringing() {
    let mut bench = Bench::new();
    bench.waits(queue());
    let agent = bench.offered(1, "1049");
    let rival = bench.offered(2, "1051");
    bench.answers(agent);
    bench.floor(connect(1));
    bench.wait(s(10));
    bench.take();

    bench.event(Event::Referred {
        transfer: TransferId(7),
        leg: agent,
        by: "1049".to_owned(),
        to: "1050".to_owned(),
        context: "internal".to_owned(),
    });

    let released = Output::Release {
        leg: rival,
        cause: Cause::Cancelled,
        elsewhere: true,
    };
    assert!(bench.take().contains(&released));
    bench.floor(withdraw(2, Withdrawn::Elsewhere));
    assert_eq!(bench.take(), []);
    bench.ask(Command::Bridge(bridge(&["1050"])));
    bench.answers(bench.invited("1050"));
    bench.wait(s(5));
    bench.hangs_up(LegId::CALLER);
    let talks: Vec<_> = bench
        .record()
        .segments
        .into_iter()
        .filter(|segment| segment.kind == SegmentKind::Talk)
        .map(|segment| (segment.agent.unwrap(), segment.queue))
        .collect();
    assert_eq!(
        talks,
        [
            ("1049".to_owned(), Some("it".to_owned())),
            ("1050".to_owned(), None)
        ]
    );
}
