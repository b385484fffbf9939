//! linphonec, a soft phone that others have written and that has what baresip lacks: two calls at
//! once, a key for transfers after a consultation, and three in one talk.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use media::level::Goertzel;
use media::wav::WavHeader;

use super::program::Program;
use super::sound::{Wav, tone_wav};
use super::{Exchange, PATIENCE, eventually};

/// A running linphonec that takes calls by itself. It says its pilot tone from a file and writes
/// what it hears in its newest call into another. Its calls are numbered from 1.
#[derive(Debug)]
pub(crate) struct Linphone {
    program: Program,
    folder: PathBuf,
}

impl Linphone {
    /// Starts one for a user; it registers at once, and speaks G.711 A-law.
    pub(crate) fn start(exchange: &Exchange, user: &str, pilot: f64) -> Self {
        let phone = Self::start_with(exchange, user, pilot, "");
        phone.types("autoanswer enable");
        phone
    }

    /// As [`start`](Self::start), but it knows no RFC 4733: keys are what it [`plays`](Self::plays_keys).
    pub(crate) fn start_with_tones(exchange: &Exchange, user: &str, pilot: f64) -> Self {
        let phone = Self::start_with(exchange, user, pilot, "use_rfc2833=0");
        phone.types("autoanswer enable");
        phone
    }

    /// As [`start`](Self::start), but its calls are answered by somebody.
    pub(crate) fn start_attended(exchange: &Exchange, user: &str, pilot: f64) -> Self {
        Self::start_with(exchange, user, pilot, "")
    }

    fn start_with(exchange: &Exchange, user: &str, pilot: f64, sip: &str) -> Self {
        let address = exchange.free_address().ip();
        let folder = exchange.folder.join(format!("linphone-{user}"));
        // It does not start without a place for its database, and does not make one.
        for place in [".local/share/linphone", ".config/linphone"] {
            fs::create_dir_all(folder.join(place)).unwrap();
        }
        tone_wav(
            &folder.join("says.wav"),
            &[(pilot, Duration::from_secs(60))],
        );
        let host = exchange.address().ip();
        let settings = format!(
            "[sip]
bind_address={address}
sip_port=5060
sip_tcp_port=0
sip_tls_port=0
guess_hostname=0
contact=<sip:{user}@{address}>
default_proxy=0
{sip}
media_encryption=none
use_ipv6=0
ipv6_migration_done=1
[rtp]
bind_address={address}
audio_rtp_port=-1
[sound]
echocancellation=0
remote_ring=
local_ring=
[video]
capture=0
display=0
[proxy_0]
reg_proxy=<sip:{host};transport=udp>
reg_identity=<sip:{user}@{host}>
reg_expires=600
reg_sendregister=1
publish=0
[auth_info_0]
username={user}
passwd=demo-{user}
realm={host}
{}",
            codecs()
        );
        fs::write(folder.join("linphonerc"), settings).unwrap();
        let mut command = Command::new("linphonec");
        command.arg("-c").arg(folder.join("linphonerc"));
        command.arg("-d").arg("6").arg("-l").arg(folder.join("log"));
        command.env("HOME", &folder).current_dir(&folder);
        let phone = Self {
            program: Program::start_with_keyboard(command),
            folder,
        };
        phone.types("soundcard use files");
        phone.types(&format!("play {}", phone.folder.join("says.wav").display()));
        phone.types(&format!("record {}", phone.heard().display()));
        phone
    }

    /// Waits until the exchange has taken its registration.
    pub(crate) fn registers(&self) {
        eventually("the registration of a linphone", || {
            self.types("status register");
            let said = self.program.said();
            said.contains("registered, identity=").then_some(())
        });
    }

    /// Calls a number, beside the call that it holds.
    pub(crate) fn dials(&self, number: &str) {
        self.types(&format!("call {number}"));
    }

    /// Waits until its call of this number stands.
    pub(crate) fn is_connected(&self, call: usize) {
        self.says(&format!("for call {call} (audio)"), 1);
    }

    /// Holds the call that it talks in.
    pub(crate) fn holds(&self, call: usize) {
        self.types("pause");
        self.program.says(&format!("Call {call} with "), PATIENCE);
        self.says(" is now paused.", 1);
    }

    /// Takes a call off hold.
    pub(crate) fn retrieves(&self, call: usize) {
        self.types(&format!("resume {call}"));
    }

    /// Sends whoever it talks with in a call to a number.
    pub(crate) fn transfers_to(&self, call: usize, number: &str) {
        self.types(&format!("transfer {call} {number}"));
    }

    /// Joins whoever is in a call with whoever is in another, and is out of it.
    pub(crate) fn joins(&self, call: usize, other: usize) {
        self.types(&format!("transfer {call} --to-call {other}"));
    }

    /// Talks with everybody in these calls, who hear each other through it.
    pub(crate) fn confers(&self, calls: [usize; 2]) {
        for call in calls {
            self.types(&format!("conference add {call}"));
        }
    }

