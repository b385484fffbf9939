//! What a simulated call wants done: phones ring in a table, sounds are noted, messages kept.

use std::time::{Duration, Instant};

use call::journal::What;
use call::record::CallRecord;
use call::toll::Barred;
use call::{
    Cause, Event, LegId, MailboxChange, Output, PlayId, Purpose, RecordingId, Sound, Supervise,
    SupervisionNews, Target, TransferNews, Wanted,
};
use jiff::tz::TimeZone;
use serde_json::json;

use super::scene::{Doing, Fate, Line, Playing, Scene, Tape, target_of};
use super::story::{self, Who};
use super::world::World;
use crate::inbox::Message;
use crate::{CallNews, Clock, Sounds, told};

impl Scene {
    /// The toll fence, as far as rights go: no test uses a day up.
    fn lets_out(&self, world: &World, target: &Target) -> Result<(), Barred> {
        let Target::Trunk { trunk, number } = target else {
            return Ok(());
        };
        let payer = self.call.setup().payer();
        let at = world.clock.unix_micros();
        world.tenant.may_call(payer, trunk, number, at).map(drop)
    }

    /// Does what the machine wants.
    pub(super) fn perform(&mut self, now: Instant, world: &mut World, output: Output) {
        match output {
            Output::Ring { early_media } => {
                let word = if early_media {
                    "hears early media"
                } else {
                    "hears it ring"
                };
                self.tell(now, Who::Caller, word);
            }
            Output::Answer => {
                self.tell(now, Who::Exchange, "answers");
                world.event("call.answered", told::answered(self.setup.id));
                let leg = LegId::CALLER;
                self.echoes.push_back(Event::Answered { leg, user: None });
            }
            Output::Reject { cause } => {
                self.tell(
                    now,
                    Who::Exchange,
                    format!("refuses the call: {}", cause.word()),
                );
                self.end(Fate::Refused(cause));
            }
            Output::Invite { leg, target, .. } => {
                if let Err(barred) = self.lets_out(world, &target) {
                    self.tell(
                        now,
                        Who::Exchange,
                        format!("does not ring {target}: {barred}"),
                    );
                    let cause = barred.cause();
                    return self.echoes.push_back(Event::Refused { leg, cause });
                }
                self.ring(now, world, Line::new(leg, Some(target)))
            }
            Output::Release { leg, cause, .. } => self.release(now, leg, cause),
            Output::Play {
                leg,
                play,
                sounds,
                times,
            } => self.play(world, leg, play, sounds, times),
            Output::PlayOver { leg, play, sounds } => self.play(world, leg, play, sounds, 1),
            // Whoever listens to music offline hears no bar of it.
            Output::RestartMusic { .. } => {}
            Output::StopPlay { leg, play } => {
                if let Some(line) = self.line(leg)
                    && line.playing.as_ref().is_some_and(|one| one.play == play)
                {
                    line.playing = None;
                }
            }
            Output::Music { leg, name } => {
                if let Some(line) = self.line(leg) {
                    line.playing = None;
                }
                if leg == LegId::CALLER {
                    let name = name.or_else(|| world.tenant.music.clone());
                    let name = name.unwrap_or_else(|| "default".to_owned());
                    self.hear(now, &Sound::Named(format!("music/{name}")));
                }
            }
            Output::Connect { a, b } => {
                self.connect(now, world, if a == LegId::CALLER { b } else { a })
            }
            Output::SendDigits { leg, digits } => {
                let name = self.line(leg).map(|line| line.name()).unwrap_or_default();
                self.tell(now, Who::Exchange, format!("sends {digits} to {name}"));
            }
            Output::StartRecording {
                recording,
                silence,
                purpose,
                ..
            } => self.record(now, recording, silence, purpose),
            Output::StopRecording { recording, .. } => self.stop_recording(now, world, recording),
            Output::OpenMailbox { mailbox } => {
                let found = world.mailboxes.open(&mailbox);
                self.echoes.push_back(Event::Mailbox { mailbox, found });
            }
            Output::CheckPin { mailbox, pin } => {
                let verdict = world.mailboxes.check_pin(&mailbox, &pin);
                self.echoes.push_back(Event::Pin { mailbox, verdict });
            }
            Output::ChoosePin {
                mailbox,
                pin,
                again,
            } => {
                let verdict = world.mailboxes.choose_pin(&mailbox, pin, &again);
                self.echoes.push_back(Event::Pin { mailbox, verdict });
            }
            Output::Mailbox(change) => self.change_mailbox(now, world, change),
            Output::Reply { request, reply } => {
                if let Some(asked) = self.asked.remove(&request) {
                    if let Some(words) = story::reply(&reply) {
                        self.tell_at(now, &asked.place, format!("= {words}"));
                    }
                    // The script may have just been dropped.
                    let _ = asked.answer.send(reply);
                }
            }
            Output::Route { .. } => {
                self.asked.clear();
                let mut setup = self.call.setup().clone();
                setup.language = self.language(&world.tenant).to_owned();
                if let Err(ended) = world.start_script(setup) {
                    world.stop_script(self);
                    self.call.handle_script_ended(now, ended);
                }
            }
            Output::StopScript => {
                self.asked.clear();
                world.stop_script(self);
            }
            Output::Transfer { news, .. } => {
                let word = match news {
                    TransferNews::Accepted => return,
                    TransferNews::Refused(cause) => format!("refused: {}", cause.word()),
                    TransferNews::Ringing => "under way: it rings".to_owned(),
                    TransferNews::Done => "done".to_owned(),
                    TransferNews::Failed(cause) => format!("off: {}", cause.word()),
                };
                self.tell(
                    now,
                    Who::Exchange,
                    format!("says that the transfer is {word}"),
                );
            }
            Output::Transferred {
                by,
                to,
                attended,
                queue,
            } => world.event(
                "call.transferred",
                json!({
                    "id": self.setup.id.to_string(),
                    "from": self.setup.from,
                    "by": by,
                    "to": to,
                    "attended": attended,
                    "queue": queue,
                }),
            ),
            Output::Journal(entry) => {
                if let What::Decision { what, because } = entry.what {
                    let since = now.saturating_duration_since(self.born);
                    self.story.decided(since, &what, &because);
                }
            }
            Output::Ended(record) => self.finish(now, world, record),
            Output::Floor(asked) => {
                let language = self.language(&world.tenant).to_owned();
                world.floor.hear_call(now, &self.setup, &language, asked);
            }
            Output::Park { slot } => self.park(now, world, slot),
            Output::Unpark { .. } => self.unpark(world),
            Output::Fetch(what) => world.several.look_for(self.setup.id, what),
            Output::EnterRoom { room, most } => self.enter_room(now, world, room, most),
            Output::LeaveRoom => self.leave_room(now, world),
            Output::Supervision(wanted) => self.supervise(wanted),
            // Nobody hears anything that a test could ask for.
            Output::Quiet { .. }
            | Output::PassEarlyMedia { .. }
            | Output::Disconnect { .. }
            | Output::MoveRecording { .. }
            | Output::RecordRoom { .. }
            | Output::StandInRoom
            | Output::HoldReminded { .. }
            | Output::EnterTrio { .. }
            | Output::LeaveTrio { .. }
            | Output::Keys { .. }
            | Output::Code { .. } => {}
        }
    }

