//! Who speaks to a leg: keys before a playing, a playing before music, music before a bridge. What is played
//! over others goes together with them (`over.rs`).

use std::time::{Duration, Instant};

use super::Leg;
use super::blend::Blend;
use super::play::{self, Piece, Playing};
use crate::codec::{Encoder, MAX_FRAME, MAX_PAYLOAD, Resampler, g711};
use crate::dtmf::{self, KeySender, Step, Telephone};
use crate::rtp::HEADER;
use crate::rtp::send::Voice;
use crate::{CodecKind, Music, PlayKey, Wire};

/// The sending half of a leg: its sources, and what it needs to encode them.
#[derive(Debug)]
pub(crate) struct Mouth {
    pub(crate) keys: KeySender,
    pub(crate) playing: Option<Playing>,
    pub(crate) music: Option<Music>,
    /// Since when the music plays for this leg alone, on the shared timeline.
    pub(crate) music_began: MusicBegan,
    /// The slot of the leg that is heard when nothing covers it.
    pub(crate) bridge: Option<u32>,
    /// How that leg's sound comes here.
    pub(crate) path: Path,
    /// It hears the others of its room, in place of a single leg.
    pub(crate) is_mixed: bool,
    /// It hears several at once, of whom not all hear each other: supervision.
    pub(crate) blend: Option<Box<Blend>>,
    /// Something was to be heard once: from then on silence is sent where there is no sound, for
    /// peers hang up on streams that stop.
    pub(crate) started: bool,
    /// It stands in the board's schedule.
    pub(crate) scheduled: bool,
    pub(crate) converter: Option<Box<Converter>>,
    encoder: Option<Encoder>,
    expected_loss: u8,
}

/// How a leg's sound comes to another's peer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Path {
    /// Packets go on as they are, with new headers.
    Relay,
    /// The same, with A-law for μ-law or the other way.
    OtherLaw,
    /// Through jitter buffer, decoder and encoder.
    Samples,
    /// Not at all: nobody is heard, or nothing of ours decodes it.
    #[default]
    Closed,
}

/// Where in the music a leg is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum MusicBegan {
    /// Where everybody is.
    #[default]
    Shared,
    /// It begins for this leg with the next packet.
    Next,
    /// It began for this leg then.
    At(Duration),
}

/// Brings an ear's frames to a leg's rate and packet length.
#[derive(Debug)]
pub(crate) struct Converter {
    pub(super) from: u32,
    resampler: Option<Resampler>,
    pub(super) waiting: Vec<i16>,
}

/// Room to make a packet in, shared by all legs of a board.
#[derive(Debug)]
pub(crate) struct Workbench {
    /// A header and a payload.
    pub(crate) packet: Box<[u8]>,
    pub(crate) samples: Box<[i16]>,
    /// Samples of ours that a leg was just sent, where a supervisor is to hear them too.
    pub(crate) shared: usize,
}

/// What came of a leg's turn to send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Turn {
    /// It goes on.
    More,
    /// It goes on, and this playing has come to its end.
    Played(PlayKey),
    /// Nothing of its own is left to send.
    Rest,
}

impl Mouth {
    pub(crate) fn new() -> Self {
        Self {
            keys: KeySender::new(),
            playing: None,
            music: None,
            music_began: MusicBegan::Shared,
            bridge: None,
            path: Path::Closed,
            is_mixed: false,
            blend: None,
            started: false,
            scheduled: false,
            converter: None,
            encoder: None,
            expected_loss: 0,
        }
    }

    /// Whether the bridge is not heard now.
    pub(crate) fn is_covered(&self) -> bool {
        let plays = self.playing.is_some() && !self.mixes_others();
        plays || self.music.is_some() || self.keys.covers()
    }

    /// Whether there is something to send at the leg's own pace.
    pub(crate) fn has_turn(&self) -> bool {
        let own = self.playing.is_some() || self.music.is_some() || self.keys.is_busy();
        own || !self.hears_others() && self.started
    }

