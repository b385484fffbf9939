//! One call as a phone's user has it: what is done, what is seen, what is heard.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::{Duration, Instant};

use sip::SessionId;

use super::super::PATIENCE;
use super::super::agree::step;
use super::super::ear::{Ear, Watch};
use super::desk::{Desk, Input};
use super::{Hold, Keys};

/// One call at a phone.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    who: Arc<str>,
    state: Arc<(Mutex<State>, Condvar)>,
    ear: Ear,
    desk: mpsc::Sender<Input>,
}

/// What has been seen of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) session: Option<SessionId>,
    /// Provisional answers: the status, and whether sound came with them.
    pub(super) progress: Vec<(u16, bool)>,
    pub(super) is_up: bool,
    /// How it ended: a status that refused it, or none.
    pub(super) ended: Option<Option<u16>>,
    /// The words of its Reason.
    pub(super) reason: String,
    /// What it was told of its transfer.
    pub(super) transfer: super::transfer::Told,
    /// The caller's number and the header fields, where it came in.
    pub(super) from: String,
    /// The INVITE as it came.
    pub(super) invite: String,
    /// Keys that were heard, by RFC 4733 or by INFO.
    pub(super) keys: String,
    /// Those of them that came by INFO.
    pub(super) keys_by_info: String,
    /// How it went with a fax.
    pub(super) fax: super::fax::Told,
    /// Offers of ours that were answered.
    pub(super) agreed: u32,
    /// The codec in use.
    pub(super) codec: Option<media::CodecKind>,
    /// Where the exchange hears us.
    pub(super) far_address: Option<SocketAddr>,
}

/// Calls that have come in and that nobody has looked at.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    lines: Mutex<VecDeque<Line>>,
    more: Condvar,
}

impl Line {
    pub(super) fn new(who: String, desk: mpsc::Sender<Input>) -> Self {
        Self {
            who: who.into(),
            state: Arc::default(),
            ear: Ear::default(),
            desk,
        }
    }

    /// Says 180.
    pub(crate) fn says_it_rings(&self) {
        self.act(|desk, now, session| desk.ring(now, session, 180, false));
    }

    /// Says 183 and lets its own tone be heard before the answer.
    pub(crate) fn plays_early(&self, tone: f64) {
        self.act(move |desk, now, session| {
            desk.speak(session, tone);
            desk.ring(now, session, 183, true);
        });
    }

    /// As [`plays_early`](Self::plays_early), with a tone that comes and goes: so many frames of 20 ms with it or
    /// without it.
    pub(crate) fn plays_early_in(&self, tone: f64, rhythm: &'static [(u32, bool)]) {
        self.act(move |desk, now, session| {
            desk.speak(session, tone);
            desk.pulses(session, rhythm);
            desk.ring(now, session, 183, true);
        });
    }

    /// As [`plays_early`](Self::plays_early), tones one after the other, each for so many frames of 20 ms.
    pub(crate) fn plays_early_tones(&self, melody: &'static [(u32, f64)]) {
        self.act(move |desk, now, session| {
            desk.melody(session, melody);
            desk.ring(now, session, 183, true);
        });
    }

    /// Refuses the call as its network does, with this cause of Q.850.
    pub(crate) fn refuses_as(&self, status: u16, q850: u16) {
        self.act(move |desk, now, session| {
            let reason = ("Reason".to_owned(), format!("Q.850;cause={q850}"));
            desk.endpoint.reject(now, session, status, &[reason]);
        });
    }

    /// Takes the call.
    pub(crate) fn answers(&self) {
        self.act(|desk, now, session| desk.accept(now, session));
    }

    /// Refuses the call.
    pub(crate) fn refuses(&self, status: u16) {
        self.act(move |desk, now, session| desk.endpoint.reject(now, session, status, &[]));
    }

    /// How a Replaces names this call, read by this phone: Call-ID, its own tag, the exchange's.
    pub(crate) fn name(&self) -> sip::Replaces {
        let (tell, told) = mpsc::channel();
        self.act(move |desk, _, session| {
            let _ = tell.send(desk.endpoint.name_of(session));
        });
        told.recv_timeout(PATIENCE).unwrap().unwrap()
    }

    /// Ends the call in whatever state it is.
    pub(crate) fn hangs_up(&self) {
        self.act(|desk, now, session| desk.endpoint.hang_up(now, session, None));
    }

    /// Says another tone from now on; 0 is silence.
    pub(crate) fn speaks(&self, tone: f64) {
        self.act(move |desk, _, session| desk.speak(session, tone));
    }

