//! The connections of all tenants' plugins: which there are, whose they are, and how they stand.
//!
//! They outlive generations: saving a file breaks none of them, and what comes in goes to the
//! generation that is current then. Their thread begins with the first of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;

use call::TenantId;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::drive::{Ask, drive};
use super::session::Standing;
use super::{Answer, Error, Incoming, Line, Outgoing};
use crate::Clock;
use crate::host::Host;
use crate::http::Trust;
use crate::inbox::{Message, Pushed};

/// The connections of all tenants' plugins. Dropping it ends them.
#[derive(Default)]
pub(crate) struct Lines {
    open: Mutex<BTreeMap<Whose, Open>>,
    /// The generation of each tenant that is told what comes in.
    hosts: Arc<Hosts>,
    thread: OnceLock<Result<Runtime, String>>,
    /// Who answers in place of the network.
    stand_in: Option<StandIn>,
    /// What is trusted beside the certificates of the machine.
    trusted: Vec<CertificateDer<'static>>,
}

/// Answers in place of the network, at once.
pub(crate) type StandIn = Arc<dyn Fn(&Line, &Outgoing) -> Result<Answer, Error> + Send + Sync>;

/// A tenant, and a plugin of it.
type Whose = (TenantId, String);
type Hosts = Mutex<BTreeMap<TenantId, Weak<Host>>>;

/// Something that came in, on its way to a plugin. Its sender dropped, the provider hands it over
/// again.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) plugin: String,
    pub(crate) incoming: Incoming,
    /// Whether it was taken.
    pub(crate) reply: oneshot::Sender<bool>,
}

/// Hands over what came in.
pub(super) type Teller = Box<dyn Fn(Incoming) -> oneshot::Receiver<bool> + Send + Sync>;

struct Open {
    line: Arc<Line>,
    asks: mpsc::Sender<Ask>,
    board: Arc<Board>,
}

/// How a connection stands, for who looks from outside.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct LineStatus {
    /// The provider: `smsc.example:2775`.
    pub place: String,
    /// `connecting`, `bound`, `resting` until it is tried again, or `over`.
    pub state: &'static str,
    /// Since when: microseconds since 1970, UTC.
    pub since: i64,
    /// What keeps it from being bound, and what to do about it.
    pub why: Option<String>,
    /// Messages that wait for their turn.
    pub waiting: usize,
    /// Messages that were sent and are not answered.
    pub unanswered: usize,
    /// Messages that the provider has taken since the exchange began or its settings changed.
    pub sent: u64,
    /// Those it has not taken.
    pub refused: u64,
    /// Messages and receipts that came in.
    pub received: u64,
}

/// Where a connection writes how it stands.
pub(super) struct Board {
    status: Mutex<LineStatus>,
    tenant: TenantId,
    clock: Arc<dyn Clock>,
}

/// The thread of all connections; it ends when this is dropped.
struct Runtime {
    handle: Handle,
    trust: Arc<Trust>,
    _ends: oneshot::Sender<()>,
}

impl Lines {
    /// Lines to nowhere: all is answered by `stand_in`, at once.
    pub(crate) fn answered_by(stand_in: StandIn) -> Self {
        Self {
            stand_in: Some(stand_in),
            ..Self::default()
        }
    }

    /// Lines that trust these certificates, too.
    #[cfg(test)]
    pub(crate) fn that_trust(trusted: Vec<CertificateDer<'static>>) -> Self {
        Self {
            trusted,
            ..Self::default()
        }
    }

    /// A generation is published: its connections stand from now on, the others of its tenant go.
    pub(crate) fn publish(&self, host: &Arc<Host>, clock: &Arc<dyn Clock>) {
        self.tell(host);
        let wanted = host.routing().map(|routing| routing.lines.clone());
        self.keep(&host.tenant, &wanted.unwrap_or_default(), clock);
    }

    /// What comes in for its tenant is for this generation.
    pub(crate) fn tell(&self, host: &Arc<Host>) {
        let weak = Arc::downgrade(host);
        lock(&self.hosts).insert(host.tenant.clone(), weak);
    }

    /// A tenant is gone.
    pub(crate) fn withdraw(&self, tenant: &TenantId) {
        lock(&self.hosts).remove(tenant);
        lock(&self.open).retain(|(whose, _), _| whose != tenant);
    }

    /// All connections of a tenant are these, by plugin. Those that are the same stay.
    pub(super) fn keep(
        &self,
        tenant: &TenantId,
        wanted: &BTreeMap<String, Line>,
        clock: &Arc<dyn Clock>,
    ) {
        let mut open = lock(&self.open);
        open.retain(|(whose, plugin), it| {
            whose != tenant || wanted.get(plugin).is_some_and(|line| *line == *it.line)
        });
        for (plugin, line) in wanted {
            let whose = (tenant.clone(), plugin.clone());
            if self.stand_in.is_none() && !open.contains_key(&whose) {
                let begun = self.begin(&whose, line, clock);
                open.insert(whose, begun);
            }
        }
    }