    /// Whether somebody is heard when nothing covers it.
    fn hears_others(&self) -> bool {
        self.bridge.is_some() || self.is_mixed || self.blend.is_some()
    }

    /// Another codec: encoders hold state of the old one.
    pub(crate) fn forget_codec(&mut self) {
        self.encoder = None;
        self.converter = None;
    }

    /// The peer reported a loss in parts of 256.
    pub(crate) fn expect_loss(&mut self, fraction: u8) {
        self.expected_loss = (u32::from(fraction) * 100 / 256) as u8;
        if let Some(encoder) = &mut self.encoder {
            encoder.expect_loss(self.expected_loss);
        }
    }

    pub(super) fn encode(&mut self, kind: CodecKind, samples: &[i16], out: &mut [u8]) -> usize {
        match kind {
            CodecKind::Pcma => g711::encode_alaw(samples, out),
            CodecKind::Pcmu => g711::encode_ulaw(samples, out),
            _ => {
                if self.encoder.is_none() {
                    // Refused for what only passes through; then there is nothing to send.
                    self.encoder = Encoder::new(kind).ok();
                    let loss = self.expected_loss;
                    if let Some(encoder) = &mut self.encoder {
                        encoder.expect_loss(loss);
                    }
                }
                self.encoder
                    .as_mut()
                    .map_or(0, |encoder| encoder.encode(samples, out))
            }
        }
    }
}

impl Workbench {
    pub(crate) fn new() -> Self {
        Self {
            packet: vec![0; HEADER + MAX_PAYLOAD].into(),
            samples: vec![0; MAX_FRAME].into(),
            shared: 0,
        }
    }
}

impl Leg {
    /// Sends what is due at `at`. `since_epoch` is the same moment on the music's timeline.
    pub(crate) fn take_turn(
        &mut self,
        at: Instant,
        since_epoch: Duration,
        bench: &mut Workbench,
        wire: &mut impl Wire,
    ) -> Turn {
        if self.mouth.keys.is_busy() && self.send_keys(at, bench, wire) {
            return Turn::More;
        }
        let beneath = self.mouth.music.is_some() || self.mouth.mixes_others();
        if beneath && self.mouth.plays_over() {
            return self.play_over(at, since_epoch, bench, wire);
        }
        if self.mouth.playing.is_some() {
            return self.play_on(at, bench, wire);
        }
        if let Some(music) = self.mouth.music.take() {
            let (clip, since) = (&music.clip, self.mouth.music_since(since_epoch));
            self.speak(at, Voice::Music, bench, wire, |rate, want, out| {
                play::music_pieces(clip, since, rate, want, out);
            });
            self.mouth.music = Some(music);
            return Turn::More;
        }
        if self.mouth.hears_others() || !self.mouth.started {
            let waits = self.mouth.keys.is_busy();
            return if waits { Turn::More } else { Turn::Rest };
        }
        self.speak(at, Voice::Silence, bench, wire, |_, _, _| {});
        Turn::More
    }

    /// Sends a frame of others, cut to packets, if nothing covers it.
    pub(crate) fn hear_frame(
        &mut self,
        at: Instant,
        voice: Voice,
        rate: u32,
        frame: &[i16],
        bench: &mut Workbench,
        wire: &mut impl Wire,
    ) {
        let kind = self.config.codec.kind;
        let covered = self.mouth.is_covered() || self.destination().is_none();
        let mixes = self.mouth.mixes_others();
        let packet = samples_in(self.ptime(), kind.clip_rate());
        let converter = self.mouth.converter_from(rate, kind.clip_rate());
        if covered {
            converter.waiting.clear();
            return;
        }
        converter.add(frame);
        if mixes {
            // What is played over it takes the packets, at its own pace: the two paces may drift.
            let excess = converter.waiting.len().saturating_sub(3 * packet);
            converter.waiting.drain(..excess);
            return;
        }
        while let Some(samples) = self.mouth.cut(packet, &mut bench.samples) {
            let payload =
                self.mouth
                    .encode(kind, &bench.samples[..samples], &mut bench.packet[HEADER..]);
            self.send_own(at, voice, payload, bench, wire);
        }
    }

