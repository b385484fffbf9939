//! What the switch asks for.

use std::time::Instant;

use super::Board;
use super::fault::Work;
use crate::leg::Leg;
use crate::leg::mouth::MusicBegan;
use crate::leg::play::Playing;
use crate::leg::reception::Via;
use crate::recorder::Recorder;
use crate::{Command, Event, LegConfig, LegKey, Music, PlayKey};

impl Board {
    /// Does what the switch asks for; keys that are not known are ignored.
    pub fn handle_command(&mut self, now: Instant, command: Command) {
        self.work = Work::Nobody;
        match command {
            Command::AddLeg { leg, config } => self.add_leg(now, leg, config),
            Command::UpdateLeg { leg, config } => self.update_leg(now, leg, config),
            Command::RemoveLeg { leg } => self.remove_leg(now, leg),
            Command::Play {
                leg,
                play,
                items,
                times,
            } => self.play(now, leg, Playing::new(play, items, times)),
            Command::PlayOver { leg, play, items } => {
                self.play(now, leg, Playing::over_others(play, items));
            }
            Command::StopPlay { leg, play } => self.stop_play(now, leg, play),
            Command::Music { leg, music } => self.music(now, leg, music),
            Command::RestartMusic { leg } => self.restart_music(leg),
            Command::Connect { a, b } => {
                self.listen_to(now, a, b);
                self.listen_to(now, b, a);
            }
            Command::Listen { from, to } => self.listen_to(now, from, to),
            Command::Disconnect { a, b } => {
                if let (Some(a), Some(b)) = (self.legs.find(a), self.legs.find(b)) {
                    self.unhear(now, a, b);
                    self.unhear(now, b, a);
                }
            }
            Command::EnterRoom { room, leg } => {
                if let Some(slot) = self.legs.find(leg) {
                    self.enter_room(now, room, slot);
                }
            }
            Command::LeaveRoom { leg } => {
                if let Some(slot) = self.legs.find(leg) {
                    self.leave_room(now, slot);
                }
            }
            Command::Supervise {
                leader,
                agent,
                heard_by,
            } => {
                if let (Some(leader), Some(agent)) = (self.legs.find(leader), self.legs.find(agent))
                {
                    self.supervise(now, leader, agent, heard_by);
                }
            }
            Command::StopSupervising { leader } => {
                if let Some(slot) = self.legs.find(leader) {
                    self.stop_supervising(slot);
                }
            }
            Command::SendDigits { leg, digits } => self.send_digits(now, leg, &digits),
            Command::Press { leg, digit } => self.press(now, leg, digit),
            Command::HoldKeys { leg, hold } => {
                let slot = self.legs.find(leg);
                if let Some(leg) = slot.and_then(|slot| self.legs.leg_mut(slot)) {
                    leg.held_keys.arm(hold);
                }
                if let Some(slot) = slot {
                    self.choose_paths(now, slot);
                }
            }
            Command::ReleaseKeys { leg, drop, pass } => self.release_keys(now, leg, drop, pass),
            Command::StartRecording {
                recording,
                stereo,
                rate,
                sink,
                silence,
            } => {
                let recorder = Recorder::new(stereo, rate, sink, silence, now);
                self.start_recording(recording, recorder);
            }
            Command::RecordLegs {
                recording,
                left,
                right,
            } => {
                let wanted = [left, right].map(|leg| self.legs.find(leg?));
                if let Some(place) = self.find_recording(recording) {
                    self.record_legs(now, place, wanted);
                }
            }
            Command::RecordRoom { recording, leg } => {
                let slot = self.legs.find(leg);
                if let (Some(place), Some(slot)) = (self.find_recording(recording), slot) {
                    self.record_room(now, place, slot);
                }
            }
            Command::StopRecording { recording } => {
                if let Some(place) = self.find_recording(recording) {
                    self.stop_recording(now, place);
                }
            }
        }
        self.arrange_supervision(now);
    }

    fn add_leg(&mut self, now: Instant, key: LegKey, config: LegConfig) {
        if self.legs.find(key).is_some() {
            return self.update_leg(now, key, config);
        }
        let slot = self.legs.insert(Leg::new(now, key, config));
        self.refresh_ear(now, slot);
    }

    fn update_leg(&mut self, now: Instant, key: LegKey, config: LegConfig) {
        let Some(slot) = self.legs.find(key) else {
            return;
        };
        if let Some(leg) = self.legs.leg_mut(slot) {
            leg.update(now, config);
        }
        self.choose_paths(now, slot);
        self.rearrange_room_of(now, slot);
        self.schedule_mouth(now, slot);
    }

    fn remove_leg(&mut self, now: Instant, key: LegKey) {
        let Some(slot) = self.legs.find(key) else {
            return;
        };
        self.part_with(now, slot);
        self.leaving.extend(self.legs.remove(slot));
    }

