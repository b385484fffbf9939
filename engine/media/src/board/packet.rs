//! A packet that came: believed or refused, counted, relayed in place, listened to.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Instant;

use super::Board;
use super::fault::Work;
use crate::codec::convert_in_place;
use crate::leg::mouth::Path;
use crate::rtp::receive::Arrival;
use crate::rtp::{self, HEADER, Header};
use crate::{Channel, CodecKind, Event, LegKey, Negotiated, Wire};

/// A packet that was believed, on its way to those who hear it.
#[derive(Clone, Copy, Debug)]
struct Said {
    by: LegKey,
    header: Header,
    extended: u64,
    /// A new stream begins with it.
    anew: bool,
    codec: Negotiated,
}

impl Board {
    /// Takes in a packet that came for a leg from `from`; what it leads to is sent at once.
    ///
    /// The packet's bytes are scratch afterwards.
    pub fn handle_packet(
        &mut self,
        now: Instant,
        leg: LegKey,
        channel: Channel,
        from: SocketAddr,
        packet: &mut [u8],
        wire: &mut impl Wire,
    ) {
        let Some(slot) = self.legs.find(leg) else {
            return;
        };
        self.traffic.packets_in += 1;
        self.work = Work::Leg(leg);
        match channel {
            Channel::Rtcp => self.handle_report(now, slot, from, packet),
            Channel::Rtp if self.passes_datagrams(slot) => {
                self.handle_datagram(now, slot, from, packet, wire);
            }
            Channel::Rtp if rtp::is_rtcp(packet) => self.handle_muxed(now, slot, from, packet),
            Channel::Rtp => self.handle_rtp(now, slot, from, packet, wire),
        }
    }

    fn handle_rtp(
        &mut self,
        now: Instant,
        slot: u32,
        from: SocketAddr,
        packet: &mut [u8],
        wire: &mut impl Wire,
    ) {
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        let claimed = rtp::claimed_ssrc(packet);
        let (remote, latch) = (leg.config.remote, &leg.config.latch);
        if !leg.reception.gate.admits(from, claimed, remote, latch) {
            return;
        }
        let Some((header, payload)) = rtp::read(packet) else {
            return;
        };
        let arrival = leg.reception.receiver.handle(&header);
        let (extended, anew) = match arrival {
            Arrival::Useless => return,
            Arrival::First(extended) => (extended, true),
            Arrival::InOrder(extended) | Arrival::Late(extended) => (extended, false),
        };
        if anew {
            leg.reception.restart();
        }
        if leg.reception.note_life(now) {
            self.events.push_back(Event::Heard { leg: leg.key });
        }
        let said = Said {
            by: leg.key,
            header,
            extended,
            anew,
            codec: leg.config.codec,
        };
        let events = leg.config.telephone_event;
        if events.is_some_and(|events| events.receive == header.payload_type) {
            self.handle_event(now, slot, said, packet, payload, wire);
        } else if header.payload_type == leg.config.codec.receive && !payload.is_empty() {
            self.handle_sound(now, slot, said, arrival, packet, payload, wire);
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the hot path, parted only for the reader"
    )]
    fn handle_sound(
        &mut self,
        now: Instant,
        slot: u32,
        said: Said,
        arrival: Arrival,
        packet: &mut [u8],
        payload: Range<usize>,
        wire: &mut impl Wire,
    ) {
        let since = now.saturating_duration_since(self.epoch);
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        leg.reception.receiver.measure(since, said.header.timestamp);
        if !leg.listens() {
            return;
        }
        let new_length = milliseconds(said.codec.kind, payload.len())
            .is_some_and(|length| leg.reception.note_length(length));
        if new_length {
            self.choose_paths(now, slot);
        }
        let has_ear = self.legs.leg(slot).is_some_and(|leg| leg.ear.is_some());
        if has_ear && let Some(sound) = packet.get(payload.clone()) {
            self.listen(now, slot, arrival, said.header.timestamp, sound);
        }
        if let Some(silence) = self.silence_instead(slot)
            && let Some(sound) = packet.get_mut(payload.clone())
        {
            sound.fill(silence);
        }
        let mut index = 0;
        while let Some(to) = self.listener(slot, index) {
            self.relay(now, said, to, packet, payload.clone(), wire);
            index += 1;
        }
    }