    /// True when nobody else may speak in this packet's time.
    fn send_keys(&mut self, at: Instant, bench: &mut Workbench, wire: &mut impl Wire) -> bool {
        let ptime = self.ptime();
        let events = self.config.telephone_event;
        match self.mouth.keys.step(ptime, events.is_some()) {
            Step::Free => return false,
            Step::Gap => self.send_gap(at, bench, wire),
            Step::Tone { key, lasted } => {
                let kind = self.config.codec.kind;
                let samples = samples_in(ptime, kind.clip_rate());
                dtmf::tone(key, lasted, kind.clip_rate(), &mut bench.samples[..samples]);
                let payload =
                    self.mouth
                        .encode(kind, &bench.samples[..samples], &mut bench.packet[HEADER..]);
                self.send_own(at, Voice::Digits, payload, bench, wire);
            }
            Step::Event {
                told,
                first,
                lasted,
            } => {
                if let Some(events) = events {
                    let duration = samples_in(lasted, events.clock_rate);
                    let duration = duration.min(usize::from(u16::MAX));
                    let told = Telephone {
                        duration: duration as u16,
                        ..told
                    };
                    self.send_event(at, events.send, told, first, bench, wire);
                }
            }
        }
        true
    }

    fn send_event(
        &mut self,
        at: Instant,
        payload_type: u8,
        told: Telephone,
        first: bool,
        bench: &mut Workbench,
        wire: &mut impl Wire,
    ) {
        if self.destination().is_none() {
            self.sender.fall_silent();
            return;
        }
        let resumed = self.sender.turn(at, Voice::Digits);
        if first || resumed {
            self.mouth.keys.began_at(self.sender.next_timestamp());
        }
        // The line moves on with the clock; the packets all name the event's beginning.
        self.sender.move_on(at, self.ptime());
        let began = self.mouth.keys.began();
        let header = self.sender.at_same_time(payload_type, first, began);
        let payload = told.write();
        bench.packet[HEADER..HEADER + payload.len()].copy_from_slice(&payload);
        self.send(header, &mut bench.packet, payload.len(), wire);
    }

    /// Between keys: nothing for who hears events, silence for who hears tones.
    fn send_gap(&mut self, at: Instant, bench: &mut Workbench, wire: &mut impl Wire) {
        if self.config.telephone_event.is_some() {
            self.sender.move_on(at, self.ptime());
        } else {
            self.speak(at, Voice::Digits, bench, wire, |_, _, _| {});
        }
    }

    fn play_on(&mut self, at: Instant, bench: &mut Workbench, wire: &mut impl Wire) -> Turn {
        let Some(mut playing) = self.mouth.playing.take() else {
            return Turn::Rest;
        };
        let key = playing.key;
        let mut played = 0;
        // An empty list has no packet; its end is told all the same.
        self.speak(at, Voice::Play(key), bench, wire, |rate, want, out| {
            played = playing.pieces(rate, want, out);
        });
        if playing.is_over() {
            return Turn::Played(key);
        }
        debug_assert!(played > 0, "a list that goes on has samples");
        self.mouth.playing = Some(playing);
        Turn::More
    }

