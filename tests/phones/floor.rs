//! A small floor at work, with SIPp's phones and customers: `tests/bench/floor.py`, whose ten minutes are
//! `make bench-floor`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::Program;

#[test]
fn a_floor_of_thirty_loses_no_call_rings_nobody_for_two_and_is_of_one_mind_about_its_agents() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let work = std::env::temp_dir().join(format!("moonswitch-floor-{}", std::process::id()));
    let mut command = Command::new("python3");
    command
        .arg(root.join("tests/bench/floor.py"))
        .args(["--agents", "30", "--calls", "100", "--seconds", "30"])
        // Agents are quick here, and a machine that is busy with other tests is not held to times.
        .args(["--shift", "6", "--net", "127.211.7", "--patient"])
        .args(["--binary", env!("CARGO_BIN_EXE_moonswitch")])
        .arg("--work")
        .arg(&work);

    let mut floor = Program::start(command);

    let status = floor.ends(Duration::from_secs(240));
    // What it has written stays there when something is to be looked into.
    assert!(status.success(), "{}", floor.said());
    std::fs::remove_dir_all(work).unwrap();
}
