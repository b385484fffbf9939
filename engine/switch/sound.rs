//! A leg's sound: ports, offer and answer, and what the media threads report.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call::{CallId, Cause, Event, LegId};
use media::sdp::{Agreed, Description, LocalSide, Negotiator};
use media::{CodecKind, Command, Direction, Latch, LegConfig, LegKey, Negotiated};
use script::config::Dtmf;
use smallvec::SmallVec;

use super::Switch;
use super::live::{Leg, Live, Role, Sound};

impl Switch {
    /// Rings back to the caller: 180, or 183 with the sound's address.
    pub(super) fn ring(&mut self, now: Instant, live: &mut Live, early_media: bool) {
        let Some(session) = caller_session(live) else {
            return;
        };
        // Who made no offer gets ours with the 200: until then it hears its own ring-back.
        let asks = live
            .leg(LegId::CALLER)
            .is_some_and(|leg| leg.asks_for_our_offer());
        if !early_media || asks {
            self.endpoint.ring(now, session, 180, None);
            return;
        }
        let (status, sdp) = match self.answer_for(live, LegId::CALLER) {
            Ok(sdp) => (183, Some(sdp)),
            Err(_) => (180, None),
        };
        self.endpoint.ring(now, session, status, sdp);
    }

    /// Answers the caller.
    pub(super) fn accept(&mut self, now: Instant, live: &mut Live) {
        self.accept_leg(now, live, LegId::CALLER);
    }

    /// Answers a leg that has called. False when that cannot be: then it is refused, and told of as
    /// gone.
    pub(super) fn accept_leg(&mut self, now: Instant, live: &mut Live, id: LegId) -> bool {
        let thread = live.thread;
        let Some(leg) = live.leg(id) else {
            return false;
        };
        let Some(session) = leg.sessions.first().copied() else {
            return false;
        };
        leg.answered = true;
        // Early sound was agreed on already; from now on it must not cease.
        if let Some(agreed) = leg.sound.as_ref().and_then(|sound| sound.agreed.clone()) {
            self.set_sound(thread, leg, agreed);
        }
        match self.answer_for(live, id) {
            Ok(sdp) => {
                self.endpoint.accept(now, session, Some(sdp));
                true
            }
            Err(cause) => {
                self.endpoint
                    .reject(now, session, cause.sip_status(), &retry_after(cause));
                if let Some(leg) = live.leg(id) {
                    leg.over = true;
                    leg.sessions.clear();
                    self.silence_leg(thread, leg);
                }
                self.sessions.remove(&session);
                live.echoes.push_back(Event::HungUp { leg: id, cause });
                false
            }
        }
    }

    /// Refuses the caller.
    pub(super) fn reject(&mut self, now: Instant, live: &mut Live, cause: Cause) {
        let thread = live.thread;
        let Some(session) = caller_session(live) else {
            return;
        };
        self.endpoint
            .reject(now, session, cause.sip_status(), &retry_after(cause));
        self.sessions.remove(&session);
        if let Some(leg) = live.leg(LegId::CALLER) {
            leg.over = true;
            leg.sessions.clear();
            self.silence_leg(thread, leg);
        }
    }

    /// The description that answers a caller's offer; or our offer, where it made none.
    fn answer_for(&mut self, live: &mut Live, id: LegId) -> Result<Bytes, Cause> {
        let ours = self.codecs.clone();
        self.open_sound(live, id)?;
        let thread = live.thread;
        let Some(leg) = live.leg(id) else {
            return Err(Cause::Failure);
        };
        let Some(sound) = &mut leg.sound else {
            return Err(Cause::Failure);
        };
        if let Some(written) = &sound.answer {
            return Ok(written.clone());
        }
        let offer = match &mut leg.role {
            Role::Caller { offer } => offer.take(),
            Role::Called { .. } => None,
        };
        let Some(offer) = offer else {
            let written = Bytes::from(sound.negotiator.offer(&ours, Direction::SendRecv));
            sound.answer = Some(written.clone());
            self.await_sound(thread, leg);
            return Ok(written);
        };
        let liked = liked_by(&offer, &ours);
        let (written, agreed) = sound
            .negotiator
            .answer(&offer, &liked, Direction::SendRecv)
            .map_err(|error| {
                tracing::info!(%error, "no common sound");
                Cause::Incompatible
            })?;
        let written = Bytes::from(written);
        sound.answer = Some(written.clone());
        self.set_sound(thread, leg, agreed);
        Ok(written)
    }