    /// Says the tones of keys, 100 ms each and as much between them, as sox makes them; then its pilot again.
    pub(crate) fn plays_keys(&self, keys: &str) {
        let sox = |arguments: &[&str]| {
            let mut command = Command::new("sox");
            command.args(arguments).current_dir(&self.folder);
            let status = command.status().unwrap();
            assert!(status.success(), "sox {arguments:?}");
        };
        let mut pieces = Vec::new();
        for (place, key) in keys.chars().enumerate() {
            let (low, high) = DTMF
                .iter()
                .find_map(|(low, row)| {
                    let column = row.chars().position(|known| known == key)?;
                    Some((*low, ["1209", "1336", "1477"][column]))
                })
                .unwrap();
            let piece = format!("key-{place}.wav");
            sox(&[
                "-n", "-r", "8000", "-c", "1", "-b", "16", &piece, "synth", "0.1", "sine", low,
                "synth", "0.1", "sine", "mix", high, "gain", "-6", "pad", "0", "0.1",
            ]);
            pieces.push(piece);
        }
        let typed = format!("typed-{}.wav", keys.replace(['*', '#'], "s"));
        let mut all: Vec<&str> = pieces.iter().map(String::as_str).collect();
        all.extend(["says.wav", &typed]);
        sox(&all);
        self.types(&format!("play {}", self.folder.join(&typed).display()));
    }

    /// Waits until its SIP stack has seen so many calls that ask to be answered by themselves, as phones are
    /// told by Call-Info. The one who builds a phone around it decides what comes of that.
    pub(crate) fn is_asked_to_answer(&self, times: usize) {
        eventually("a call that asks to be answered", || {
            (self.asked_to_answer() >= times).then_some(())
        });
    }

    /// How many such calls it has seen.
    pub(crate) fn asked_to_answer(&self) -> usize {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        log.matches("asked to automatically answer").count()
    }

    /// Waits until it rings for so many calls.
    pub(crate) fn is_called(&self, times: usize) {
        self.says("Receiving new incoming call", times);
    }

    /// Takes the call that rings.
    pub(crate) fn answers(&self) {
        self.types("answer");
    }

    /// For how long in all it has heard a tone in its newest call, in steps of 20 ms.
    pub(crate) fn time_of(&self, tone: f64) -> Duration {
        let heard = self.sound();
        let level = Goertzel::new(tone, 8_000);
        let steps = heard
            .chunks_exact(160)
            .filter(|step| level.level(step) >= -30.0);
        Duration::from_millis(20) * steps.count() as u32
    }

    /// Presses keys in its call.
    pub(crate) fn presses(&self, keys: &str) {
        self.types(keys);
    }

    /// Ends all of its calls.
    pub(crate) fn hangs_up(&self) {
        self.types("terminate all");
    }

    /// Waits until a call is over.
    pub(crate) fn is_hung_up(&self, call: usize) {
        eventually(&format!("the end of call {call}; {}", self.said()), || {
            let of_call = format!("Call {call} with ");
            let said = self.said();
            let mut lines = said.lines();
            lines
                .any(|line| line.contains(&of_call) && line.contains(" ended ("))
                .then_some(())
        });
    }

    /// Waits until it has heard a tone for 300 ms in its newest call.
    pub(crate) fn hears(&self, tone: f64) {
        let what = format!("{tone} Hz in {}", self.heard().display());
        eventually(&what, || {
            let heard = Wav {
                rate: 8_000,
                channels: vec![self.sound()],
            };
            heard.has(0, tone).then_some(())
        });
    }

    /// What it has heard in its newest call.
    fn sound(&self) -> Vec<i16> {
        let octets = fs::read(self.heard()).unwrap_or_default();
        // The header is written when the call is over.
        let samples = octets.get(WavHeader::LENGTH..).unwrap_or_default();
        let samples = samples.chunks_exact(2);
        samples
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect()
    }

    /// All that it has said on its screen.
    pub(crate) fn said(&self) -> String {
        self.program.said()
    }

    fn says(&self, what: &str, times: usize) {
        self.program.says_times(what, times, PATIENCE);
    }

    fn types(&self, line: &str) {
        self.program.types(&format!("{line}\n"));
    }

    fn heard(&self) -> PathBuf {
        self.folder.join("hears.wav")
    }
}

/// ITU-T Q.23: the lower tone of each row of keys; the upper ones are those of the columns.
const DTMF: [(&str, &str); 4] = [
    ("697", "123"),
    ("770", "456"),
    ("852", "789"),
    ("941", "*0#"),
];

/// Settings by which it offers G.711 A-law and nothing else.
fn codecs() -> String {
    let all = [
        ("PCMA", 8_000, 1),
        ("PCMU", 8_000, 1),
        ("opus", 48_000, 2),
        ("speex", 16_000, 1),
        ("speex", 8_000, 1),
        ("G729", 8_000, 1),
    ];
    let each = all.iter().enumerate().map(|(n, (name, rate, channels))| {
        let enabled = u8::from(*name == "PCMA");
        format!(
            "[audio_codec_{n}]\nmime={name}\nrate={rate}\nchannels={channels}\nenabled={enabled}\n"
        )
    });
    each.collect()
}
