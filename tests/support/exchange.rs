//! An exchange on loopback addresses of its own, with a folder of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, Once};

use moonswitch::clock::WallClock;
use moonswitch::control::{self, Question};
use moonswitch::{Engine, EngineOptions};
use store::{CallDetails, CallFilter, CallRow, MailboxRow, RecordingRow, Sqlite, Store};

use super::agree::Witnesses;
use super::phone::{Manner, Phone};
use super::program::Program;
use super::project::{Setup, Street, project, project_folder};
use super::sound::Wav;
use super::{PATIENCE, eventually, pilot};

/// A running exchange with its folder. Dropping it stops the exchange and removes the folder.
pub(crate) struct Exchange {
    engine: Option<Engine>,
    /// The exchange as a process of its own, where a test kills it.
    program: Option<Program>,
    pub(crate) clock: Arc<WallClock>,
    store: Option<Arc<Sqlite>>,
    pub(crate) folder: PathBuf,
    street: Street,
    next_house: AtomicU8,
    /// How far the clock was off at the start.
    offset: i64,
    /// Who is asked whether all agree on an agent's state.
    pub(super) witnesses: Mutex<Option<Arc<Mutex<Witnesses>>>>,
    /// Whether they can be.
    pub(crate) is_witnessed: bool,
}

impl Exchange {
    /// Starts one. Its scripts have to load: an exchange without any answers calls, too, and tests
    /// would look for the fault elsewhere.
    pub(crate) fn start(setup: Setup) -> Self {
        let exchange = Self::start_with_any_scripts(setup);
        for tenant in &exchange.engine.as_ref().unwrap().report().tenants {
            let refused = matches!(tenant.outcome, script::Outcome::Refused { .. });
            assert!(!refused, "the scripts should load: {tenant:#?}");
        }
        exchange
    }

    /// Starts one whose scripts may be wrong.
    pub(crate) fn start_with_any_scripts(setup: Setup) -> Self {
        let mut exchange = Self::prepare(&setup);
        exchange.resume();
        exchange
    }

    /// Starts one as a process of its own: the real program.
    pub(crate) fn start_program(setup: Setup) -> Self {
        let mut exchange = Self::prepare(&setup);
        // The program goes by the machine's clock, and so does what is started in its place.
        exchange.clock = Arc::default();
        let mut command = Command::new(env!("CARGO_BIN_EXE_moonswitch"));
        command
            .arg("run")
            .arg("--config")
            .arg(exchange.folder.join("config.lua"));
        command.arg("--data").arg(exchange.data());
        let program = Program::start(command);
        program.says("ready", PATIENCE);
        exchange.program = Some(program);
        exchange.store = Some(moonswitch::open_store(&exchange.data()).unwrap());
        exchange
    }

    fn prepare(setup: &Setup) -> Self {
        listen_to_the_log();
        let street = Street::take();
        let folder = project_folder(&street);
        project(&folder, &street, setup);
        let clock = Arc::new(WallClock::default());
        let time: jiff::Timestamp = setup.clock.parse().unwrap();
        clock.set(time.as_microsecond());
        let offset = offset_of(&clock);
        Self {
            engine: None,
            program: None,
            clock,
            store: None,
            folder,
            street,
            next_house: AtomicU8::new(10),
            offset,
            witnesses: Mutex::default(),
            is_witnessed: setup.plugins.iter().any(|(name, ..)| *name == "witness"),
        }
    }

    /// `moonswitch allow PLUGIN`; what it says.
    pub(crate) fn allows(&self, plugin: &str) -> String {
        let allowed = Command::new(env!("CARGO_BIN_EXE_moonswitch"))
            .args(["allow", plugin, "--config"])
            .arg(self.folder.join("config.lua"))
            .arg("--data")
            .arg(self.data())
            .output()
            .unwrap();
        assert!(allowed.status.success(), "{allowed:?}");
        String::from_utf8(allowed.stdout).unwrap()
    }

    /// Ends the process of its own as a crash does.
    pub(crate) fn is_killed(&mut self) {
        self.store = None;
        self.program
            .take()
            .expect("it runs as a process of its own")
            .kill();
    }

    /// Ends the exchange in order; its folder stays, and [`resume`](Self::resume) starts it again.
    pub(crate) fn stop(&mut self) {
        if self.engine.is_some() && !std::thread::panicking() {
            self.records_agree();
        }
        self.store = None;
        *self.witnesses.lock().unwrap() = None;
        if let Some(engine) = self.engine.take() {
            engine.stop();
        }
    }

    /// Starts it again with what its folder holds.
    pub(crate) fn resume(&mut self) {
        let engine = Engine::start(EngineOptions {
            config: self.folder.join("config.lua"),
            data: self.data(),
            clock: self.clock.clone(),
        });
        self.engine = Some(engine.unwrap_or_else(|error| panic!("the exchange starts: {error}")));
        self.store = Some(moonswitch::open_store(&self.data()).unwrap());
        self.is_watched();
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&self) -> bool {
        self.engine.as_ref().is_some_and(Engine::is_running)
    }

    /// Where SIP is spoken.
    pub(crate) fn address(&self) -> SocketAddr {
        self.street.exchange()
    }

    /// Where records and recordings are.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A phone of a user, at an address of its own, that speaks the user's pilot tone in G.711
    /// A-law. It is not registered.
    pub(crate) fn phone(&self, user: &str) -> Phone {
        self.phone_with(user, |_| {})
    }

