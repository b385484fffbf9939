//! What each leg of a call hears.

use crate::call::board::Board;
use crate::leg::Hearing;
use crate::{LegId, Output, PlayId, Sound};

impl Board {
    pub(crate) fn hearing(&self, id: LegId) -> Hearing {
        self.leg(id).map_or(Hearing::Nothing, |leg| leg.hearing)
    }

    pub(crate) fn play(&mut self, id: LegId, sounds: Vec<Sound>, times: u32) -> PlayId {
        self.unhear(id);
        let play = self.new_play();
        self.push(Output::Play {
            leg: id,
            play,
            sounds,
            times,
        });
        self.set_hearing(id, Hearing::Play(play));
        play
    }

    /// Plays over a conversation or over silence, where nobody waits for the end of it.
    pub(crate) fn overlay(&mut self, id: LegId, sound: Sound) {
        let play = self.new_play();
        self.push(Output::Play {
            leg: id,
            play,
            sounds: vec![sound],
            times: 1,
        });
    }

    /// Plays once over what a leg hears, which goes on beneath.
    pub(crate) fn play_over(&mut self, id: LegId, sounds: Vec<Sound>) -> PlayId {
        let play = self.new_play();
        self.push(Output::PlayOver {
            leg: id,
            play,
            sounds,
        });
        play
    }

    /// Stops what is played over something else.
    pub(crate) fn stop_over(&mut self, id: LegId, play: PlayId) {
        self.push(Output::StopPlay { leg: id, play });
    }

    /// A playing came to its end by itself.
    pub(crate) fn played(&mut self, play: PlayId) {
        for leg in &mut self.legs {
            if leg.hearing == Hearing::Play(play) {
                leg.hearing = Hearing::Nothing;
            }
        }
    }

    pub(crate) fn music(&mut self, id: LegId, name: Option<String>) {
        self.music_from(id, name, false);
    }

    /// The same, from its beginning or where everybody is.
    pub(crate) fn music_from(&mut self, id: LegId, name: Option<String>, from_start: bool) {
        self.silence(id);
        self.push(Output::Music { leg: id, name });
        if from_start {
            self.push(Output::RestartMusic { leg: id });
        }
        self.set_hearing(id, Hearing::Music);
    }

    /// The tenant's music for somebody who is on hold, once.
    pub(crate) fn hold_music(&mut self, id: LegId) {
        if self.hearing(id) != Hearing::Music {
            self.music(id, None);
        }
    }

    /// Whom the script serves hears its room from now on, or something else instead. Who is in the
    /// room is the switch's to know: what covers it is ours.
    pub(crate) fn hear_room(&mut self, hears: bool) {
        let front = self.front;
        match (hears, self.hearing(front)) {
            (true, Hearing::Room) | (false, _) => {}
            (true, _) => {
                self.silence(front);
                self.set_hearing(front, Hearing::Room);
            }
        }
        if !hears && self.hearing(front) == Hearing::Room {
            self.set_hearing(front, Hearing::Nothing);
        }
    }

    /// Two that heard each other do so no longer.
    pub(crate) fn disconnect(&mut self, id: LegId) {
        if let Hearing::Leg(_) = self.hearing(id) {
            self.unhear(id);
        }
    }

    /// Stops whatever a leg hears of us.
    pub(crate) fn silence(&mut self, id: LegId) {
        match self.hearing(id) {
            Hearing::Play(play) => self.push(Output::StopPlay { leg: id, play }),
            Hearing::Music => self.push(Output::Quiet { leg: id }),
            Hearing::Nothing
            | Hearing::Room
            | Hearing::Trio
            | Hearing::Leg(_)
            | Hearing::Early(_) => self.unhear(id),
        }
        self.set_hearing(id, Hearing::Nothing);
    }

    pub(crate) fn connect(&mut self, a: LegId, b: LegId) {
        if self.hearing(a) == Hearing::Leg(b) {
            return;
        }
        for (id, other) in [(a, b), (b, a)] {
            match self.hearing(id) {
                Hearing::Play(play) => self.push(Output::StopPlay { leg: id, play }),
                Hearing::Leg(_) | Hearing::Trio => self.unhear(id),
                Hearing::Early(from) if from != other => self.unhear(id),
                Hearing::Early(_) | Hearing::Music | Hearing::Room | Hearing::Nothing => {}
            }
        }
        self.push(Output::Connect { a, b });
        self.set_hearing(a, Hearing::Leg(b));
        self.set_hearing(b, Hearing::Leg(a));
    }

    /// These three hear each other.
    pub(crate) fn confer(&mut self, legs: &[LegId; 3]) {
        let outside = |board: &Self, leg: &LegId| board.hearing(*leg) != Hearing::Trio;
        let enter: Vec<LegId> = (legs.iter().copied())
            .filter(|leg| outside(self, leg))
            .collect();
        for &leg in &enter {
            self.silence(leg);
        }
        for leg in enter {
            self.push(Output::EnterTrio { leg });
            self.set_hearing(leg, Hearing::Trio);
        }
    }

    /// Whom the script serves hears the sound that a ringing leg sends by itself.
    pub(crate) fn pass_early_media(&mut self, from: LegId) {
        let to = self.front;
        if self.hearing(to) == Hearing::Early(from) {
            return;
        }
        self.progress();
        self.silence(to);
        self.push(Output::PassEarlyMedia { from, to });
        self.set_hearing(to, Hearing::Early(from));
    }

    /// Undoes connections; plays and music are left to what replaces them.
    pub(super) fn unhear(&mut self, id: LegId) {
        match self.hearing(id) {
            Hearing::Leg(other) => {
                self.push(Output::Disconnect { a: id, b: other });
                self.set_hearing(other, Hearing::Nothing);
            }
            Hearing::Early(from) => self.push(Output::Disconnect { a: from, b: id }),
            Hearing::Trio => self.push(Output::LeaveTrio { leg: id }),
            Hearing::Nothing | Hearing::Room | Hearing::Play(_) | Hearing::Music => return,
        }
        self.set_hearing(id, Hearing::Nothing);
    }

    fn set_hearing(&mut self, id: LegId, hearing: Hearing) {
        if let Some(leg) = self.leg_mut(id) {
            leg.hearing = hearing;
        }
    }

    fn new_play(&mut self) -> PlayId {
        self.plays = self.plays.wrapping_add(1);
        PlayId(self.plays)
    }
}