    /// Keys: reported, and handed on as events where the listener's clock is the same, or made
    /// anew where it is not.
    fn handle_event(
        &mut self,
        now: Instant,
        slot: u32,
        said: Said,
        packet: &mut [u8],
        payload: Range<usize>,
        wire: &mut impl Wire,
    ) {
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        let looked_for_tones = leg.wants_tones();
        let told = packet.get(payload.clone()).unwrap_or_default();
        let key = leg.reception.event(now, &said.header, told);
        let clock = leg.config.telephone_event.map(|events| events.clock_rate);
        if let Some((digit, is_new)) = key {
            let event = is_new.then(|| leg.pressed(digit, false));
            let held = matches!(event, Some(Event::HeldDigit { .. }));
            // Who comes to hear the leg while the key is down, because of that key perhaps, hears no rest of it.
            leg.held_keys.note_event(held || leg.heard_by.is_empty());
            self.events.extend(event);
            if !held && self.queues_behind_keys(now, slot, digit) {
                return;
            }
        }
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        let passed_on = leg.reception.is_passed_on() || leg.held_keys.hides_event();
        let listens = leg.listens() && !passed_on;
        if looked_for_tones && !leg.wants_tones() {
            self.choose_paths(now, slot);
        }
        let mut index = 0;
        while let Some(to) = self.listener(slot, index).filter(|_| listens) {
            index += 1;
            let Some(listener) = self.legs.leg(to) else {
                continue;
            };
            let listeners = listener.config.telephone_event;
            let same_clock = listeners.map(|events| events.clock_rate) == clock;
            if same_clock && matches!(listener.mouth.path, Path::Relay | Path::OtherLaw) {
                self.relay(now, said, to, packet, payload.clone(), wire);
            } else if let Some((digit, _)) = key {
                self.pass_on(now, to, digit);
            }
        }
    }

    /// Where keys that were held back are still being sent to those who hear a leg, a key that follows
    /// is sent by us, too: relayed it would be covered by them. True when it is so.
    fn queues_behind_keys(&mut self, now: Instant, slot: u32, digit: char) -> bool {
        let Some(leg) = self.legs.leg(slot) else {
            return false;
        };
        let (listens, listeners) = (leg.listens(), leg.heard_by.clone());
        let waits = listeners.iter().any(|to| {
            let listener = self.legs.leg(*to);
            listener.is_some_and(|listener| listener.mouth.keys.is_busy())
        });
        if !waits || !listens {
            return false;
        }
        if let Some(leg) = self.legs.leg_mut(slot) {
            leg.held_keys.note_event(true);
        }
        for to in listeners {
            self.pass_on(now, to, digit);
        }
        true
    }

    /// Sends a packet on to a leg, if that leg hears packets and nothing covers them.
    fn relay(
        &mut self,
        now: Instant,
        said: Said,
        to: u32,
        packet: &mut [u8],
        payload: Range<usize>,
        wire: &mut impl Wire,
    ) {
        let Some(listener) = self.legs.leg_mut(to) else {
            return;
        };
        let path = listener.mouth.path;
        if !matches!(path, Path::Relay | Path::OtherLaw) || listener.mouth.is_covered() {
            return;
        }
        if listener.destination().is_none() {
            listener.sender.fall_silent();
            return;
        }
        let is_sound = said.header.payload_type == said.codec.receive;
        let payload_type = match listener.config.telephone_event {
            _ if is_sound => listener.config.codec.send,
            Some(events) => events.send,
            None => return,
        };
        let sender = &mut listener.sender;
        let header = sender.relay(now, said.by, said.anew, said.extended, &said.header);
        let Some(header) = header else {
            return;
        };
        let header = Header {
            payload_type,
            ..header
        };
        let length = payload.len();
        if path == Path::OtherLaw && is_sound {
            let Some(room) = self.bench.packet.get_mut(HEADER..HEADER + length) else {
                return;
            };
            room.copy_from_slice(packet.get(payload).unwrap_or_default());
            convert_in_place(said.codec, listener.config.codec, room);
            listener.send(header, &mut self.bench.packet, length, wire);
            return;
        }
        // The new header is written right before the payload; what stood there goes.
        let room = payload.start - HEADER..payload.end;
        if let Some(packet) = packet.get_mut(room) {
            listener.send(header, packet, length, wire);
        }
    }