    /// A leg leaves its recordings and conversations, and is no longer served.
    pub(super) fn part_with(&mut self, now: Instant, slot: u32) {
        self.leave_room(now, slot);
        self.leave_recordings(slot);
        if let Some(leg) = self.legs.leg(slot) {
            let (heard, listeners) = (leg.mouth.bridge, leg.heard_by.clone());
            for to in listeners {
                self.unhear(now, slot, to);
            }
            if let Some(from) = heard {
                self.unhear(now, from, slot);
            }
        }
        self.forget_supervision_of(now, slot);
        self.mouths.leave(slot);
        self.ears.leave(slot);
    }

    fn play(&mut self, now: Instant, key: LegKey, playing: Playing) {
        self.change_source(now, key, |leg| leg.mouth.playing = Some(playing));
    }

    fn stop_play(&mut self, now: Instant, key: LegKey, play: PlayKey) {
        self.change_source(now, key, |leg| {
            leg.mouth.playing.take_if(|playing| playing.key == play);
        });
    }

    fn music(&mut self, now: Instant, key: LegKey, music: Option<Music>) {
        self.change_source(now, key, |leg| {
            leg.mouth.music = music;
            leg.mouth.music_began = MusicBegan::Shared;
        });
    }

    fn restart_music(&mut self, key: LegKey) {
        if let Some(leg) = self.legs.find(key).and_then(|slot| self.legs.leg_mut(slot)) {
            leg.mouth.music_began = MusicBegan::Next;
        }
    }

    fn listen_to(&mut self, now: Instant, from: LegKey, to: LegKey) {
        if let (Some(from), Some(to)) = (self.legs.find(from), self.legs.find(to)) {
            self.hear(now, from, to);
        }
    }

    fn send_digits(&mut self, now: Instant, key: LegKey, digits: &str) {
        let Some(slot) = self.legs.find(key) else {
            return;
        };
        if let Some(leg) = self.legs.leg_mut(slot) {
            leg.mouth.keys.add(digits.chars());
        }
        self.schedule_mouth(now, slot);
    }

    /// A key that came by signalling: those who hear the leg get it from us.
    fn press(&mut self, now: Instant, key: LegKey, digit: char) {
        let Some(slot) = self.legs.find(key) else {
            return;
        };
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        if !leg.reception.is_new(now, digit, Via::Signal) {
            return;
        }
        let (listens, listeners) = (leg.listens(), leg.heard_by.clone());
        let event = leg.pressed(digit, false);
        let goes_on = listens && matches!(event, Event::Digit { .. });
        self.events.push_back(event);
        for to in listeners.into_iter().filter(|_| goes_on) {
            self.pass_on(now, to, digit);
        }
    }

    /// Keys that were held back were a code, or were none and are sent on.
    fn release_keys(&mut self, now: Instant, key: LegKey, drop: usize, pass: usize) {
        let Some(slot) = self.legs.find(key) else {
            return;
        };
        for turn in 0..=pass {
            let Some(leg) = self.legs.leg_mut(slot) else {
                return;
            };
            if turn == 0 {
                leg.held_keys.drop_first(drop);
                continue;
            }
            let Some(held) = leg.held_keys.pop() else {
                return;
            };
            let (listens, listeners) = (leg.listens(), leg.heard_by.clone());
            if let Some(digit) = held.filter(|_| listens) {
                for to in listeners {
                    self.pass_on(now, to, digit);
                }
            }
        }
    }

    /// Sends somebody else's key to a leg, unless something covers whom it hears.
    pub(super) fn pass_on(&mut self, now: Instant, to: u32, digit: char) {
        let Some(listener) = self.legs.leg_mut(to) else {
            return;
        };
        if listener.config.keys_elsewhere {
            return;
        }
        // Keys before it are no cover: it follows them.
        let plays = listener.mouth.playing.is_some() && !listener.mouth.plays_over();
        if plays || listener.mouth.music.is_some() {
            return;
        }
        listener.mouth.keys.add([digit]);
        self.schedule_mouth(now, to);
    }

    fn change_source(&mut self, now: Instant, key: LegKey, change: impl FnOnce(&mut Leg)) {
        let Some(slot) = self.legs.find(key) else {
            return;
        };
        let over = self
            .legs
            .leg(slot)
            .is_some_and(|leg| leg.mouth.plays_over());
        if let Some(leg) = self.legs.leg_mut(slot) {
            let covered = leg.mouth.is_covered();
            change(leg);
            leg.mouth.started = true;
            if leg.mouth.is_covered() != covered {
                leg.sender.fall_silent();
            }
        }
        if self
            .legs
            .leg(slot)
            .is_some_and(|leg| leg.mouth.plays_over())
            != over
        {
            self.choose_paths(now, slot);
        }
        self.schedule_mouth(now, slot);
    }
}
