//! SIP over TCP: a task a connection, which reads, cuts into messages, and writes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sip::{FlowId, Frame, Framer, Message, Method, PONG, Source, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use crate::Error;

/// One connection, as its owner sees it. Dropping it closes the connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) remote: SocketAddr,
    outgoing: mpsc::Sender<Bytes>,
    /// Whoever is there has shown who it is.
    known: Arc<AtomicBool>,
}

impl Connection {
    /// Queues a message; false when the peer does not read what it was sent.
    pub(super) fn send(&self, payload: Bytes) -> bool {
        self.outgoing.try_send(payload).is_ok()
    }

    /// Nobody knows yet who is there.
    pub(super) fn is_strange(&self) -> bool {
        !self.known.load(Ordering::Relaxed)
    }
}

/// What connections tell.
#[derive(Debug)]
pub(super) enum News {
    Accepted {
        socket: TcpStream,
        local: SocketAddr,
        remote: SocketAddr,
    },
    Message {
        source: Source,
        octets: Bytes,
    },
    /// The beginning of a message that is too long.
    TooLong {
        source: Source,
        octets: Bytes,
    },
    Ended {
        flow: FlowId,
    },
}

/// Listens; returns the address that is listened on.
pub(super) fn listen(address: SocketAddr, tell: mpsc::Sender<News>) -> Result<SocketAddr, Error> {
    let listener = bind(address).map_err(|source| Error::Listen {
        transport: "tcp",
        address,
        source,
    })?;
    let bound = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((socket, remote)) => {
                    // The address that was called, where the listener has all of them.
                    let local = socket.local_addr().unwrap_or(bound);
                    let accepted = News::Accepted {
                        socket,
                        local,
                        remote,
                    };
                    if tell.send(accepted).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    // Out of descriptors, most likely: they come back when connections end.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    });
    Ok(bound)
}

/// IPv6 leaves IPv4 alone, so that both can have a listener on one port.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Runs a connection that was accepted.
pub(super) fn serve(
    flow: FlowId,
    socket: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    tell: mpsc::Sender<News>,
) -> Connection {
    let (outgoing, queue) = mpsc::channel(OUTGOING);
    let known = Arc::new(AtomicBool::new(false));
    let letting_in = known.clone();
    tokio::spawn(async move {
        run(flow, socket, local, remote, queue, &tell, &letting_in).await;
        let _ = tell.send(News::Ended { flow }).await;
    });
    Connection {
        remote,
        outgoing,
        known,
    }
}

/// Connects; what is sent meanwhile waits.
pub(super) fn connect(flow: FlowId, remote: SocketAddr, tell: mpsc::Sender<News>) -> Connection {
    let (outgoing, queue) = mpsc::channel(OUTGOING);
    // Whom we call is nobody strange.
    let known = Arc::new(AtomicBool::new(true));
    let letting_in = known.clone();
    tokio::spawn(async move {
        if let Ok(Ok(socket)) = timeout(CONNECT, TcpStream::connect(remote)).await
            && let Ok(local) = socket.local_addr()
        {
            run(flow, socket, local, remote, queue, &tell, &letting_in).await;
        }
        let _ = tell.send(News::Ended { flow }).await;
    });
    Connection {
        remote,
        outgoing,
        known,
    }
}

async fn run(
    flow: FlowId,
    socket: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    queue: mpsc::Receiver<Bytes>,
    tell: &mpsc::Sender<News>,
    known: &AtomicBool,
) {
    let _ = socket.set_nodelay(true);
    let (reader, writer) = socket.into_split();
    let source = Source {
        transport: Transport::Tcp,
        local,
        remote,
        flow: Some(flow),
    };
    talk(reader, writer, source, queue, tell, known).await;
}

/// Reads and writes until either is over. Whatever brings octets in order can talk so: TLS will.
async fn talk(
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    source: Source,
    queue: mpsc::Receiver<Bytes>,
    tell: &mpsc::Sender<News>,
    known: &AtomicBool,
) {
    let (pong, pongs) = mpsc::channel(4);
    tokio::select! {
        () = read(reader, source, tell, &pong, known) => {}
        () = write(writer, queue, pongs, known) => {}
    }
}

async fn read(
    mut reader: impl AsyncRead + Unpin,
    source: Source,
    tell: &mpsc::Sender<News>,
    pong: &mpsc::Sender<()>,
    known: &AtomicBool,
) {
    let is_known = || known.load(Ordering::Relaxed);
    let mut framer = Framer::new();
    let mut buffer = BytesMut::with_capacity(8 << 10);
    let mut patience = Patience::new(Instant::now());
    loop {
        buffer.clear();
        match timeout_at(patience.due(is_known()), reader.read_buf(&mut buffer)).await {
            Ok(Ok(length)) if length > 0 => {}
            // It may have been let in while we waited.
            Err(_) if patience.due(is_known()) > Instant::now() => continue,
            _ => return,
        }
        framer.push(&buffer);
        let now = Instant::now();
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(octets))) => {
                    patience.message_ended(now);
                    if tell.send(News::Message { source, octets }).await.is_err() {
                        return;
                    }
                }
                Ok(Some(Frame::Ping)) => {
                    // A stranger's pings do not keep its connection.
                    if is_known() {
                        patience.message_ended(now);
                    }
                    let _ = pong.try_send(());
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::info!(
                        target: "security", event = "broken_stream", source = %source.ip(), %error,
                        "stream closed"
                    );
                    if error == sip::Error::MessageTooLong {
                        let octets = framer.rest();
                        let told = tell.send(News::TooLong { source, octets }).await;
                        if told.is_ok() {
                            hear_out(reader).await;
                        }
                    }
                    return;
                }
            }
        }
        patience.octets_came(now, framer.is_amid_message());
    }
}

