//! Other programs as parts of a test: started in groups of their own, gone when dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A running program and what it has said.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    child: Child,
    keyboard: Option<ChildStdin>,
    said: Arc<(Mutex<String>, Condvar)>,
}

impl Program {
    /// Starts it; both of its outputs are kept.
    pub(crate) fn start(command: Command) -> Self {
        Self::launch(command, Stdio::null())
    }

    /// Starts it with a keyboard; see [`types`](Self::types).
    pub(crate) fn start_with_keyboard(command: Command) -> Self {
        Self::launch(command, Stdio::piped())
    }

    fn launch(mut command: Command, keyboard: Stdio) -> Self {
        let name = format!("{:?}", command.get_program());
        command
            .stdin(keyboard)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}; run `make test`"));
        let said: Arc<(Mutex<String>, Condvar)> = Arc::default();
        collect(child.stdout.take().unwrap(), said.clone());
        collect(child.stderr.take().unwrap(), said.clone());
        Self {
            name,
            keyboard: child.stdin.take(),
            child,
            said,
        }
    }

    /// Types something on its keyboard.
    pub(crate) fn types(&self, keys: &str) {
        let mut keyboard = self.keyboard.as_ref().expect("it has a keyboard");
        keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until it has said something.
    pub(crate) fn says(&self, what: &str, within: Duration) {
        self.says_times(what, 1, within);
    }

    /// Waits until it has said something so many times.
    pub(crate) fn says_times(&self, what: &str, times: usize, within: Duration) {
        let until = Instant::now() + within;
        let mut said = self.said.0.lock().unwrap();
        while said.matches(what).count() < times {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let text = said.clone();
                drop(said);
                panic!(
                    "{} should have said '{what}' {times} times, and said:\n{text}",
                    self.name
                );
            }
            said = self.said.1.wait_timeout(said, left).unwrap().0;
        }
    }

    /// All that it has said.
    pub(crate) fn said(&self) -> String {
        self.said.0.lock().unwrap().clone()
    }

    /// Waits until it has ended.
    pub(crate) fn ends(&mut self, within: Duration) -> ExitStatus {
        let until = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < until,
                "{} should have ended:\n{}",
                self.name,
                self.said()
            );
            thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Asks it to end, as a person does with Ctrl-C, and waits until it has.
    pub(crate) fn ends_by_interrupt(mut self) {
        let group = format!("-{}", self.child.id());
        let asked = Command::new("kill").args(["-INT", "--", &group]).status();
        assert!(asked.is_ok_and(|status| status.success()));
        self.ends(super::PATIENCE);
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(from: impl Read + Send + 'static, said: Arc<(Mutex<String>, Condvar)>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        while let Ok(1..) = reader.read_until(b'\n', &mut line) {
            said.0
                .lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&line));
            said.1.notify_all();
            line.clear();
        }
    });
}
