//! baresip, a soft phone that others have written: a real far end with its own SIP, SDP and RTP.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::program::Program;
use super::sound::{Wav, tone_wav_at};
use super::{Exchange, PATIENCE, eventually};

/// A running baresip. It says its pilot tone from a file and writes what it hears into another.
#[derive(Debug)]
pub(crate) struct Baresip {
    program: Program,
    control: SocketAddr,
    folder: PathBuf,
    /// Where dialled numbers are.
    exchange: SocketAddr,
}

impl Baresip {
    /// Starts one for a user; it registers at once and takes calls by itself. `codec` is its only
    /// one: `pcma`, `pcmu`, `g722` or `opus`.
    pub(crate) fn start(exchange: &Exchange, user: &str, pilot: f64, codec: &str) -> Self {
        Self::start_with(exchange, user, pilot, codec, "auto", "")
    }

    /// As [`start`](Self::start), but somebody has to take its calls.
    pub(crate) fn start_attended(exchange: &Exchange, user: &str, pilot: f64, codec: &str) -> Self {
        Self::start_with(exchange, user, pilot, codec, "manual", "")
    }

    /// As [`start`](Self::start), and it subscribes to its mailbox.
    pub(crate) fn start_with_lamp(exchange: &Exchange, user: &str, pilot: f64) -> Self {
        // A millisecond after it was loaded, this module subscribes once more for all who have
        // subscribed by then, and for those whom that adds, without end (baresip 1.0). Loaded before
        // all others, its millisecond is over before anybody can have registered.
        Self::start_with(exchange, user, pilot, "pcma", "auto", "module mwi.so\n")
    }

    fn start_with(
        exchange: &Exchange,
        user: &str,
        pilot: f64,
        codec: &str,
        answers: &str,
        first: &str,
    ) -> Self {
        // It sends RTP from wherever the kernel likes, which on loopback is 127.0.0.1. Its SIP and
        // its control are where nobody else is.
        let address = exchange.free_address();
        let folder = exchange.folder.join(format!("baresip-{user}"));
        fs::create_dir_all(&folder).unwrap();
        // It plays a file at the file's own rate, and so the file has the codec's.
        let (rate, channels) = match codec {
            "opus" => (48_000, 2),
            "g722" => (16_000, 1),
            _ => (8_000, 1),
        };
        let name = format!("{codec}/{rate}/{channels}");
        let tones = [(pilot, Duration::from_secs(60))];
        tone_wav_at(&folder.join("says.wav"), &tones, rate, channels);
        let control = SocketAddr::new(address.ip(), 4_444);
        let said = folder.display();
        let settings = format!(
            "poll_method epoll
sip_listen {address}
audio_source aufile,{said}/says.wav
audio_player aubridge,nothing
audio_path {said}
audio_buffer 20-160
jitter_buffer_delay 1-5
net_interface 127.0.0.1
module_path /usr/lib/baresip/modules
{first}module g711.so
module g722.so
module opus.so
module aufile.so
module aubridge.so
module sndfile.so
snd_path {said}
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {control}
"
        );
        fs::write(folder.join("config"), settings).unwrap();
        let host = exchange.address().ip();
        fs::write(
            folder.join("accounts"),
            format!(
                "<sip:{user}@{host}>;auth_pass=demo-{user};answermode={answers};regint=600;audio_codecs={name}\n"
            ),
        )
        .unwrap();
        let mut command = Command::new("baresip");
        command.arg("-f").arg(&folder).current_dir(&folder);
        Self {
            program: Program::start(command),
            control,
            folder,
            exchange: exchange.address(),
        }
    }

    /// Waits until the exchange has taken its registration.
    pub(crate) fn registers(&self) {
        self.program.says("200 OK", PATIENCE);
    }

    /// Waits until it has shown this so many times.
    pub(crate) fn shows_times(&self, what: &str, times: usize, within: Duration) {
        self.program.says_times(what, times, within);
    }

    /// Calls a number.
    pub(crate) fn dials(&self, number: &str) {
        self.command("dial", &format!("sip:{number}@{}", self.exchange.ip()));
    }

