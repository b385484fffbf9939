//! Another machine that plugins post to: a server on loopback that answers as the test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A request that has come whole.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// By lower-case name.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Taken {
    /// A header's value; empty when it has none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map_or("", |(_, value)| value)
    }
}

/// An address of this machine where nobody answers, and where a test can have somebody answer later.
pub(crate) fn silent_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Takes requests from now on, each on a thread of its own, and tells of them before they are
/// answered with the status that `status` gives, or never while it gives none.
pub(crate) fn receive(
    address: SocketAddr,
    status: impl Fn(usize) -> Option<u16> + Clone + Send + 'static,
) -> Receiver<Taken> {
    let listener = TcpListener::bind(address).unwrap();
    let (tell, told) = channel();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let (tell, status) = (tell.clone(), status.clone());
            thread::spawn(move || {
                let mut stream = stream;
                let Some(taken) = taken(&stream) else {
                    return;
                };
                let _ = tell.send(taken);
                match status(number) {
                    Some(status) => {
                        let answer = format!(
                            "HTTP/1.1 {status} Told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        );
                        // Who has asked may have been killed.
                        let _ = stream.write_all(answer.as_bytes());
                    }
                    // Until who has asked is gone.
                    None => drop(stream.read(&mut [0; 1])),
                }
            });
        }
    });
    told
}

/// Reads a request; `None` when who asks is gone before it is whole.
fn taken(stream: &TcpStream) -> Option<Taken> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut headers = Vec::new();
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        line.clear();
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Taken {
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}
