//! A real HTTP server on loopback that remembers what it was sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::PATIENCE;

/// What a server says.
#[derive(Clone, Debug)]
pub(super) struct Says {
    status: u16,
    /// Further lines of the head.
    headers: &'static str,
    body: String,
}

impl Says {
    pub(super) fn status(status: u16) -> Self {
        Self {
            status,
            headers: "Location: http://127.0.0.1:1/\r\n",
            body: "{\"thanks\":\"yes\"}".to_owned(),
        }
    }

    pub(super) fn with_headers(self, headers: &'static str) -> Self {
        Self { headers, ..self }
    }

    pub(super) fn with_json(self, json: &serde_json::Value) -> Self {
        Self {
            body: json.to_string(),
            ..self
        }
    }
}

/// A real HTTP server on loopback. It answers with its statuses in order, the last one for ever.
pub(super) struct Sink {
    address: SocketAddr,
    requests: Mutex<Receiver<Request>>,
    count: Arc<AtomicUsize>,
    /// In place of all that it would say.
    now: Arc<Mutex<Option<Says>>>,
}

/// What it was sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Of the request line.
    #[allow(dead_code, reason = "some tests ask")]
    pub(super) path: String,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        &found.unwrap_or_else(|| panic!("no {name} in {self:?}")).1
    }
}

impl Sink {
    pub(super) fn start(statuses: &[u16]) -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)), statuses)
    }

    /// One at an address where nobody was before.
    pub(super) fn at(address: SocketAddr, statuses: &[u16]) -> Self {
        Self::saying(
            address,
            statuses.iter().map(|it| Says::status(*it)).collect(),
        )
    }

    /// One that says this, one after the other.
    pub(super) fn saying(address: SocketAddr, says: Vec<Says>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, requests) = channel();
        let count = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&count);
        let now = Arc::<Mutex<Option<Says>>>::default();
        let otherwise = Arc::clone(&now);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = counter.load(SeqCst).min(says.len() - 1);
                let now = otherwise.lock().unwrap().clone();
                let says = now.as_ref().unwrap_or(&says[number]);
                serve(stream, says, &counter, &tell);
            }
        });
        Self {
            address,
            requests: Mutex::new(requests),
            count,
            now,
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What it says from now on.
    pub(super) fn will_say(&self, says: Says) {
        *self.now.lock().unwrap() = Some(says);
    }

    /// How many requests were answered.
    pub(super) fn count(&self) -> usize {
        self.count.load(SeqCst)
    }

    /// Waits for the next request.
    pub(super) fn next(&self) -> Request {
        let requests = self.requests.lock().unwrap();
        requests.recv_timeout(PATIENCE).expect("a request")
    }
}

fn serve(mut stream: TcpStream, says: &Says, count: &AtomicUsize, tell: &Sender<Request>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut path, mut headers) = (String::new(), Vec::new());
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
        let text = line.trim_end().to_owned();
        line.clear();
        if text.is_empty() {
            break;
        }
        if path.is_empty() {
            path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        }
        if let Some((name, value)) = text.split_once(": ") {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    count.fetch_add(1, SeqCst);
    let _ = tell.send(Request {
        path,
        headers,
        body,
    });
    let Says {
        status,
        headers,
        body,
    } = says;
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
}
