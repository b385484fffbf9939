//! The phone itself: one loop over commands, messages, sound and timers.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip::auth::Account;
use sip::{
    Endpoint, EndpointConfig, NameAddr, Outgoing, Output, Route, SessionId, Source, SubscriptionId,
    Uri,
};

use super::lamp::Lamps;
use super::line::{Incoming, Line};
use super::register::Registering;
use super::sdp::Description;
use super::text::Texts;
use super::voice::{Keys, Voice};
use super::wire::Wire;
use super::{Hold, Manner};

/// Something that the user does.
type Act = Box<dyn FnOnce(&mut Desk, Instant) + Send>;

/// What wakes the phone.
pub(super) enum Input {
    /// A message came.
    Message(Source, Bytes),
    /// The user does something.
    Do(Act),
    /// The plug is pulled.
    Unplug,
}

/// The inside of a phone.
pub(crate) struct Desk {
    pub(super) manner: Manner,
    pub(super) endpoint: Endpoint,
    pub(super) registering: Registering,
    pub(super) answers_always: bool,
    pub(super) calls: HashMap<SessionId, Call>,
    pub(super) incoming: Arc<Incoming>,
    pub(super) inbox: mpsc::Sender<Input>,
    pub(super) lamps: Lamps,
    pub(super) texts: Texts,
    /// Transfers that it has asked for.
    pub(super) transfers: HashMap<SubscriptionId, Line>,
    pub(super) wire: Wire,
}

/// One call of the phone.
pub(super) struct Call {
    pub(super) line: Line,
    pub(super) voice: Voice,
    /// What the far end has said of itself.
    pub(super) theirs: Option<Description>,
    /// Our answer, once it is known.
    pub(super) answer: Option<Bytes>,
    pub(super) hold: Option<Hold>,
}

impl Desk {
    pub(super) fn new(manner: Manner, inbox: mpsc::Sender<Input>, incoming: Arc<Incoming>) -> Self {
        let endpoint = Endpoint::new(EndpointConfig {
            user_agent: "test phone".to_owned(),
            seed: RandomState::new().hash_one(manner.address),
            session_expires: None,
            allow: vec![sip::Method::Register, sip::Method::Message],
            ..EndpointConfig::default()
        });
        let wire = Wire::open(&manner, inbox.clone());
        Self {
            registering: Registering::new(&manner),
            manner,
            endpoint,
            answers_always: false,
            calls: HashMap::new(),
            incoming,
            inbox,
            lamps: Lamps::default(),
            texts: Texts::default(),
            transfers: HashMap::new(),
            wire,
        }
    }

    pub(super) fn run(&mut self, inbox: &mpsc::Receiver<Input>) {
        loop {
            let now = Instant::now();
            let due = self.endpoint.poll_timeout().unwrap_or(now + IDLE);
            let due = due.min(now + if self.calls.is_empty() { IDLE } else { BEAT });
            let mut input = inbox.recv_timeout(due.saturating_duration_since(now)).ok();
            while let Some(one) = input.take() {
                let now = Instant::now();
                match one {
                    Input::Message(source, octets) if self.takes_notice(&source, &octets) => {}
                    Input::Message(source, octets) if self.obeys(now, &source, &octets) => {}
                    Input::Message(source, octets) => {
                        self.endpoint.handle_message(now, source, octets);
                    }
                    Input::Do(act) => act(self, now),
                    Input::Unplug => return,
                }
                self.pump(now);
                input = inbox.try_recv().ok();
            }
            let now = Instant::now();
            self.endpoint.handle_timeout(now);
            self.pump(now);
            for call in self.calls.values_mut() {
                let keys = call.voice.beat(now, call.line.ear());
                if !keys.is_empty() {
                    call.line.note(|state| state.keys.push_str(&keys));
                }
            }
        }
    }

