//! Things that can happen to a call, and things that a script can ask, at random.

use std::time::Duration;

use super::Chaos;
use crate::acd::{Announcement, Greet, LeaseId, Leave, Withdrawn};
use crate::call::random::Random;
use crate::call::tests::{bridge, named, s};
use crate::{
    Bridge, CallId, Cause, Choice, Command, Conference, Event, Fetch, FromFloor, Gather, Greeting,
    GreetingKind, Guest, KeyChoice, Keys, LegId, Mailbox, MailboxMessage, MessageId, Music,
    Newcomer, Park, PinVerdict, PlayId, Queue, Record, RecordingId, RoomNews, Sound,
    StartRecording, Steer, Strategy, Tone, TransferId, Voicemail, Why,
};

impl Chaos {
    pub(super) fn event(&mut self) -> Event {
        let waits = self.call.state() == "queue";
        if self.random.below(if waits { 2 } else { 60 }) == 0 {
            return Event::Floor(self.floor_news());
        }
        if self.random.below(20) == 0 {
            return self.something_is_done_for_a_party();
        }
        let last = self.watch.legs.keys().next_back().copied();
        if let Some(leg) = last.filter(|_| waits && self.random.below(2) == 0) {
            return Event::Answered { leg, user: None };
        }
        let legs = u64::try_from(self.watch.legs.len()).unwrap();
        let mut leg = LegId(u16::try_from(self.random.below(legs + 1)).unwrap());
        if self.random.below(2) == 0 {
            leg = self.watch.legs.keys().next_back().copied().unwrap();
        }
        let any_play = self.watch.plays.values().next().copied();
        let play = any_play.unwrap_or(PlayId(3));
        let recording = self.watch.open.iter().next().copied();
        let closing = self.watch.closing.iter().next().copied();
        match self.random.below(38) {
            32..=33 => Event::Parked {
                slot: match self.random.below(5) {
                    0 => Err(Why::Full),
                    _ => Ok("5901".to_owned()),
                },
            },
            34..=36 => Event::Room(match self.random.below(6) {
                0 => RoomNews::Full,
                others => RoomNews::Others(
                    (1..others)
                        .map(|number| Guest {
                            user: (number == 1).then(|| "1049".to_owned()),
                            is_held: self.random.below(4) == 0,
                        })
                        .collect(),
                ),
            }),
            37 if self.random.below(3) == 0 => Event::FetchedByOther,
            37 => Event::NothingFetched,
            27..=28 => Event::Referred {
                transfer: TransferId(self.random.below(1_000)),
                leg: self.party(leg),
                by: "1049".to_owned(),
                to: "1050".to_owned(),
                context: "internal".to_owned(),
            },
            29..=30 => self.somebody_joins(leg),
            31 if self.random.below(8) == 0 => Event::Moved {
                leg: (self.random.below(4) > 0).then(|| self.party(self.call.front())),
                to: CallId(uuid::Uuid::from_u128(9)),
            },
            0..=1 => Event::Ringing {
                leg,
                early_media: self.random.below(2) == 0,
            },
            2..=4 => Event::Answered { leg, user: None },
            5 => Event::Refused {
                leg: LegId(leg.0.max(1)),
                cause: self.cause(),
            },
            6 if self.random.below(4) > 0 => Event::HungUp {
                leg: LegId(leg.0.max(1)),
                cause: self.cause(),
            },
            6 => Event::HungUp {
                leg,
                cause: self.cause(),
            },
            7 => Event::Held {
                leg,
                held: self.random.below(2) == 0,
            },
            8..=12 => Event::Digit {
                leg: self.call.front(),
                digit: b"111###0123456789*"[self.random.below(17) as usize].into(),
            },
            13..=16 => Event::Played { play },
            17 => Event::PlayFailed {
                play,
                why: "sound not found".to_owned(),
            },
            18 if recording.is_some() => Event::Silent {
                recording: recording.unwrap(),
            },
            19..=20 if closing.is_some() => Event::RecordingClosed {
                recording: closing.unwrap(),
                duration: s(self.random.below(10)),
                speech: s(1),
            },
            21 if self.watch.message.is_some() => Event::MessageKept {
                message: self.watch.message.unwrap(),
                kept: self.random.below(4) > 0,
            },
            22..=24 if self.watch.pin.is_some() => Event::Pin {
                mailbox: self.watch.pin.clone().unwrap(),
                verdict: match self.random.below(8) {
                    0 => PinVerdict::Wrong,
                    1 => PinVerdict::Locked,
                    2 => PinVerdict::Guessable,
                    3 => PinVerdict::Different,
                    _ => PinVerdict::Right,
                },
            },
            25..=26 if self.watch.change.is_some() => Event::MailboxChanged {
                change: self.watch.change.clone().unwrap(),
                kept: self.random.below(4) > 0,
            },
            _ => Event::Mailbox {
                mailbox: self
                    .watch
                    .mailbox
                    .clone()
                    .unwrap_or_else(|| "1049".to_owned()),
                found: (self.random.below(4) > 0).then(|| self.mailbox()),
            },
        }
    }

