//! SIPp, a load generator that others have written.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;

use super::{Exchange, Program, eventually};

/// Runs a scenario of `tests/data/` at this address against the exchange.
pub(crate) fn sipp(scenario: &str, at: SocketAddr, arguments: &[&str]) -> Program {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut command = Command::new("sipp");
    command
        .arg("-sf")
        .arg(data.join(scenario))
        .args(["-i", &at.ip().to_string(), "-p", &at.port().to_string()])
        .args(["-nostdin", "-mi", &at.ip().to_string()])
        .args(arguments)
        .current_dir(std::env::temp_dir());
    Program::start(command)
}

/// Runs a scenario of `tests/data/` in the place of a user's registered phone, for one call. Nobody registers
/// in a scenario: a phone does at the same place, and goes without a word.
pub(crate) fn sipp_phone(scenario: &str, exchange: &Exchange, user: &str) -> Program {
    let place = exchange.free_address();
    let phone = exchange.phone_with(user, |manner| manner.address = place);
    phone.registers();
    // How its mailbox stands is told to each that registers, and would be SIPp's first call.
    phone.unasked_lamp().is_told(1);
    drop(phone);
    eventually("the phone to be gone", || (!is_taken(place)).then_some(()));
    let program = sipp(scenario, place, &["-m", "1", "-timeout", "40s"]);
    eventually("SIPp at its place", || is_taken(place).then_some(()));
    program
}

/// Whether somebody has this port; to try to bind it would keep SIPp from it.
fn is_taken(place: SocketAddr) -> bool {
    let IpAddr::V4(host) = place.ip() else {
        unreachable!("exchanges of tests have streets of IPv4");
    };
    let host = u32::from_le_bytes(host.octets());
    let all = fs::read_to_string("/proc/net/udp").unwrap();
    all.contains(&format!(" {host:08X}:{:04X} ", place.port()))
}