    fn pump(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Transmit(transmit) => {
                    self.wire.send(transmit.route.remote, &transmit.payload)
                }
                Output::Event(event) => self.handle(now, event),
            }
        }
    }

    /// The way to the exchange.
    pub(super) fn route(&self) -> Route {
        Route {
            transport: self.manner.transport,
            local: Some(self.manner.address),
            remote: self.manner.exchange,
            flow: self.wire.flow(),
        }
    }

    pub(super) fn account(&self) -> Option<Account> {
        let host = self.manner.exchange.ip().to_string();
        let password = self.manner.password.as_deref()?;
        let seed = RandomState::new()
            .hash_one(self.manner.address)
            .to_le_bytes();
        let mut seeds = [0; 32];
        seeds[..8].copy_from_slice(&seed);
        Some(Account::new(
            &self.manner.user,
            password,
            self.manner.realm.as_deref(),
            &host,
            seeds,
        ))
    }

    pub(super) fn uri(&self, user: &str) -> Uri {
        Uri::parse(format!("sip:{user}@{}", self.manner.exchange.ip())).unwrap()
    }

    pub(super) fn dial(&mut self, now: Instant, line: Line, from: &str, number: &str, pilot: f64) {
        self.dial_with(now, line, (from, number), pilot, Vec::new());
    }

    /// Calls with further header fields.
    pub(super) fn dial_with(
        &mut self,
        now: Instant,
        line: Line,
        (from, number): (&str, &str),
        pilot: f64,
        headers: Vec<(String, String)>,
    ) {
        let number = number.replace('#', "%23").replace(' ', "%20");
        let mut voice = Voice::open(&self.manner, pilot);
        let offer = self.manner.offers.then(|| voice.offer(None));
        let exchange = self.manner.exchange;
        let outgoing = Outgoing {
            uri: Uri::parse(format!("sip:{number}@{exchange}")).unwrap(),
            from: NameAddr::of(&self.uri(from)),
            to: NameAddr::of(&self.uri(&number)),
            route: Vec::new(),
            destination: self.route(),
            allows_tcp: false,
            contact_user: Some(self.manner.user.clone()),
            contact_host: None,
            sdp: offer,
            headers,
            max_forwards: 70,
            account: self.account(),
            timing: None,
        };
        let session = self.endpoint.invite(now, outgoing);
        line.note(|state| state.session = Some(session));
        let call = Call {
            line,
            voice,
            theirs: None,
            answer: None,
            hold: None,
        };
        self.calls.insert(session, call);
    }

    /// Says that it rings; with sound from now on, if wanted.
    pub(super) fn ring(&mut self, now: Instant, session: SessionId, status: u16, sound: bool) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        let sdp = if sound { call.agree() } else { None };
        self.endpoint.ring(now, session, status, sdp);
    }

    pub(super) fn accept(&mut self, now: Instant, session: SessionId) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        let sdp = match call.theirs {
            Some(_) => call.agree(),
            None => Some(call.voice.offer(None)),
        };
        call.line.note(|state| state.is_up = true);
        self.endpoint.accept(now, session, sdp);
    }

    /// Answers what the exchange has offered to an INVITE that asked for it.
    pub(super) fn answer_offer(&mut self, now: Instant, session: SessionId, sdp: &[u8]) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        call.theirs = Description::parse(sdp);
        if let Some(answer) = call.agree() {
            self.endpoint.answer(now, session, answer);
        }
    }

    pub(super) fn speak(&mut self, session: SessionId, tone: f64) {
        if let Some(call) = self.calls.get_mut(&session) {
            call.voice.speak(tone);
        }
    }

    pub(super) fn melody(&mut self, session: SessionId, melody: &[(u32, f64)]) {
        if let Some(call) = self.calls.get_mut(&session) {
            call.voice.melody(melody);
        }
    }

    pub(super) fn pulses(&mut self, session: SessionId, rhythm: &[(u32, bool)]) {
        if let Some(call) = self.calls.get_mut(&session) {
            call.voice.pulses(rhythm);
        }
    }

    pub(super) fn press(&mut self, now: Instant, session: SessionId, keys: &str, how: Keys) {
        if how == Keys::Info {
            for key in keys.chars() {
                let body = format!("Signal={key}\r\nDuration=160\r\n");
                self.endpoint
                    .info(now, session, "application/dtmf-relay", body.into());
            }
            return;
        }
        if let Some(call) = self.calls.get_mut(&session) {
            call.voice.press(keys, how);
        }
    }

    pub(super) fn offer(&mut self, now: Instant, session: SessionId, hold: Option<Hold>) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        call.hold = hold;
        let offer = call.voice.offer(hold);
        self.endpoint.offer(now, session, offer);
    }

    /// Forgets a call without a word: its RTP ends, and what the exchange says is not understood.
    pub(super) fn bury(&mut self, session: SessionId) {
        self.calls.remove(&session);
    }
}

impl Call {
    /// Our answer to what they offered, and the sound that follows from it.
    pub(super) fn agree(&mut self) -> Option<Bytes> {
        if self.answer.is_none() {
            let theirs = self.theirs.as_ref()?;
            self.answer = self.voice.answer(theirs);
            let codec = self.voice.codec();
            self.line.note(|state| state.codec = codec);
        }
        self.answer.clone()
    }
}

/// How often sound is looked after.
const BEAT: Duration = Duration::from_millis(5);
const IDLE: Duration = Duration::from_millis(200);
