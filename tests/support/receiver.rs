//! A server on loopback that takes webhooks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, channel};
use std::thread;

use serde_json::Value;

use super::PATIENCE;

/// A receiver, and what it was told.
#[derive(Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    told: mpsc::Receiver<(String, String)>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// One at an address where nobody was before.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = tell.send(taken(stream));
            }
        });
        Self { address, told }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Waits for the next webhook: its id, and what it says.
    pub(crate) fn next(&self) -> (String, Value) {
        let (id, body) = self.told.recv_timeout(PATIENCE).expect("a webhook");
        (id, serde_json::from_str(&body).unwrap())
    }

    /// The same, which is of this type; its data.
    pub(crate) fn is_told(&self, kind: &str) -> Value {
        let (_, mut said) = self.next();
        assert_eq!(said["type"], kind, "{said}");
        said["data"].take()
    }

    /// Whether it was told nothing but what was asked for.
    pub(crate) fn has_no_more(&self) -> bool {
        self.told.try_recv().is_err()
    }
}

fn taken(mut stream: TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut id, mut length) = (String::new(), 0);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        let (name, value) = line.trim_end().split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => id = value.to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answered = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
    assert!(answered.is_ok());
    (id, String::from_utf8(body).unwrap())
}