    /// An agent is supervised whether they are in a call or not: what is heard is not for these
    /// tests, and whom one may supervise is for the exchange's.
    fn supervise(&mut self, wanted: Wanted) {
        let refused = |why: &str| SupervisionNews::Refused {
            why: why.to_owned(),
        };
        let news = match wanted {
            Wanted::Begin(Supervise { agent, mode, .. }) => SupervisionNews::Hears { agent, mode },
            Wanted::Stop => return,
            Wanted::Mode(_) | Wanted::TakeOver | Wanted::Release | Wanted::Next => {
                refused("not_in_call")
            }
        };
        self.echoes.push_back(Event::Supervision(news));
    }

    fn ring(&mut self, now: Instant, world: &World, mut line: Line) {
        let (leg, name) = (line.id, line.name());
        let rung = line
            .target
            .as_ref()
            .map_or(Err(Cause::Unallocated), |target| {
                world.phones.ring(target, &world.tenant)
            });
        match rung {
            Ok(phone) => {
                self.tell(now, Who::Called, format!("{name} rings"));
                line.next = phone.answers_after.map(|ring| (now + ring, Doing::Answer));
                line.hangs_up_after = phone.hangs_up_after;
                self.echoes.push_back(Event::Ringing {
                    leg,
                    early_media: false,
                });
            }
            Err(cause) => {
                self.tell(
                    now,
                    Who::Called,
                    format!("{name} is not rung: {}", cause.word()),
                );
                line.over = true;
                self.echoes.push_back(Event::Refused { leg, cause });
            }
        }
        // Whoever is rung first in a call that is made has a line already.
        match self.line(leg) {
            Some(known) => *known = line,
            None => self.lines.push(line),
        }
    }

    fn release(&mut self, now: Instant, leg: LegId, cause: Cause) {
        if leg == LegId::CALLER {
            self.tell(now, Who::Exchange, format!("hangs up: {}", cause.word()));
            return self.end(Fate::HungUp(cause));
        }
        let Some(line) = self.line(leg) else { return };
        line.over = true;
        line.playing = None;
        let name = line.name();
        self.tell(
            now,
            Who::Exchange,
            format!("lets {name} go: {}", cause.word()),
        );
    }

