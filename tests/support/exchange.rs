//! An exchange on loopback addresses of its own, with a folder of its own.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use moonswitch::clock::WallClock;
use moonswitch::control::{self, Question};
use moonswitch::{Engine, EngineOptions};
use store::{CallDetails, CallFilter, CallRow, MailboxRow, RecordingRow, Sqlite, Store};

use super::phone::{Manner, Phone};
use super::program::Program;
use super::sound::{Wav, tone_wav};
use super::{PATIENCE, eventually, pilot, prompt};

/// What an exchange is made of; the rest is the demo exchange's.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// `scripts/8001/init.lua`; the shipped scripts when `None`.
    pub(crate) script: Option<String>,
    /// Further lines of `sip = {}`.
    pub(crate) sip: String,
    /// Further lines of `rtp = {}`.
    pub(crate) rtp: String,
    /// Further lines of the tenant.
    pub(crate) tenant: String,
    /// Codecs, in the exchange's order.
    pub(crate) codecs: &'static str,
    /// The wall clock: a working day at noon, unless a test says otherwise.
    pub(crate) clock: &'static str,
    /// The bench exchange as it ships, instead of all that.
    pub(crate) bench: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            script: None,
            sip: String::new(),
            rtp: String::new(),
            tenant: "fallback = { play = \"sys/error\", transfer = \"user:1001\" },".to_owned(),
            codecs: "\"opus\", \"g722\", \"pcma\", \"pcmu\"",
            clock: "2026-11-24T12:00:00+08:00",
            bench: false,
        }
    }
}

impl Setup {
    /// The exchange with this dialplan.
    pub(crate) fn with(script: &str) -> Self {
        Self {
            script: Some(script.to_owned()),
            ..Self::default()
        }
    }

    /// The bench exchange of `tests/bench/`.
    pub(crate) fn bench() -> Self {
        Self {
            bench: true,
            ..Self::default()
        }
    }

    /// The exchange with this route from users and from the carrier to everything that is dialled.
    pub(crate) fn answering(handler: &str) -> Self {
        Self::with(&format!(
            "-- One handler for everything.\nlocal function handler(call)\n{handler}\nend\n\
             context \"internal\" {{ [\"_.\"] = handler }}\ncontext \"inbound\" {{ [\"_.\"] = handler }}\n"
        ))
    }

    /// The exchange whose users ring each other and reach everything else by the carrier.
    pub(crate) fn ringing() -> Self {
        Self::with(
            "-- Users ring each other; all else goes out.\n\
             local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
             local function outside(call) call:bridge(\"trunk:carrier/\" .. call.to, { timeout = 20 }) end\n\
             context \"internal\" { [\"_10XX\"] = user, [\"_1[3-9]X.\"] = outside }\n\
             context \"inbound\" { [\"_10XX\"] = user }\n",
        )
    }
}

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
}

impl Exchange {
    /// Starts one.
    pub(crate) fn start(setup: Setup) -> Self {
        let mut exchange = Self::prepare(&setup);
        exchange.resume();
        exchange
    }

    /// Starts one as a process of its own: the real program.
    pub(crate) fn start_program(setup: Setup) -> Self {
        let mut exchange = Self::prepare(&setup);
        let mut command = Command::new(env!("CARGO_BIN_EXE_moonswitch"));
        command.arg("run").arg("--config").arg(exchange.folder.join("config.lua"));
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
        Self {
            engine: None,
            program: None,
            clock,
            store: None,
            folder,
            street,
            next_house: AtomicU8::new(10),
        }
    }

    /// Ends the process of its own as a crash does.
    pub(crate) fn is_killed(&mut self) {
        self.store = None;
        self.program.take().expect("it runs as a process of its own").is_killed();
    }

    /// Ends the exchange in order; its folder stays, and [`resume`](Self::resume) starts it again.
    pub(crate) fn stop(&mut self) {
        self.store = None;
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
    }

    /// How the scripts were taken at the start.
    pub(crate) fn report(&self) -> &script::Report {
        self.engine.as_ref().unwrap().report()
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
        self.street.house(self.next_house.fetch_add(1, Ordering::Relaxed))
    }

