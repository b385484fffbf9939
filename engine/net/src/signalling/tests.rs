//! Messages over real sockets, in both families and over both transports.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::*;

const HELLO: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n";
const ANSWER: Bytes = Bytes::from_static(b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n");

#[tokio::test]
async fn a_datagram_comes_in_and_its_answer_goes_back_in_both_families() {
    for host in ["127.0.0.1", "[::1]"] {
        let mut ours = listen(&[(Transport::Udp, host)]).await;
        let to = ours.address(0);
        let phone = UdpSocket::bind(format!("{host}:0")).await.unwrap();

        phone.send_to(b"\r\n\r\n", to).await.unwrap();
        phone.send_to(HELLO, to).await.unwrap();
        let (source, octets) = ours.message().await;
        ours.signalling.send(&source.reply_route(), ANSWER);

        assert_eq!(octets, HELLO);
        assert_eq!((source.transport, source.local), (Transport::Udp, to));
        assert_eq!(source.remote, phone.local_addr().unwrap());
        let mut heard = [0; 200];
        let (length, from) = phone.recv_from(&mut heard).await.unwrap();
        assert_eq!((&heard[..length], from), (&ANSWER[..], to));
    }
}

#[tokio::test]
async fn messages_over_one_connection_are_cut_and_answered_in_both_families() {
    for host in ["127.0.0.1", "[::1]"] {
        let mut ours = listen(&[(Transport::Tcp, host)]).await;
        let to = ours.address(0);
        let mut phone = TcpStream::connect(to).await.unwrap();

        phone.write_all(&[HELLO, HELLO].concat()).await.unwrap();
        let (source, first) = ours.message().await;
        let (again, second) = ours.message().await;
        ours.signalling.send(&source.reply_route(), ANSWER);

        assert_eq!((&first[..], &second[..]), (HELLO, HELLO));
        assert_eq!(source, again);
        assert_eq!((source.transport, source.local), (Transport::Tcp, to));
        assert!(source.flow.is_some());
        let mut heard = vec![0; ANSWER.len()];
        phone.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, ANSWER);
        assert_eq!(ours.signalling.connections(), 1);
    }
}

#[tokio::test]
async fn both_families_share_a_port() {
    let first = listen(&[(Transport::Tcp, "0.0.0.0"), (Transport::Udp, "0.0.0.0")]).await;
    for &(transport, v4) in first.signalling.listening() {
        let v6 = SocketAddr::new("::".parse().unwrap(), v4.port());

        let second = Signalling::bind(&[(transport, v6)]).await;

        assert!(second.is_ok(), "{transport:?}: {second:?}");
    }
}

#[tokio::test]
async fn a_listener_on_all_addresses_names_the_one_that_was_called() {
    let both = [(Transport::Udp, "0.0.0.0"), (Transport::Tcp, "0.0.0.0")];
    let mut ours = listen(&both).await;
    let (udp, tcp) = (ours.address(0).port(), ours.address(1).port());
    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();

    phone.send_to(HELLO, ("127.0.0.1", udp)).await.unwrap();
    let (source, _) = ours.message().await;
    ours.signalling.send(&source.reply_route(), ANSWER);
    let mut stream = TcpStream::connect(("127.0.0.1", tcp)).await.unwrap();
    stream.write_all(HELLO).await.unwrap();
    let (other, _) = ours.message().await;

    assert_eq!(source.local, ([127, 0, 0, 1], udp).into());
    assert_eq!(other.local, ([127, 0, 0, 1], tcp).into());
    let (_, from) = phone.recv_from(&mut [0; 200]).await.unwrap();
    assert_eq!(from, source.local);
}

#[tokio::test]
async fn what_is_for_a_known_address_goes_over_its_connection() {
    let mut ours = listen(&[(Transport::Tcp, "127.0.0.1")]).await;
    let mut phone = TcpStream::connect(ours.address(0)).await.unwrap();
    phone.write_all(HELLO).await.unwrap();
    let (source, _) = ours.message().await;

    let route = Route {
        local: None,
        flow: None,
        ..source.reply_route()
    };
    ours.signalling.send(&route, ANSWER);

    let mut heard = vec![0; ANSWER.len()];
    phone.read_exact(&mut heard).await.unwrap();
    assert_eq!(
        (&heard[..], ours.signalling.connections()),
        (&ANSWER[..], 1)
    );
}

#[tokio::test]
async fn a_connection_is_made_where_there_is_none() {
    let mut ours = listen(&[]).await;
    let carrier = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let remote = carrier.local_addr().unwrap();

    ours.signalling.send(&tcp(remote), ANSWER);

    let (mut socket, _) = carrier.accept().await.unwrap();
    let mut heard = vec![0; ANSWER.len()];
    socket.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, ANSWER);
    socket.write_all(HELLO).await.unwrap();
    assert_eq!(ours.message().await.0.remote, remote);
}

