//! baresip, a soft phone that others have written: a real far end with its own SIP, SDP and RTP.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::program::Program;
use super::sound::{Wav, tone_wav};
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
    /// one: `pcma` or `pcmu`.
    pub(crate) fn start(exchange: &Exchange, user: &str, pilot: f64, codec: &str) -> Self {
        // It sends RTP from wherever the kernel likes, which on loopback is 127.0.0.1.
        let address = free_address();
        let folder = exchange.folder.join(format!("baresip-{user}"));
        fs::create_dir_all(&folder).unwrap();
        tone_wav(
            &folder.join("says.wav"),
            &[(pilot, Duration::from_secs(60))],
        );
        let control = free_address();
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
module g711.so
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
                "<sip:{user}@{host}>;auth_pass=demo-{user};answermode=auto;regint=600;audio_codecs={codec}\n"
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

    /// Calls a number.
    pub(crate) fn dials(&self, number: &str) {
        self.command("dial", &format!("sip:{number}@{}", self.exchange.ip()));
    }

    /// Waits until a call of its own stands.
    pub(crate) fn is_connected(&self) {
        self.program.says("Call established", PATIENCE);
    }

    /// Ends its call.
    pub(crate) fn hangs_up(&self) {
        self.command("hangup", "");
    }

    /// Presses a key in its call.
    pub(crate) fn presses(&self, key: &str) {
        self.command("sndcode", key);
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
        let files = fs::read_dir(&self.folder)
            .ok()?
            .flatten()
            .map(|entry| entry.path());
        let heard = files
            .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
            .max()?;
        (fs::metadata(&heard).ok()?.len() > 8_000).then(|| Wav::read(&heard))
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

/// A port of 127.0.0.1 that nobody has, for UDP and for TCP.
fn free_address() -> SocketAddr {
    loop {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        if std::net::UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}
