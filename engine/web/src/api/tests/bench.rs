//! A server with two tenants' records, and a client without comforts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use store::{
    CallBegin, CallEnd, Direction, FinishedCall, LegRow, MessageRow, NewJob, RecordingEnd,
    RecordingRow, SegmentRow, Sqlite, Store, TokenRow,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::openapi;
use super::played::Played;
use super::visits::Played as PlayedDoors;
use crate::api::stream::Pace;
use crate::api::{Api, Routes};
use crate::token::{RANDOM, Scope, Token};
use crate::{Events, Proxies, server};

/// A running server.
pub(super) struct Bench {
    pub(super) address: SocketAddr,
    pub(super) store: Arc<Sqlite>,
    pub(super) events: Arc<Events>,
    pub(super) exchange: Arc<Played>,
    pub(super) folder: PathBuf,
    pub(super) document: Value,
    /// Of our tenant, for everything.
    pub(super) token: Token,
    /// Of the other tenant, for everything.
    pub(super) theirs: Token,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// What the server said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON, not {self:?}"))
    }

    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Bench {
    pub(super) async fn start() -> Self {
        Self::with(Events::new(1), Pace::default()).await
    }

    pub(super) async fn with(events: Events, pace: Pace) -> Self {
        let folder = std::env::temp_dir().join(format!("moonswitch-api-{}", Uuid::now_v7()));
        std::fs::create_dir_all(folder.join("recordings")).unwrap();
        let store = Sqlite::open(&folder.join("test.db"), [7; 32]).unwrap();
        let events = Arc::new(events);
        let exchange = Arc::new(Played::default());
        *exchange.store.lock().unwrap() = Some(store.clone());
        let api = Api {
            store: store.clone(),
            exchange: exchange.clone(),
            events: events.clone(),
            recordings: folder.join("recordings"),
            doors: Arc::new(PlayedDoors),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let proxies = Proxies::new(&["127.0.0.9".to_owned()]);
        let task = tokio::spawn(server::serve_routes(
            listener,
            proxies,
            stopped,
            move |told| {
                let routes = Routes::paced(api, told, pace);
                (axum::Router::new(), routes)
            },
        ));
        let (token, theirs) = (token(1), token(2));
        let bench = Self {
            address,
            store,
            events,
            exchange,
            folder,
            document: serde_json::from_str(crate::api::OPENAPI).unwrap(),
            token,
            theirs,
            stop,
            task,
        };
        let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.word()).collect();
        bench.knows(&bench.token, OURS, &all).await;
        bench.knows(&bench.theirs, THEIRS, &all).await;
        bench.has_records().await;
        bench
    }

    /// Puts a token into the records.
    pub(super) async fn knows(&self, token: &Token, tenant: &str, scopes: &[&str]) {
        let row = TokenRow {
            id: token.id().to_owned(),
            tenant: tenant.to_owned(),
            name: "desk".to_owned(),
            hash: token.hash(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            created_at: 1,
            expires_at: None,
            revoked_at: None,
        };
        self.store.put_token(row).await.unwrap();
    }

    /// One call that is over, one that goes on, a recording of each kind, a message.
    async fn has_records(&self) {
        let over = begin(OVER, 1_000_000);
        let end = CallEnd {
            answered_at: Some(2_000_000),
            ended_at: 9_000_000,
            ended_by: "customer".to_owned(),
            result: "answered".to_owned(),
            cause: "normal".to_owned(),
            sip_status: 480,
            q850: 16,
            trunk_out: None,
            mos_min: Some(4.25),
            vars: serde_json::json!({ "工单": 1 }),
            script_error: None,
        };
        let leg = LegRow {
            leg: 0,
            kind: "trunk".to_owned(),
            peer: "13800138000".to_owned(),
            user_agent: None,
            invited_at: 1_000_000,
            ringing_at: None,
            early_at: None,
            up_at: Some(2_000_000),
            ended_at: 9_000_000,
            cause: "normal".to_owned(),
            codec: Some("pcma".to_owned()),
            quality: Some(store::Quality {
                received: 350,
                lost: 1,
                jitter: 1_500,
                round_trip: Some(20_000),
                mos: Some(4.25),
            }),
        };
        let segment = SegmentRow {
            kind: "talk".to_owned(),
            from: 2_000_000,
            to: 9_000_000,
            agent: Some("1049".to_owned()),
            queue: None,
            recording: Some(RECORDING),
            note: None,
        };
        let finished = FinishedCall {
            begin: over,
            end,
            legs: vec![leg],
            segments: vec![segment],
        };
        self.store.finish_call(finished).await.unwrap();
        self.store.begin_call(begin(LIVE, 2_000_000)).await.unwrap();
        for (id, purpose, octets) in [
            (RECORDING, "call", 200_000),
            (MESSAGE_SOUND, "message", 300),
            (RUNNING, "call", 0),
        ] {
            let path = format!("{id}.wav");
            let sound: Vec<u8> = (0..octets).map(|n: u32| n as u8).collect();
            std::fs::write(self.folder.join("recordings").join(&path), sound).unwrap();
            let end = RecordingEnd {
                duration: 7_000_000,
                bytes: u64::from(octets),
                sha256: Some([9; 32]),
                lost: false,
            };
            let row = RecordingRow {
                id,
                tenant: OURS.to_owned(),
                node: "local".to_owned(),
                call_id: OVER,
                path,
                channels: 2,
                rate: 8_000,
                started_at: 2_000_000,
                purpose: purpose.to_owned(),
                end: (id != RUNNING).then_some(end),
            };
            self.store.begin_recording(row).await.unwrap();
        }
        let message = MessageRow {
            id: MESSAGE,
            tenant: OURS.to_owned(),
            mailbox: "1049".to_owned(),
            recording: MESSAGE_SOUND,
            call_id: Some(OVER),
            from: Some("13800138000".to_owned()),
            left_at: 8_000_000,
            duration: 3_000_000,
            urgent: true,
            heard_at: None,
            deleted_at: None,
            assigned_to: None,
        };
        self.store.leave_message(message).await.unwrap();
        for (id, owner) in [(JOB, "tickets"), (GIVEN_UP, "script")] {
            let job = NewJob {
                tenant: OURS.to_owned(),
                id,
                owner: owner.to_owned(),
                name: "open".to_owned(),
                key: None,
                data: serde_json::json!({ "工单": 1 }),
                added_at: 1_000_000,
                due_at: 1_000_000,
            };
            self.store.add_job(job).await.unwrap();
        }
        let handler = ("script", "open");
        let claimed = self.store.claim_jobs(OURS, handler, "local", 2_000_000, 9);
        assert_eq!(claimed.await.unwrap().len(), 1);
        self.store
            .fail_job(OURS, GIVEN_UP, "oops".to_owned(), None, 3_000_000)
            .await
            .unwrap();
    }

    /// Asks with our token, and holds the answer against the document.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.asks("GET", path, &self.token).await
    }

    /// As [`get`](Self::get), with another method and token.
    pub(super) async fn asks(&self, method: &str, path: &str, token: &Token) -> Answer {
        let headers = [("Authorization", &*bearer(token))];
        let answer = self.sends(method, path, &headers).await;
        self.fits(method, path, answer)
    }

    /// Posts JSON with our token, and holds the answer against the document.
    pub(super) async fn gives(&self, path: &str, body: &Value) -> Answer {
        self.gives_by(&self.token, path, &[], body).await
    }

    /// As [`gives`](Self::gives), with another token and further headers.
    pub(super) async fn gives_by(
        &self,
        token: &Token,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let token = bearer(token);
        let own = [
            ("Authorization", &*token),
            ("Content-Type", "application/json; charset=utf-8"),
        ];
        let answer = self
            .posts(path, &[&own, headers].concat(), &body.to_string())
            .await;
        self.fits("POST", path, answer)
    }

    fn fits(&self, method: &str, path: &str, answer: Answer) -> Answer {
        let kind = answer.header("content-type").unwrap_or_default();
        if kind.ends_with("json") {
            let template = openapi::template(&self.document, path);
            let (status, body) = (answer.status, answer.json());
            openapi::assert_fits(
                &self.document,
                &template,
                &method.to_lowercase(),
                status,
                &body,
            );
        }
        answer
    }

    /// Sends a request as it is.
    pub(super) async fn sends(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        sends_by(stream, method, path, headers, "").await
    }

    /// As [`sends`](Self::sends), with a body.
    pub(super) async fn posts(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let length = body.len().to_string();
        let headers = [headers, &[("Content-Length", length.as_str())]].concat();
        self.streams(path, &headers, body).await
    }

    /// As [`posts`](Self::posts), without a length.
    pub(super) async fn streams(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        sends_by(stream, "POST", path, headers, body).await
    }

    /// As [`sends`](Self::sends), from another address of this machine.
    pub(super) async fn sends_from(
        &self,
        source: [u8; 4],
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((source, 0).into()).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        sends_by(stream, "GET", path, headers, "").await
    }

    /// As [`posts`](Self::posts), from another address of this machine.
    pub(super) async fn posts_from(
        &self,
        source: [u8; 4],
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((source, 0).into()).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        let length = body.len().to_string();
        let headers = [headers, &[("Content-Length", length.as_str())]].concat();
        sends_by(stream, "POST", path, &headers, body).await
    }

    /// Stops the server and waits for its end.
    pub(super) async fn stops(self) {
        let Self { stop, task, .. } = self;
        drop(stop);
        tokio::time::timeout(Duration::from_secs(10), task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let _ = std::fs::remove_dir_all(self.folder);
    }
}

async fn sends_by(
    mut stream: TcpStream,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    request += body;
    // Who is refused before all is said may not hear it all.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets).await.unwrap();
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n");
    let body = octets.split_off(end.expect("a head") + 4);
    let head = String::from_utf8(octets).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body }
}