#[tokio::test]
async fn who_cannot_be_reached_or_hangs_up_is_reported() {
    let mut ours = listen(&[(Transport::Tcp, "127.0.0.1")]).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let remote = nobody.local_addr().unwrap();
    drop(nobody);
    ours.signalling.send(&tcp(remote), ANSWER);
    let route = ours.broken().await;
    assert_eq!((route.transport, route.remote), (Transport::Tcp, remote));

    let mut phone = TcpStream::connect(ours.address(0)).await.unwrap();
    phone.write_all(HELLO).await.unwrap();
    let (source, _) = ours.message().await;
    drop(phone);

    assert_eq!(ours.broken().await.flow, source.flow);
    assert_eq!(ours.signalling.connections(), 0);
    assert!(ours.signalling.per_source.is_empty() && ours.signalling.by_remote.is_empty());
}

#[tokio::test]
async fn connections_of_a_stranger_are_few() {
    let mut ours = listen(&[(Transport::Tcp, "127.0.0.1")]).await;
    let to = ours.address(0);
    let mut phones = Vec::new();
    for _ in 0..STRANGERS_PER_SOURCE {
        let mut phone = TcpStream::connect(to).await.unwrap();
        phone.write_all(HELLO).await.unwrap();
        phones.push(phone);
        ours.message().await;
    }

    let mut refused = TcpStream::connect(to).await.unwrap();
    let ended = tokio::select! {
        ended = refused.read_u8() => ended,
        received = ours.next() => panic!("{received:?}"),
    };

    assert!(ended.is_err());
    assert_eq!(ours.signalling.connections(), STRANGERS_PER_SOURCE as usize);
}

#[tokio::test]
async fn who_says_too_much_hears_so_before_the_connection_is_closed() {
    let announced = b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 1048576\r\n\r\n".to_vec();
    let endless = b"INVITE sip:a@b SIP/2.0\r\nSubject: ".to_vec();
    for mut head in [announced, endless] {
        let mut ours = listen(&[(Transport::Tcp, "127.0.0.1")]).await;
        let phone = TcpStream::connect(ours.address(0)).await.unwrap();
        let (mut heard, mut phone) = phone.into_split();
        let begins = head.clone();
        head.resize(1 << 20, b'x');
        // Whoever is refused is still talking, and is heard out.
        let talks = tokio::spawn(async move { phone.write_all(&head).await.map(|()| phone) });

        let source = match ours.next().await {
            Received::TooLong { source, octets } => {
                assert!(octets.starts_with(&begins), "{octets:?}");
                source
            }
            other => panic!("{other:?}"),
        };
        ours.signalling.send(&source.reply_route(), ANSWER);

        let mut answer = vec![0; ANSWER.len()];
        heard.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, ANSWER);
        assert!(talks.await.unwrap().is_ok());
        assert_eq!(ours.broken().await.flow, source.flow);
    }
}

#[tokio::test]
async fn a_flood_of_datagrams_does_not_starve_connections() {
    let both = [(Transport::Udp, "127.0.0.1"), (Transport::Tcp, "127.0.0.1")];
    let mut ours = listen(&both).await;
    let mut phone = TcpStream::connect(ours.address(1)).await.unwrap();
    phone.write_all(HELLO).await.unwrap();
    ours.message().await;
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    phone.write_all(HELLO).await.unwrap();
    for _ in 0..2 * BATCH {
        let to = ours.address(0);
        stranger.send_to(HELLO, to).await.unwrap();
    }
    // Both have come before anybody looks.
    while ours.signalling.news.is_empty() {
        tokio::task::yield_now().await;
    }

    let mut batch = Vec::new();
    ours.signalling.receive(&mut batch).await;

    let is_of = |received: &Received, wanted| match received {
        Received::Message { source, .. } => source.transport == wanted,
        Received::TooLong { .. } | Received::Broken { .. } => false,
    };
    let count = |wanted| batch.iter().filter(|one| is_of(one, wanted)).count();
    assert_eq!((count(Transport::Udp), count(Transport::Tcp)), (BATCH, 1));
}

/// The sockets, and what has come and not been looked at.
struct Ours {
    signalling: Signalling,
    waiting: Vec<Received>,
}

impl Ours {
    async fn next(&mut self) -> Received {
        let some = async {
            while self.waiting.is_empty() {
                self.signalling.receive(&mut self.waiting).await;
            }
        };
        let some = timeout(Duration::from_secs(5), some).await;
        some.expect("something comes");
        self.waiting.remove(0)
    }

    async fn message(&mut self) -> (Source, Bytes) {
        match self.next().await {
            Received::Message { source, octets } => (source, octets),
            other => panic!("{other:?}"),
        }
    }

    async fn broken(&mut self) -> Route {
        match self.next().await {
            Received::Broken { route } => route,
            other => panic!("{other:?}"),
        }
    }

    fn address(&self, index: usize) -> SocketAddr {
        self.signalling.listening()[index].1
    }
}

async fn listen(on: &[(Transport, &str)]) -> Ours {
    let on: Vec<_> = on
        .iter()
        .map(|(transport, host)| (*transport, format!("{host}:0").parse().unwrap()))
        .collect();
    Ours {
        signalling: Signalling::bind(&on).await.unwrap(),
        waiting: Vec::new(),
    }
}

fn tcp(remote: SocketAddr) -> Route {
    Route {
        transport: Transport::Tcp,
        local: None,
        remote,
        flow: None,
    }
}
