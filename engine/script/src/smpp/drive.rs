//! Gives a [`Session`] its socket and its clock.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};

use super::lines::{Board, Teller};
use super::session::{Delivery, Output, Session, Standing, Ticket};
use super::{Answer, Error, Line, Outgoing};
use crate::http::{self, Stream, Target, Trust};

/// Something that scripts want of a connection. When the channel ends, so does the connection.
pub(super) struct Ask {
    pub(super) message: Outgoing,
    pub(super) reply: oneshot::Sender<Result<Answer, Error>>,
}

type Connecting = Pin<Box<dyn Future<Output = Result<Box<dyn Stream>, http::Error>> + Send>>;

/// Keeps one connection until nobody wants it any more.
pub(super) async fn drive(
    line: Arc<Line>,
    trust: Arc<Trust>,
    mut asks: mpsc::Receiver<Ask>,
    teller: Teller,
    board: Arc<Board>,
) {
    let (taken, mut takings) = mpsc::channel(MOST_TAKINGS);
    let mut driver = Driver {
        session: Session::new(Instant::now(), Arc::clone(&line)),
        wire: None,
        connecting: None,
        replies: HashMap::new(),
        tickets: 0,
        line,
        trust,
        teller,
        taken,
        board,
    };
    let mut octets = BytesMut::with_capacity(ROOM);
    let mut is_wanted = true;
    loop {
        driver.perform();
        if driver.session.is_over() {
            return driver.farewell().await;
        }
        let wake = driver.session.poll_timeout();
        let is_sending = driver.wire.as_ref().is_some_and(|it| !it.is_flushed);
        octets.clear();
        let (reading, writing) = match &mut driver.wire {
            Some(wire) => (
                Some(&mut wire.reader),
                Some((&mut wire.writer, &wire.outgoing)),
            ),
            None => (None, None),
        };
        let happened = tokio::select! {
            ask = asks.recv(), if is_wanted => Happened::Asked(ask.map(Box::new)),
            Some((delivery, is_taken)) = takings.recv() => Happened::Taken(delivery, is_taken),
            connected = wait_for(&mut driver.connecting) => Happened::Connected(connected),
            read = read(reading, &mut octets) => Happened::Read(read),
            written = write(writing), if is_sending => Happened::Written(written),
            () = sleep_until(wake) => Happened::Time,
        };
        is_wanted &= !matches!(happened, Happened::Asked(None));
        driver.handle(happened, &octets);
    }
}

enum Happened {
    /// Nobody is there to ask any more when `None`.
    Asked(Option<Box<Ask>>),
    Taken(Delivery, bool),
    Connected(Result<Box<dyn Stream>, http::Error>),
    Read(std::io::Result<usize>),
    Written(std::io::Result<usize>),
    Time,
}

struct Driver {
    session: Session,
    wire: Option<Wire>,
    connecting: Option<Connecting>,
    replies: HashMap<Ticket, oneshot::Sender<Result<Answer, Error>>>,
    tickets: Ticket,
    line: Arc<Line>,
    trust: Arc<Trust>,
    teller: Teller,
    taken: mpsc::Sender<(Delivery, bool)>,
    board: Arc<Board>,
}

/// A connection that stands.
struct Wire {
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    /// What is to be sent. No more than the window, and what is answered to what came, which is
    /// bounded by [`MOST_OUTGOING`].
    outgoing: BytesMut,
    /// Nothing is left of it in buffers of TLS either.
    is_flushed: bool,
}

impl Driver {
    fn handle(&mut self, happened: Happened, octets: &[u8]) {
        let now = Instant::now();
        match happened {
            Happened::Asked(Some(ask)) => {
                self.tickets += 1;
                self.replies.insert(self.tickets, ask.reply);
                self.session.handle_submit(now, self.tickets, ask.message);
            }
            Happened::Asked(None) => self.session.handle_leave(now),
            Happened::Taken(delivery, is_taken) => self.session.handle_taken(delivery, is_taken),
            Happened::Connected(Ok(stream)) => {
                self.connecting = None;
                let (reader, writer) = tokio::io::split(stream);
                self.wire = Some(Wire {
                    reader,
                    writer,
                    outgoing: BytesMut::new(),
                    is_flushed: true,
                });
                self.session.handle_connected(now);
            }
            Happened::Connected(Err(error)) => {
                self.connecting = None;
                self.session.handle_lost(now, self.sentence(&error));
            }
            Happened::Read(Ok(0)) => self.lost(now, "it has closed the connection".to_owned()),
            Happened::Read(Ok(_)) => self.session.handle_octets(now, octets),
            Happened::Written(Ok(length)) => {
                if let Some(wire) = &mut self.wire {
                    wire.is_flushed = wire.outgoing.is_empty();
                    wire.outgoing.advance(length);
                }
            }
            Happened::Read(Err(error)) | Happened::Written(Err(error)) => {
                self.lost(now, error.to_string());
            }
            Happened::Time => self.session.handle_timeout(now),
        }
    }

