//! Whatever comes, in whatever order: a call keeps its promises.

mod chance;
mod watch;

use std::time::{Duration, Instant};

use super::replay::live_again;
use super::{Bench, named, s, setup};
use crate::call::random::Random;
use crate::journal::Entry;
use crate::voicemail::pin::HIDDEN_KEY;
use crate::{
    Call, Cause, Command, Ended, Event, Fallback, LegId, Options, Output, RequestId, Target,
};
use watch::{Seen, Watch};

#[test]
fn random_sequences_break_no_promise() {
    let mut steps = 0;
    let mut seen = Seen::default();
    for seed in 0..6000 {
        let mut chaos = Chaos::new(seed);
        for _ in 0..120 {
            if chaos.watch.ended {
                break;
            }
            chaos.step();
            steps += 1;
        }
        chaos.hang_up_and_settle();
        seen.add(&chaos.watch.seen);
    }

    // The sequences must reach what they are to prove.
    assert!(steps >= 100_000, "{steps} steps");
    let Seen {
        conversations,
        holds,
        messages,
        heard,
        fallbacks,
        transfers,
        recalls,
        joins,
        served,
        unparked,
        rooms,
        trios,
        codes,
    } = seen;
    assert!(trios > 40, "{trios} conversations of three");
    assert!(codes > 10, "{codes} codes");
    assert!(served > 100, "{served} served by queues");
    assert!(conversations > 500, "{conversations} conversations");
    assert!(holds > 100, "{holds} on hold");
    assert!(messages > 100, "{messages} messages left");
    assert!(heard > 10, "{heard} messages heard");
    assert!(fallbacks > 100, "{fallbacks} fallbacks");
    assert!(transfers > 100, "{transfers} transfers");
    assert!(recalls > 50, "{recalls} transfers that failed");
    assert!(joins > 100, "{joins} legs of other calls");
    assert!(unparked > 100, "{unparked} calls parked");
    assert!(rooms > 100, "{rooms} changes of rooms");
}

#[test]
fn every_call_can_be_lived_again_from_its_journal() {
    let mut pins = 0;
    for seed in 0..1500 {
        let mut chaos = Chaos::new(seed);
        for _ in 0..120 {
            chaos.step();
        }
        chaos.hang_up_and_settle();
        let written = serde_json::to_string(&chaos.journal).unwrap();
        pins += usize::from(written.contains(HIDDEN_KEY));

        let read: Vec<Entry> = serde_json::from_str(&written).unwrap();
        let (again, same) = live_again(chaos.birth, &read);

        assert_eq!(again, chaos.journal, "seed {seed}");
        assert_eq!(same.len(), chaos.outputs.len(), "seed {seed}");
        for (one, other) in same.iter().zip(&chaos.outputs) {
            // PINs print as dots, and dots are what a replay types.
            assert_eq!(format!("{one:?}"), format!("{other:?}"), "seed {seed}");
        }
    }
    assert!(pins > 50, "{pins} calls in which a PIN was typed");
}

#[test]
fn two_runs_of_the_same_inputs_say_the_same() {
    let story = |seed: u64| {
        let mut bench = Bench::with(
            setup(),
            Options {
                seed,
                ..Options::default()
            },
        );
        let (_, leg) = bench.talk(true);
        bench.wait(s(3));
        bench.hangs_up(leg);
        format!("{:?}", bench.take())
    };

    assert_eq!(story(1), story(1));
    assert_ne!(
        story(1),
        story(2),
        "the seed is what the recording's id is made of"
    );
}

