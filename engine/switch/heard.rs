//! What the media threads report: keys, tones, silence, the end of what was played or recorded.

use std::time::Instant;

use call::{CallId, Cause, Event, LegId};
use media::LegKey;

use super::Switch;

impl Switch {
    /// The call and the leg there for which something is played: a user who asks somebody hears what
    /// that call plays.
    fn who_plays(&self, leg: LegKey, play: media::PlayKey) -> Option<(CallId, LegId)> {
        let &(call, leg) = self.legs.get(&leg)?;
        let plays = |call: CallId, leg: LegId| {
            let live = self.calls.get(&call)?;
            let playing = live.legs.iter().find(|known| known.id == leg)?.playing?;
            (playing.key == Some(play)).then_some((call, leg))
        };
        let consult = self.consult_of(call);
        let asked = consult.and_then(|consult| plays(consult.call, LegId::CALLER));
        plays(call, leg).or(asked)
    }

    /// A user's phone is gone while they ask somebody: whom they have talked with is not let go for
    /// that, but goes on with whom they asked.
    pub(super) fn leaves_while_asking(&mut self, now: Instant, call: CallId, leg: LegId) {
        let Some(consult) = self.consult_of(call).filter(|it| it.leg == leg) else {
            return;
        };
        let live = self.calls.get(&call);
        let user = live.and_then(|live| super::transfers::user_of(&live.call, leg));
        let Some(user) = user.map(str::to_owned) else {
            return;
        };
        self.hand_to_colleague(now, (call, consult), &user);
    }

    /// What a media thread reports.
    pub(super) fn handle_media(&mut self, now: Instant, event: media::Event) {
        match event {
            media::Event::Digit { leg, digit } => {
                if let Some(&(call, leg)) = self.legs.get(&leg) {
                    self.handle_key(now, call, leg, digit);
                }
            }
            media::Event::HeldDigit { leg, digit } => {
                if let Some(&(call, leg)) = self.legs.get(&leg) {
                    self.handle_held_key(now, call, leg, digit);
                }
            }
            media::Event::Progress { leg, progress } => {
                self.handle_progress_tone(now, leg, progress)
            }
            media::Event::Played { leg, play } => {
                let Some((call, leg)) = self.who_plays(leg, play) else {
                    return;
                };
                self.with_call(now, call, |_, live| {
                    let Some(leg) = live.leg(leg) else { return };
                    if let Some(playing) = leg.playing.filter(|playing| playing.key == Some(play)) {
                        leg.playing = None;
                        let play = playing.play;
                        live.call.handle_event(now, Event::Played { play });
                    }
                });
            }
            media::Event::Heard { leg } => self.note_first_packet(now, leg),
            media::Event::Lost { leg } => {
                let Some(&(call, leg)) = self.legs.get(&leg) else {
                    return;
                };
                tracing::info!(%call, leg = leg.0, "a phone has fallen silent; its leg ends");
                self.leaves_while_asking(now, call, leg);
                self.with_call(now, call, |switch, live| {
                    let cause = Cause::Lost;
                    switch.release(now, live, leg, cause, false);
                    live.call.handle_event(now, Event::HungUp { leg, cause });
                });
            }
            media::Event::Silent { recording } => {
                let Some(&call) = self.recordings.get(&recording) else {
                    return;
                };
                self.with_call(now, call, |_, live| {
                    let found = live.recordings.iter().find(|one| one.key == recording);
                    if let Some(recording) = found.map(|one| one.id) {
                        live.call.handle_event(now, Event::Silent { recording });
                    }
                });
            }
            media::Event::RecordingClosed {
                recording,
                duration,
                speech,
                lost_samples,
            } => self.handle_recording_closed(now, recording, duration, speech, lost_samples),
            media::Event::Left { leg, quality } => {
                let Some((call, id)) = self.legs.remove(&leg) else {
                    return;
                };
                self.with_call(now, call, |switch, live| {
                    let thread = live.thread;
                    let Some(leg) = live.leg(id) else { return };
                    if quality.refused > 0 {
                        tracing::warn!(
                            target: "security", event = "foreign_sound", %call,
                            packets = quality.refused
                        );
                    }
                    leg.quality = Some(quality);
                    if let Some(sound) = &mut leg.sound {
                        sound.leaving = false;
                        switch.close_port(thread, sound);
                    }
                });
            }
        }
    }
}
