//! The README's tour: its commands are read from it and run as they stand there, only at another
//! address and in another folder.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Program, Street, Wav, eventually, pilot, project_folder};

#[test]
fn the_tour_of_the_readme_goes_as_it_says() {
    let tour = Tour::new();
    let day = tour.starts("run --clock 2026-11-23T10");
    assert_eq!(tour.runs("readyz"), "ready");
    tour.runs("for ext in 1049 1050");
    let [first, second] = ["1049", "1050"].map(|user| tour.phone(user));
    let status = tour.runs("moonswitch status");
    assert!(status.contains("2 registrations"), "{status}");

    a_call_between_them(&first, &second);
    the_hotline(&tour, &first, &second);
    the_menu_changes(&tour, &day, &first, &second);

    day.ends_by_interrupt();
    let _night = tour.starts("run --clock 2026-11-23T22");
    drop((first, second));
    let [_first, second] = ["1049", "1050"].map(|user| tour.phone(user));
    out_of_hours(&tour, &second);
}

fn a_call_between_them(first: &Phone, second: &Phone) {
    first.dials("1050");
    second.is_called();
    second.answers();
    first.is_connected();

    first.hears(pilot::A2);
    second.hears(pilot::A1);

    first.hangs_up();
    first.is_hung_up();
    second.is_hung_up();
}

fn the_hotline(tour: &Tour, first: &Phone, second: &Phone) {
    first.dials("*22");
    for _ in 0..2 {
        first.hears_more_speech();
        first.types("2580#");
    }
    first.is_hung_up();
    first.dials("*23");
    first.is_hung_up();

    second.dials("4001234567");
    second.hears_speech(Duration::from_secs(3));
    second.types("1");
    first.is_called();
    first.answers();
    second.hears(pilot::A1);
    first.hears(pilot::A2);
    first.hangs_up();
    first.is_hung_up();
    second.is_hung_up();

    let told = eventually("the call's record", || {
        let told = tour.runs("moonswitch trace last");
        told.contains("ended by").then_some(told)
    });
    for words in [
        "scripts/8001/serve.lua",
        "offer to 1049",
        "1050: logged out",
    ] {
        assert!(told.contains(words), "{told}");
    }
    assert!(told.contains(".wav"), "{told}");
    let sound = tour.recording();
    assert!(sound.has(0, pilot::A2) && sound.has(1, pilot::A1));

    first.dials("*42");
    first.hears_more_speech();
    first.hangs_up();
    first.is_hung_up();
    let listed = tour.runs("token add tickets");
    assert!(listed.contains("ticket.opened"), "{listed}");
}

fn the_menu_changes(tour: &Tour, day: &Program, first: &Phone, second: &Phone) {
    first.dials("*25");
    first.is_hung_up();
    second.dials("4001234567");
    second.hears_speech(Duration::from_secs(2));
    tour.runs("sed -i.before 's/");
    day.says("generation 2 is published", PATIENCE);
    second.types("1");
    first.is_called();
    second.hangs_up();
    second.is_hung_up();

    second.dials("4001234567");
    second.hears_speech(Duration::from_secs(2));
    second.types("1");
    // The script ends after the number, and so does the call.
    second.is_hung_up();
    let told = tour.runs("moonswitch trace last");
    assert!(told.contains("reception.lua:"), "{told}");
    assert!(told.contains("call:say"), "{told}");
    assert!(told.contains("digits:8001"), "{told}");

    let told = tour.says("echo 'oops oops'");
    for words in ["refused, 2 stays", "scripts/8001/reception.lua:"] {
        assert!(told.contains(words), "{told}");
    }
    let status = tour.runs("moonswitch status");
    assert!(status.contains("scripts/8001/reception.lua:"), "{status}");
    second.dials("4001234567");
    second.hears_speech(Duration::from_secs(2));
    second.hangs_up();
    second.is_hung_up();
    tour.runs("sed -i '/");

    eventually("the mended file", || {
        let status = tour.runs("moonswitch status");
        (!status.contains("refused")).then_some(())
    });
    let told = tour.runs("moonswitch rollback");
    for words in [
        "generation 1 is published",
        "are held until `moonswitch reload`",
    ] {
        assert!(told.contains(words), "{told}");
    }
    let last = told.lines().next_back().unwrap_or_default();
    assert!(
        last.contains("is published") && !last.contains("generation 1 "),
        "{told}"
    );

    tour.runs("mv scripts/8001/reception.lua.before");
    let told = tour.runs("moonswitch test");
    for words in ["hears hours/closed", " 0 failed"] {
        assert!(told.contains(words), "{told}");
    }
}

