//! Calls: the INVITE usage of a dialog, both sides. RFC 3261 §13–15, 3262, 3311, 4028, 6337.

pub(crate) mod body;
mod ending;
pub(crate) mod follow_up;
pub(crate) mod incoming;
pub(crate) mod login;
mod modify;
mod offers;
pub(crate) mod outgoing;
mod peer_requests;
mod refresh;
mod reliable;
mod repeat;
mod texts;
mod timer;
mod timing;
pub(crate) mod transfer;

use std::time::Instant;

use bytes::Bytes;

use crate::auth::Account;
use crate::dialog::Dialog;
use crate::endpoint::event::{EarlyId, EndedWhy, Event, SessionId};
use crate::endpoint::wire::{Hop, Wire};
use crate::message::Reason;
use crate::transaction::key::Key;
use crate::transaction::table::Owner;
use crate::transaction::timer::Wake;
use crate::transport::{Route, Source};
use crate::{Head, Method, Name, RequestBuilder, Response, ResponseBuilder, Text};

use body::{SDP, session_description as sdp_of};
use incoming::Ringing;
use login::Login;
use offers::Offers;
use outgoing::Calling;
use repeat::Repeat;
use texts::SentText;
use timer::SessionTimer;
pub use timing::{Keeper, Timing};
use transfer::Transfers;

/// One call as seen from here.
///
/// Its methods act on a [`Wire`]: requests and responses leave and events are reported there. After
/// each, ask [`is_gone`](Self::is_gone) and [`poll_timeout`](Self::poll_timeout).
#[derive(Debug)]
pub(crate) struct Session {
    identity: Identity,
    phase: Phase,
    /// One dialog, or several early ones where our call forked; `active` is the one that counts.
    parties: Vec<Party>,
    active: usize,
    offers: Offers,
    /// Our 2xx to an INVITE, until its ACK.
    unacknowledged: Option<Unacknowledged>,
    timer: SessionTimer,
    /// What we want of it; what everybody gets where nothing is said.
    timing: Option<Timing>,
    abilities: Abilities,
    login: Login,
    transfers: Transfers,
    texts: Vec<SentText>,
    /// The host that we hear from speaks for the far end, by whatever port.
    trusts_host: bool,
    /// The application has been told that it is over.
    is_over: bool,
    pub(crate) wake: Wake,
}

/// Who a session is, from birth to end.
#[derive(Debug)]
struct Identity {
    id: SessionId,
    /// What requests within the dialog find it by.
    dialog: Key,
    /// What messages are known by.
    call: Key,
    /// Whether we sent the first INVITE.
    is_caller: bool,
    /// Our tag.
    tag: String,
}

/// How far the call is.
#[derive(Debug)]
enum Phase {
    /// We sent an INVITE.
    Calling(Box<Calling>),
    /// We got an INVITE.
    Ringing(Box<Ringing>),
    /// The 2xx to our INVITE came with an offer; the ACK waits for the application's answer.
    Answering {
        invite: Key,
        cseq: u32,
        until: Instant,
    },
    /// We talk.
    Established,
    /// BYE is to be sent as soon as our 2xx is acknowledged (RFC 3261 §15).
    Parting { reason: Option<Reason> },
    /// BYE is on its way.
    Leaving { bye: Key },
    /// Nothing is left to do.
    Gone,
}

/// One far end: the one that we talk to, or one of those that ring.
#[derive(Debug)]
struct Party {
    early: EarlyId,
    dialog: Dialog,
    /// RSeq of its latest reliable response.
    rseq: Option<u32>,
    /// The reliable response whose offer the application has not answered yet.
    owed_prack: Option<u32>,
    /// Whether the first offer has its answer, while several may ring.
    is_settled: bool,
}