    /// Presses keys.
    pub(crate) fn presses(&self, keys: &str, how: Keys) {
        let keys = keys.to_owned();
        self.act(move |desk, now, session| desk.press(now, session, &keys, how));
    }

    /// Holds the call, and waits until the exchange has agreed.
    pub(crate) fn holds(&self, how: Hold) {
        self.offers(Some(how));
    }

    /// Takes it off hold, and waits until the exchange has agreed.
    pub(crate) fn retrieves(&self) {
        self.offers(None);
    }

    /// Keeps RTP and SIP of this call to itself, as a phone that lost its network.
    pub(crate) fn goes_dead(&self) {
        self.act(|desk, _, session| desk.bury(session));
    }

    /// Waits until so many of its phone's own offers were answered.
    pub(crate) fn has_offered(&self, count: u32) {
        self.wait("agreement on its offers", |state| {
            (state.agreed >= count).then_some(())
        });
    }

    fn offers(&self, hold: Option<Hold>) {
        let before = self.look(|state| state.agreed);
        self.act(move |desk, now, session| desk.offer(now, session, hold));
        self.wait("agreement on its offer", |state| {
            (state.agreed > before).then_some(())
        });
    }

    /// Waits until it is told that it rings there, with or without sound.
    pub(crate) fn is_ringing(&self) {
        self.wait("180", |state| {
            state
                .progress
                .iter()
                .any(|(status, _)| *status == 180)
                .then_some(())
        });
    }

    /// Waits until sound comes before the answer.
    pub(crate) fn has_early_media(&self) {
        self.wait("early media", |state| {
            state.progress.iter().any(|(_, sound)| *sound).then_some(())
        });
    }

    /// Waits until the call is up.
    pub(crate) fn is_answered(&self) {
        self.wait("an answer", |state| state.is_up.then_some(()));
        step();
    }

    /// Waits until the far end, or the exchange, has ended the call after it was up.
    pub(crate) fn is_hung_up(&self) {
        let status = self.wait("the end of the call", |state| state.ended);
        assert_eq!(status, None, "{}: hung up, not refused", self.who);
        step();
    }

    /// Waits until the call is over because somebody else has taken it, so that no phone shows a
    /// missed call.
    pub(crate) fn is_taken_elsewhere(&self) {
        self.is_hung_up();
        let reason = self.look(|state| state.reason.clone());
        assert_eq!(reason, "Call completed elsewhere", "{}", self.who);
    }

    /// Waits until the call is refused, and says how.
    pub(crate) fn is_refused(&self) -> u16 {
        let status = self.wait("a refusal", |state| state.ended);
        step();
        status.unwrap_or_else(|| panic!("{}: refused, not hung up", self.who))
    }

    /// Waits until the call is over, however.
    pub(crate) fn is_over(&self) {
        self.wait("the end", |state| state.ended.map(drop));
        step();
    }

    /// As [`is_over`](Self::is_over), with more patience, or less; where time is looked at nobody is asked for more.
    pub(crate) fn is_over_within(&self, limit: Duration) {
        self.wait_for("the end", limit, |state| state.ended.map(drop));
    }

    /// Waits until these keys have come, in order and once each.
    pub(crate) fn receives_keys(&self, keys: &str) {
        self.wait(&format!("the keys {keys}"), |state| {
            (state.keys == keys).then_some(())
        });
    }

    /// Whether the call is up now.
    pub(crate) fn is_up(&self) -> bool {
        self.look(|state| state.is_up && state.ended.is_none())
    }

    /// Whether the call is up within half a second.
    pub(crate) fn is_up_soon(&self) -> bool {
        let until = Instant::now() + Duration::from_millis(500);
        let mut state = self.state.0.lock().unwrap();
        while !state.is_up && state.ended.is_none() && Instant::now() < until {
            state = self
                .state
                .1
                .wait_timeout(state, Duration::from_millis(100))
                .unwrap()
                .0;
        }
        state.is_up
    }

    /// Where the exchange hears this call.
    pub(crate) fn far_address(&self) -> SocketAddr {
        self.wait("the exchange's address", |state| state.far_address)
    }

    /// Who calls, as it is shown.
    pub(crate) fn caller(&self) -> String {
        self.look(|state| state.from.clone())
    }

    /// The keys that have come by INFO.
    pub(crate) fn keys_by_info(&self) -> String {
        self.look(|state| state.keys_by_info.clone())
    }

