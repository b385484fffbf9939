//! The folder of an exchange under test: its street of addresses, `config.lua`, scripts, sounds.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::sound::tone_wav;
use super::{pilot, prompt};

/// What an exchange is made of; the rest is the demo exchange's.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// `scripts/8001/init.lua`; the shipped scripts when `None`.
    pub(crate) script: Option<String>,
    /// Further lines of `sip = {}`.
    pub(crate) sip: String,
    /// Further lines of `rtp = {}`.
    pub(crate) rtp: String,
    /// Further lines of the whole; `EXCHANGE` stands for the exchange's host.
    pub(crate) more: String,
    /// Media threads.
    pub(crate) threads: u32,
    /// The first RTP port and the last.
    pub(crate) ports: (u16, u16),
    /// Further lines of the tenant.
    pub(crate) tenant: String,
    /// Further lines of the trunk `carrier`.
    pub(crate) trunk: &'static str,
    /// Further users of the tenant.
    pub(crate) users: String,
    /// Sounds of the tenant's own, each a tone of half a minute.
    pub(crate) sounds: Vec<(&'static str, f64)>,
    /// The same for who hears English.
    pub(crate) english: Vec<(&'static str, f64)>,
    /// Plugins of the test's own beside the shipped ones: name, `plugin.lua`, `init.lua`.
    pub(crate) plugins: Vec<(&'static str, String, String)>,
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
            more: String::new(),
            threads: 1,
            ports: (16_384, 32_767),
            tenant: "fallback = { play = \"sys/error\", transfer = \"user:1001\" },".to_owned(),
            trunk: "",
            users: String::new(),
            sounds: Vec::new(),
            english: Vec::new(),
            plugins: Vec::new(),
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

    /// The exchange whose hotline rings 1049 and is recorded; users ring each other.
    pub(crate) fn recorded_hotline() -> Self {
        Self::with(
            "-- The hotline is recorded; users ring each other.\n\
             local function hotline(call) call:bridge(\"user:1049\", { record = true }) end\n\
             local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
             context \"internal\" { [\"_10XX\"] = user }\n\
             context \"inbound\" { [\"4001234567\"] = hotline }\n",
        )
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
    plugins(folder, &repository.join("plugins"), setup);
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
    for (language, sounds) in [("zh", &setup.sounds), ("en", &setup.english)] {
        for (name, tone) in sounds {
            let path = folder.join(format!("sounds/8001/{language}/{name}.wav"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            tone_wav(&path, &[(*tone, Duration::from_secs(30))]);
        }
    }
    fs::write(folder.join("config.lua"), config(street, setup)).unwrap();
}

/// The shipped plugins, and those of the test.
fn plugins(folder: &Path, shipped: &Path, setup: &Setup) {
    let ours = folder.join("plugins");
    if setup.plugins.is_empty() {
        std::os::unix::fs::symlink(shipped, ours).unwrap();
        return;
    }
    for (name, manifest, init) in &setup.plugins {
        fs::create_dir_all(ours.join(name)).unwrap();
        fs::write(ours.join(name).join("plugin.lua"), manifest).unwrap();
        fs::write(ours.join(name).join("init.lua"), init).unwrap();
    }
    // Links within the folder are not followed.
    let copied = std::process::Command::new("cp")
        .arg("-rn")
        .arg(shipped.join("."))
        .arg(&ours)
        .status();
    assert!(copied.unwrap().success());
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
        moved = moved.replace(
            &format!("127.0.0.{house}"),
            &street.house(house).ip().to_string(),
        );
    }
    fs::write(folder.join("config.lua"), moved).unwrap();
}

fn config(street: &Street, setup: &Setup) -> String {
    let exchange = street.exchange();
    let carrier = street.carrier();
    let mut users = setup.users.clone();
    for (user, name) in [
        ("1001", "班长"),
        ("1049", "温平"),
        ("1050", "李娜"),
        ("1051", "陈晨"),
    ] {
        let role = if user == "1001" { "leader" } else { "agent" };
        let _ = writeln!(
            users,
            "        [\"{user}\"] = {{ name = \"{name}\", password = \"demo-{user}\", desk_password = \"demo-{user}\", role = \"{role}\" }},"
        );
    }
    let Setup {
        sip,
        rtp,
        tenant,
        trunk,
        codecs,
        threads,
        ports: (first, last),
        ..
    } = setup;
    let more = setup.more.replace("EXCHANGE", &exchange.ip().to_string());
    // The shipped dialplan asks for these; a test that wants more lists them all.
    let witness = setup.plugins.iter().any(|(name, ..)| *name == "witness");
    let plugins = match (&setup.script, witness) {
        _ if tenant.contains("plugins =") => "",
        (None, false) => "plugins = { tickets = {}, survey = {}, contacts = {} },",
        (None, true) => "plugins = { tickets = {}, survey = {}, contacts = {}, witness = {} },",
        (Some(_), true) => "plugins = { witness = {} },",
        (Some(_), false) => "",
    };
    // A trunk's calls must have a context to enter; not every dialplan here is one for callers.
    let script = setup.script.as_deref();
    let entered = match script.is_some_and(|script| !script.contains("context \"inbound\"")) {
        true => "internal",
        false => "inbound",
    };
    format!(
        "-- An exchange for one test.
return {{
  sip = {{
    listen = {{ \"udp:{exchange}\", \"tcp:{exchange}\" }},
    trunks = {{
      carrier = {{
        tenant = \"8001\", context = \"{entered}\", host = \"{carrier}\", trusted = \"{}\",
        area_code = \"10\", caller_id = \"4001234567\", {trunk}
      }},
    }},
    {sip}
  }},
  rtp = {{ ports = {{ {first}, {last} }}, codecs = {{ {codecs} }}, threads = {threads}, {rtp} }},
  tenants = {{
    [\"8001\"] = {{
      domain = \"{}\", timezone = \"Asia/Shanghai\", language = \"zh\", dialplan = \"scripts.8001\",
      users = {{
{users}      }},
      mailboxes = {{ [\"8000\"] = {{ name = \"热线留言\", pin = \"8000\" }} }},
      {plugins} {tenant}
    }},
  }},
  {more}
}}
",
        carrier.ip(),
        exchange.ip()
    )
}