fn out_of_hours(tour: &Tour, second: &Phone) {
    second.dials("4001234567");
    assert!(second.hears_within(BEEP, Duration::from_secs(30)));
    let message = second.heard_so_far() + Duration::from_secs(3);
    eventually("three seconds of a message", || {
        (second.heard_so_far() >= message).then_some(())
    });
    second.hangs_up();
    second.is_hung_up();
    eventually("the message", || {
        let told = tour.runs("moonswitch trace last");
        told.contains("left_message").then_some(())
    });

    second.dials("*980");
    second.hears_speech(Duration::from_millis(500));
    second.types("8000#");
    let heard = second.hears_within(pilot::A2, Duration::from_secs(20));
    assert!(heard, "{}", tour.runs("moonswitch trace last"));
}

/// The README's commands, and the place where they run.
struct Tour {
    folder: PathBuf,
    address: String,
    /// Its blocks of commands, in order.
    blocks: Vec<String>,
}

/// One of the two phones, with somebody at it.
struct Phone {
    program: Program,
    folder: PathBuf,
    /// How much of what it said has been looked at.
    seen: Cell<usize>,
}

impl Tour {
    /// A copy of the project on a street of its own, with the program where the README has it.
    fn new() -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let street = Street::take();
        let folder = project_folder(&street);
        let address = street.exchange().ip().to_string();
        let config = fs::read_to_string(repository.join("config.lua")).unwrap();
        let config = config.replace("127.0.0.1", &address);
        fs::write(folder.join("config.lua"), config).unwrap();
        let copied = Command::new("cp")
            .args([
                "-r",
                "--parents",
                "scripts",
                "sounds",
                "plugins",
                "tests/dialplan",
            ])
            .arg(&folder)
            .current_dir(repository)
            .status();
        assert!(copied.unwrap().success());
        fs::create_dir_all(folder.join("target/release")).unwrap();
        let program = folder.join("target/release/moonswitch");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_moonswitch"), program).unwrap();
        let readme = fs::read_to_string(repository.join("README.md")).unwrap();
        let (_, tour) = readme.split_once("## Five minutes").unwrap();
        let (tour, _) = tour.split_once("\n## ").unwrap();
        let blocks = tour.split("```").skip(1).step_by(2);
        let lines = tour.split('`').filter(|piece| piece.starts_with("curl "));
        Self {
            blocks: blocks.chain(lines).map(str::to_owned).collect(),
            folder,
            address,
        }
    }

    /// The README's block with these words, for this place.
    fn command(&self, words: &str) -> String {
        let block = self.blocks.iter().find(|block| block.contains(words));
        let block = block.unwrap_or_else(|| panic!("the README should have '{words}'"));
        let home = self.folder.display().to_string();
        block
            .lines()
            .map(|line| match line {
                // The phones stay where they are.
                line if line.starts_with("net_interface") || line.starts_with("sip_listen") => {
                    format!("{line}\n")
                }
                line => format!("{}\n", line.replace("127.0.0.1", &self.address)),
            })
            .collect::<String>()
            .replace("/tmp", &home)
    }

    /// What a block prints, however it ends.
    fn says(&self, words: &str) -> String {
        let output = self.shell(&self.command(words)).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a block to its end, and returns what it printed.
    fn runs(&self, words: &str) -> String {
        let output = self.shell(&self.command(words)).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words}: {errors}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Starts the exchange by a block, and waits until it is ready.
    fn starts(&self, words: &str) -> Program {
        let command = format!("exec {}", self.command(words).trim());
        let program = Program::start(self.shell(&command));
        program.says("ready", PATIENCE);
        program
    }

    /// Starts one of the two phones, and waits until it is registered.
    fn phone(&self, user: &str) -> Phone {
        let all = self.command("baresip -f");
        let line = all.lines().find(|line| line.ends_with(user)).unwrap();
        let folder = self.folder.join(format!("phone-{user}"));
        let mut command = self.shell(&format!("exec {line}"));
        command.current_dir(&folder);
        let phone = Phone {
            program: Program::start_with_keyboard(command),
            folder,
            seen: Cell::new(0),
        };
        phone.says("200 OK");
        phone
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("bash");
        shell.arg("-ec").arg(command).current_dir(&self.folder);
        shell
    }

    /// The only recording so far.
    fn recording(&self) -> Wav {
        let folder = self.folder.join("data/recordings/8001");
        let days = fs::read_dir(folder).unwrap().flatten();
        let files = days.flat_map(|day| fs::read_dir(day.path()).unwrap().flatten());
        let files: Vec<PathBuf> = files.map(|file| file.path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        Wav::read(&files[0])
    }
}

impl Drop for Tour {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Phone {
    fn types(&self, keys: &str) {
        self.program.types(keys);
    }

    /// Waits until it says something that it has not said before.
    fn says(&self, what: &str) {
        self.says_one_of(&[what]);
    }

    fn says_one_of(&self, what: &[&str]) {
        let seen = self.seen.get();
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let said = &self.program.said()[seen..];
            let found = what
                .iter()
                .find_map(|words| Some(said.find(words)? + words.len()));
            if let Some(end) = found {
                self.seen.set(seen + end);
                return;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        panic!(
            "{} should say one of {what:?}, and says:\n{}",
            self.folder.display(),
            &self.program.said()[seen..]
        );
    }

    fn is_called(&self) {
        self.says("Incoming call");
    }

    fn is_connected(&self) {
        self.says("Call established");
    }

    /// By the far end, or by itself.
    fn is_hung_up(&self) {
        self.says_one_of(&["session closed", "terminate call"]);
    }

    fn dials(&self, number: &str) {
        self.forgets_what_it_heard();
        self.types(&format!("d{number}\n"));
    }

    fn answers(&self) {
        self.forgets_what_it_heard();
        self.types("a");
    }

    fn hangs_up(&self) {
        self.types("b");
    }

    /// Where it keeps what it hears: a file for each second in which a call began.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        fs::read_dir(&self.folder)
            .unwrap()
            .flatten()
            .map(|file| file.path())
            .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
    }

    fn forgets_what_it_heard(&self) {
        for file in self.files() {
            fs::remove_file(file).unwrap();
        }
    }

    /// What it has heard so far in this call.
    fn heard(&self) -> Option<Wav> {
        let heard = self.files().max()?;
        (fs::metadata(&heard).ok()?.len() > 8_000).then(|| Wav::read(&heard))
    }

    /// How long it has listened in this call.
    fn heard_so_far(&self) -> Duration {
        self.heard().map(|wav| wav.duration()).unwrap_or_default()
    }

    fn hears(&self, tone: f64) {
        let what = format!("{tone} Hz on {}", self.folder.display());
        eventually(&what, || {
            self.heard().filter(|wav| wav.has(0, tone)).map(drop)
        });
    }

    /// Whether it hears a tone for 300 ms within this time.
    fn hears_within(&self, tone: f64, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if self.heard().is_some_and(|wav| wav.has(0, tone)) {
                return true;
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        false
    }

    /// Hears half a second more of speech than until now.
    fn hears_more_speech(&self) {
        let before = self.heard().map(|wav| wav.loud_time(0));
        self.hears_speech(before.unwrap_or_default() + Duration::from_millis(500));
    }

    /// Hears something as loud as speech for so long in all.
    fn hears_speech(&self, length: Duration) {
        eventually("speech", || {
            self.heard()
                .filter(|wav| wav.loud_time(0) >= length)
                .map(drop)
        });
    }
}

/// What says "speak now".
const BEEP: f64 = 1_000.0;