    /// What the floor may say, and what it never would.
    fn floor_news(&mut self) -> FromFloor {
        let lease = LeaseId(self.random.below(2));
        match self.random.below(30) {
            0..=1 => FromFloor::Waits {
                queue: "it".into(),
                music: None,
                from_start: self.random.below(2) == 0,
                position: 1,
            },
            2..=3 => FromFloor::Announce(vec![Announcement::Position {
                ahead: self.random.below(4) as usize,
                more: self.random.below(2) == 0,
            }]),
            4..=7 => FromFloor::Ring {
                lease,
                agent: ["1049", "1050", "1051"][self.random.below(3) as usize].into(),
                queue: "it".into(),
                waited: s(3),
            },
            8..=9 => FromFloor::Withdraw {
                lease,
                why: [Withdrawn::Elsewhere, Withdrawn::RangOut][self.random.below(2) as usize],
            },
            10 => FromFloor::Hush,
            11..=25 => FromFloor::Connect {
                lease,
                record: self.random.below(2) == 0,
                greet: Greet {
                    say_agent: self.random.below(2) == 0,
                    whisper_wait: self.random.below(2) == 0,
                    before_bridge: self.random.below(12) == 0,
                    ..Greet::default()
                },
            },
            26..=28 => FromFloor::Left(match self.random.below(7) {
                6 => Leave::Callback,
                0 => Leave::Timeout,
                1 => Leave::Full,
                2 => Leave::Left,
                3 => Leave::Overflow("voicemail:1049".to_owned()),
                4 => Leave::Overflow("user:1049".to_owned()),
                _ => Leave::Answered("1049".into()),
            }),
            _ => FromFloor::Refused {
                why: "no queue 'it'".to_owned(),
            },
        }
    }

    /// One of the two who talk, where two do.
    fn party(&mut self, otherwise: LegId) -> LegId {
        let place = self.random.below(2) as usize;
        self.call.pair().map_or(otherwise, |pair| pair[place])
    }

    fn something_is_done_for_a_party(&mut self) -> Event {
        let leg = self.party(LegId::CALLER);
        let on = [None, Some(true), Some(false)][self.random.below(3) as usize];
        let what = match self.random.below(12) {
            0 => Steer::Hold,
            1 => Steer::Retrieve,
            2 => Steer::Away,
            3 => Steer::Back { failed: true },
            4 => Steer::Back { failed: false },
            5 => Steer::Record(on),
            6 => Steer::Mask(on),
            7 => Steer::Tell(Sound::Tone(Tone::Confirm)),
            8..=9 => {
                let digit = b"*#4"[self.random.below(3) as usize].into();
                return Event::HeldKey { leg, digit };
            }
            _ if self.call.takes_third() => {
                let beside = Event::Joined {
                    newcomer: self.newcomer(),
                    instead_of: None,
                    by: Some("1049".to_owned()),
                    beside: true,
                };
                return beside;
            }
            _ => Steer::Hold,
        };
        Event::Steered { leg, what }
    }

    fn newcomer(&mut self) -> Newcomer {
        Newcomer {
            leg: self.call.next_leg(),
            target: None,
            user: (self.random.below(2) == 0).then(|| "1051".to_owned()),
            number: Some("1051".to_owned()),
            name: None,
            trunk: None,
            invited: s(3),
            answered: s(1),
            is_held: self.random.below(4) == 0,
        }
    }

    fn somebody_joins(&mut self, otherwise: LegId) -> Event {
        let instead_of = self.party(otherwise);
        let in_nobodys_place = self.call.takes(None);
        if !in_nobodys_place && !self.call.takes(Some(instead_of)) {
            return Event::Held {
                leg: instead_of,
                held: false,
            };
        }
        Event::Joined {
            newcomer: self.newcomer(),
            instead_of: (!in_nobodys_place).then_some(instead_of),
            by: (self.random.below(2) == 0).then(|| "1049".to_owned()),
            beside: false,
        }
    }

    fn mailbox(&mut self) -> Mailbox {
        let messages = (0..self.random.below(4)).map(|number| MailboxMessage {
            id: MessageId(uuid::Uuid::from_u128(number.into())),
            from: None,
            at: 1,
            duration: s(4),
            urgent: number % 3 == 0,
            heard: number % 2 == 0,
        });
        let messages = messages.collect();
        let greetings = GreetingKind::ALL
            .into_iter()
            .filter(|_| self.random.below(4) == 0)
            .map(|kind| (kind, RecordingId(uuid::Uuid::from_u128(kind as u128))));
        let greetings = greetings.collect();
        Mailbox {
            has_pin: self.random.below(3) > 0,
            greetings,
            messages,
        }
    }