    fn lost(&mut self, now: Instant, why: String) {
        self.wire = None;
        self.session.handle_lost(now, why);
    }

    fn sentence(&self, error: &http::Error) -> String {
        match error {
            http::Error::Private { address, .. } => format!(
                "{address} is an address of this machine or of a private network: {}",
                self.line.if_private
            ),
            // The place stands in front of it already.
            http::Error::NotReached { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    fn perform(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Connect => self.connect(),
                Output::Send(octets) => self.send(&octets),
                Output::Disconnect => {
                    self.flush_now();
                    (self.wire, self.connecting) = (None, None);
                }
                Output::Answered(ticket, answer) => {
                    self.board.answered(&answer);
                    if let Some(reply) = self.replies.remove(&ticket) {
                        // Who has asked may be gone.
                        let _ = reply.send(answer);
                    }
                }
                Output::Deliver(delivery, incoming) => {
                    self.board.received();
                    let (told, taken) = ((self.teller)(incoming), self.taken.clone());
                    tokio::spawn(async move {
                        let is_taken = told.await.unwrap_or(false);
                        let _ = taken.send((delivery, is_taken)).await;
                    });
                }
                Output::Unreadable(why) => {
                    tracing::warn!(smsc = self.line.place(), "{why}");
                }
            }
        }
        let (standing, failure) = self.session.standing();
        self.board.stands(standing, failure, self.session.load());
    }

    fn connect(&mut self) {
        let (line, trust) = (Arc::clone(&self.line), Arc::clone(&self.trust));
        self.connecting = Some(Box::pin(async move {
            let target = Target {
                host: &line.host,
                port: line.port,
                is_tls: line.is_tls,
                may_be_private: line.may_be_private,
            };
            http::connect(target, &trust).await
        }));
    }

    /// A provider that asks and asks and takes no answer off the wire is one that is gone.
    fn send(&mut self, octets: &Bytes) {
        let Some(wire) = &mut self.wire else { return };
        if wire.outgoing.len() + octets.len() > MOST_OUTGOING {
            return self.lost(Instant::now(), "it takes nothing off the wire".to_owned());
        }
        wire.outgoing.extend_from_slice(octets);
        wire.is_flushed = false;
    }

    /// What fits into the socket at once: a leave that is answered before the connection goes.
    fn flush_now(&mut self) {
        use std::task::{Context, Waker};
        let Some(wire) = &mut self.wire else { return };
        let mut context = Context::from_waker(Waker::noop());
        while !wire.outgoing.is_empty() {
            let writing = tokio::io::AsyncWrite::poll_write(
                Pin::new(&mut wire.writer),
                &mut context,
                &wire.outgoing,
            );
            match writing {
                std::task::Poll::Ready(Ok(length)) if length > 0 => wire.outgoing.advance(length),
                _ => return,
            }
        }
    }

    async fn farewell(&mut self) {
        self.board.stands(Standing::Over, None, (0, 0));
        if let Some(mut wire) = self.wire.take() {
            let _ = wire.writer.shutdown().await;
        }
    }
}

async fn wait_for(connecting: &mut Option<Connecting>) -> Result<Box<dyn Stream>, http::Error> {
    match connecting {
        Some(connecting) => connecting.await,
        None => std::future::pending().await,
    }
}

async fn read(
    reader: Option<&mut ReadHalf<Box<dyn Stream>>>,
    octets: &mut BytesMut,
) -> std::io::Result<usize> {
    match reader {
        Some(reader) => reader.read_buf(octets).await,
        None => std::future::pending().await,
    }
}

/// Some of what is to be sent; when nothing is, what buffers still hold. Dropped, it has done
/// nothing.
async fn write(
    writing: Option<(&mut WriteHalf<Box<dyn Stream>>, &BytesMut)>,
) -> std::io::Result<usize> {
    match writing {
        Some((writer, outgoing)) if outgoing.is_empty() => writer.flush().await.map(|()| 0),
        Some((writer, outgoing)) => match writer.write(outgoing).await? {
            0 => Err(std::io::ErrorKind::WriteZero.into()),
            length => Ok(length),
        },
        None => std::future::pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// As many as a session tells scripts at one time.
const MOST_TAKINGS: usize = 32;

/// Octets that are read at one time.
const ROOM: usize = 4 << 10;

/// Octets that wait for a provider to read them; with more of them it is given up.
const MOST_OUTGOING: usize = 256 << 10;
