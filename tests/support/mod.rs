//! A whole exchange in a test: simulated phones with voices of their own, real ones, and what they
//! hear.
#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses a part of it"
)]

mod agents;
mod agree;
mod api;
mod baresip;
mod ear;
mod exchange;
pub(crate) mod http;
mod ledger;
mod linphone;
mod nat;
mod openapi;
mod phone;
mod program;
mod project;
mod receiver;
pub(crate) mod relay;
mod sipp;
pub(crate) mod smsc;
mod sound;
pub(crate) mod trunks;

use std::time::{Duration, Instant};

pub(crate) use api::{Api, Stream};
pub(crate) use baresip::Baresip;
pub(crate) use ear::Watch;
pub(crate) use exchange::Exchange;
pub(crate) use linphone::Linphone;
pub(crate) use nat::Nat;
pub(crate) use phone::{Hold, Keys, Lamp, Line, Phone, Said, hear_each_other};
pub(crate) use program::Program;
pub(crate) use project::{Setup, Street, project_folder};
pub(crate) use receiver::Receiver;
pub(crate) use relay::Relay;
pub(crate) use sipp::{sipp, sipp_phone};
pub(crate) use sound::Wav;

/// The pilot tones: who hears whom. None of them is a frequency of DTMF, and all are multiples of
/// 10 Hz, so that windows of 100 ms tell them apart.
pub(crate) mod pilot {
    /// A customer.
    pub(crate) const C1: f64 = 500.0;
    /// Another customer.
    pub(crate) const C2: f64 = 560.0;
    /// 1049.
    pub(crate) const A1: f64 = 620.0;
    /// 1050.
    pub(crate) const A2: f64 = 1_020.0;
    /// 1051.
    pub(crate) const A3: f64 = 2_000.0;
    /// 1001, the team's leader.
    pub(crate) const L1: f64 = 1_120.0;
    /// Music on hold, in the tests' own sounds.
    pub(crate) const MUSIC: f64 = 330.0;
    /// 彩铃: what a callee's network plays before the answer.
    pub(crate) const COLOUR_RING: f64 = 400.0;
    /// The exchange's own ringback.
    pub(crate) const RINGBACK: f64 = 450.0;
    /// Its busy tone, and the one that says that something cannot be done: the same, in another rhythm.
    pub(crate) const BUSY: f64 = 450.0;
    /// Its beep.
    pub(crate) const BEEP: f64 = 1_000.0;
}

/// Sounds of the tests' own, a second each: `tones/840` and so on.
pub(crate) mod prompt {
    /// `tones/840`.
    pub(crate) const FIRST: f64 = 840.0;
    /// `tones/1240`.
    pub(crate) const SECOND: f64 = 1_240.0;
    /// `tones/1520`.
    pub(crate) const THIRD: f64 = 1_520.0;
    /// `tones/2200`.
    pub(crate) const FOURTH: f64 = 2_200.0;
    /// All of them.
    pub(crate) const ALL: [f64; 4] = [FIRST, SECOND, THIRD, FOURTH];
}

/// Looks until something is there, and fails when it is not there in time.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "in vain waited for: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// How long a test waits for what must happen; the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);