    fn begin(&self, (tenant, plugin): &Whose, line: &Line, clock: &Arc<dyn Clock>) -> Open {
        let line = Arc::new(line.clone());
        let (asks, asked) = mpsc::channel(MOST_ASKED);
        let board = Arc::new(Board::new(tenant, &line, clock));
        let teller = self.teller(tenant, plugin);
        match self.thread.get_or_init(|| start(self.trusted.clone())) {
            Ok(runtime) => {
                let (trust, board) = (Arc::clone(&runtime.trust), Arc::clone(&board));
                let driven = drive(Arc::clone(&line), trust, asked, teller, board);
                runtime.handle.spawn(driven);
            }
            Err(why) => {
                let why = Error::NoClient(why.clone());
                board.stands(Standing::Over, Some(&why), (0, 0));
            }
        }
        Open { line, asks, board }
    }

    fn teller(&self, tenant: &TenantId, plugin: &str) -> Teller {
        let (hosts, tenant) = (Arc::clone(&self.hosts), tenant.clone());
        let plugin = plugin.to_owned();
        Box::new(move |incoming| {
            let (reply, taken) = oneshot::channel();
            let host = lock(&hosts).get(&tenant).and_then(Weak::upgrade);
            let delivery = Box::new(Delivery {
                plugin: plugin.clone(),
                incoming,
                reply,
            });
            // Dropped where it is not taken: the provider hands it over again.
            if let Some(host) = host
                && host.inbox.push(Message::Delivered(delivery)) != Pushed::Taken
            {
                tracing::debug!(%tenant, plugin, "a message is put off: the scripts are behind");
            }
            taken
        })
    }

    /// Sends a message by a plugin's connection. `line` is what the plugin has declared.
    pub(crate) fn submit(
        &self,
        whose: &(TenantId, String),
        line: &Line,
        message: Outgoing,
    ) -> oneshot::Receiver<Result<Answer, Error>> {
        let (reply, answer) = oneshot::channel();
        if let Some(stand_in) = &self.stand_in {
            let _ = reply.send(stand_in(line, &message));
            return answer;
        }
        let asks = lock(&self.open).get(whose).map(|open| open.asks.clone());
        let Some(asks) = asks else {
            let _ = reply.send(Err(Error::NoLine));
            return answer;
        };
        if let Err(refused) = asks.try_send(Ask { message, reply }) {
            let (ask, why) = match refused {
                mpsc::error::TrySendError::Full(ask) => {
                    let (place, most) = (line.place(), MOST_ASKED);
                    (ask, Error::Busy { place, most })
                }
                mpsc::error::TrySendError::Closed(ask) => (ask, Error::NoLine),
            };
            let _ = ask.reply.send(Err(why));
        }
        answer
    }

    /// How a plugin's connection stands; `None` when it has none.
    pub(crate) fn status(&self, tenant: &TenantId, plugin: &str) -> Option<LineStatus> {
        let whose = (tenant.clone(), plugin.to_owned());
        let open = lock(&self.open);
        let board = &open.get(&whose)?.board;
        Some(lock(&board.status).clone())
    }
}

impl Board {
    fn new(tenant: &TenantId, line: &Line, clock: &Arc<dyn Clock>) -> Self {
        Self {
            status: Mutex::new(LineStatus {
                place: line.place(),
                state: word(Standing::Connecting),
                since: clock.unix_micros(),
                why: None,
                waiting: 0,
                unanswered: 0,
                sent: 0,
                refused: 0,
                received: 0,
            }),
            tenant: tenant.clone(),
            clock: Arc::clone(clock),
        }
    }

    /// A message has its answer.
    pub(super) fn answered(&self, answer: &Result<Answer, Error>) {
        let mut status = lock(&self.status);
        match answer {
            Ok(Answer { status: 0, .. }) => status.sent += 1,
            _ => status.refused += 1,
        }
    }

    /// Something came in.
    pub(super) fn received(&self) {
        lock(&self.status).received += 1;
    }

    /// How it stands; what is new is told once. Trying again is no news, and neither is failing
    /// again as before.
    pub(super) fn stands(&self, standing: Standing, why: Option<&Error>, load: (usize, usize)) {
        let mut status = lock(&self.status);
        (status.waiting, status.unanswered) = load;
        let (state, why) = (word(standing), why.map(ToString::to_string));
        if status.state != state {
            (status.state, status.since) = (state, self.clock.unix_micros());
            if standing == Standing::Bound {
                tracing::info!(tenant = %self.tenant, "{} is bound", status.place);
            }
        }
        if status.why == why {
            return;
        }
        if let Some(why) = &why {
            tracing::warn!(tenant = %self.tenant, "{why}");
        }
        status.why = why;
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Connecting => "connecting",
        Standing::Bound => "bound",
        Standing::Resting => "resting",
        Standing::Over => "over",
    }
}

fn start(trusted: Vec<CertificateDer<'static>>) -> Result<Runtime, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(RESOLVERS)
        .build();
    let failed = |error: std::io::Error| format!("no thread for SMPP: {error}");
    let runtime = runtime.map_err(failed)?;
    let (ends, ended) = oneshot::channel::<()>();
    let handle = runtime.handle().clone();
    let serve = move || {
        // An error is how it ends.
        let _ = runtime.block_on(ended);
        runtime.shutdown_background();
    };
    let thread = thread::Builder::new().name("smpp".to_owned());
    thread.spawn(serve).map_err(failed)?;
    Ok(Runtime {
        handle,
        trust: Arc::new(Trust::new(trusted)),
        _ends: ends,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Messages that wait to be looked at by one connection; one more is refused at once.
const MOST_ASKED: usize = 64;

/// Threads that look names up.
const RESOLVERS: usize = 4;
