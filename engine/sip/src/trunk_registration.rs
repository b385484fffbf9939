//! Our own registration at a carrier: the client side of RFC 3261 §10.2.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::auth::{Account, Refusal};
use crate::header::Name;
use crate::{Method, NameAddr, Request, Response, Uri};

/// What to register where.
#[derive(Clone, Debug)]
pub struct TrunkContact {
    /// The carrier's registrar, the request URI: `sip:carrier.example`.
    pub registrar: Uri,
    /// Our account there, To and From: `sip:01065531234@carrier.example`.
    pub address: Uri,
    /// Where calls for it are to be sent: an address of ours.
    pub contact: Uri,
    /// How long to ask for.
    pub expires: Duration,
}

/// Keeps one registration alive: refreshes it in time, proves who we are, and comes back after
/// any failure.
///
/// It does no I/O and reads no clock. After every call of a `&mut` method, drain
/// [`poll_output`](Self::poll_output) until it returns `None`; then wait for input or for
/// [`poll_timeout`](Self::poll_timeout), whichever is first. One request is under way at a time.
#[derive(Debug)]
pub struct TrunkRegistration {
    terms: TrunkContact,
    account: Option<Account>,
    state: State,
    call_id: String,
    from_tag: String,
    cseq: u32,
    failures: u32,
    seed: u64,
    outputs: VecDeque<TrunkOutput>,
}

/// What the caller of [`TrunkRegistration`] is to do, or may want to know.
#[derive(Clone, Debug)]
pub enum TrunkOutput {
    /// Send this request to the registrar; Via and Max-Forwards are still to be added. Its final
    /// response, or the want of one, comes back in.
    Send(Request),
    /// The registration stands, until this time unless it is refreshed.
    Registered {
        /// When it ends.
        until: Instant,
    },
    /// The registration does not stand; the next attempt is at this time.
    Failed {
        /// Why, for the operator.
        why: TrunkFailure,
        /// When the next attempt is made.
        retry_at: Instant,
    },
    /// The registration was taken back, or nothing is known of it any more.
    Unregistered,
}

/// Why a registration does not stand.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TrunkFailure {
    /// There was no answer.
    #[error("the registrar does not answer")]
    NoAnswer,
    /// The answer was no.
    #[error("the registrar refuses: {status} {reason}")]
    Refused {
        /// Its status.
        status: u16,
        /// Its words.
        reason: String,
    },
    /// A challenge that is not answered.
    #[error(transparent)]
    Challenge(#[from] Refusal),
    /// A challenge came, and there is no password.
    #[error("the registrar asks for a password; set the trunk's username and password")]
    NoPassword,
}

#[derive(Debug)]
enum State {
    /// Not begun, or over.
    Idle,
    /// A REGISTER is under way.
    Registering(Attempt),
    /// It stands; a refresh is sent at `refresh_at`.
    Registered { refresh_at: Instant },
    /// It failed; the next attempt is at this time.
    Waiting { retry_at: Instant },
    /// A REGISTER with no time is under way.
    Unregistering(Attempt),
}

/// A request under way.
#[derive(Debug)]
struct Attempt {
    request: Request,
    /// How often it has been sent again with credentials or a longer time.
    repeats: u32,
}

impl TrunkRegistration {
    /// Begins; `seed` is random and makes names and spreads attempts.
    pub fn new(terms: TrunkContact, account: Option<Account>, seed: u64) -> Self {
        Self {
            terms,
            account,
            state: State::Idle,
            call_id: format!("{:016x}{:016x}", mix(seed, 1), mix(seed, 2)),
            from_tag: format!("{:016x}", mix(seed, 3)),
            cseq: 0,
            failures: 0,
            seed,
            outputs: VecDeque::new(),
        }
    }

    /// Registers, or refreshes at once.
    pub fn register(&mut self) {
        if !matches!(self.state, State::Registering(_)) {
            let request = self.request(self.terms.expires);
            self.begin(request, 0, State::Registering);
        }
    }

    /// Takes the registration back.
    pub fn unregister(&mut self) {
        match self.state {
            State::Idle | State::Unregistering(_) => {}
            State::Waiting { .. } => self.end(),
            State::Registering(_) | State::Registered { .. } => {
                let request = self.request(Duration::ZERO);
                self.begin(request, 0, State::Unregistering);
            }
        }
    }

