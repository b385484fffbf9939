//! A project's folder, and the program that is run in it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// A project's folder that goes with the test.
pub(crate) struct Project(pub(crate) PathBuf);

impl Project {
    /// One tenant with one user and an empty dialplan.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("moonswitch-words-{}-{number}", std::process::id());
        let project = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(project.0.join("scripts/8001")).unwrap();
        project.write("config.lua", CONFIG);
        project.write("scripts/8001/init.lua", "context \"internal\" {}\n");
        project
    }

    /// Writes one of its files.
    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.0.join(path), text).unwrap();
    }

    /// What the program answers to these words.
    pub(crate) fn says(&self, words: &[&str]) -> Said {
        self.hears(words, "")
    }

    /// What the program answers to these words and this input.
    pub(crate) fn hears(&self, words: &[&str], input: &str) -> Said {
        let mut command = program(words);
        command
            .arg("--config")
            .arg(self.0.join("config.lua"))
            .arg("--data")
            .arg(self.0.join("data"));
        said(command, input)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What the program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// What it printed, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program with these words and nothing else.
pub(crate) fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moonswitch"));
    command.args(words);
    command
}

/// What it says to this input.
pub(crate) fn said(mut command: Command, input: &str) -> Said {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    Said {
        code: status.code(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// What it is made of.
pub(crate) const CONFIG: &str = "return {
  sip = { listen = { \"udp:127.0.0.1:0\" } },
  tenants = {
    [\"8001\"] = { users = { [\"1049\"] = { name = \"温平\", password = \"demo-1049\" } } },
  },
}
";
