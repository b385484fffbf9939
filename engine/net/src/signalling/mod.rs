//! SIP over sockets: datagrams, and streams that are cut into messages.

mod near;
mod stream;
#[cfg(test)]
mod tests;
mod udp;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;

use bytes::Bytes;
use sip::{FlowId, Route, Source, Transport};
use tokio::sync::mpsc;

use crate::{Error, raise_open_files};
use stream::{Connection, News};
use udp::Udp;

/// All SIP sockets of the exchange. Owned by the one loop that handles signalling.
#[derive(Debug)]
pub struct Signalling {
    udp: Vec<Udp>,
    connections: HashMap<FlowId, Connection>,
    /// The newest connection to each address.
    by_remote: HashMap<SocketAddr, FlowId>,
    per_source: HashMap<IpAddr, u32>,
    news: mpsc::Receiver<News>,
    tell: mpsc::Sender<News>,
    listening: Vec<(Transport, SocketAddr)>,
    next_flow: u64,
    /// Connections of all.
    most: usize,
    dropped: u64,
}

/// Something that came, or that could not be sent.
#[derive(Debug)]
pub enum Received {
    /// One whole message, unparsed.
    Message {
        /// Where from.
        source: Source,
        /// Its octets.
        octets: Bytes,
    },
    /// The beginning of a message on a connection that is too long to be taken; the connection is
    /// closed in a moment.
    TooLong {
        /// Where from.
        source: Source,
        /// What has come of it.
        octets: Bytes,
    },
    /// A connection has ended, or could not be made.
    Broken {
        /// Whose.
        route: Route,
    },
}

impl Signalling {
    /// Opens the listeners.
    ///
    /// # Errors
    /// [`Error::Listen`] with the first that cannot be had.
    pub async fn bind(listeners: &[(Transport, SocketAddr)]) -> Result<Self, Error> {
        let (tell, news) = mpsc::channel(NEWS);
        let mut signalling = Self {
            udp: Vec::new(),
            connections: HashMap::new(),
            by_remote: HashMap::new(),
            per_source: HashMap::new(),
            news,
            tell,
            listening: Vec::new(),
            next_flow: 1,
            most: CONNECTIONS.min(raise_open_files() as usize / 4),
            dropped: 0,
        };
        for &(transport, address) in listeners {
            let local = match transport {
                Transport::Udp => {
                    let udp = Udp::bind(address)?;
                    let local = udp.local();
                    signalling.udp.push(udp);
                    local
                }
                _ => stream::listen(address, signalling.tell.clone())?,
            };
            signalling.listening.push((transport, local));
        }
        Ok(signalling)
    }

    /// What is listened on, with the ports that the system chose for port 0.
    pub fn listening(&self) -> &[(Transport, SocketAddr)] {
        &self.listening
    }

