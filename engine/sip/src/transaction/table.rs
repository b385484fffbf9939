//! All transactions: gives the machines their messages, and wakes them.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use bytes::Bytes;

use super::client::Client;
use super::client_invite::ClientInvite;
use super::key::{AlreadyHashed, Key};
use super::machine::{ClientMachine, ServerMachine, Step};
use super::server::Server;
use super::server_invite::ServerInvite;
use super::timer::{Timers, Wake};
use crate::endpoint::event::SessionId;
use crate::subscription::SubscriptionId;
use crate::transport::{Route, Transmit};

/// Every client and server transaction, by key.
///
/// After each call drain [`poll_transmit`](Self::poll_transmit) and
/// [`poll_failure`](Self::poll_failure).
#[derive(Debug)]
pub(crate) struct Table {
    clients: HashMap<Key, ClientEntry, AlreadyHashed>,
    servers: HashMap<Key, ServerEntry, AlreadyHashed>,
    /// Requests that arrived, by what a copy over another path has in common (RFC 3261 §8.2.2.2).
    merges: HashMap<Key, Key, AlreadyHashed>,
    timers: Timers<Side>,
    transmits: VecDeque<Transmit>,
    failures: VecDeque<Failure>,
    /// The request that was answered last. On connections its transaction is over with the answer, and
    /// its owner may have to send it again, with credentials.
    answered: Option<(Key, Bytes, Route)>,
    retransmissions: u64,
}

/// To whom a transaction belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    /// A call.
    Session(SessionId),
    /// A subscription outside of calls.
    Subscription(SubscriptionId),
    /// The application, by handle.
    Request,
    /// Nobody waits for the outcome.
    Nobody,
}

/// A client transaction that ended without a final response.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) key: Key,
    pub(crate) owner: Owner,
    /// 408 when nobody answered, 503 when it could not be sent.
    pub(crate) status: u16,
    /// Where and what to send instead: UDP, after TCP was tried for the message's size.
    pub(crate) fallback: Option<(Route, Bytes)>,
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    pub(crate) owner: Owner,
    pub(crate) is_invite: bool,
    pub(crate) payload: Bytes,
    pub(crate) route: Route,
    pub(crate) fallback: Option<Route>,
}

/// A request that arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) owner: Owner,
    pub(crate) is_invite: bool,
    /// Where responses go.
    pub(crate) route: Route,
    /// What a merged copy of the request has in common with it; `None` within dialogs.
    pub(crate) merge: Option<Key>,
}

#[derive(Debug)]
struct ClientEntry {
    machine: ClientMachine,
    sending: Sending,
    sent: bool,
    /// The ACK of a refusal.
    ack: Option<Bytes>,
    /// The ACKs of answers, by the hash of the To tag; more than one where a call forked.
    answers: Vec<(Key, Transmit)>,
    wake: Wake,
}

#[derive(Debug)]
struct ServerEntry {
    machine: ServerMachine,
    arrival: Arrival,
    response: Bytes,
    sent: bool,
    wake: Wake,
}

/// Whom a timer wakes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Side {
    Client(Key),
    Server(Key),
}

impl Table {
    pub(crate) fn new() -> Self {
        Self {
            clients: HashMap::with_hasher(AlreadyHashed),
            servers: HashMap::with_hasher(AlreadyHashed),
            merges: HashMap::with_hasher(AlreadyHashed),
            timers: Timers::new(),
            transmits: VecDeque::new(),
            failures: VecDeque::new(),
            answered: None,
            retransmissions: 0,
        }
    }

    /// Sends a request for the first time.
    pub(crate) fn start(&mut self, now: Instant, key: Key, sending: Sending) {
        let reliable = sending.route.transport.is_reliable();
        let machine = match sending.is_invite {
            true => ClientMachine::Invite(ClientInvite::new(now, reliable)),
            false => ClientMachine::Other(Client::new(now, reliable)),
        };
        let entry = ClientEntry {
            machine,
            sending,
            sent: false,
            ack: None,
            answers: Vec::new(),
            wake: Wake::default(),
        };
        self.clients.insert(key, entry);
        self.settle_client(now, key);
    }

    /// A response arrived. Returns the owner if the response is for them; `make_ack` builds the ACK
    /// of a refusal out of the INVITE.
    pub(crate) fn handle_response(
        &mut self,
        now: Instant,
        key: Key,
        code: u16,
        make_ack: impl FnOnce(&Bytes) -> Option<Bytes>,
    ) -> Option<Owner> {
        let entry = self.clients.get_mut(&key)?;
        let Sending {
            owner,
            payload,
            route,
            ..
        } = &entry.sending;
        let owner = *owner;
        if code >= 300 {
            self.answered = Some((key, payload.clone(), *route));
        }
        match &mut entry.machine {
            ClientMachine::Invite(machine) => {
                if code >= 300 && entry.ack.is_none() {
                    entry.ack = make_ack(&entry.sending.payload);
                }
                machine.handle_response(now, code);
            }
            ClientMachine::Other(machine) => machine.handle_response(now, code),
        }
        self.settle_client(now, key).then_some(owner)
    }