    fn play(&mut self, world: &World, leg: LegId, play: PlayId, sounds: Vec<Sound>, times: u32) {
        let language = self.language_of(&world.tenant, leg).to_owned();
        let (tenant, language) = (&self.setup.tenant, language.as_str());
        let there = |name: &str| world.shelf.check(tenant, name, language);
        let mut ready = Vec::with_capacity(sounds.len());
        for sound in sounds {
            let missing = match &sound {
                Sound::Named(name) => there(name).err().map(|why| (name.clone(), why)),
                Sound::Say(say) => {
                    let zone = TimeZone::get(&world.tenant.timezone).unwrap_or(TimeZone::UTC);
                    let has = |name: &str| there(name).is_ok();
                    let pieces = call::say::pieces(say, language, &zone, &has);
                    let mut missing = pieces.into_iter().filter_map(|name| {
                        let why = there(&name).err()?;
                        Some((name, why))
                    });
                    missing.next()
                }
                _ => None,
            };
            match missing {
                None => ready.push(sound),
                // As in the exchange: its own prompts never leave a caller in silence.
                Some((name, _)) if OWN_PROMPTS.iter().any(|own| name.starts_with(own)) => {
                    ready.push(Sound::Tone(call::Tone::Confirm));
                }
                Some((_, why)) => {
                    self.echoes.push_back(Event::PlayFailed { play, why });
                    return;
                }
            }
        }
        if let Some(line) = self.line(leg) {
            line.playing = Some(Playing {
                play,
                sounds: ready,
                rounds: (times > 0).then_some(times),
                next: 0,
                until: None,
            });
        }
    }

    fn connect(&mut self, now: Instant, world: &World, other: LegId) {
        if let Some(line) = self.line(LegId::CALLER) {
            line.playing = None;
        }
        let legs = self.call.legs();
        let Some(leg) = legs.iter().find(|leg| leg.id() == other) else {
            return;
        };
        let target = target_of(leg);
        let with = leg.user().map_or_else(|| target.clone(), str::to_owned);
        self.tell(now, Who::Caller, format!("talks with {target}"));
        world.event("call.bridged", told::bridged(self.setup.id, &with));
        let news = CallNews::Bridged { with };
        world.host.inbox.push(Message::News(self.setup.id, news));
    }

    fn record(&mut self, now: Instant, id: RecordingId, silence: Duration, purpose: Purpose) {
        self.recordings += 1;
        self.tapes.push(Tape {
            id,
            purpose,
            began: now,
            silence,
            reported: false,
            last_heard: now,
            speech: Duration::ZERO,
        });
    }

    fn stop_recording(&mut self, now: Instant, world: &World, id: RecordingId) {
        let Some(place) = self.tapes.iter().position(|tape| tape.id == id) else {
            return;
        };
        let tape = self.tapes.remove(place);
        let duration = now.saturating_duration_since(tape.began);
        let speech = match tape.purpose {
            Purpose::Call => duration,
            _ => tape.speech + tape.overlap(self.speaks, now),
        };
        let purpose = match tape.purpose {
            Purpose::Call => Some("call"),
            Purpose::Script => Some("script"),
            // Written when the message is left, or the greeting kept.
            Purpose::Message | Purpose::Greeting | Purpose::Whisper => None,
        };
        if let Some(purpose) = purpose {
            let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
            let began = world.clock.unix_micros() - micros(duration);
            let at = (began, micros(duration));
            world.records.keep_sound(&self.setup, id.0, purpose, at);
        }
        self.echoes.push_back(Event::RecordingClosed {
            recording: id,
            duration,
            speech,
        });
    }

    fn change_mailbox(&mut self, now: Instant, world: &mut World, change: MailboxChange) {
        if let MailboxChange::Leave {
            mailbox,
            duration,
            urgent,
            ..
        } = &change
        {
            let seconds = duration.as_secs_f64();
            self.messages.push((mailbox.clone(), *duration, *urgent));
            self.tell(
                now,
                Who::Exchange,
                format!("keeps a message of {seconds:.1} s in mailbox {mailbox}"),
            );
        }
        let at = world.clock.unix_micros();
        if let Some((event, told)) = world.records.change(&self.setup, &change, at) {
            world.event(event, told);
        }
        let told = world.mailboxes.change(change, at);
        self.echoes.push_back(told);
    }

    pub(super) fn end(&mut self, fate: Fate) {
        self.fate.get_or_insert(fate);
        if let Some(line) = self.line(LegId::CALLER) {
            line.over = true;
            line.playing = None;
        }
    }

    fn finish(&mut self, now: Instant, world: &mut World, record: Box<CallRecord>) {
        let outcome = serde_json::to_value(record.result).unwrap_or_default();
        let word = outcome.as_str().unwrap_or_default();
        let by = &record.ended_by;
        self.tell(now, Who::Exchange, format!("notes: {word}, ended by {by}"));
        for line in &mut self.lines {
            line.over = true;
        }
        self.fate.get_or_insert(Fate::HungUp(record.cause));
        self.unpark(world);
        self.leave_room(now, world);
        self.record = Some(record);
    }

    /// Tells scripts of the call's end, once, when its own script has left what it leaves. False
    /// when there is nothing to tell.
    pub(super) fn conclude(&mut self, world: &World) -> bool {
        let Some(record) = self.record.as_ref().filter(|_| !self.concluded) else {
            return false;
        };
        let told = world.records.finish(&self.setup, record, &self.vars);
        world.event("call.ended", told);
        self.concluded = true;
        true
    }
}

/// Prompts that the exchange itself asks for: a missing file there is no script's mistake.
const OWN_PROMPTS: [&str; 5] = ["vm/", "digits/", "conf/", "park/", "agent/enter-pw"];
