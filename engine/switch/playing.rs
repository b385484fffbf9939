//! Sounds to legs: names become clips on loader threads, clips become playings.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use call::{CallId, Event, LegId, PlayId, Sound, TenantId};
use jiff::tz::TimeZone;
use media::{Clip, Command, Music, PlayItem, PlayKey};

use super::live::{Live, Playing};
use super::{Input, Library, Switch};

/// One piece that is ready.
#[derive(Clone, Debug)]
pub(crate) enum Loaded {
    /// Sound.
    Clip(Arc<Clip>),
    /// Nothing, for so long.
    Silence(Duration),
}

/// One piece before it is loaded. What needs the disk is looked for on a loader thread: signalling
/// never waits for it.
#[derive(Debug)]
enum Piece {
    /// A prompt by its name.
    Named(String),
    /// Numbers, times: prompts that are chosen by what there is.
    Say(call::Say),
    /// A recording, which is heard once.
    File(PathBuf),
    Ready(Loaded),
}

impl Switch {
    pub(super) fn play(
        &mut self,
        live: &mut Live,
        leg: LegId,
        play: PlayId,
        sounds: Vec<Sound>,
        times: u32,
    ) {
        if let Some(target) = live.leg(leg) {
            target.music += 1;
            target.playing = Some(Playing {
                play,
                key: None,
                is_over: false,
            });
        }
        self.load_sounds(live, leg, play, &sounds, times);
    }

    /// The same, over what the leg hears.
    pub(super) fn play_over(
        &mut self,
        live: &mut Live,
        leg: LegId,
        play: PlayId,
        sounds: &[Sound],
    ) {
        if let Some(target) = live.leg(leg) {
            target.playing = Some(Playing {
                play,
                key: None,
                is_over: true,
            });
        }
        self.load_sounds(live, leg, play, sounds, 1);
    }

    fn load_sounds(
        &mut self,
        live: &mut Live,
        leg: LegId,
        play: PlayId,
        sounds: &[Sound],
        times: u32,
    ) {
        let pieces = self.pieces(live, leg, sounds);
        let id = live.id();
        let language = live.language_of(leg).to_owned();
        let Some(target) = live.leg(leg) else { return };
        let rate = target.clip_rate();
        let pieces = match pieces {
            Ok(pieces) => pieces,
            Err(why) => {
                target.playing = None;
                live.echoes.push_back(Event::PlayFailed { play, why });
                return;
            }
        };
        let ready: Option<Vec<Loaded>> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Ready(loaded) => Some(loaded.clone()),
                _ => None,
            })
            .collect();
        if let Some(ready) = ready {
            self.start_playing(live, leg, play, times, ready);
            return;
        }
        let loader = Loader {
            library: self.parts.library.clone(),
            tenant: live.setup.tenant.clone(),
            language,
            zone: TimeZone::get(&live.tenant.timezone).unwrap_or(TimeZone::UTC),
            rate,
        };
        let entrance = self.parts.entrance.clone();
        tokio::task::spawn_blocking(move || {
            let result = loader.load(pieces);
            entrance.put_blocking(Input::Loaded {
                call: id,
                leg,
                play,
                times,
                result,
            });
        });
    }

    pub(super) fn handle_loaded(
        &mut self,
        now: Instant,
        call: CallId,
        leg: LegId,
        play: PlayId,
        times: u32,
        result: Result<Vec<Loaded>, String>,
    ) {
        self.with_call(now, call, |switch, live| {
            let wanted = live
                .leg(leg)
                .and_then(|leg| leg.playing)
                .is_some_and(|playing| playing.play == play);
            if !wanted {
                return;
            }
            match result {
                Ok(items) => switch.start_playing(live, leg, play, times, items),
                Err(why) => {
                    if let Some(leg) = live.leg(leg) {
                        leg.playing = None;
                    }
                    live.echoes.push_back(Event::PlayFailed { play, why });
                }
            }
        });
    }

    fn start_playing(
        &mut self,
        live: &mut Live,
        leg: LegId,
        play: PlayId,
        times: u32,
        items: Vec<Loaded>,
    ) {
        let key = PlayKey(self.next_key());
        let thread = live.thread;
        let Some(leg) = live.leg(leg) else { return };
        let Some(leg_key) = leg.key() else {
            // Nothing can be heard yet or any more; the script is not kept waiting.
            leg.playing = None;
            let why = "the call's sound is not set up: answer it first".to_owned();
            live.echoes.push_back(Event::PlayFailed { play, why });
            return;
        };
        let is_over = leg.playing.is_some_and(|playing| playing.is_over);
        leg.playing = Some(Playing {
            play,
            key: Some(key),
            is_over,
        });
        let items = items
            .into_iter()
            .map(|item| match item {
                Loaded::Clip(clip) => PlayItem::Clip(clip),
                Loaded::Silence(duration) => PlayItem::Silence(duration),
            })
            .collect();
        let command = match is_over {
            true => Command::PlayOver {
                leg: leg_key,
                play: key,
                items,
            },
            false => Command::Play {
                leg: leg_key,
                play: key,
                items,
                times,
            },
        };
        self.parts.media.command(thread, command);
    }

    pub(super) fn stop_play(&self, live: &mut Live, leg: LegId, play: PlayId) {
        let thread = live.thread;
        let Some(leg) = live.leg(leg) else { return };
        let Some(playing) = leg.playing.filter(|playing| playing.play == play) else {
            return;
        };
        leg.playing = None;
        if let (Some(leg), Some(play)) = (leg.key(), playing.key) {
            self.parts
                .media
                .command(thread, Command::StopPlay { leg, play });
        }
    }

    pub(super) fn music(&self, live: &mut Live, leg: LegId, name: Option<&str>) {
        let id = live.id();
        let name = name
            .map(str::to_owned)
            .or_else(|| live.tenant.music.clone());
        let language = live.language_of(leg).to_owned();
        let tenant = live.setup.tenant.clone();
        let Some(target) = live.leg(leg) else { return };
        target.music += 1;
        target.music_restarts = false;
        target.playing.take_if(|playing| !playing.is_over);
        let (serial, rate) = (target.music, target.clip_rate());
        let (library, entrance) = (self.parts.library.clone(), self.parts.entrance.clone());
        tokio::task::spawn_blocking(move || {
            let clip = library
                .music(&tenant.0, &language, name.as_deref())
                .and_then(|path| library.load(&path, rate, true))
                .inspect_err(|why| tracing::warn!(call = %id, why, "callers hear silence"))
                .ok();
            entrance.put_blocking(Input::MusicLoaded {
                call: id,
                leg,
                serial,
                clip,
            });
        });
    }

    pub(super) fn handle_music_loaded(
        &mut self,
        call: CallId,
        leg: LegId,
        serial: u64,
        clip: Option<Arc<Clip>>,
    ) {
        self.with_call(Instant::now(), call, |switch, live| {
            let wanted = live.leg(leg).is_some_and(|leg| leg.music == serial);
            if let Some(clip) = clip.filter(|_| wanted) {
                switch.start_music(live, leg, clip);
            }
        });
    }

    fn start_music(&self, live: &mut Live, leg: LegId, clip: Arc<Clip>) {
        let thread = live.thread;
        let Some(target) = live.leg(leg) else { return };
        let restarts = std::mem::take(&mut target.music_restarts);
        if let Some(leg) = target.key() {
            let music = Some(Music { clip });
            let media = &self.parts.media;
            media.command(thread, Command::Music { leg, music });
            if restarts {
                media.command(thread, Command::RestartMusic { leg });
            }
        }
    }

    pub(super) fn quiet(&self, live: &mut Live, leg: LegId) {
        let thread = live.thread;
        let Some(leg) = live.leg(leg) else { return };
        leg.music += 1;
        if let Some(leg) = leg.key() {
            self.parts
                .media
                .command(thread, Command::Music { leg, music: None });
        }
    }

    /// Where each sound comes from.
    fn pieces(&self, live: &mut Live, leg: LegId, sounds: &[Sound]) -> Result<Vec<Piece>, String> {
        let rate = live.leg(leg).map_or(8_000, |leg| leg.clip_rate());
        let tenant = &live.setup.tenant;
        let recorded = |recording| Piece::File(self.recording_path(tenant, recording));
        sounds
            .iter()
            .map(|sound| match sound {
                Sound::Named(name) => Ok(Piece::Named(name.clone())),
                Sound::Say(say) => Ok(Piece::Say(say.clone())),
                Sound::Tone(tone) => {
                    let clip = self.parts.library.tone(*tone, rate);
                    Ok(Piece::Ready(Loaded::Clip(clip)))
                }
                Sound::Silence(duration) => Ok(Piece::Ready(Loaded::Silence(*duration))),
                Sound::Recording(recording) => Ok(recorded(*recording)),
                Sound::Message(message) => {
                    let recording = live.mailbox.audio(*message);
                    let recording =
                        recording.ok_or("this message has no sound any more: delete it")?;
                    Ok(recorded(recording))
                }
            })
            .collect()
    }
}

