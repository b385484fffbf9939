//! SIPp, a load generator that others have written.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::Program;

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
