//! What a call wants done, one line a want; the work stands in the neighbouring files.

use std::time::Instant;

use call::{Cause, LegId, Output, Purpose};
use media::Command;
use script::{CallNews, told};
use sip::Reason;

use super::answering::beep_first;
use super::desk::control::Typed;
use super::live::{Live, Role};
use super::{Errand, Switch};

impl Switch {
    pub(super) fn perform(&mut self, now: Instant, live: &mut Live, output: Output) {
        match output {
            Output::Ring { early_media } => self.ring(now, live, early_media),
            Output::Answer => {
                self.accept(now, live);
                let (tenant, call) = (&live.setup.tenant, live.id());
                let scripts = &self.parts.scripts;
                scripts.live_event(tenant, "call.answered", || told::answered(call));
            }
            Output::Reject { cause } => self.reject(now, live, cause),
            Output::Invite {
                leg,
                target,
                caller_id,
                caller_name,
            } => self.dial(now, live, leg, target, caller_id, caller_name),
            Output::Release {
                leg,
                cause,
                elsewhere,
            } => self.release(now, live, leg, cause, elsewhere),
            Output::Play {
                leg,
                play,
                sounds,
                times,
            } => {
                let sounds = match times {
                    1 => beep_first(live, leg, sounds),
                    _ => sounds,
                };
                self.play(live, leg, play, sounds, times);
            }
            Output::PlayOver { leg, play, sounds } => {
                let sounds = beep_first(live, leg, sounds);
                self.play_over(live, leg, play, &sounds);
            }
            Output::StopPlay { leg, play } => self.stop_play(live, leg, play),
            Output::RestartMusic { leg } => {
                if let Some(leg) = live.leg(leg) {
                    leg.music_restarts = true;
                }
            }
            Output::Music { leg, name } => self.music(live, leg, name.as_deref()),
            Output::Quiet { leg } => self.quiet(live, leg),
            Output::Connect { a, b } => {
                live.forget_music([a, b]);
                self.pair(live, a, b, |a, b| Command::Connect { a, b });
                for leg in [a, b] {
                    self.hold_keys(live, leg);
                }
                self.beep(live, [a, b]);
                self.tell_bridged(live, a, b);
            }
            Output::PassEarlyMedia { from, to } => {
                live.forget_music([to]);
                self.pair(live, from, to, |from, to| Command::Listen { from, to });
            }
            Output::Disconnect { a, b } => {
                self.pair(live, a, b, |a, b| Command::Disconnect { a, b });
            }
            Output::SendDigits { leg, digits } if live.is_told_keys_by_info(leg) => {
                self.send_keys_by_info(live, leg, digits);
            }
            Output::SendDigits { leg, digits } => {
                if let Some(leg) = live.leg(leg).and_then(|leg| leg.key()) {
                    let command = Command::SendDigits { leg, digits };
                    self.parts.media.command(live.thread, command);
                }
            }
            Output::StartRecording {
                recording,
                left,
                right,
                stereo,
                silence,
                purpose,
            } => {
                live.note_recording(now, recording, purpose);
                self.light_recording(now, live, (purpose == Purpose::Call, true));
                self.start_recording(live, recording, [left, right], stereo, silence, purpose);
            }
            Output::MoveRecording {
                recording,
                left,
                right,
            } => self.move_recording(live, recording, [left, right]),
            Output::StopRecording { recording, discard } => {
                self.stop_recording(live, recording, discard);
                self.light_recording(now, live, (true, false));
            }
            Output::OpenMailbox { mailbox } => self.open_mailbox(live, mailbox),
            Output::CheckPin { mailbox, pin } => self.check_pin(live, mailbox, pin),
            Output::ChoosePin {
                mailbox,
                pin,
                again,
            } => self.choose_pin(live, mailbox, pin, &again),
            Output::Mailbox(change) => self.change_mailbox(live, change),
            Output::Floor(asked) => self.ask_floor(now, live, asked),
            Output::Reply { request, reply } => {
                if let Some((method, answer)) = live.replies.remove(&request) {
                    live.note_reply(now, request, method, &reply);
                    // The script may have just been dropped.
                    let _ = answer.send(reply);
                }
            }
            Output::Route { .. } => self.route(now, live),
            Output::Park { slot } => self.park(live, slot),
            Output::Unpark { slot } => self.unpark(live, &slot),
            Output::Fetch(what) => self.look_for(live, what),
            Output::EnterRoom { room, most } => self.enter_room(live, room, most),
            Output::LeaveRoom => self.leave_room(live),
            Output::StandInRoom => self.stand_in_room(live),
            Output::Supervision(wanted) => {
                let errand = Errand::Supervision(live.id(), wanted);
                self.errands.push_back(errand);
            }
            Output::RecordRoom { recording, leg } => self.record_room(live, recording, leg),
            Output::EnterTrio { leg } => self.enter_trio(live, leg),
            Output::HoldReminded { leg, waited } => self.remind_of_hold(now, live, leg, waited),
            Output::LeaveTrio { leg } => self.leave_trio(live, leg),
            Output::Keys { leg, drop, pass } => {
                if let Some(leg) = live.leg(leg).and_then(|leg| leg.key()) {
                    let command = Command::ReleaseKeys { leg, drop, pass };
                    self.parts.media.command(live.thread, command);
                }
            }
            Output::Code { leg, word, number } => {
                let call = live.id();
                let typed = Typed {
                    call,
                    leg,
                    word,
                    number,
                };
                self.errands.push_back(Errand::Typed(typed));
            }
            Output::Transfer { transfer, news } => self.tell_transfer(now, transfer, news),
            Output::Transferred {
                by,
                to,
                attended,
                queue,
            } => {
                if let Some(queue) = &queue {
                    self.log_transfer(now, live, (&by, &to), attended, queue);
                }
                self.tell_transferred(live, by, to, attended, queue);
            }
            Output::StopScript => {
                live.replies.clear();
                self.parts.scripts.hang_up(live.id());
            }
            Output::Journal(entry) => self.note(live, &entry),
            Output::Ended(record) => self.finish(now, live, record),
        }
    }