    /// A phone with other manners.
    pub(crate) fn phone_with(&self, user: &str, change: impl FnOnce(&mut Manner)) -> Phone {
        let house = self.next_house.fetch_add(1, Ordering::Relaxed);
        let mut manner = Manner::of_user(user, self.street.house(house), self.address());
        change(&mut manner);
        Phone::start(manner)
    }

    /// Registered phones, one for each user.
    pub(crate) fn phones<const N: usize>(&self, users: [&str; N]) -> [Phone; N] {
        users.map(|user| {
            let phone = self.phone(user);
            phone.registers();
            phone
        })
    }

    /// The carrier beyond the trunk: customers call by it and are called there. It speaks the
    /// first customer's tone.
    pub(crate) fn carrier(&self) -> Phone {
        self.carrier_with(|_| {})
    }

    /// The carrier with other manners.
    pub(crate) fn carrier_with(&self, change: impl FnOnce(&mut Manner)) -> Phone {
        let mut manner = Manner::of_user("13800138000", self.street.carrier(), self.address());
        manner.password = None;
        manner.pilot = pilot::C1;
        change(&mut manner);
        Phone::start(manner)
    }

    /// An address of the exchange's street.
    pub(crate) fn house(&self, number: u8, port: u16) -> SocketAddr {
        SocketAddr::new(self.street.house(number).ip(), port)
    }

    /// An address of the exchange's street that nobody else has, port 5060.
    pub(crate) fn free_address(&self) -> SocketAddr {
        self.street
            .house(self.next_house.fetch_add(1, Ordering::Relaxed))
    }

    /// Waits until no call is left.
    pub(crate) fn has_no_calls(&self) {
        eventually("the end of all calls", || {
            (self.status()["calls"] == 0).then_some(())
        });
    }

    /// Replaces a file of the tenant's scripts.
    pub(crate) fn write_script(&self, file: &str, text: &str) {
        fs::write(self.folder.join("scripts/8001").join(file), text).unwrap();
    }

    /// Has changed scripts loaded now, as `moonswitch reload` does.
    pub(crate) fn reload(&self) -> serde_json::Value {
        control::ask(&self.data(), &Question::Reload).unwrap()
    }

    /// What `moonswitch status` shows.
    pub(crate) fn status(&self) -> serde_json::Value {
        control::ask(&self.data(), &Question::Status).unwrap()
    }

    /// The records.
    pub(crate) fn store(&self) -> &dyn Store {
        &**self.store.as_ref().unwrap()
    }

    /// The records, for who asks while a test goes on.
    pub(super) fn shared_store(&self) -> Arc<Sqlite> {
        self.store.clone().unwrap()
    }

    /// The records of all calls, newest first.
    pub(crate) fn records(&self) -> Vec<CallRow> {
        self.records_of("8001", 1_000)
    }

    /// As [`records`](Self::records), of another tenant.
    pub(crate) fn records_of(&self, tenant: &str, limit: usize) -> Vec<CallRow> {
        let filter = CallFilter {
            limit,
            ..CallFilter::default()
        };
        self.store().calls(tenant, filter).wait().unwrap()
    }

    /// Waits until so many calls have ended in the records; returns them, newest first.
    pub(crate) fn ended_calls(&self, count: usize) -> Vec<CallRow> {
        eventually("call records", || {
            let records = self.records();
            let ended = records.iter().filter(|call| call.end.is_some()).count();
            (ended >= count).then_some(records)
        })
    }

    /// The whole record of the only call there was, once it has ended.
    pub(crate) fn only_record(&self) -> CallDetails {
        let calls = self.ended_calls(1);
        assert_eq!(calls.len(), 1, "one call was made");
        self.call(calls[0].begin.id)
    }

    /// The whole record of a call.
    pub(crate) fn call(&self, id: uuid::Uuid) -> CallDetails {
        self.store().call("8001", id).wait().unwrap().unwrap()
    }

    /// A call's recordings that are closed, once there is one.
    pub(crate) fn recordings(&self, call: uuid::Uuid) -> Vec<(RecordingRow, PathBuf)> {
        eventually("a closed recording", || {
            let rows = self.store().recordings("8001", call).wait().unwrap();
            (!rows.is_empty() && rows.iter().all(|row| row.end.is_some())).then_some(rows)
        })
        .into_iter()
        .map(|row| {
            let path = self.data().join("recordings").join(&row.path);
            (row, path)
        })
        .collect()
    }

    /// The sound of the only recording of a call.
    pub(crate) fn recording(&self, call: uuid::Uuid) -> Wav {
        let recordings = self.recordings(call);
        assert_eq!(recordings.len(), 1, "one recording was made");
        Wav::read(&recordings[0].1)
    }

    /// Whether the clock has stood as it was set at the start: else times cannot be compared.
    pub(super) fn has_its_time(&self) -> bool {
        (offset_of(&self.clock) - self.offset).abs() < 1_000_000
    }

    /// A mailbox as it is now.
    pub(crate) fn mailbox(&self, mailbox: &str) -> Option<MailboxRow> {
        self.store().mailbox("8001", mailbox).wait().unwrap()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.stop();
        if std::env::var_os("KEEP").is_none() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// How far a clock is off from the machine's, in microseconds.
fn offset_of(clock: &WallClock) -> i64 {
    clock.unix_micros() - WallClock::default().unix_micros()
}

/// Shows the engine's log where `MOONSWITCH_LOG` asks for it.
fn listen_to_the_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if std::env::var_os("MOONSWITCH_LOG").is_some() {
            moonswitch::log::start(moonswitch::log::Format::Text);
        }
    });
}