/// `Bearer mst_…`.
pub(super) fn bearer(token: &Token) -> String {
    format!("Bearer {}", token.reveal())
}

pub(super) fn token(random: u8) -> Token {
    Token::from_random([random; RANDOM])
}

pub(super) fn begin(id: Uuid, started_at: i64) -> CallBegin {
    CallBegin {
        id,
        tenant: OURS.to_owned(),
        node: "local".to_owned(),
        direction: Direction::Inbound,
        from_raw: "013800138000".to_owned(),
        from_number: Some("13800138000".to_owned()),
        from_name: None,
        to: "4001234567".to_owned(),
        context: "inbound".to_owned(),
        user: None,
        trunk_in: Some("carrier".to_owned()),
        generation: Some(3),
        started_at,
    }
}

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + n)
}

pub(super) const OURS: &str = "8001";
pub(super) const THEIRS: &str = "8002";
pub(super) const OVER: Uuid = id(1);
pub(super) const LIVE: Uuid = id(2);
pub(super) const RECORDING: Uuid = id(3);
pub(super) const MESSAGE_SOUND: Uuid = id(4);
pub(super) const RUNNING: Uuid = id(5);
pub(super) const MESSAGE: Uuid = id(6);
pub(super) const JOB: Uuid = id(7);
pub(super) const GIVEN_UP: Uuid = id(8);