/// What a loader thread has to know of a call.
struct Loader {
    library: Arc<Library>,
    tenant: TenantId,
    language: String,
    zone: TimeZone,
    rate: u32,
}

impl Loader {
    fn load(&self, pieces: Vec<Piece>) -> Result<Vec<Loaded>, String> {
        let mut loaded = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match piece {
                Piece::Ready(ready) => loaded.push(ready),
                Piece::Named(name) => loaded.push(self.named(&name)?),
                Piece::Say(say) => {
                    let there = |name: &str| self.spoken(name).is_some();
                    for name in call::say::pieces(&say, &self.language, &self.zone, &there) {
                        loaded.push(match self.spoken(&name) {
                            Some(path) => {
                                let clip = self.library.load(&path, self.rate, true)?;
                                Loaded::Clip(clip)
                            }
                            None => self.named(&name)?,
                        });
                    }
                }
                Piece::File(path) => {
                    let clip = self.library.load(&path, self.rate, false)?;
                    loaded.push(Loaded::Clip(clip));
                }
            }
        }
        Ok(loaded)
    }

    fn spoken(&self, piece: &str) -> Option<PathBuf> {
        self.library.spoken(&self.tenant.0, &self.language, piece)
    }

    fn find(&self, name: &str) -> Result<PathBuf, String> {
        self.library.find(&self.tenant.0, &self.language, name)
    }

    /// A prompt by name. `music/…` is found too.
    fn named(&self, name: &str) -> Result<Loaded, String> {
        match self.find(name) {
            Ok(path) => {
                let clip = self.library.load(&path, self.rate, true)?;
                Ok(Loaded::Clip(clip))
            }
            // The exchange's own prompts never leave a caller in silence.
            Err(why) if OWN_PROMPTS.iter().any(|own| name.starts_with(own)) => {
                tracing::warn!(why, "a tone stands in for a prompt");
                let clip = self.library.tone(call::Tone::Confirm, self.rate);
                Ok(Loaded::Clip(clip))
            }
            Err(why) => Err(why),
        }
    }
}

/// Prompts that the exchange itself asks for: a missing file there is no script's mistake.
const OWN_PROMPTS: [&str; 6] = [
    "vm/",
    "digits/",
    "conf/",
    "park/",
    "agent/enter-pw",
    "queue/callback",
];