    /// Opens a leg's ports, once.
    pub(super) fn open_sound(&mut self, live: &mut Live, id: LegId) -> Result<(), Cause> {
        let key = LegKey(self.next_key());
        let (call, thread) = (live.id(), live.thread);
        let Some(leg) = live.leg(id) else {
            return Err(Cause::Failure);
        };
        if leg.sound.is_some() {
            return Ok(());
        }
        let Some((near, far)) = leg.addresses else {
            return Err(Cause::Failure);
        };
        let bind = near.ip();
        let shown = self.shown_address(bind, far);
        let trunk = leg
            .line
            .as_ref()
            .and_then(|line| self.trunks.settings(&line.trunk));
        let (ptime, dtmf) = trunk.map_or((20, Dtmf::Auto), |trunk| (trunk.ptime, trunk.dtmf));
        let opened = self.parts.media.open(thread, key, bind).map_err(|error| {
            tracing::error!(%error, "no sound");
            Cause::Congestion
        })?;
        let side = LocalSide {
            address: SocketAddr::new(shown, opened.port),
            rtcp_port: opened.port + 1,
            rtcp_mux: false,
            ptime,
            session_id: rand::random::<u32>().into(),
        };
        let mut negotiator = Negotiator::new(side);
        if matches!(dtmf, Dtmf::Info | Dtmf::InBand) {
            negotiator.without_events();
        }
        leg.sound = Some(Sound {
            dtmf,
            key,
            port: opened.port,
            negotiator,
            answer: None,
            agreed: None,
            signalled_by: far.ip(),
            added: false,
            leaving: false,
            held: false,
        });
        self.legs.insert(key, (call, id));
        let party = live.call.legs().iter().find(|leg| leg.id() == id);
        let is_phone = party.is_none_or(|leg| leg.user().is_some());
        (self.wires).opened((opened.port, call), (bind, shown), is_phone);
        Ok(())
    }

    /// Gives the board what was agreed.
    pub(super) fn set_sound(&mut self, thread: usize, leg: &mut Leg, agreed: Agreed) {
        let Some(sound) = &mut leg.sound else { return };
        let external = self.parts.config.sip.external;
        let wires = &mut self.wires;
        let mut lets = |remote: &SocketAddr| wires.lets(sound.port, *remote, external);
        let remote_rtcp = agreed.remote_rtcp.filter(&mut lets);
        let remote = agreed.remote.filter(&mut lets);
        if remote != agreed.remote {
            tracing::warn!(
                target: "security", event = "sound_in_circles", source = %sound.signalled_by,
                "names a port of the exchange as its own: nothing is sent there"
            );
        }
        let mut hosts: SmallVec<[IpAddr; 2]> = SmallVec::new();
        hosts.extend(remote.map(|remote| remote.ip()));
        if !hosts.contains(&sound.signalled_by) {
            hosts.push(sound.signalled_by);
        }
        let config = LegConfig {
            remote,
            remote_rtcp,
            rtcp_mux: agreed.rtcp_mux,
            codec: agreed.codec,
            telephone_event: agreed.telephone_event,
            ptime: agreed.ptime,
            direction: agreed.direction,
            latch: Latch {
                hosts,
                symmetric: true,
            },
            keys_elsewhere: sound.dtmf == Dtmf::Info,
            passes_datagrams: false,
            detect_tones: agreed.telephone_event.is_none()
                && agreed.codec.kind.decodes()
                && sound.dtmf.hears_tones(),
            detect_progress: leg.paid.is_some() && !leg.answered,
            rtp_timeout: if leg.answered {
                self.parts.config.rtp.timeout
            } else {
                Duration::ZERO
            },
            seed: rand::random(),
            cname: Arc::clone(&self.cname),
        };
        tracing::debug!(leg = leg.id.0, ?agreed, "sound");
        sound.agreed = Some(agreed);
        self.put_on_board(thread, sound, config);
    }

    /// A leg whose peer has our offer and has not answered it: who is to be connected with it, or
    /// recorded, need not wait. It says and hears nothing.
    fn await_sound(&self, thread: usize, leg: &mut Leg) {
        let Some(sound) = leg.sound.as_mut().filter(|sound| !sound.added) else {
            return;
        };
        let config = LegConfig {
            remote: None,
            remote_rtcp: None,
            rtcp_mux: false,
            codec: Negotiated {
                kind: CodecKind::Pcma,
                send: 8,
                receive: 8,
            },
            telephone_event: None,
            ptime: 20,
            direction: Direction::Inactive,
            latch: Latch::default(),
            keys_elsewhere: false,
            passes_datagrams: false,
            detect_tones: false,
            detect_progress: false,
            rtp_timeout: Duration::ZERO,
            seed: rand::random(),
            cname: Arc::clone(&self.cname),
        };
        self.put_on_board(thread, sound, config);
    }

    pub(super) fn put_on_board(&self, thread: usize, sound: &mut Sound, config: LegConfig) {
        let leg = sound.key;
        let command = match std::mem::replace(&mut sound.added, true) {
            true => Command::UpdateLeg { leg, config },
            false => Command::AddLeg { leg, config },
        };
        self.parts.media.command(thread, command);
    }