    /// Takes a final response to the request under way; others are ignored.
    pub fn handle_response(&mut self, now: Instant, response: &Response) {
        let answers_ours = response.cseq().is_ok_and(|cseq| cseq.number == self.cseq);
        if response.is_provisional() || !answers_ours {
            return;
        }
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Registering(attempt) => self.registering(now, attempt, response),
            State::Unregistering(attempt) => match response.status() {
                401 | 407 => match self.with_credentials(&attempt, response) {
                    Ok(request) => self.begin(request, attempt.repeats + 1, State::Unregistering),
                    Err(_) => self.end(),
                },
                _ => self.end(),
            },
            other => self.state = other,
        }
    }

    /// The request under way was not answered, or could not be sent.
    pub fn handle_no_answer(&mut self, now: Instant) {
        match self.state {
            State::Registering(_) => self.fail(now, TrunkFailure::NoAnswer, None),
            State::Unregistering(_) => self.end(),
            State::Idle | State::Registered { .. } | State::Waiting { .. } => {}
        }
    }

    /// Refreshes or tries again, if it is time.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|at| at <= now) {
            self.register();
        }
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Registered { refresh_at } => Some(refresh_at),
            State::Waiting { retry_at } => Some(retry_at),
            State::Idle | State::Registering(_) | State::Unregistering(_) => None,
        }
    }

    /// Returns the next thing to do.
    pub fn poll_output(&mut self) -> Option<TrunkOutput> {
        self.outputs.pop_front()
    }

    fn registering(&mut self, now: Instant, attempt: Attempt, response: &Response) {
        match response.status() {
            200..=299 => self.registered(now, response),
            401 | 407 => match self.with_credentials(&attempt, response) {
                Ok(request) => self.begin(request, attempt.repeats + 1, State::Registering),
                Err(why) => self.fail(now, why, None),
            },
            423 if attempt.repeats < MOST_REPEATS => {
                let wanted = response
                    .min_expires()
                    .map(|seconds| Duration::from_secs(seconds.into()));
                match wanted.filter(|&wanted| wanted > self.terms.expires) {
                    Some(wanted) => {
                        self.terms.expires = wanted.min(LONGEST_EXPIRES);
                        let request = self.request(self.terms.expires);
                        self.begin(request, attempt.repeats + 1, State::Registering);
                    }
                    None => self.fail(now, refused(response), None),
                }
            }
            _ => self.fail(now, refused(response), response.retry_after()),
        }
    }

    fn registered(&mut self, now: Instant, response: &Response) {
        let granted = self.granted(response);
        self.failures = 0;
        // A tenth of the time, and half a minute if there is that much, is left for trouble.
        let margin = (granted / 10).max(Duration::from_secs(32)).min(granted / 2);
        let refresh_at = now + granted.saturating_sub(margin);
        self.state = State::Registered { refresh_at };
        let until = now + granted;
        self.outputs.push_back(TrunkOutput::Registered { until });
    }

    /// Reads the time that our own contact was granted, among those of others.
    fn granted(&self, response: &Response) -> Duration {
        let contacts = response.contacts().unwrap_or_default();
        let ours = contacts
            .iter()
            .find(|contact| contact.uri().is_ok_and(|uri| uri == self.terms.contact));
        let seconds = ours
            .and_then(NameAddr::expires)
            .or_else(|| response.expires());
        let granted = seconds.map(|seconds| Duration::from_secs(seconds.into()));
        granted
            .unwrap_or(self.terms.expires)
            .clamp(SHORTEST_EXPIRES, LONGEST_EXPIRES)
    }

    fn with_credentials(
        &mut self,
        attempt: &Attempt,
        response: &Response,
    ) -> Result<Request, TrunkFailure> {
        let account = self.account.as_mut().ok_or(TrunkFailure::NoPassword)?;
        if attempt.repeats >= MOST_REPEATS {
            return Err(refused(response));
        }
        let (name, value) = account.answer(&attempt.request, response)?;
        let cseq = self.cseq + 1;
        let request = attempt.request.edit();
        let request = request.replace(Name::CSeq, format_args!("{cseq} REGISTER"));
        self.cseq = cseq;
        Ok(request.replace(name, value).finish())
    }

    fn request(&mut self, expires: Duration) -> Request {
        self.cseq += 1;
        let address = NameAddr::of(&self.terms.address);
        let request = Request::build(Method::Register, &self.terms.registrar)
            .header(Name::From, address.with_tag(&self.from_tag))
            .header(Name::To, address)
            .header(Name::CallId, self.call_id.as_str())
            .header(Name::CSeq, format_args!("{} REGISTER", self.cseq))
            .header(Name::Contact, NameAddr::of(&self.terms.contact))
            .header(Name::Expires, expires.as_secs())
            .finish();
        match self
            .account
            .as_mut()
            .and_then(|account| account.authorize(&request))
        {
            Some((name, value)) => request.edit().header(name, value).finish(),
            None => request,
        }
    }

    fn begin(&mut self, request: Request, repeats: u32, state: fn(Attempt) -> State) {
        self.outputs.push_back(TrunkOutput::Send(request.clone()));
        self.state = state(Attempt { request, repeats });
    }

    fn end(&mut self) {
        self.state = State::Idle;
        self.outputs.push_back(TrunkOutput::Unregistered);
    }

    /// Waits twice as long after each failure, spread so that trunks do not come in step
    /// (RFC 5626 §4.5), but at least as long as the registrar asks for.
    fn fail(&mut self, now: Instant, why: TrunkFailure, retry_after: Option<Duration>) {
        let wait = FIRST_RETRY * 2_u32.pow(self.failures.min(10));
        let wait = wait.min(LONGEST_RETRY);
        self.failures = self.failures.saturating_add(1);
        let part = mix(self.seed, u64::from(self.cseq) + 100) % 512;
        let wait = wait.mul_f64(0.5 + part as f64 / 1024.0);
        let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
        let retry_at = now + wait.max(asked);
        self.state = State::Waiting { retry_at };
        self.outputs
            .push_back(TrunkOutput::Failed { why, retry_at });
    }
}

fn refused(response: &Response) -> TrunkFailure {
    TrunkFailure::Refused {
        status: response.status(),
        reason: response.reason().to_string(),
    }
}

/// SplitMix64: numbers that differ between trunks, where nothing must be secret.
fn mix(seed: u64, step: u64) -> u64 {
    let mut mixed = seed.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// How often one attempt is sent again with what the registrar asked for.
const MOST_REPEATS: u32 = 2;
const FIRST_RETRY: Duration = Duration::from_secs(5);
const LONGEST_RETRY: Duration = Duration::from_secs(300);
/// A registrar that asks for more is taken for broken.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);
const SHORTEST_EXPIRES: Duration = Duration::from_secs(4);
const LONGEST_EXPIRES: Duration = Duration::from_secs(24 * 3600);

#[cfg(test)]
mod tests;
