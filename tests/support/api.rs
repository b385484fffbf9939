//! A program that uses an exchange's API, without comforts; every answer is held against the
//! exchange's own OpenAPI document.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::Value;
use store::TokenRow;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};
use web::{RANDOM, Scope, Token};

use super::{Exchange, PATIENCE, Setup, openapi};

impl Setup {
    /// The same exchange with HTTP.
    pub(crate) fn with_http(self) -> Self {
        Self {
            more: format!("{} http = {{ listen = \"EXCHANGE:8080\" }},", self.more),
            ..self
        }
    }
}

/// A program with a token.
#[derive(Debug)]
pub(crate) struct Api {
    address: SocketAddr,
    token: String,
    /// Instead of the token.
    cookie: Option<String>,
    document: Value,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON, not {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Api {
    /// With a new token of this tenant that may do everything.
    pub(crate) fn of(exchange: &Exchange, tenant: &str) -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        let token = Token::from_random([NEXT.fetch_add(1, Ordering::Relaxed); RANDOM]);
        let row = TokenRow {
            id: token.id().to_owned(),
            tenant: tenant.to_owned(),
            name: "desk".to_owned(),
            hash: token.hash(),
            scopes: Scope::ALL.iter().map(|it| it.word().to_owned()).collect(),
            created_at: 1,
            expires_at: None,
            revoked_at: None,
        };
        exchange.store().put_token(row).wait().unwrap();
        Self::with_token(exchange, token.reveal())
    }

    /// Somebody at a desk, who logs in.
    pub(crate) fn at_desk(exchange: &Exchange, tenant: &str, user: &str, password: &str) -> Self {
        let mut api = Self::with_token(exchange, "");
        let body = serde_json::json!({ "tenant": tenant, "user": user, "password": password });
        api.cookie = Some(String::new());
        let answer = api.posts("/session", &body);
        assert_eq!(answer.status, 201, "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap();
        api.cookie = cookie.split(';').next().map(str::to_owned);
        api
    }

    /// With a token that is there already.
    pub(crate) fn with_token(exchange: &Exchange, token: &str) -> Self {
        let mut api = Self {
            address: exchange.house(1, 8_080),
            token: token.to_owned(),
            cookie: None,
            document: Value::Null,
        };
        api.document = api.asks("GET", "/openapi.json", &[]).json();
        api
    }

    /// The token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The JSON of a path below `/api/v1`, which must be there.
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.asks("GET", path, &[]);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// The items of a list.
    pub(crate) fn items(&self, path: &str) -> Vec<Value> {
        self.get(path)["items"].as_array().unwrap().clone()
    }

    /// The JSON that a command answers.
    pub(crate) fn does(&self, method: &str, path: &str) -> Value {
        let answer = self.asks(method, path, &[]);
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        answer.json()
    }

    /// The JSON that a command with a body answers, and its status.
    pub(crate) fn gives(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.gives_with(path, &[], body);
        (answer.status, answer.json())
    }

    /// As [`gives`](Self::gives); the whole answer.
    pub(crate) fn posts(&self, path: &str, body: &Value) -> Answer {
        self.gives_with(path, &[], body)
    }

    /// As [`gives`](Self::gives), with further headers; the whole answer.
    pub(crate) fn gives_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let own = [("Content-Type", "application/json")];
        self.sends("POST", path, &[&own, headers].concat(), &body.to_string())
    }

    /// Sends a request.
    pub(crate) fn asks(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.sends(method, path, headers, "")
    }

    fn sends(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
             Content-Length: {}\r\n",
            body.len()
        );
        request += &match &self.cookie {
            Some(cookie) => format!("Cookie: {cookie}\r\nOrigin: http://test\r\n"),
            None => format!("Authorization: Bearer {}\r\n", self.token),
        };
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream
            .write_all((request + "\r\n" + body).as_bytes())
            .unwrap();
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).unwrap();
        let end = octets.windows(4).position(|four| four == b"\r\n\r\n");
        let body = octets.split_off(end.expect("a head") + 4);
        let head = String::from_utf8(octets).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let answer = Answer { status, head, body };
        let is_json = answer
            .header("content-type")
            .is_some_and(|kind| kind.ends_with("json"));
        if is_json && self.document != Value::Null {
            let path = openapi::template(&self.document, &format!("/api/v1{path}"));
            let method = method.to_lowercase();
            openapi::assert_fits(&self.document, &path, &method, status, &answer.json());
        }
        answer
    }

    /// Listens to events, after a cursor or from now on.
    pub(crate) fn listens(&self, after: Option<&str>) -> Stream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let after = after.map_or_else(String::new, |cursor| format!("?after={cursor}"));
        let mut request = format!("ws://test/api/v1/events{after}")
            .into_client_request()
            .unwrap();
        let bearer = format!("Bearer {}", self.token).parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        let (socket, _) = tungstenite::client(request, stream).unwrap();
        let mut stream = Stream {
            socket,
            document: self.document.clone(),
            resumed: false,
            cursor: String::new(),
        };
        let hello = stream.next();
        assert_eq!(hello["type"], "stream.opened");
        stream.resumed = hello["data"]["resumed"] == true;
        stream.cursor = hello["cursor"].as_str().unwrap().to_owned();
        stream
    }
}

/// Events as they come.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: WebSocket<TcpStream>,
    document: Value,
    /// Nothing was missing between the cursor and what came first.
    pub(crate) resumed: bool,
    /// Where it began.
    pub(crate) cursor: String,
}

impl Stream {
    /// The next event.
    pub(crate) fn next(&mut self) -> Value {
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => {
                    let event = serde_json::from_str(&text).unwrap();
                    openapi::assert_is(&self.document, "Event", &event);
                    return event;
                }
                Message::Close(why) => panic!("the stream was closed: {why:?}"),
                _ => {}
            }
        }
    }

    /// The next event; `None` when there are no more, or none comes for a long time.
    pub(crate) fn next_if_any(&mut self) -> Option<Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(Message::Close(_)) => return None,
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if is_quiet(&error) => {}
                Err(_) => return None,
            }
        }
    }

    /// All events up to the first of a kind, that one included.
    pub(crate) fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.next();
            let is_last = event["type"] == kind;
            events.push(event);
            if is_last {
                return events;
            }
        }
    }
}

fn is_quiet(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    matches!(error.kind(), TimedOut | WouldBlock)
}
