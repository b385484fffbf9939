//! Requests to real servers on loopback: what comes back, what is refused, what is too much.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use super::*;

/// Answers each connection with these octets, once the request's head is there.
fn server(answer: Vec<u8>) -> (SocketAddr, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = std::sync::mpsc::sync_channel(8);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !request.ends_with(b"\r\n\r\n") && !request.ends_with(b"}") {
                let read = stream.read(&mut buffer).unwrap();
                request.extend(&buffer[..read]);
                if read == 0 {
                    break;
                }
            }
            let _ = tell.send(String::from_utf8_lossy(&request).into_owned());
            let _ = stream.write_all(&answer);
        }
    });
    (address, told)
}

fn request(url: &str) -> Request {
    Request {
        method: Method::POST,
        url: Url::parse(url).unwrap(),
        headers: Vec::new(),
        body: Bytes::from_static(b"{}"),
        timeout: Duration::from_secs(20),
        may_be_private: true,
    }
}

fn ask(request: Request) -> Result<Answer, Error> {
    Client::default().ask(request).blocking_recv().unwrap()
}

#[test]
fn an_answer_comes_back_whatever_its_status_and_a_redirect_is_not_followed() {
    let answer =
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nno";
    let (address, told) = server(answer.into());

    let answer = ask(request(&format!("http://{address}/a?b=c"))).unwrap();

    assert_eq!((answer.status, &answer.body[..]), (302, &b"no"[..]));
    assert!(
        answer
            .headers
            .contains(&("location".into(), "http://127.0.0.1:1/".into()))
    );
    let told = told.recv().unwrap();
    assert!(told.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{told}");
    assert!(told.contains(&format!("host: {address}\r\n")), "{told}");
}

#[test]
fn this_machine_is_refused_however_it_is_written() {
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "169.254.169.254",
    ] {
        let refused = ask(Request {
            may_be_private: false,
            ..request(&format!("http://{host}:9/"))
        });

        assert!(
            matches!(refused, Err(Error::Private { .. })),
            "{host}: {refused:?}"
        );
    }
}

#[test]
fn an_answer_of_more_than_8_mb_is_cut_off() {
    let mut long = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    long.resize(LARGEST_ANSWER + 1_000, b'x');
    let (address, _told) = server(long);

    let refused = ask(request(&format!("http://{address}/"))).unwrap_err();

    assert_eq!(
        refused.to_string(),
        "the answer of 127.0.0.1 is longer than 8 MB"
    );
}

#[test]
fn who_does_not_answer_who_is_not_there_and_who_speaks_no_http_is_told() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let late = ask(Request {
        timeout: Duration::from_millis(50),
        ..request(&format!("http://{}/", silent.local_addr().unwrap()))
    });
    assert_eq!(
        late.unwrap_err().to_string(),
        "127.0.0.1 has not answered within 0.05 s"
    );

    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let refused = ask(request(&format!("http://{gone}/"))).unwrap_err();
    assert!(matches!(refused, Error::NotReached { .. }), "{refused}");

    let (address, _told) = server(b"SSH-2.0-nonsense\r\n".to_vec());
    let refused = ask(request(&format!("http://{address}/"))).unwrap_err();
    assert!(matches!(refused, Error::NoHttp { .. }), "{refused}");

    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain.local_addr().unwrap();
    thread::spawn(move || {
        plain
            .accept()
            .unwrap()
            .0
            .write_all(b"HTTP/1.1 400 What?\r\n\r\n")
    });
    let refused = ask(request(&format!("https://{address}/"))).unwrap_err();
    assert!(matches!(refused, Error::Tls { .. }), "{refused}");
}

#[test]
fn a_request_that_nobody_waits_for_is_taken_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::default();
    let answer = client.ask(request(&format!(
        "http://{}/",
        listener.local_addr().unwrap()
    )));
    let (mut stream, _) = listener.accept().unwrap();

    drop(answer);

    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(
        rest.is_empty() || rest.starts_with(b"POST / "),
        "the connection was closed"
    );
}
