//! A simulated SIP phone with a voice: real sockets, real RTP, one thread.

mod desk;
mod fax;
mod lamp;
mod line;
mod register;
mod sdp;
mod session;
mod text;
mod transfer;
mod voice;
mod wire;

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use media::CodecKind;
use sip::Transport;
use sip::auth::Algorithm;

pub(crate) use lamp::Lamp;
pub(crate) use line::{Line, hear_each_other};
pub(crate) use text::Said;
pub(crate) use voice::Keys;

use super::agree::step;
use super::{PATIENCE, pilot};
use desk::{Desk, Input};
use line::Incoming;

/// How a phone is and behaves.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// Its user, and the user part of what it says of itself.
    pub(crate) user: String,
    /// `None` for a carrier that is known by its address.
    pub(crate) password: Option<String>,
    /// Its own address.
    pub(crate) address: SocketAddr,
    /// The exchange's, or that of what stands in front of it.
    pub(crate) exchange: SocketAddr,
    /// Who may ask for its password; the host of `exchange` when `None`.
    pub(crate) realm: Option<String>,
    /// How it speaks SIP.
    pub(crate) transport: Transport,
    /// What it says, in Hz.
    pub(crate) pilot: f64,
    /// In its order of preference.
    pub(crate) codecs: Vec<CodecKind>,
    /// Whether it knows RFC 4733.
    pub(crate) telephone_event: bool,
    /// Whether it is a fax machine that knows T.38.
    pub(crate) fax: bool,
    /// Whether its INVITEs say how it sounds, or ask the exchange first.
    pub(crate) offers: bool,
    /// The only digest that it knows; both when `None`.
    pub(crate) digest: Option<Algorithm>,
    /// Whether it does what NOTIFY `talk` and `hold` say.
    pub(crate) obeys: bool,
}

/// How a call is held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Hold {
    /// `a=sendonly`, as RFC 3264 has it.
    SendOnly,
    /// `c=IN IP4 0.0.0.0`, as RFC 2543 had it.
    Zero,
}

/// A phone; several calls at once if need be. Dropping it pulls the plug without a word.
#[derive(Debug)]
pub(crate) struct Phone {
    manner: Manner,
    desk: mpsc::Sender<Input>,
    incoming: Arc<Incoming>,
    thread: Option<JoinHandle<()>>,
}

impl Manner {
    /// A user's phone with the demo password.
    pub(crate) fn of_user(user: &str, address: SocketAddr, exchange: SocketAddr) -> Self {
        Self {
            user: user.to_owned(),
            password: Some(format!("demo-{user}")),
            address,
            exchange,
            realm: None,
            transport: Transport::Udp,
            pilot: match user {
                "1049" => pilot::A1,
                "1050" => pilot::A2,
                "1051" => pilot::A3,
                "1001" => pilot::L1,
                _ => pilot::C2,
            },
            codecs: vec![CodecKind::Pcma],
            telephone_event: true,
            fax: false,
            offers: true,
            digest: None,
            obeys: false,
        }
    }
}

impl Phone {
    /// Plugs it in.
    pub(crate) fn start(manner: Manner) -> Self {
        let (desk, inbox) = mpsc::channel();
        let incoming = Arc::new(Incoming::default());
        let mut owner = Desk::new(manner.clone(), desk.clone(), incoming.clone());
        let thread = std::thread::Builder::new()
            .name(format!("phone {}", manner.user))
            .spawn(move || owner.run(&inbox))
            .unwrap();
        Self {
            manner,
            desk,
            incoming,
            thread: Some(thread),
        }
    }

    /// Its own address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.manner.address
    }

    /// Registers, and fails when that is refused.
    pub(crate) fn registers(&self) {
        let status = self.tries_to_register(PATIENCE);
        assert_eq!(status, Some(200), "{} registers", self.manner.user);
    }

    /// Registers; the final status, or `None` when nobody answers in time.
    pub(crate) fn tries_to_register(&self, within: Duration) -> Option<u16> {
        let (tell, told) = mpsc::channel();
        self.ask(move |desk, now| desk.register(now, 3_600, tell));
        told.recv_timeout(within).ok()
    }

    /// Takes its registration back.
    pub(crate) fn unregisters(&self) {
        let (tell, told) = mpsc::channel();
        self.ask(move |desk, now| desk.register(now, 0, tell));
        assert_eq!(told.recv_timeout(PATIENCE), Ok(200));
    }

    /// Calls a number of the exchange.
    pub(crate) fn dials(&self, number: &str) -> Line {
        let user = self.manner.user.clone();
        self.dials_as(&user, number, self.manner.pilot)
    }

    /// Calls as somebody, with a voice: a carrier has many customers.
    pub(crate) fn dials_as(&self, from: &str, number: &str, pilot: f64) -> Line {
        let line = Line::new(format!("{from} (dials {number})"), self.desk.clone());
        let (mine, from, number) = (line.clone(), from.to_owned(), number.to_owned());
        self.ask(move |desk, now| desk.dial(now, mine, &from, &number, pilot));
        line
    }

    /// Calls a number at which another phone rings and is answered, until both hear each other: this phone's end of
    /// the call, and the other's.
    pub(crate) fn reaches(&self, other: &Self, number: &str) -> (Line, Line) {
        let calls = self.dials(number);
        let called = other.rings();
        called.answers();
        calls.hears(other.manner.pilot);
        called.hears(self.manner.pilot);
        (calls, called)
    }

    /// Calls so that the call takes the place of another; see [`Line::replaces`].
    pub(crate) fn takes_the_place_of(&self, replaces: &str) -> Line {
        let user = self.manner.user.clone();
        let line = Line::new(format!("{user} (replaces a call)"), self.desk.clone());
        let (mine, pilot) = (line.clone(), self.manner.pilot);
        let headers = vec![("Replaces".to_owned(), replaces.to_owned())];
        self.ask(move |desk, now| desk.dial_with(now, mine, (&user, "somebody"), pilot, headers));
        line
    }

    /// Waits for a call; it rings (180).
    pub(crate) fn rings(&self) -> Line {
        let line = self.is_called();
        line.says_it_rings();
        line
    }

    /// Waits for a call and says nothing yet.
    pub(crate) fn is_called(&self) -> Line {
        let who = &self.manner.user;
        let line = self.incoming.wait(Instant::now() + PATIENCE);
        let line = line.unwrap_or_else(|| panic!("{who} should be called, and is not"));
        step();
        line
    }

    /// Whether no call comes for so long.
    pub(crate) fn is_not_called_for(&self, length: Duration) -> bool {
        self.incoming.wait(Instant::now() + length).is_none()
    }

    /// Forgets the calls that have come in and that nobody has looked at.
    pub(crate) fn forgets_its_calls(&self) {
        while self.incoming.wait(Instant::now()).is_some() {}
    }

    /// Takes every call from now on at once.
    pub(crate) fn answers_always(&self) {
        self.ask(|desk, _| desk.answers_always = true);
    }

    /// Falls silent at once: no SIP, no RTP, no good-bye.
    pub(crate) fn dies(mut self) {
        self.unplug();
    }

    fn ask(&self, what: impl FnOnce(&mut Desk, Instant) + Send + 'static) {
        let _ = self.desk.send(Input::Do(Box::new(what)));
    }

    fn unplug(&mut self) {
        let _ = self.desk.send(Input::Unplug);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.unplug();
    }
}