    /// Sends the ACK of an answer again if the answer from `party` has come before.
    pub(crate) fn repeat_ack(&mut self, key: Key, party: Key) -> bool {
        let Some(entry) = self.clients.get(&key) else {
            return false;
        };
        let Some((_, ack)) = entry.answers.iter().find(|(known, _)| *known == party) else {
            return false;
        };
        self.transmits.push_back(ack.clone());
        self.retransmissions += 1;
        true
    }

    /// Sends the ACK of an answer from `party`, and remembers it for the answer's repetitions.
    pub(crate) fn acknowledge(&mut self, key: Key, party: Key, ack: Transmit) {
        if let Some(entry) = self.clients.get_mut(&key)
            && entry.answers.len() < MOST_ANSWERS
        {
            entry.answers.push((party, ack.clone()));
        }
        self.transmits.push_back(ack);
    }

    /// Ends an INVITE in 64 × T1 unless it is answered first.
    pub(crate) fn abandon(&mut self, now: Instant, key: Key) {
        if let Some(entry) = self.clients.get_mut(&key)
            && let ClientMachine::Invite(machine) = &mut entry.machine
        {
            machine.abandon(now);
            self.settle_client(now, key);
        }
    }

    /// The request of a client transaction, or the one that was refused just now, and where it was sent.
    pub(crate) fn request(&self, key: Key) -> Option<(&Bytes, &Route)> {
        let live = self.clients.get(&key).map(|entry| &entry.sending);
        let live = live.map(|sending| (&sending.payload, &sending.route));
        let answered = self.answered.as_ref().filter(|answered| answered.0 == key);
        live.or_else(|| answered.map(|(_, payload, route)| (payload, route)))
    }

    /// A request arrived that belongs to no transaction yet.
    pub(crate) fn open(&mut self, now: Instant, key: Key, arrival: Arrival) {
        let reliable = arrival.route.transport.is_reliable();
        let machine = match arrival.is_invite {
            true => ServerMachine::Invite(ServerInvite::new(reliable)),
            false => ServerMachine::Other(Server::new(now, reliable)),
        };
        if let Some(merge) = arrival.merge {
            self.merges.insert(merge, key);
        }
        let entry = ServerEntry {
            machine,
            arrival,
            response: Bytes::new(),
            sent: false,
            wake: Wake::default(),
        };
        self.servers.insert(key, entry);
        self.settle_server(now, key);
    }

    /// Whether a request is a copy, over another path, of one that is being served.
    pub(crate) fn is_merged(&self, merge: Key) -> bool {
        self.merges.contains_key(&merge)
    }

    /// A request arrived: whether it is one of before, which then gets its response again.
    pub(crate) fn handle_request(&mut self, now: Instant, key: Key) -> bool {
        let Some(entry) = self.servers.get_mut(&key) else {
            return false;
        };
        match &mut entry.machine {
            ServerMachine::Invite(machine) => machine.handle_invite(),
            ServerMachine::Other(machine) => machine.handle_request(),
        }
        self.settle_server(now, key);
        true
    }

    /// An ACK arrived: whether it acknowledges a refusal of ours. An ACK of a 2xx is for the
    /// session, even from those who send it with the INVITE's branch.
    pub(crate) fn handle_ack(&mut self, now: Instant, key: Key) -> bool {
        let Some(entry) = self.servers.get_mut(&key) else {
            return false;
        };
        let ServerMachine::Invite(machine) = &mut entry.machine else {
            return false;
        };
        if machine.is_accepted() {
            return false;
        }
        machine.handle_ack(now);
        self.settle_server(now, key);
        true
    }

    /// Responds; says whether the response still counted.
    pub(crate) fn respond(&mut self, now: Instant, key: Key, code: u16, response: Bytes) -> bool {
        let Some(entry) = self.servers.get_mut(&key) else {
            return false;
        };
        let counts = match &mut entry.machine {
            ServerMachine::Invite(machine) => machine.respond(now, code),
            ServerMachine::Other(machine) => machine.respond(now, code),
        };
        if counts {
            entry.response = response;
            entry.sent = false;
        }
        self.settle_server(now, key);
        counts
    }

    /// Forgets a transaction that arrived, once its response is out: strangers leave no trace.
    pub(crate) fn forget(&mut self, key: Key) {
        if let Some(entry) = self.servers.remove(&key) {
            self.unmerge(key, entry.arrival.merge);
        }
    }

    /// Whether a final response may still be given.
    pub(crate) fn is_open(&self, key: Key) -> bool {
        match self.servers.get(&key).map(|entry| &entry.machine) {
            None => false,
            Some(ServerMachine::Invite(machine)) => machine.is_proceeding(),
            Some(ServerMachine::Other(machine)) => machine.is_open(),
        }
    }

    /// To whom a request that arrived belongs.
    pub(crate) fn server_owner(&self, key: Key) -> Option<Owner> {
        Some(self.servers.get(&key)?.arrival.owner)
    }

    /// Where the responses to a request go.
    pub(crate) fn reply_route(&self, key: Key) -> Option<Route> {
        Some(self.servers.get(&key)?.arrival.route)
    }