/// Our 2xx, which is repeated until the ACK comes.
#[derive(Debug)]
struct Unacknowledged {
    cseq: u32,
    route: Route,
    payload: Bytes,
    repeat: Repeat,
    /// The 2xx carries an offer, so that the ACK has the answer.
    wants_answer: bool,
    /// It answers the first INVITE, not a re-INVITE.
    is_first: bool,
}

/// What the far end has said that it can do.
#[derive(Clone, Copy, Debug, Default)]
struct Abilities {
    update: bool,
    timer: bool,
}

impl Session {
    fn new(identity: Identity, phase: Phase, account: Option<Account>) -> Self {
        Self {
            identity,
            phase,
            parties: Vec::new(),
            active: 0,
            offers: Offers::default(),
            unacknowledged: None,
            timer: SessionTimer::default(),
            timing: None,
            abilities: Abilities::default(),
            login: Login::new(account),
            transfers: Transfers::default(),
            texts: Vec::new(),
            trusts_host: false,
            is_over: false,
            wake: Wake::default(),
        }
    }

    /// What requests within its dialogs find it by.
    pub(crate) fn dialog_key(&self) -> Key {
        self.identity.dialog
    }

    /// What messages with its Call-ID find it by.
    pub(crate) fn call_key(&self) -> Key {
        self.identity.call
    }