    /// Fills a packet from pieces, silence where there are none, and sends it.
    fn speak(
        &mut self,
        at: Instant,
        voice: Voice,
        bench: &mut Workbench,
        wire: &mut impl Wire,
        fill: impl FnOnce(u32, usize, &mut dyn FnMut(Piece<'_>, usize, usize)),
    ) {
        let kind = self.config.codec.kind;
        let rate = kind.clip_rate();
        let want = samples_in(self.ptime(), rate);
        let payload = match kind {
            CodecKind::Pcma | CodecKind::Pcmu => {
                let out = &mut bench.packet[HEADER..HEADER + want];
                play::as_g711(Piece::Silence, kind, out);
                fill(rate, want, &mut |piece, from, samples| {
                    play::as_g711(piece, kind, &mut out[from..from + samples]);
                });
                want
            }
            _ => {
                let out = &mut bench.samples[..want];
                out.fill(0);
                fill(rate, want, &mut |piece, from, samples| {
                    play::as_samples(piece, rate, &mut out[from..from + samples]);
                });
                match self.destination() {
                    Some(_) => self.mouth.encode(kind, out, &mut bench.packet[HEADER..]),
                    None => 0,
                }
            }
        };
        let is_heard = matches!(voice, Voice::Music | Voice::Play(_));
        if is_heard && !self.along.is_empty() {
            bench.shared = want;
            match kind {
                CodecKind::Pcma => {
                    g711::decode_alaw(&bench.packet[HEADER..HEADER + want], &mut bench.samples)
                }
                CodecKind::Pcmu => {
                    g711::decode_ulaw(&bench.packet[HEADER..HEADER + want], &mut bench.samples)
                }
                _ => want,
            };
        }
        self.send_own(at, voice, payload, bench, wire);
    }

    /// Sends a packet of our own making; a hold breaks the voice's time line instead.
    pub(super) fn send_own(
        &mut self,
        at: Instant,
        voice: Voice,
        payload: usize,
        bench: &mut Workbench,
        wire: &mut impl Wire,
    ) {
        if payload == 0 || self.destination().is_none() {
            self.sender.fall_silent();
            return;
        }
        let changed = self.sender.turn(at, voice);
        let ptime = self.ptime();
        let payload_type = self.config.codec.send;
        let header = self.sender.own(at, payload_type, changed, ptime);
        self.send(header, &mut bench.packet, payload, wire);
    }
}

impl Mouth {
    /// How long the music has played, for this leg.
    pub(super) fn music_since(&mut self, since_epoch: Duration) -> Duration {
        match self.music_began {
            MusicBegan::Shared => since_epoch,
            MusicBegan::Next => {
                self.music_began = MusicBegan::At(since_epoch);
                Duration::ZERO
            }
            MusicBegan::At(at) => since_epoch.saturating_sub(at),
        }
    }

    fn converter_from(&mut self, from: u32, to: u32) -> &mut Converter {
        if self
            .converter
            .as_ref()
            .is_some_and(|known| known.from != from)
        {
            self.converter = None;
        }
        self.converter
            .get_or_insert_with(|| Box::new(Converter::new(from, to)))
    }

    /// Takes a packet's samples out of what waits, if there are enough.
    pub(super) fn cut(&mut self, packet: usize, out: &mut [i16]) -> Option<usize> {
        let waiting = &mut self.converter.as_mut()?.waiting;
        let samples = waiting.get(..packet)?;
        out.get_mut(..packet)?.copy_from_slice(samples);
        waiting.drain(..packet);
        Some(packet)
    }
}

impl Converter {
    pub(super) fn new(from: u32, to: u32) -> Self {
        Self {
            from,
            resampler: Resampler::new(from, to).ok().filter(|_| from != to),
            waiting: Vec::with_capacity(samples_in(LONGEST_WAIT, to)),
        }
    }

    pub(super) fn add(&mut self, frame: &[i16]) {
        let Some(resampler) = &mut self.resampler else {
            self.waiting.extend_from_slice(frame);
            return;
        };
        let filled = self.waiting.len();
        self.waiting
            .resize(filled + resampler.room_for(frame.len()), 0);
        let written = resampler.process(frame, &mut self.waiting[filled..]);
        self.waiting.truncate(filled + written);
    }
}

/// How many samples, or time stamp units, a time is.
pub(crate) fn samples_in(time: Duration, rate: u32) -> usize {
    (time.as_micros() as u64 * u64::from(rate) / 1_000_000) as usize
}

/// Nearly a packet of 60 ms, and the frame that fills it, with room for the resampler.
const LONGEST_WAIT: Duration = Duration::from_millis(90);