    /// Sends bytes that belong to no transaction; `again` if they were sent before.
    pub(crate) fn transmit(&mut self, route: Route, payload: Bytes, again: bool) {
        self.retransmissions += u64::from(again);
        self.transmits.push_back(Transmit { route, payload });
    }

    /// A connection broke, or an address cannot be reached: fails what was on its way there.
    pub(crate) fn handle_transport_failed(&mut self, now: Instant, route: &Route) {
        // What named no connection was sent over whichever led to its address.
        let is_hit = |other: &Route| match other.flow {
            Some(flow) => route.flow == Some(flow),
            None => (other.transport, other.remote) == (route.transport, route.remote),
        };
        let hit: Vec<Key> = (self.clients.iter())
            .filter(|(_, entry)| is_hit(&entry.sending.route))
            .map(|(key, _)| *key)
            .collect();
        for key in hit {
            if let Some(entry) = self.clients.get_mut(&key) {
                match &mut entry.machine {
                    ClientMachine::Invite(machine) => machine.handle_transport_failed(),
                    ClientMachine::Other(machine) => machine.handle_transport_failed(),
                }
            }
            self.settle_client(now, key);
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, side)) = self.timers.pop_due(now) {
            match side {
                Side::Client(key) => {
                    let entry = self.clients.get_mut(&key);
                    if entry.is_some_and(|entry| entry.wake.take(at)) {
                        self.settle_client(now, key);
                    }
                }
                Side::Server(key) => {
                    let entry = self.servers.get_mut(&key);
                    if entry.is_some_and(|entry| entry.wake.take(at)) {
                        self.settle_server(now, key);
                    }
                }
            }
        }
        let (clients, servers) = (&self.clients, &self.servers);
        (self.timers).sweep(clients.len() + servers.len(), |side| match side {
            Side::Client(key) => clients.contains_key(key),
            Side::Server(key) => servers.contains_key(key),
        });
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    pub(crate) fn poll_failure(&mut self) -> Option<Failure> {
        self.failures.pop_front()
    }

    /// How many transactions there are.
    pub(crate) fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    /// Whether nothing at all is left.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0 && self.merges.is_empty()
    }

    /// How often something was sent again.
    pub(crate) fn retransmissions(&self) -> u64 {
        self.retransmissions
    }

    /// Does what the machine wants, until it waits; says whether a response is to be delivered.
    fn settle_client(&mut self, now: Instant, key: Key) -> bool {
        let Some(entry) = self.clients.get_mut(&key) else {
            return false;
        };
        let mut deliver = false;
        loop {
            while let Some(step) = entry.machine.poll_step() {
                match step {
                    Step::Deliver => deliver = true,
                    Step::Send => {
                        self.retransmissions += u64::from(entry.sent);
                        entry.sent = true;
                        self.transmits.push_back(Transmit {
                            route: entry.sending.route,
                            payload: entry.sending.payload.clone(),
                        });
                    }
                    Step::Acknowledge => {
                        if let Some(payload) = entry.ack.clone() {
                            let route = entry.sending.route;
                            self.transmits.push_back(Transmit { route, payload });
                        }
                    }
                    Step::Fail(status) => {
                        let fallback = entry.sending.fallback.filter(|_| status == 503);
                        self.failures.push_back(Failure {
                            key,
                            owner: entry.sending.owner,
                            status,
                            fallback: fallback.map(|to| (to, entry.sending.payload.clone())),
                        });
                    }
                }
            }
            match entry.machine.poll_timeout() {
                Some(at) if at <= now => entry.machine.handle_timeout(now),
                wanted => {
                    self.timers.arm(Side::Client(key), &mut entry.wake, wanted);
                    break;
                }
            }
        }
        if entry.machine.is_terminated() {
            self.clients.remove(&key);
        }
        deliver
    }

    fn settle_server(&mut self, now: Instant, key: Key) {
        let Some(entry) = self.servers.get_mut(&key) else {
            return;
        };
        loop {
            while entry.machine.poll_respond() {
                self.retransmissions += u64::from(entry.sent);
                entry.sent = true;
                self.transmits.push_back(Transmit {
                    route: entry.arrival.route,
                    payload: entry.response.clone(),
                });
            }
            match entry.machine.poll_timeout() {
                Some(at) if at <= now => entry.machine.handle_timeout(now),
                wanted => {
                    self.timers.arm(Side::Server(key), &mut entry.wake, wanted);
                    break;
                }
            }
        }
        if entry.machine.is_accepted() {
            // The session repeats its answer itself.
            entry.response = Bytes::new();
        }
        if entry.machine.is_terminated() {
            let merge = entry.arrival.merge;
            self.servers.remove(&key);
            self.unmerge(key, merge);
        }
    }

    fn unmerge(&mut self, key: Key, merge: Option<Key>) {
        if let Some(merge) = merge
            && self.merges.get(&merge) == Some(&key)
        {
            self.merges.remove(&merge);
        }
    }
}

/// Parties of one forked call whose ACKs are remembered; a stranger's flood of answers is not.
const MOST_ANSWERS: usize = 16;