/// Reads the rest of what is not wanted, so that the refusal arrives: a connection that is closed while
/// octets wait in it takes back what was said on it.
async fn hear_out(mut reader: impl AsyncRead + Unpin) {
    let mut unwanted = [0; 8 << 10];
    let until = Instant::now() + LAST_WORDS;
    while let Ok(Ok(1..)) = timeout_at(until, reader.read(&mut unwanted)).await {}
}

/// How long a connection may go on as it does.
struct Patience {
    /// When it was opened, or its last message ended.
    since: Instant,
    has_spoken: bool,
    /// When the message began that has not ended, however slowly its octets drip.
    begun: Option<Instant>,
}

impl Patience {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            has_spoken: false,
            begun: None,
        }
    }

    fn message_ended(&mut self, now: Instant) {
        self.since = now;
        self.has_spoken = true;
        self.begun = None;
    }

    fn octets_came(&mut self, now: Instant, is_amid_message: bool) {
        self.begun = is_amid_message.then(|| self.begun.unwrap_or(now));
    }

    fn due(&self, is_known: bool) -> Instant {
        match self.begun {
            Some(begun) => begun + UNFINISHED,
            None if !self.has_spoken => self.since + UNFINISHED,
            None if is_known => self.since + IDLE,
            None => self.since + STRANGER,
        }
    }
}

async fn write(
    mut writer: impl AsyncWrite + Unpin,
    mut queue: mpsc::Receiver<Bytes>,
    mut pongs: mpsc::Receiver<()>,
    known: &AtomicBool,
) {
    loop {
        let payload = tokio::select! {
            payload = queue.recv() => match payload {
                Some(payload) => payload,
                None => return,
            },
            // RFC 5626 §3.5.1: a double CRLF is answered by a single one.
            Some(()) = pongs.recv() => Bytes::from_static(PONG),
        };
        if !known.load(Ordering::Relaxed) && lets_in(&payload) {
            known.store(true, Ordering::Relaxed);
        }
        match timeout(UNFINISHED, writer.write_all(&payload)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

/// Whether this is said to those only who have shown who they are: a request of ours, or more than
/// `100` and less than a refusal. OPTIONS are answered to everybody.
fn lets_in(payload: &Bytes) -> bool {
    match Message::parse(payload.clone()) {
        Ok(Message::Request(_)) => true,
        Ok(Message::Response(response)) => {
            let is_asked_by_all = response
                .cseq()
                .is_ok_and(|cseq| cseq.method == Method::Options);
            (101..300).contains(&response.status()) && !is_asked_by_all
        }
        Err(_) => false,
    }
}

/// Messages that may wait for a peer that reads slowly; more are dropped.
const OUTGOING: usize = 256;
/// How long a connection may take to be made: the next trunk is to be tried within four seconds.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a message may take to arrive or leave, and a stranger to say anything.
const UNFINISHED: Duration = Duration::from_secs(30);
/// How long who says too much may go on, so as to hear that it was.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long whoever has spoken, but was not let in, may be silent.
const STRANGER: Duration = Duration::from_secs(60);
/// How long who was let in may be silent: an hour's registration and some.
const IDLE: Duration = Duration::from_secs(2 * 3600);
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1_024;

#[cfg(test)]
mod tests;