/// Drives a call at random and watches what it asks for.
struct Chaos {
    random: Random,
    call: Call,
    now: Instant,
    birth: Instant,
    watch: Watch,
    /// All that came out, the journal apart.
    journal: Vec<Entry>,
    outputs: Vec<Output>,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        #[expect(clippy::disallowed_methods, reason = "a test's clock begins somewhere")]
        let now = Instant::now();
        let mut options = Options {
            seed,
            hold_reminder: s(3),
            codes: crate::Codes::new([("*4", "complete"), ("#", "swap")]).unwrap(),
            ..Options::default()
        };
        if random.below(2) == 0 {
            options.fallback = Fallback {
                at_once: false,
                sound: Some(named("sys/error")),
                target: Some(Target::User("1001".to_owned())),
            };
        }
        let mut watch = Watch {
            seed,
            ..Watch::default()
        };
        watch.legs.insert(LegId::CALLER, true);
        let mut setup = setup();
        if random.below(3) == 0 {
            setup.user = Some("1050".to_owned()).into();
            setup.trunk = None;
        }
        let call = Call::new(now, setup, options);
        let mut chaos = Self {
            random,
            call,
            now,
            birth: now,
            watch,
            journal: Vec::new(),
            outputs: Vec::new(),
        };
        chaos.look();
        chaos
    }

    fn step(&mut self) {
        match self.random.below(10) {
            0..=2 => {
                self.watch.asked += 1;
                let request = RequestId(self.watch.asked);
                let command = self.command();
                if !["ending", "ended"].contains(&self.call.state()) {
                    self.watch.requests.insert(request);
                }
                let never = matches!(command, Command::Hangup { .. } | Command::Reject { .. });
                self.call.handle_command(self.now, request, command);
                self.look();
                if never {
                    self.watch.requests.remove(&request);
                }
            }
            3..=7 => {
                let event = self.event();
                self.watch.see(&event);
                self.call.handle_event(self.now, event);
                self.look();
            }
            8 => {
                let wait = Duration::from_millis(self.random.below(8000));
                self.pass_time(wait);
            }
            _ if self.random.below(60) == 0 => {
                self.call.handle_shutdown(self.now);
                self.look();
            }
            _ if self.random.below(12) == 0 => {
                let ended = match self.random.below(3) {
                    0 => Ended::Returned,
                    1 => Ended::NoRoute { to: "9".to_owned() },
                    _ => Ended::Failed {
                        message: "boom".to_owned(),
                    },
                };
                // Whatever the script waited for is gone with it.
                self.watch.requests.clear();
                self.call.handle_script_ended(self.now, ended);
                self.look();
            }
            _ => {}
        }
    }

    fn pass_time(&mut self, wait: Duration) {
        let end = self.now + wait;
        while let Some(due) = self.call.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.call.handle_timeout(self.now);
            self.look();
            let next = self.call.poll_timeout();
            let now = self.now;
            self.promise(
                next.is_none_or(|next| next > now),
                "a time-out stays behind",
            );
        }
        self.now = end;
    }

    fn hang_up_and_settle(&mut self) {
        // Of three who talk the two others go on.
        for _ in 0..=usize::from(self.call.is_trio()) {
            let event = Event::HungUp {
                leg: self.call.front(),
                cause: Cause::Normal,
            };
            self.watch.see(&event);
            self.call.handle_event(self.now, event);
            self.look();
        }
        if self.random.below(2) == 0 {
            for recording in std::mem::take(&mut self.watch.closing) {
                self.call.handle_event(
                    self.now,
                    Event::RecordingClosed {
                        recording,
                        duration: s(3),
                        speech: s(3),
                    },
                );
                self.look();
            }
        }
        self.pass_time(s(6));
        let ended = self.call.is_ended() && self.watch.ended;
        self.promise(ended, "a call whose caller is gone ends");
        self.promise(
            self.call.poll_timeout().is_none(),
            "an ended call waits for nothing",
        );
        self.step();
    }

    /// What the world does changes what may be asked of it.
    fn look(&mut self) {
        self.watch.front = Some(self.call.front());
        while let Some(output) = self.call.poll_output() {
            let over = self.watch.ended;
            self.promise(!over, "nothing follows the end");
            self.watch.count(&output, self.call.state());
            match &output {
                Output::Journal(entry) => self.journal.push(entry.clone()),
                other => self.outputs.push(other.clone()),
            }
            self.watch.judge(output);
        }
    }

    fn promise(&self, kept: bool, what: &str) {
        self.watch.promise(kept, what);
    }
}
