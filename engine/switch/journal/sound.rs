//! How a call's sound fared: what each leg agreed on, its first packet, its quality, recordings.

use std::net::SocketAddr;
use std::time::Instant;

use call::{Purpose, RecordingId};
use media::{CodecKind, Direction, Quality};
use serde_json::{Value, json};

use crate::switch::Switch;
use crate::switch::live::{Leg, Live};
use crate::switch::recording::purpose_word;

/// What the journal was told of a leg last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::switch) struct Told {
    agreed: Option<Agreed>,
    /// How often that has changed: a phone may hold and retrieve for hours.
    changes: u32,
    quality: bool,
    /// The session whose dialog is written down.
    pub(in crate::switch) dialog: Option<sip::SessionId>,
}

/// What a leg agreed on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Agreed {
    codec: CodecKind,
    far: Option<SocketAddr>,
    direction: Direction,
    has_keys: bool,
}

impl Switch {
    /// Writes down what has changed in the sound of a call.
    pub(in crate::switch) fn note_sound(&self, now: Instant, live: &mut Live) {
        let mut lines: Vec<Value> = Vec::new();
        for leg in &mut live.legs {
            let agreed = agreed(leg);
            if agreed.is_some() && agreed != leg.told.agreed && leg.told.changes < MOST_CHANGES {
                leg.told.agreed = agreed;
                leg.told.changes += 1;
                lines.extend(agreed.map(|agreed| agreed.written(leg.id.0)));
            }
            if let (Some(quality), false) = (&leg.quality, leg.told.quality) {
                leg.told.quality = true;
                lines.push(fared(leg.id.0, quality));
            }
        }
        for line in lines {
            live.note(now, &json!({ "sound": line }));
        }
    }

    /// A leg's first packet has come.
    pub(in crate::switch) fn note_first_packet(&mut self, now: Instant, leg: media::LegKey) {
        let Some(&(call, leg)) = self.legs.get(&leg) else {
            return;
        };
        if let Some(live) = self.calls.get_mut(&call) {
            live.note(
                now,
                &json!({ "sound": { "leg": leg.0, "first_packet": true } }),
            );
        }
    }
}

impl Live {
    /// A recording begins; its end is told to the machine, which writes that down.
    pub(in crate::switch) fn note_recording(
        &mut self,
        now: Instant,
        recording: RecordingId,
        purpose: Purpose,
    ) {
        let begins = json!({ "id": recording.to_string(), "begins": purpose_word(purpose) });
        self.note(now, &json!({ "recording": begins }));
    }
}

fn agreed(leg: &Leg) -> Option<Agreed> {
    let agreed = leg.sound.as_ref()?.agreed.as_ref()?;
    Some(Agreed {
        codec: agreed.codec.kind,
        far: agreed.remote,
        direction: agreed.direction,
        has_keys: agreed.telephone_event.is_some(),
    })
}

impl Agreed {
    fn written(self, leg: u16) -> Value {
        let direction = match self.direction {
            Direction::SendRecv => "both ways",
            Direction::SendOnly => "to it only",
            Direction::RecvOnly => "from it only",
            Direction::Inactive => "held",
        };
        json!({
            "leg": leg,
            "codec": format!("{:?}", self.codec).to_lowercase(),
            "far": self.far.map(|far| far.to_string()),
            "direction": direction,
            "keys": if self.has_keys { "telephone-event" } else { "tones" },
        })
    }
}

fn fared(leg: u16, quality: &Quality) -> Value {
    let ms = |time: std::time::Duration| (time.as_secs_f64() * 10_000.0).round() / 10.0;
    let mos = |mos: f32| (f64::from(mos) * 100.0).round() / 100.0;
    json!({
        "leg": leg,
        "received": quality.received,
        "sent": quality.sent,
        "lost": quality.lost,
        "refused": quality.refused,
        "jitter_ms": ms(quality.jitter),
        "max_jitter_ms": ms(quality.max_jitter),
        "round_trip_ms": quality.round_trip.map(ms),
        "mos": quality.mos.map(mos),
    })
}

/// Changes of one leg's sound that are written down.
const MOST_CHANGES: u32 = 50;
