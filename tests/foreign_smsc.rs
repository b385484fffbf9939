//! Text messages to and from an SMSC that is not ours: the package `smpp34` from PyPI. `make smsc`
//! fetches it and runs this; it is no part of a plain `cargo test`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};
use store::TokenRow;
use support::http::ask;
use support::{Exchange, PATIENCE, Setup, eventually};
use web::{RANDOM, Scope, Token};

/// The SMSC, and what it says.
struct Peer {
    process: Child,
    says: Receiver<Value>,
}

impl Peer {
    fn start(port: u16, text: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/tools/smsc/bin/python");
        assert!(python.exists(), "run `make smsc`: it fetches the SMSC");
        let mut process = Command::new(python)
            .arg(root.join("tests/smsc/peer.py"))
            .arg(port.to_string())
            .arg(text)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, says) = channel();
        let lines = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let _ = tell.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self { process, says }
    }

    /// The next line that has this field.
    fn says(&self, field: &str) -> Value {
        loop {
            let line = self.says.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it never says {field}"));
            assert!(line.get("refused").is_none(), "{line}");
            if line.get(field).is_some() {
                return line;
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_smsc_that_is_not_ours_takes_long_texts_tells_of_them_and_hands_over_long_ones() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let question = "几点开门？".repeat(40);
    let peer = Peer::start(port, &question);
    peer.says("listening");
    let exchange = Exchange::start_program(
        Setup {
            tenant: format!(
                "plugins = {{ sms = {{ driver = \"smpp\", host = \"127.0.0.1\", port = {port}, from = \"10690000\",
                 system_id = \"acme\", password = \"secret08\", signature = \"云桥\" }} }},"
            ),
            ..Setup::with("-- Nobody calls.\ncontext \"internal\" {}\n")
        }
        .with_http(),
    );
    allow(&exchange);
    let token = token(&exchange);
    let desk = [
        ("Authorization", token.as_str()),
        ("Content-Type", "application/json"),
    ];
    let address = exchange.house(1, 8_080);
    let said = "字".repeat(150);
    let wanted = json!({ "to": "0086 139-0013-9000", "text": said }).to_string();

    assert_eq!(peer.says("bound")["bound"], "acme");
    assert_eq!(ask(address, "POST /t/8001/sms", &desk, &wanted).0, 202);
    let segments: Vec<Value> = (0..3).map(|_| peer.says("data")).collect();

    // Its number among all messages, those that came included.
    let reference = segments[0]["tlvs"]["0204"].as_str().unwrap().to_owned();
    let mut whole = Vec::new();
    for (number, segment) in (1..).zip(&segments) {
        assert_eq!(
            (&segment["to"], &segment["sender"]),
            (&json!("13900139000"), &json!("10690000"))
        );
        assert_eq!(
            (&segment["coding"], &segment["receipt"]),
            (&json!(8), &json!(1))
        );
        assert_eq!(segment["esm_class"], 0x40);
        let header = format!("050003{}03{number:02x}", &reference[2..]);
        let data = segment["data"].as_str().unwrap().to_owned();
        whole.push(data.strip_prefix(&header).expect(&data).to_owned());
        assert_eq!(segment["tlvs"]["0204"], json!(reference));
    }
    let wide = format!("【云桥】{said}");
    let wide: String = wide
        .encode_utf16()
        .map(|unit| format!("{unit:04x}"))
        .collect();
    assert_eq!(whole.concat(), wide);
    let messages = || {
        let (_, body) = ask(address, "GET /t/8001/sms", &desk, "");
        let listed: Value = serde_json::from_str(&body).unwrap();
        listed["messages"].as_array().unwrap().clone()
    };
    eventually("a message that is delivered, and one that came", || {
        let all = messages();
        let is = |state: &'static str| all.iter().find(|it| it["state"] == state);
        let (sent, received) = (is("delivered")?, is("received")?);
        assert_eq!(received["text"], json!(question));
        assert_eq!(sent["number"], received["number"]);
        Some(())
    });
    let refused = peer
        .says
        .try_iter()
        .find(|line| line.get("refused").is_some());
    assert_eq!(refused, None);
}

fn token(exchange: &Exchange) -> String {
    let token = Token::from_random([7; RANDOM]);
    let row = TokenRow {
        id: token.id().to_owned(),
        tenant: "8001".to_owned(),
        name: "desk".to_owned(),
        hash: token.hash(),
        scopes: vec![Scope::PluginsUse.word().to_owned()],
        created_at: 1,
        expires_at: None,
        revoked_at: None,
    };
    exchange.store().put_token(row).wait().unwrap();
    format!("Bearer {}", token.reveal())
}

/// `moonswitch allow sms`: the SMSC is on this machine.
fn allow(exchange: &Exchange) {
    let data = exchange.data();
    let allowed = Command::new(env!("CARGO_BIN_EXE_moonswitch"))
        .args(["allow", "sms", "--config"])
        .arg(data.with_file_name("config.lua"))
        .arg("--data")
        .arg(&data)
        .output()
        .unwrap();
    assert!(allowed.status.success(), "{allowed:?}");
}