    /// Takes a leg off the board and closes its ports.
    pub(super) fn silence_leg(&mut self, thread: usize, leg: &mut Leg) {
        if let Some(line) = leg.line.take_if(|_| leg.over) {
            self.trunks.free(&line);
        }
        let Some(sound) = &mut leg.sound else { return };
        if sound.leaving {
            return;
        }
        tracing::trace!(leg = leg.id.0, "sound ends");
        if sound.added {
            // Its ports close when the board has said good-bye.
            sound.added = false;
            sound.leaving = true;
            self.parts
                .media
                .command(thread, Command::RemoveLeg { leg: sound.key });
        } else if self.legs.remove(&sound.key).is_some() {
            self.close_port(thread, sound);
        }
    }

    pub(super) fn close_port(&mut self, thread: usize, sound: &Sound) {
        self.parts.media.close(thread, sound.key, sound.port);
        self.wires.closed(sound.port);
    }

    /// A peer's new offer: another address, other codecs, hold.
    pub(super) fn handle_offer(
        &mut self,
        now: Instant,
        call: CallId,
        leg_id: LegId,
        session: sip::SessionId,
        sdp: Option<&Bytes>,
    ) {
        self.with_call(now, call, |switch, live| {
            if switch.handle_fax_offer(now, live, (leg_id, session), sdp) {
                return;
            }
            let ours = switch.codecs.clone();
            let thread = live.thread;
            let Some(leg) = live.leg(leg_id) else { return };
            let current = leg
                .sound
                .as_ref()
                .and_then(|sound| sound.agreed.as_ref())
                .map(|agreed| agreed.codec.kind);
            let Some(sound) = &mut leg.sound else {
                switch.endpoint.refuse_offer(now, session, 488);
                return;
            };
            let Some(sdp) = sdp else {
                // They ask for our offer: what is in use, first.
                let mut codecs: Vec<CodecKind> = current.into_iter().collect();
                codecs.extend(ours.iter().filter(|kind| Some(**kind) != current));
                let offer = sound.negotiator.offer(&codecs, Direction::SendRecv);
                switch.endpoint.answer(now, session, offer.into());
                return;
            };
            let answered = Description::parse(sdp).and_then(|offer| {
                // What is spoken now goes on where it can: no click, no new encoder.
                let mut liked: Vec<CodecKind> = current.into_iter().collect();
                liked.extend(liked_by(&offer, &ours));
                sound.negotiator.answer(&offer, &liked, Direction::SendRecv)
            });
            match answered {
                Ok((answer, agreed)) => {
                    let held = agreed.held_by_peer;
                    let changed = held != sound.held;
                    sound.held = held;
                    switch.set_sound(thread, leg, agreed);
                    switch.endpoint.answer(now, session, answer.into());
                    switch.end_fax(now, live, Some(leg_id));
                    if changed {
                        switch.held_by_phone(now, live, leg_id, held);
                    }
                }
                Err(error) => {
                    tracing::info!(%error, "offer refused");
                    switch.endpoint.refuse_offer(now, session, 488);
                }
            }
        });
    }

    /// The address that goes into SDP: the listener's own, or what the world sees of it.
    pub(super) fn shown_address(&self, near: IpAddr, far: SocketAddr) -> IpAddr {
        if far.ip().is_loopback() && !near.is_unspecified() {
            return near;
        }
        if let Some(external) = self
            .parts
            .config
            .sip
            .external
            .filter(|_| !far.ip().is_loopback())
        {
            return external;
        }
        if near.is_unspecified() {
            return routed_address(far).unwrap_or(near);
        }
        near
    }
}

/// The address of ours from which the system would reach another.
fn routed_address(far: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = if far.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0; 16], 0).into()
    };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(far).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// The caller's order within what we speak; what only passes through comes last, because nobody
/// could play it a prompt.
fn liked_by(offer: &Description, ours: &[CodecKind]) -> Vec<CodecKind> {
    let Some(audio) = offer.audio() else {
        return ours.to_vec();
    };
    let mut liked: Vec<CodecKind> = audio.kinds().filter(|kind| ours.contains(kind)).collect();
    liked.sort_by_key(|kind| !kind.decodes());
    liked
}

/// Codecs by the names of `config.lua`.
pub(super) fn codecs(names: &[String]) -> Vec<CodecKind> {
    names
        .iter()
        .filter_map(|name| match name.as_str() {
            "pcma" => Some(CodecKind::Pcma),
            "pcmu" => Some(CodecKind::Pcmu),
            "g722" => Some(CodecKind::G722),
            "opus" => Some(CodecKind::Opus),
            "g729" => Some(CodecKind::G729),
            _ => None,
        })
        .collect()
}

pub(super) fn retry_after(cause: Cause) -> Vec<(String, String)> {
    if cause == Cause::Congestion {
        return vec![("Retry-After".to_owned(), "5".to_owned())];
    }
    Vec::new()
}

fn caller_session(live: &Live) -> Option<sip::SessionId> {
    live.legs.first()?.sessions.first().copied()
}