    fn pair(
        &self,
        live: &mut Live,
        a: LegId,
        b: LegId,
        command: impl FnOnce(media::LegKey, media::LegKey) -> Command,
    ) {
        let key = |live: &mut Live, id| live.leg(id).and_then(|leg| leg.key());
        let (Some(one), Some(other)) = (key(live, a), key(live, b)) else {
            tracing::debug!(?a, ?b, "a leg without sound cannot be joined");
            return;
        };
        self.parts.media.command(live.thread, command(one, other));
    }

    /// Tells the script's `call:on("bridged")` who the caller talks to.
    fn tell_bridged(&self, live: &Live, a: LegId, b: LegId) {
        let other = if a == live.call.front() { b } else { a };
        let Some(leg) = live.call.legs().iter().find(|leg| leg.id() == other) else {
            return;
        };
        let with = leg
            .user()
            .map(str::to_owned)
            .or_else(|| leg.target().map(ToString::to_string))
            .unwrap_or_default();
        let scripts = &self.parts.scripts;
        let (tenant, call) = (&live.setup.tenant, live.setup.id);
        scripts.live_event(tenant, "call.bridged", || told::bridged(call, &with));
        scripts.notify(call, CallNews::Bridged { with });
    }

    /// Ends a leg: CANCEL, BYE or a refusal, as its sessions' states demand.
    pub(super) fn release(
        &mut self,
        now: Instant,
        live: &mut Live,
        leg: LegId,
        cause: Cause,
        elsewhere: bool,
    ) {
        if self.stays_with_colleague(now, live, leg) {
            return;
        }
        let thread = live.thread;
        let Some(leg) = live.leg(leg) else { return };
        leg.over = true;
        leg.playing = None;
        if let Role::Called { next, .. } = &mut leg.role {
            next.clear();
        }
        let reason = if elsewhere {
            Reason {
                protocol: "SIP".into(),
                cause: Some(200),
                text: Some("Call completed elsewhere".into()),
            }
        } else {
            Reason {
                protocol: "Q.850".into(),
                cause: Some(u16::from(cause.q850())),
                text: Some(cause.word().into()),
            }
        };
        for session in leg.sessions.drain(..) {
            self.sessions.remove(&session);
            self.endpoint.hang_up(now, session, Some(reason.clone()));
        }
        leg.up = None;
        self.silence_leg(thread, leg);
    }

    /// Runs the handler of another number in place of the one that runs.
    fn route(&self, now: Instant, live: &mut Live) {
        live.replies.clear();
        let mut setup = live.call.setup().clone();
        // Whom a transfer has put in the caller's place may speak another language.
        setup.language = live.language().to_owned();
        let started = match setup.transferred_by {
            // What a phone says may be written in any way.
            Some(_) => self.start_script(&mut setup),
            None => self.parts.scripts.start_call(setup),
        };
        match started {
            Ok(generation) => live.generation = generation,
            Err(refused) => {
                self.parts.scripts.hang_up(live.id());
                self.refuse_route(now, live, refused);
            }
        }
    }
}