    fn passes_datagrams(&self, slot: u32) -> bool {
        let leg = self.legs.leg(slot);
        leg.is_some_and(|leg| leg.config.passes_datagrams)
    }

    /// A datagram that is none of ours to read: it goes on as it came.
    fn handle_datagram(
        &mut self,
        now: Instant,
        slot: u32,
        from: SocketAddr,
        datagram: &[u8],
        wire: &mut impl Wire,
    ) {
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        // What is left of the sound was on its way, and is no fax.
        let claimed = rtp::claimed_ssrc(datagram);
        if claimed.is_some() && claimed == leg.reception.receiver.ssrc() {
            return;
        }
        let (remote, latch) = (leg.config.remote, &leg.config.latch);
        // It has no SSRC that it could claim to be.
        if !leg.reception.gate.admits(from, Some(0), remote, latch) {
            return;
        }
        if leg.reception.note_life(now) {
            self.events.push_back(Event::Heard { leg: leg.key });
        }
        let mut index = 0;
        while let Some(to) = self.listener(slot, index) {
            index += 1;
            let listener = self.legs.leg(to);
            let Some(listener) = listener.filter(|leg| leg.config.passes_datagrams) else {
                continue;
            };
            if let Some(to) = listener.destination() {
                wire.send(listener.key, Channel::Rtp, to, datagram);
            }
        }
    }

    fn handle_report(&mut self, now: Instant, slot: u32, from: SocketAddr, packet: &[u8]) {
        let ntp = self.ntp(now);
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        let claimed = rtp::reporting_ssrc(packet);
        let (remote, latch) = (leg.config.remote_rtcp, &leg.config.latch);
        if leg.reports.gate.admits(from, claimed, remote, latch) {
            leg.handle_report(now, ntp, packet);
        }
    }

    /// A report on the port for sound; it never opens that port to anybody.
    fn handle_muxed(&mut self, now: Instant, slot: u32, from: SocketAddr, packet: &[u8]) {
        let ntp = self.ntp(now);
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        if leg.reception.gate.knows(from) {
            leg.handle_report(now, ntp, packet);
        }
    }

    /// What is sent on in place of a packet's sound while a code is typed in it. Packets of other codecs are
    /// not sent on as they are where that may be.
    fn silence_instead(&self, slot: u32) -> Option<u8> {
        let leg = self.legs.leg(slot).filter(|leg| leg.hides_tone())?;
        match leg.config.codec.kind {
            CodecKind::Pcma => Some(0xd5),
            CodecKind::Pcmu => Some(0xff),
            CodecKind::G722 | CodecKind::Opus | CodecKind::G729 => None,
        }
    }

    fn listener(&self, slot: u32, index: usize) -> Option<u32> {
        self.legs.leg(slot)?.heard_by.get(index).copied()
    }
}

/// How long a payload is, where its bytes tell it.
fn milliseconds(kind: CodecKind, bytes: usize) -> Option<usize> {
    match kind {
        CodecKind::Pcma | CodecKind::Pcmu | CodecKind::G722 => Some(bytes / 8),
        CodecKind::Opus | CodecKind::G729 => None,
    }
}
