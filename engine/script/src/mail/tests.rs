//! Letters to a real relay on loopback: what is said, in which order, and what comes of each answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use tokio_rustls::rustls::{ServerConnection, StreamOwned};

use super::*;
use crate::config::SmtpTls;
use crate::http::Client;
use crate::http::tls_tests::{authority, server_config};

/// A relay, and all lines that it was sent.
struct Relay {
    address: SocketAddr,
    heard: Receiver<String>,
}

/// How it behaves.
#[derive(Clone, Copy, Default)]
struct Manner {
    /// What it says to RCPT TO.
    recipient: Option<&'static str>,
    starttls: bool,
    wants_login: bool,
}

impl Relay {
    fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = stream;
                let _ = write!(stream, "220 relay\r\n");
                let tell = |line: &str| drop(tell.send(line.to_owned()));
                if !talk(&mut stream, manner, manner.starttls, &tell) {
                    continue;
                }
                let tls = ServerConnection::new(Arc::new(server_config())).unwrap();
                let mut stream = StreamOwned::new(tls, stream);
                talk(&mut stream, manner, false, &tell);
            }
        });
        Self { address, heard }
    }

    /// All lines of the next conversation.
    fn conversation(&self) -> String {
        let mut lines = String::new();
        loop {
            let line = self.heard.recv_timeout(Duration::from_secs(20)).unwrap();
            if line == "QUIT" {
                return lines;
            }
            lines += &line;
            lines.push('\n');
        }
    }
}

/// Talks until it is over; true when TLS is to begin.
fn talk<S: Read + Write>(
    stream: &mut S,
    manner: Manner,
    offers: bool,
    tell: &dyn Fn(&str),
) -> bool {
    let mut said = String::new();
    loop {
        let line = read_line(stream);
        let Some(line) = line else { return false };
        let word = line.split(' ').next().unwrap_or_default().to_uppercase();
        tell(&line);
        said.clear();
        match word.as_str() {
            "EHLO" if offers => said += "250-relay\r\n250 STARTTLS",
            "EHLO" if manner.wants_login => said += "250-relay\r\n250 AUTH PLAIN",
            "STARTTLS" => {
                let _ = write!(stream, "220 go\r\n");
                return true;
            }
            "AUTH" => said += "235 welcome",
            "RCPT" => said += manner.recipient.unwrap_or("250 ok"),
            "DATA" => {
                let _ = write!(stream, "354 go on\r\n");
                while let Some(line) = read_line(stream).filter(|line| line != ".") {
                    tell(&line);
                }
                said += "250 taken";
            }
            "QUIT" => {
                let _ = write!(stream, "221 bye\r\n");
                return false;
            }
            _ => said += "250 ok",
        }
        let _ = write!(stream, "{said}\r\n");
    }
}

fn read_line(stream: &mut impl Read) -> Option<String> {
    let mut line = Vec::new();
    // An octet at a time: what follows may be TLS.
    BufReader::with_capacity(1, stream)
        .read_until(b'\n', &mut line)
        .ok()?;
    let text = String::from_utf8_lossy(&line);
    (!line.is_empty()).then(|| text.trim_end().to_owned())
}

fn letter(address: SocketAddr) -> Letter {
    Letter {
        relay: Smtp {
            host: "localhost".to_owned(),
            port: address.port(),
            tls: SmtpTls::None,
            username: None,
            password: None,
            from: "客服 <desk@example.com>".to_owned(),
        },
        to: vec![
            "王女士 <wang@example.org>".parse().unwrap(),
            "b@example.org".parse().unwrap(),
        ],
        cc: Vec::new(),
        reply_to: None,
        subject: "您有一条新留言".to_owned(),
        text: "12 秒".to_owned(),
        html: None,
        attachments: Vec::new(),
        id: "job-7".to_owned(),
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
    }
}

fn sent(letter: Letter) -> Result<(), Error> {
    Client::that_trusts(vec![authority()])
        .send(letter)
        .blocking_recv()
        .unwrap()
}