    /// Waits until a call of its own stands.
    pub(crate) fn is_connected(&self) {
        self.program.says("Call established", PATIENCE);
    }

    /// Waits until it rings.
    pub(crate) fn is_called(&self) {
        self.is_called_times(1);
    }

    /// Waits until it has rung for so many calls.
    pub(crate) fn is_called_times(&self, times: usize) {
        self.program.says_times("Incoming call", times, PATIENCE);
    }

    /// Takes its call.
    pub(crate) fn answers(&self) {
        self.command("accept", "");
    }

    /// Holds its call.
    pub(crate) fn holds(&self) {
        self.command("hold", "");
    }

    /// Takes its call off hold.
    pub(crate) fn retrieves(&self) {
        self.command("resume", "");
    }

    /// Sends whoever it talks with to a number.
    pub(crate) fn transfers_to(&self, number: &str) {
        self.command("transfer", &format!("sip:{number}@{}", self.exchange.ip()));
    }

    /// Ends as a phone does whose plug is pulled.
    pub(crate) fn goes_dead(self) {
        self.program.kill();
    }

    /// Ends its call, or refuses the one that rings.
    pub(crate) fn hangs_up(&self) {
        self.command("hangup", "");
    }

    /// Presses a key in its call.
    pub(crate) fn presses(&self, key: &str) {
        self.command("sndcode", key);
    }

    /// Types keys, as fast as fingers do.
    pub(crate) fn types(&self, keys: &str) {
        for key in keys.chars() {
            self.presses(&key.to_string());
            std::thread::park_timeout(Duration::from_millis(220));
        }
    }

    /// Whether it has heard a tone for 300 ms in its last call.
    pub(crate) fn has_heard(&self, tone: f64) -> bool {
        self.heard().is_some_and(|wav| wav.has(0, tone))
    }

    /// Throws away what it heard in calls that are over.
    pub(crate) fn forgets_what_it_heard(&self) {
        for path in self.dumps() {
            fs::remove_file(path).unwrap();
        }
    }

    /// Waits until its call is over.
    pub(crate) fn is_hung_up(&self) {
        self.program.says("session closed", PATIENCE);
    }

    /// Waits until it has heard a tone for 300 ms.
    pub(crate) fn hears(&self, tone: f64) {
        let what = format!("{tone} Hz in {}", self.folder.display());
        eventually(&what, || {
            self.heard().filter(|wav| wav.has(0, tone)).map(drop)
        });
    }

    /// Waits until it has heard so much of anything as loud as speech.
    pub(crate) fn hears_something(&self, length: Duration) {
        eventually("something to be heard", || {
            self.heard()
                .filter(|wav| wav.loud_time(0) >= length)
                .map(drop)
        });
    }

    /// What it has heard so far in its last call.
    fn heard(&self) -> Option<Wav> {
        let heard = self.dumps().into_iter().max()?;
        (fs::metadata(&heard).ok()?.len() > 8_000).then(|| Wav::read(&heard))
    }

    /// Where it keeps what it hears: a file for each second in which a call began.
    fn dumps(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.folder).unwrap().flatten();
        let files = files.map(|entry| entry.path());
        files
            .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
            .collect()
    }

    /// How much of anything as loud as speech it has heard so far in its last call.
    pub(crate) fn loud_time(&self) -> Duration {
        self.heard().map(|wav| wav.loud_time(0)).unwrap_or_default()
    }

    /// All that it has said on its screen.
    pub(crate) fn said(&self) -> String {
        self.program.said()
    }

    /// Sends a command as a netstring of JSON.
    fn command(&self, command: &str, parameters: &str) {
        let json = format!(r#"{{"command":"{command}","params":"{parameters}"}}"#);
        let until = Instant::now() + PATIENCE;
        let mut stream = loop {
            match TcpStream::connect(self.control) {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < until, "baresip's control port: {error}"),
            }
            std::thread::park_timeout(Duration::from_millis(20));
        };
        write!(stream, "{}:{json},", json.len()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = stream.read(&mut [0; 512]);
    }
}
