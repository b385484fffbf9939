//! A mail relay on loopback that takes every letter, and what is attached to one.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// A relay, and the letters that it was sent.
pub(crate) struct Relay {
    address: SocketAddr,
    letters: Mutex<Receiver<String>>,
}

impl Relay {
    pub(crate) fn start() -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// One at an address where nobody was before.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, letters) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tell = tell.clone();
                thread::spawn(move || talk(stream, &tell));
            }
        });
        Self {
            address,
            letters: Mutex::new(letters),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Waits for the next letter, as it came over the wire.
    pub(crate) fn next(&self) -> String {
        let letters = self.letters.lock().unwrap();
        letters.recv_timeout(PATIENCE).expect("a letter")
    }

    /// Whether it has taken no letter but those that were asked for.
    pub(crate) fn has_no_more(&self) -> bool {
        self.letters.lock().unwrap().try_recv().is_err()
    }
}

/// Talks until it is over, or nobody is there any more.
fn talk(mut stream: TcpStream, tell: &Sender<String>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    write!(stream, "220 relay\r\n").ok()?;
    loop {
        let line = lines.next()?.ok()?.to_uppercase();
        let is_letter = line.starts_with("DATA");
        if is_letter {
            write!(stream, "354 go on\r\n").ok()?;
            let mut letter = String::new();
            loop {
                let line = lines.next()?.ok()?;
                if line == "." {
                    break;
                }
                letter += &line;
                letter.push('\n');
            }
            tell.send(letter).ok()?;
        }
        if line.starts_with("QUIT") {
            return write!(stream, "221 bye\r\n").ok();
        }
        write!(stream, "250 ok\r\n").ok()?;
    }
}

/// The value of a letter's header.
pub(crate) fn header<'a>(letter: &'a str, name: &str) -> &'a str {
    let lines = letter.lines().take_while(|line| !line.is_empty());
    let mut fields = lines.filter_map(|line| line.split_once(": "));
    let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
    found.unwrap_or_else(|| panic!("no {name} in {letter}")).1
}

/// The first part of this type: in base64, or as it is where it is plain text.
pub(crate) fn attached(letter: &str, kind: &str) -> Vec<u8> {
    let start = letter.find(&format!("Content-Type: {kind}"));
    let part = &letter[start.unwrap_or_else(|| panic!("no {kind} in {letter}"))..];
    let (head, body) = part.split_once("\n\n").expect("a body");
    let body = body.split("\n--").next().unwrap_or_default();
    if !head.contains("base64") {
        return body.trim_end().as_bytes().to_vec();
    }
    let (mut octets, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for octet in body.bytes() {
        let Some(value) = ALPHABET.iter().position(|known| *known == octet) else {
            continue;
        };
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    octets
}

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// So long may a letter take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);