#[test]
fn a_letter_is_written_in_utf_8_and_carries_its_id() {
    let relay = Relay::start(Manner::default());

    sent(letter(relay.address)).unwrap();

    let heard = relay.conversation();
    for line in [
        "EHLO example.com",
        "MAIL FROM:<desk@example.com>",
        "RCPT TO:<wang@example.org>",
        "RCPT TO:<b@example.org>",
        "Message-ID: <job-7@example.com>",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(heard.contains(line), "{line} is not in\n{heard}");
    }
    assert!(heard.contains("Subject: =?utf-8?b?"), "{heard}");
}

#[test]
fn what_is_attached_comes_with_it_also_from_files() {
    let relay = Relay::start(Manner::default());
    let file = std::env::temp_dir().join(format!("moonswitch-mail-{}", std::process::id()));
    std::fs::write(&file, "RIFF....").unwrap();
    let wav = ContentType::parse("audio/wav").unwrap();
    let attachments = vec![
        Attachment {
            name: "留言.wav".to_owned(),
            kind: wav,
            content: Content::File(file.clone()),
        },
        Attachment {
            name: "a.csv".to_owned(),
            kind: ContentType::parse("text/csv").unwrap(),
            content: Content::Here(Bytes::from_static(b"a,b")),
        },
    ];
    let full = Letter {
        html: Some("<b>12 秒</b>".to_owned()),
        attachments,
        ..letter(relay.address)
    };

    sent(full.clone()).unwrap();

    let heard = relay.conversation();
    for part in [
        "multipart/mixed",
        "multipart/alternative",
        "text/html",
        "Content-Type: audio/wav",
        "RIFF....",
        "filename=\"a.csv\"",
        "a,b",
    ] {
        assert!(heard.contains(part), "{part} is not in\n{heard}");
    }
    std::fs::remove_file(&file).unwrap();
    let gone = sent(full).unwrap_err();
    assert!(matches!(gone, Error::Unwritable(_)), "{gone}");
}

#[test]
fn what_a_relay_never_takes_is_told_apart_from_what_it_does_not_take_now() {
    let refuses = |recipient| {
        let relay = Relay::start(Manner {
            recipient: Some(recipient),
            ..Manner::default()
        });
        sent(letter(relay.address)).unwrap_err()
    };

    let never = refuses("550 no such user");
    assert_eq!(
        never,
        Error::Rejected("permanent error (550): no such user".to_owned())
    );
    let later = refuses("451 busy");
    assert!(
        matches!(&later, Error::NotNow { host, .. } if host == "localhost"),
        "{later}"
    );

    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gone = sent(letter(nobody)).unwrap_err();
    assert!(matches!(gone, Error::NotNow { .. }), "{gone}");
}

#[test]
fn a_password_is_sent_under_tls_to_who_proves_its_name() {
    let relay = Relay::start(Manner {
        starttls: true,
        wants_login: true,
        ..Manner::default()
    });
    let secret = |host: &str| {
        let mut letter = letter(relay.address);
        letter.relay.host = host.to_owned();
        letter.relay.tls = SmtpTls::Starttls;
        letter.relay.username = Some("desk".to_owned());
        letter.relay.password = Some("secret".to_owned());
        letter
    };

    sent(secret("localhost")).unwrap();

    let heard = relay.conversation();
    let (clear, covered) = heard.split_once("STARTTLS").unwrap();
    assert!(
        !clear.contains("AUTH") && !clear.contains("MAIL"),
        "{heard}"
    );
    assert!(covered.contains("AUTH PLAIN AGRlc2sAc2VjcmV0"), "{heard}");
    let stranger = Client::default()
        .send(secret("localhost"))
        .blocking_recv()
        .unwrap();
    assert!(
        matches!(stranger, Err(Error::NotNow { .. })),
        "{stranger:?}"
    );
}

#[test]
fn a_relay_that_does_not_offer_tls_gets_nothing_where_tls_is_wanted() {
    let relay = Relay::start(Manner::default());
    let mut letter = letter(relay.address);
    letter.relay.tls = SmtpTls::Starttls;

    let refused = sent(letter).unwrap_err();

    assert!(matches!(refused, Error::NotNow { .. }), "{refused}");
    assert!(relay.heard.try_iter().all(|line| !line.starts_with("MAIL")));
}