    fn cause(&mut self) -> Cause {
        let place = self.random.below(Cause::ALL.len() as u64) as usize;
        Cause::ALL[place]
    }

    fn seconds(&mut self) -> Duration {
        match self.random.below(60) {
            0..5 => Duration::ZERO,
            5 => Duration::MAX,
            some => s(some % 9),
        }
    }

    fn keys(&mut self) -> Keys {
        match self.random.below(3) {
            0 => Keys::None,
            1 => Keys::Any,
            _ => Keys::Of("12#".to_owned()),
        }
    }

    fn sounds(&mut self) -> Vec<Sound> {
        (0..self.random.below(3))
            .map(|_| named("menu/main"))
            .collect()
    }

    pub(super) fn command(&mut self) -> Command {
        match self.random.below(43) {
            40..=42 => Command::Queue(Queue {
                record: self.random.below(2) == 0,
                exit_keys: self.keys(),
                keys: vec![KeyChoice {
                    key: '1',
                    confirm: Choice::Callback.confirmation(),
                    choice: Choice::Callback,
                }],
                ..Queue::new("it".into())
            }),
            33..=35 => Command::Park(Park {
                slot: None,
                timeout: self.seconds(),
                music: None,
                announce: self.random.below(2) == 0,
            }),
            36..=38 => Command::Conference(Conference {
                room: "88".to_owned(),
                most: 5,
                leave_on: self.keys(),
                announce: self.random.below(2) == 0,
                music: None,
                record: self.random.below(2) == 0,
            }),
            39 => Command::Fetch(Fetch::Slot("5901".to_owned())),
            0 => Command::Ring,
            1 => Command::Progress,
            2 => Command::Answer,
            3 if self.random.below(5) == 0 => Command::Reject {
                cause: self.cause(),
            },
            4 if self.random.below(5) == 0 => Command::Hangup {
                cause: self.cause(),
            },
            5..=7 => Command::Play {
                sounds: self.sounds(),
                interrupt_on: self.keys(),
                times: (self.random.below(20) > 0).into(),
            },
            8..=10 => Command::Gather(Gather {
                prompt: self.sounds(),
                min_digits: self.random.below(3) as usize,
                max_digits: self.random.below(4) as usize,
                timeout: self.seconds(),
                digit_timeout: self.seconds(),
                finish_on: self.keys(),
                pattern: (self.random.below(3) == 0).then(|| "_X.".to_owned()),
                barge_in: self.random.below(2) == 0,
            }),
            11..=12 => Command::Record(Record {
                max_duration: self.seconds(),
                silence: self.seconds(),
                beep: self.random.below(2) == 0,
                finish_on: self.keys(),
            }),
            13 => Command::StartRecording(StartRecording {
                beep: self.random.below(2) == 0,
            }),
            14 => Command::StopRecording,
            15..=19 => Command::Bridge(Bridge {
                timeout: self.seconds(),
                strategy: [Strategy::All, Strategy::InOrder][self.random.below(2) as usize],
                ringback: (self.random.below(3) == 0).then_some(Sound::Tone(Tone::Confirm)),
                record: self.random.below(2) == 0,
                ..bridge(&["1049", "1050", "1051"][..self.random.below(4) as usize])
            }),
            20..=21 => Command::Voicemail(Voicemail {
                mailbox: "1049".to_owned(),
                greeting: match self.random.below(4) {
                    0 => Greeting::Unavailable,
                    1 => Greeting::Busy,
                    2 => Greeting::Sound(named("own")),
                    _ => Greeting::None,
                },
                max_duration: self.seconds(),
                min_duration: s(self.random.below(3)),
                silence: self.seconds(),
                beep: self.random.below(2) == 0,
                review: self.random.below(2) == 0,
            }),
            22 => Command::AskPin {
                mailbox: "1049".to_owned(),
                choose: true,
                change: self.random.below(2) == 0,
            },
            23..=25 => Command::VoicemailMenu {
                mailbox: (self.random.below(2) == 0).then(|| "1049".to_owned()),
            },
            26 => Command::Transfer {
                to: "200".to_owned(),
                context: None,
            },
            27 => Command::SendDtmf {
                digits: "12x"[..self.random.below(4) as usize].to_owned(),
            },
            28 => Command::Music(Music::Default),
            29 => Command::Music(Music::Off),
            30 => Command::Echo,
            _ => Command::Sleep {
                duration: self.seconds(),
            },
        }
    }
}

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        let bytes = self.ten_bytes();
        u64::from_le_bytes(bytes[..8].try_into().unwrap()) % limit.max(1)
    }
}