    /// Waits until no call is left.
    pub(crate) fn has_no_calls(&self) {
        eventually("the end of all calls", || (self.status()["calls"] == 0).then_some(()));
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
        let id = calls[0].begin.id;
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

/// A loopback network of one test's own: ports never collide, and a ban hits one phone.
#[derive(Debug)]
pub(crate) struct Street([u8; 2]);

impl Street {
    /// A street where nobody lives.
    pub(crate) fn take() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed) + std::process::id() * 61;
            let street = Self([16 + (number / 254 % 200) as u8, 1 + (number % 254) as u8]);
            if UdpSocket::bind(street.exchange()).is_ok() {
                return street;
            }
        }
    }

    /// The exchange's SIP address.
    pub(crate) fn exchange(&self) -> SocketAddr {
        self.house(1)
    }

    /// The carrier's.
    pub(crate) fn carrier(&self) -> SocketAddr {
        SocketAddr::new(self.house(9).ip(), 5090)
    }

    /// A phone's.
    pub(crate) fn house(&self, number: u8) -> SocketAddr {
        let [a, b] = self.0;
        SocketAddr::from((Ipv4Addr::new(127, a, b, number), 5060))
    }
}

/// A new folder; short, for a Unix socket's path has 108 octets at most.
pub(crate) fn project_folder(street: &Street) -> PathBuf {
    let folder = std::env::temp_dir().join(format!(
        "moonswitch-{}-{}-{}",
        std::process::id(),
        street.0[0],
        street.0[1]
    ));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("data")).unwrap();
    folder
}

/// Writes a project: `config.lua`, scripts, sounds.
pub(crate) fn project(folder: &Path, street: &Street, setup: &Setup) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    if setup.bench {
        bench_project(folder, street, &repository.join("tests/bench"));
        return;
    }
    fs::create_dir_all(folder.join("scripts/8001")).unwrap();
    match &setup.script {
        Some(text) => fs::write(folder.join("scripts/8001/init.lua"), text).unwrap(),
        None => {
            for file in fs::read_dir(repository.join("scripts/8001")).unwrap() {
                let file = file.unwrap();
                let copy = folder.join("scripts/8001").join(file.file_name());
                fs::copy(file.path(), copy).unwrap();
            }
        }
    }
    fs::create_dir_all(folder.join("sounds/music")).unwrap();
    for language in ["zh", "en"] {
        let link = folder.join("sounds").join(language);
        std::os::unix::fs::symlink(repository.join("sounds").join(language), link).unwrap();
    }
    let music = folder.join("sounds/music/default.wav");
    tone_wav(&music, &[(pilot::MUSIC, Duration::from_secs(10))]);
    fs::create_dir_all(folder.join("sounds/tones")).unwrap();
    for tone in prompt::ALL {
        let path = folder.join(format!("sounds/tones/{tone}.wav"));
        tone_wav(&path, &[(tone, Duration::from_secs(1))]);
    }
    fs::write(folder.join("config.lua"), config(street, setup)).unwrap();
}

/// The bench exchange, moved to this street.
fn bench_project(folder: &Path, street: &Street, bench: &Path) {
    for part in ["scripts", "sounds"] {
        let whole = bench.join(part).canonicalize().unwrap();
        std::os::unix::fs::symlink(whole, folder.join(part)).unwrap();
    }
    let text = fs::read_to_string(bench.join("config.lua")).unwrap();
    let mut moved = text.replace("127.0.0.1:5060", &street.exchange().to_string());
    moved = moved.replace("127.0.0.1", &street.exchange().ip().to_string());
    for house in [2, 3] {
        moved = moved.replace(&format!("127.0.0.{house}"), &street.house(house).ip().to_string());
    }
    fs::write(folder.join("config.lua"), moved).unwrap();
}

fn config(street: &Street, setup: &Setup) -> String {
    let exchange = street.exchange();
    let carrier = street.carrier();
    let mut users = String::new();
    for (user, name) in [("1001", "班长"), ("1049", "温平"), ("1050", "李娜"), ("1051", "陈晨")] {
        let _ = writeln!(
            users,
            "        [\"{user}\"] = {{ name = \"{name}\", password = \"demo-{user}\" }},"
        );
    }
    let Setup {
        sip,
        rtp,
        tenant,
        codecs,
        ..
    } = setup;
    format!(
        "-- An exchange for one test.
return {{
  sip = {{
    listen = {{ \"udp:{exchange}\", \"tcp:{exchange}\" }},
    trunks = {{
      carrier = {{
        tenant = \"8001\", context = \"inbound\", host = \"{carrier}\", trusted = \"{}\",
        area_code = \"10\", caller_id = \"4001234567\",
      }},
    }},
    {sip}
  }},
  rtp = {{ ports = {{ 16384, 32767 }}, codecs = {{ {codecs} }}, threads = 1, {rtp} }},
  tenants = {{
    [\"8001\"] = {{
      domain = \"{}\", timezone = \"Asia/Shanghai\", language = \"zh\", dialplan = \"scripts.8001\",
      users = {{
{users}      }},
      mailboxes = {{ [\"8000\"] = {{ name = \"热线留言\", pin = \"8000\" }} }},
      {tenant}
    }},
  }},
}}
",
        carrier.ip(),
        exchange.ip()
    )
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
