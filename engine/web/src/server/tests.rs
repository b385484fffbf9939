//! The server over real sockets: what it serves, and what it refuses.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::*;

struct Exchange(Result<(), String>);

impl Health for Exchange {
    fn ready(&self) -> Result<(), String> {
        self.0.clone()
    }

    fn metrics(&self) -> String {
        "calls 3\n".to_owned()
    }
}

/// A server that runs, and what ends it.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    async fn start(bounds: Bounds, ready: Result<(), String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let health = Arc::new(Exchange(ready));
        let task = tokio::spawn(serve_within(
            bounds,
            listener,
            health::routes(health),
            watch::channel(()).0,
            stopped,
        ));
        Self {
            address,
            stop,
            task,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends octets and reads until the server closes.
    async fn ask(&self, octets: &[u8]) -> String {
        let mut socket = self.connect().await;
        socket.write_all(octets).await.unwrap();
        heard(&mut socket).await
    }

    async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap().unwrap();
    }
}

/// Everything until the end; a connection that is reset has said what it said.
async fn heard(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn health_readiness_and_metrics_are_served() {
    let server = Running::start(Bounds::default(), Ok(())).await;

    assert!(server.ask(&get("/healthz")).await.ends_with("ok\n"));
    assert!(server.ask(&get("/readyz")).await.ends_with("ready\n"));
    let metrics = server.ask(&get("/metrics")).await;
    assert!(metrics.contains("text/plain; version=0.0.4"), "{metrics}");
    assert!(metrics.ends_with("calls 3\n"));
    let elsewhere = server.ask(&get("/elsewhere")).await;
    assert!(elsewhere.starts_with("HTTP/1.1 404"));
    server.stop().await;
}

#[tokio::test]
async fn an_exchange_that_takes_no_calls_says_why() {
    let server = Running::start(Bounds::default(), Err("the disk is full".to_owned())).await;

    let answer = server.ask(&get("/readyz")).await;

    assert!(answer.starts_with("HTTP/1.1 503"));
    assert!(answer.ends_with("the disk is full\n"));
    assert!(server.ask(&get("/healthz")).await.ends_with("ok\n"));
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off() {
    let bounds = Bounds {
        head: Duration::from_millis(50),
        ..Bounds::default()
    };
    let server = Running::start(bounds, Ok(())).await;

    let answer = server.ask(b"GET /healthz HTTP/1.1\r\nHo").await;

    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let bounds = Bounds {
        head: Duration::from_millis(50),
        ..Bounds::default()
    };
    let server = Running::start(bounds, Ok(())).await;

    assert_eq!(server.ask(b"").await, "");
    server.stop().await;
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_a_closed_one_makes_room() {
    let bounds = Bounds {
        from_here: 2,
        finish: Duration::ZERO,
        ..Bounds::default()
    };
    let server = Running::start(bounds, Ok(())).await;
    let mut first = server.connect().await;
    let _second = server.connect().await;
    // The server has seen the first when it answers.
    first
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(first.read(&mut [0; 256]).await.unwrap() > 0);

    assert_eq!(server.ask(&get("/healthz")).await, "");

    drop(first);
    let answered = async {
        while !server.ask(&get("/healthz")).await.ends_with("ok\n") {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), answered).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_proxy_on_this_machine_has_more_connections_than_one_guest() {
    let bounds = Bounds::default();
    for (from, most) in [
        ("127.0.0.1:9", bounds.from_here),
        ("[::1]:9", bounds.from_here),
        ("[::ffff:127.0.0.1]:9", bounds.from_here),
        ("192.0.2.7:9", bounds.per_source),
    ] {
        let from: SocketAddr = from.parse().unwrap();
        let mut sources = HashMap::new();
        for _ in 0..most {
            assert_eq!(refusal(&bounds, &sources, from), None, "{from}");
            sources.insert(tokio::spawn(async {}).id(), from.ip());
        }
        assert!(refusal(&bounds, &sources, from).is_some(), "{from}");
        let guest = "203.0.113.1:9".parse().unwrap();
        assert_eq!(
            refusal(&bounds, &sources, guest),
            None,
            "others have a place"
        );
    }
}

#[tokio::test]
async fn all_addresses_together_have_so_many_connections() {
    let bounds = Bounds {
        connections: 1,
        finish: Duration::ZERO,
        ..Bounds::default()
    };
    let server = Running::start(bounds, Ok(())).await;
    let _first = server.connect().await;

    assert_eq!(server.ask(&get("/healthz")).await, "");
    server.stop().await;
}

#[tokio::test]
async fn addresses_that_hold_many_connections_leave_a_place_for_others() {
    let bounds = Bounds {
        connections: 3,
        reserve: 1,
        finish: Duration::ZERO,
        ..Bounds::default()
    };
    let server = Running::start(bounds, Ok(())).await;
    let _held = [server.connect().await, server.connect().await];

    // Connections are taken in the order in which they came.
    assert_eq!(server.ask(&get("/healthz")).await, "");
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(server.address).await.unwrap();
    other.write_all(&get("/healthz")).await.unwrap();

    assert!(heard(&mut other).await.ends_with("ok\n"));
    server.stop().await;
}

#[tokio::test]
async fn nine_addresses_do_not_fill_the_server() {
    let server = Running::start(Bounds::default(), Ok(())).await;
    let mut held = Vec::new();
    for source in 2..11 {
        for _ in 0..64 {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket
                .bind(format!("127.0.0.{source}:0").parse().unwrap())
                .unwrap();
            held.push(socket.connect(server.address).await.unwrap());
        }
    }

    assert!(server.ask(&get("/healthz")).await.ends_with("ok\n"));
    server.stop().await;
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_read() {
    let server = Running::start(Bounds::default(), Ok(())).await;
    let head = |length: usize| {
        format!("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n")
    };

    let large = server.ask(head(BODY + 1).as_bytes()).await;

    assert!(large.starts_with("HTTP/1.1 413"), "{large}");
    server.stop().await;
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let server = Running::start(Bounds::default(), Ok(())).await;
    let begin = "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ";
    // No octet more than the server reads: a reset would swallow its answer.
    let request = begin.to_owned() + &"x".repeat(HEAD - begin.len());

    let answer = server.ask(request.as_bytes()).await;

    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn an_old_connection_is_ended_after_the_request_under_way() {
    let bounds = Bounds {
        connection: Duration::from_millis(50),
        ..Bounds::default()
    };
    let server = Running::start(bounds, Ok(())).await;

    let answer = server
        .ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;

    assert!(answer.ends_with("ok\n"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn stopping_waits_for_no_idle_connection() {
    let server = Running::start(Bounds::default(), Ok(())).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(idle.read(&mut [0; 256]).await.unwrap() > 0);

    timeout(Duration::from_secs(2), server.stop())
        .await
        .unwrap();

    assert_eq!(idle.read(&mut [0; 256]).await.unwrap(), 0);
}