    /// Whether nothing is left to do. What its transfers have still to tell outlives the call.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.phase, Phase::Gone) && self.transfers.is_empty()
    }

    /// Whether the final response to this request is still to come.
    pub(crate) fn awaits(&self, key: Key) -> bool {
        match &self.phase {
            Phase::Calling(calling) if calling.invite == key => true,
            _ => self.offers.is_ours(key),
        }
    }

    /// Whether the ACK of this INVITE waits for the application's answer.
    pub(crate) fn owes_ack(&self, key: Key) -> bool {
        matches!(self.phase, Phase::Answering { invite, .. } if invite == key)
    }

    /// A response came to a request of this session.
    pub(crate) fn handle_response(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        response: &Response,
        source: Source,
    ) {
        if self.handle_transfer_response(now, wire, key, response)
            || self.handle_text_response(now, wire, key, response)
        {
            return;
        }
        match &self.phase {
            Phase::Calling(calling) if calling.invite == key => {
                self.handle_invite_response(now, wire, response, source);
            }
            Phase::Leaving { bye } if *bye == key => self.handle_bye_response(now, wire, response),
            Phase::Gone => {}
            _ if self.offers.is_ours(key) => self.handle_offer_response(now, wire, response),
            _ => self.handle_other_response(now, wire, key, response),
        }
    }

    /// A request of this session was not answered (408), or could not be sent (503).
    pub(crate) fn handle_failure(&mut self, now: Instant, wire: &mut Wire, key: Key, status: u16) {
        if self.handle_transfer_failure(now, wire, key, status)
            || self.handle_text_failure(wire, key, status)
        {
            return;
        }
        match &self.phase {
            Phase::Calling(calling) if calling.invite == key => self.refused(wire, status, None),
            Phase::Leaving { bye } if *bye == key => self.phase = Phase::Gone,
            _ if self.offers.is_ours(key) => self.offer_failed(now, wire, status),
            _ => {}
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, wire: &mut Wire) {
        match &self.phase {
            Phase::Calling(_) => self.handle_calling_timeout(now, wire),
            Phase::Ringing(_) => self.handle_ringing_timeout(now, wire),
            Phase::Answering { until, .. } if *until <= now => {
                self.end(wire, EndedWhy::NotAcknowledged);
                self.leave(now, wire, None);
            }
            _ => {}
        }
        self.handle_answer_timeout(now, wire);
        self.handle_offer_timeout(now, wire);
        self.handle_refresh_timeout(now, wire);
        self.handle_transfer_timeout(now, wire);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Calling(calling) => calling.poll_timeout(),
            Phase::Ringing(ringing) => ringing.poll_timeout(),
            Phase::Answering { until, .. } => Some(*until),
            _ => None,
        };
        let answer = self.unacknowledged.as_ref();
        [
            phase,
            answer.map(|answer| answer.repeat.poll_timeout()),
            self.offers.poll_timeout(),
            self.timer.poll_timeout(),
            self.transfers.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Sends an INFO.
    pub(crate) fn info(&mut self, now: Instant, wire: &mut Wire, content_type: &str, body: Bytes) {
        if self.is_over {
            return;
        }
        if let Some(request) = self.request(Method::Info) {
            self.send(now, wire, request.body(content_type, body));
        }
    }

    /// The dialog that counts, if there is one yet.
    fn dialog(&self) -> Option<&Dialog> {
        self.parties.get(self.active).map(|party| &party.dialog)
    }

    /// Begins a request within the dialog.
    fn request(&mut self, method: Method) -> Option<RequestBuilder> {
        let party = self.parties.get_mut(self.active)?;
        Some(party.dialog.request(method))
    }

    /// Sends a request within the dialog.
    fn send(&self, now: Instant, wire: &mut Wire, request: RequestBuilder) -> Option<Key> {
        let hop = Hop::from(&self.dialog()?.peer);
        let owner = Owner::Session(self.identity.id);
        let request = request.header(Name::MaxForwards, "70");
        Some(wire.send(now, owner, request, hop).0)
    }

    /// Reports something, unless the application has been told that it is over.
    fn event(&self, wire: &mut Wire, event: Event) {
        if !self.is_over {
            wire.event(event);
        }
    }

    fn timing(&self, wire: &Wire) -> Timing {
        (self.timing).unwrap_or_else(|| Timing::every(wire.config.session_expires))
    }

    /// Tells the application that it is over, once.
    fn end(&mut self, wire: &mut Wire, why: EndedWhy) {
        let session = self.identity.id;
        self.event(wire, Event::Ended { session, why });
        self.is_over = true;
    }

    /// Learns what the far end can do from whatever it sends.
    fn learn_abilities(&mut self, message: &Head) {
        if message.has(Name::Allow) {
            self.abilities.update = message.allow().any(|method| method == Method::Update);
        }
        if message.has(Name::Supported) || message.has(Name::Require) {
            self.abilities.timer = message.supports("timer");
        }
    }

    /// Repeats our 2xx, or gives up hope for its ACK.
    fn handle_answer_timeout(&mut self, now: Instant, wire: &mut Wire) {
        let Some(answer) = &mut self.unacknowledged else {
            return;
        };
        match answer.repeat.handle_timeout(now) {
            None => {}
            Some(repeat::Due::Again) => {
                let (route, payload) = (answer.route, answer.payload.clone());
                wire.table.transmit(route, payload, true);
            }
            Some(repeat::Due::GiveUp) => {
                self.unacknowledged = None;
                self.end(wire, EndedWhy::NotAcknowledged);
                self.leave(now, wire, None);
            }
        }
    }
}

/// Adds what every message says that may carry an offer: Contact, Allow, Supported.
trait Introduce: Sized {
    fn introduce(self, wire: &Wire, dialog: &Dialog, timing: &Timing) -> Self;
}

impl Introduce for RequestBuilder {
    fn introduce(self, wire: &Wire, dialog: &Dialog, timing: &Timing) -> Self {
        let request =
            (self.header(Name::Contact, dialog.contact())).header(Name::Allow, &wire.allow);
        match timing.is_on {
            true => request.header(Name::Supported, "timer"),
            false => request,
        }
    }
}

impl Introduce for ResponseBuilder {
    fn introduce(self, wire: &Wire, dialog: &Dialog, timing: &Timing) -> Self {
        self.header(Name::Contact, dialog.contact())
            .header(Name::Allow, &wire.allow)
            .header(Name::Supported, wire.supported(timing.is_on))
    }
}

fn early_id(wire: &Wire, tag: Option<&Text>) -> EarlyId {
    EarlyId(wire.party_key(tag))
}