    /// The keys whose tones it has heard in the last 20 seconds.
    pub(crate) fn keys_by_sound(&self) -> String {
        self.ear.keys()
    }

    /// The INVITE as it came.
    pub(crate) fn invite(&self) -> String {
        self.look(|state| state.invite.clone())
    }

    /// The codec in use.
    pub(crate) fn codec(&self) -> Option<media::CodecKind> {
        self.look(|state| state.codec)
    }

    /// See [`Ear::hears`].
    pub(crate) fn hears(&self, tone: f64) {
        self.ear.hears(&self.who, tone);
    }

    /// As [`hears`](Self::hears), with more patience.
    pub(crate) fn hears_within(&self, tone: f64, limit: Duration) {
        assert!(
            self.ear.finds(tone, limit),
            "{} should hear {tone} Hz",
            self.who
        );
    }

    /// Fails unless a tone was heard for 300 ms since the beginning of the call, or is soon.
    pub(crate) fn has_heard(&self, tone: f64) {
        self.ear.has_heard(&self.who, tone);
    }

    /// Fails unless a tone was heard for so long since the beginning of the call.
    pub(crate) fn has_heard_for(&self, tone: f64, length: Duration) {
        self.ear.has_heard_for(&self.who, tone, length);
    }

    /// Goes on talking: lets so much time pass, for sound has its length.
    pub(crate) fn talks_for(&self, length: Duration) {
        let until = Instant::now() + length;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            std::thread::park_timeout(left);
        }
    }

    /// See [`Ear::is_deaf_to`].
    pub(crate) fn is_deaf_to(&self, tone: f64) {
        self.ear.is_deaf_to(&self.who, tone);
    }

    /// Hears something as loud as speech for so long in all.
    pub(crate) fn hears_something(&self, length: Duration) {
        self.ear.hears_something(&self.who, length);
    }

    /// Whether it hears a tone for 300 ms within this time.
    pub(crate) fn finds(&self, tone: f64, within: Duration) -> bool {
        self.ear.finds(tone, within)
    }

    /// Waits for so many packets of sound.
    pub(crate) fn hears_packets(&self, count: u64) {
        self.ear.hears_packets(&self.who, count);
    }

    /// See [`Ear::is_without_packets_for`].
    pub(crate) fn is_without_packets_for(&self, length: Duration) -> bool {
        self.ear.is_without_packets_for(length)
    }

    /// How packets have come since the last call of this.
    pub(crate) fn watch(&self) -> Watch {
        self.ear.watch()
    }

    pub(super) fn ear(&self) -> &Ear {
        &self.ear
    }

    /// Notes something, and wakes who waits for it.
    pub(super) fn note(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.0.lock().unwrap());
        self.state.1.notify_all();
    }

    pub(super) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.0.lock().unwrap())
    }

    pub(super) fn wait<T>(&self, what: &str, is_there: impl FnMut(&State) -> Option<T>) -> T {
        self.wait_for(what, PATIENCE, is_there)
    }

    fn wait_for<T>(
        &self,
        what: &str,
        limit: Duration,
        mut is_there: impl FnMut(&State) -> Option<T>,
    ) -> T {
        let until = Instant::now() + limit;
        let mut state = self.state.0.lock().unwrap();
        loop {
            if let Some(found) = is_there(&state) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let seen = state.clone();
                drop(state);
                panic!("{} in vain waited for {what}: {seen:?}", self.who);
            }
            state = self.state.1.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Does something with the call once it has a session.
    pub(super) fn act(&self, what: impl FnOnce(&mut Desk, Instant, SessionId) + Send + 'static) {
        let state = self.state.clone();
        let act = move |desk: &mut Desk, now: Instant| {
            let session = state.0.lock().unwrap().session;
            if let Some(session) = session {
                what(desk, now, session);
            }
        };
        let _ = self.desk.send(Input::Do(Box::new(act)));
    }
}

/// Two who talk hear each other's tones.
pub(crate) fn hear_each_other(one: &Line, tone: f64, other: &Line, other_tone: f64) {
    one.hears(other_tone);
    other.hears(tone);
}

impl Incoming {
    pub(super) fn put(&self, line: Line) {
        self.lines.lock().unwrap().push_back(line);
        self.more.notify_all();
    }

    pub(super) fn wait(&self, until: Instant) -> Option<Line> {
        let mut lines = self.lines.lock().unwrap();
        loop {
            if let Some(line) = lines.pop_front() {
                return Some(line);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            lines = self.more.wait_timeout(lines, left).unwrap().0;
        }
    }
}
