//! SIP over TCP: a task a connection, which reads, cuts into messages, and writes.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sip::{FlowId, Frame, Framer, PONG, Source, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use crate::Error;

/// One connection, as its owner sees it. Dropping it closes the connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) remote: SocketAddr,
    outgoing: mpsc::Sender<Bytes>,
}

impl Connection {
    /// Queues a message; false when the peer does not read what it was sent.
    pub(super) fn send(&self, payload: Bytes) -> bool {
        self.outgoing.try_send(payload).is_ok()
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
    Ended {
        flow: FlowId,
    },
}

/// Listens; returns the address that is listened on.
pub(super) async fn listen(
    address: SocketAddr,
    tell: mpsc::Sender<News>,
) -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen {
            transport: "tcp",
            address,
            source,
        })?;
    let local = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((socket, remote)) => {
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
    Ok(local)
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
    tokio::spawn(async move {
        run(flow, socket, local, remote, queue, &tell).await;
        let _ = tell.send(News::Ended { flow }).await;
    });
    Connection { remote, outgoing }
}

/// Connects; what is sent meanwhile waits.
pub(super) fn connect(flow: FlowId, remote: SocketAddr, tell: mpsc::Sender<News>) -> Connection {
    let (outgoing, queue) = mpsc::channel(OUTGOING);
    tokio::spawn(async move {
        if let Ok(Ok(socket)) = timeout(CONNECT, TcpStream::connect(remote)).await
            && let Ok(local) = socket.local_addr()
        {
            run(flow, socket, local, remote, queue, &tell).await;
        }
        let _ = tell.send(News::Ended { flow }).await;
    });
    Connection { remote, outgoing }
}

async fn run(
    flow: FlowId,
    socket: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    queue: mpsc::Receiver<Bytes>,
    tell: &mpsc::Sender<News>,
) {
    let _ = socket.set_nodelay(true);
    let (reader, writer) = socket.into_split();
    let (pong, pongs) = mpsc::channel(4);
    let source = Source {
        transport: Transport::Tcp,
        local,
        remote,
        flow: Some(flow),
    };
    tokio::select! {
        () = read(reader, source, tell, &pong) => {}
        () = write(writer, queue, pongs) => {}
    }
}

async fn read(
    mut reader: OwnedReadHalf,
    source: Source,
    tell: &mpsc::Sender<News>,
    pong: &mpsc::Sender<()>,
) {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::with_capacity(8 << 10);
    let mut spoken = false;
    // A message must be complete in time, however slowly its octets drip.
    let mut due = Instant::now() + UNFINISHED;
    loop {
        buffer.clear();
        match timeout_at(due, reader.read_buf(&mut buffer)).await {
            Ok(Ok(length)) if length > 0 => {}
            _ => return,
        }
        framer.push(&buffer);
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(octets))) => {
                    spoken = true;
                    if tell.send(News::Message { source, octets }).await.is_err() {
                        return;
                    }
                }
                Ok(Some(Frame::Ping)) => {
                    let _ = pong.try_send(());
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::info!(target: "security", remote = %source.remote, %error, "stream closed");
                    return;
                }
            }
        }
        due = match (framer.is_amid_message(), spoken) {
            (false, true) => Instant::now() + IDLE,
            (false, false) => due,
            (true, _) => due.min(Instant::now() + UNFINISHED),
        };
    }
}

async fn write(
    mut writer: OwnedWriteHalf,
    mut queue: mpsc::Receiver<Bytes>,
    mut pongs: mpsc::Receiver<()>,
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
        match timeout(UNFINISHED, writer.write_all(&payload)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

/// Messages that may wait for a peer that reads slowly; more are dropped.
const OUTGOING: usize = 256;
/// How long a connection may take to be made: the next trunk is to be tried within four seconds.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a message may take to arrive or leave, and a stranger to say anything.
const UNFINISHED: Duration = Duration::from_secs(30);
/// How long a phone that has spoken may be silent: an hour's registration and some.
const IDLE: Duration = Duration::from_secs(2 * 3600);