    /// Open connections.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Messages that could not be sent because a socket or connection was full.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Waits until something has come and puts it into `batch`: up to 64 of each datagram socket and
    /// of all connections, so that a flood on one of them starves no other. Nothing is lost when the
    /// future is dropped.
    pub async fn receive(&mut self, batch: &mut Vec<Received>) {
        std::future::poll_fn(|task| {
            for udp in &mut self.udp {
                let full = batch.len() + BATCH;
                while batch.len() < full {
                    match udp.poll_receive(task) {
                        Poll::Ready(Some(received)) => batch.push(received),
                        Poll::Ready(None) => {}
                        Poll::Pending => break,
                    }
                }
            }
            let full = batch.len() + BATCH;
            while batch.len() < full {
                match self.news.poll_recv(task) {
                    Poll::Ready(Some(news)) => batch.extend(self.handle_news(news)),
                    _ => break,
                }
            }
            if batch.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// Sends one message. It is dropped, and counted, when the socket or connection is full: SIP
    /// repeats what matters.
    pub fn send(&mut self, route: &Route, payload: Bytes) {
        let sent = match route.transport {
            Transport::Udp => self.send_datagram(route, &payload),
            _ => self.send_on_stream(route, payload),
        };
        if !sent {
            self.dropped += 1;
        }
    }

    fn send_datagram(&self, route: &Route, payload: &Bytes) -> bool {
        let socket = route
            .local
            .and_then(|local| self.udp.iter().find(|udp| udp.is_seen_at(local)))
            .or_else(|| {
                let fits = |udp: &&Udp| udp.local().is_ipv4() == route.remote.is_ipv4();
                self.udp.iter().find(fits)
            });
        socket.is_some_and(|udp| udp.send(payload, route.remote))
    }

    fn send_on_stream(&mut self, route: &Route, payload: Bytes) -> bool {
        let known = route
            .flow
            .filter(|flow| self.connections.contains_key(flow))
            .or_else(|| self.by_remote.get(&route.remote).copied());
        if let Some(connection) = known.and_then(|flow| self.connections.get(&flow)) {
            return connection.send(payload);
        }
        let flow = self.next_flow();
        let connection = stream::connect(flow, route.remote, self.tell.clone());
        let sent = connection.send(payload);
        self.insert(flow, connection);
        sent
    }

    fn handle_news(&mut self, news: News) -> Option<Received> {
        match news {
            News::Accepted {
                socket,
                local,
                remote,
            } => {
                if !self.has_room_for(remote.ip()) {
                    tracing::info!(
                        target: "security", event = "connection_refused", source = %remote.ip(),
                        "too many connections"
                    );
                    return None;
                }
                let flow = self.next_flow();
                let tell = self.tell.clone();
                self.insert(flow, stream::serve(flow, socket, local, remote, tell));
                None
            }
            News::Message { source, octets } => Some(Received::Message { source, octets }),
            News::TooLong { source, octets } => Some(Received::TooLong { source, octets }),
            News::Ended { flow } => {
                let connection = self.connections.remove(&flow)?;
                if self.by_remote.get(&connection.remote) == Some(&flow) {
                    self.by_remote.remove(&connection.remote);
                }
                if let Some(count) = self.per_source.get_mut(&connection.remote.ip()) {
                    *count -= 1;
                    if *count == 0 {
                        self.per_source.remove(&connection.remote.ip());
                    }
                }
                Some(Received::Broken {
                    route: Route {
                        transport: Transport::Tcp,
                        local: None,
                        remote: connection.remote,
                        flow: Some(flow),
                    },
                })
            }
        }
    }

    /// Strangers have few connections each and half of all, so that those who are known are let in
    /// whatever strangers do.
    fn has_room_for(&self, source: IpAddr) -> bool {
        let strangers = |of: Option<IpAddr>| {
            let all = self.connections.values();
            all.filter(|one| one.is_strange() && of.is_none_or(|of| one.remote.ip() == of))
                .count()
        };
        let count = self.per_source.get(&source).copied().unwrap_or(0);
        let all = self.connections.len();
        if count >= PER_SOURCE || all >= self.most {
            return false;
        }
        // Counted only where there are many: the usual connection costs no look at the others.
        (count < STRANGERS_PER_SOURCE || strangers(Some(source)) < STRANGERS_PER_SOURCE as usize)
            && (all < self.most / 2 || strangers(None) < self.most / 2)
    }

    fn insert(&mut self, flow: FlowId, connection: Connection) {
        *self.per_source.entry(connection.remote.ip()).or_default() += 1;
        self.by_remote.insert(connection.remote, flow);
        self.connections.insert(flow, connection);
    }

    fn next_flow(&mut self) -> FlowId {
        let flow = FlowId(self.next_flow);
        self.next_flow += 1;
        flow
    }
}

/// Messages of one socket that are handled before others get their turn.
const BATCH: usize = 64;
/// News of connections that may wait. When it is full, connections are read more slowly: TCP
/// itself then slows the peers down.
const NEWS: usize = 1_024;
/// Connections of one address.
const PER_SOURCE: u32 = 256;
/// Connections of one address over which nobody has shown who they are.
const STRANGERS_PER_SOURCE: u32 = 32;
/// Connections of all, where the system allows four times as many open files.
const CONNECTIONS: usize = 10_000;
