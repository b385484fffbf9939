//! The thread that asks other machines, so that neither scripts nor signalling wait for them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, USER_AGENT};
use hyper::{Response, header};
use hyper_util::rt::TokioIo;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::connect::{Target, connect};
use super::trust::Trust;
use super::{Answer, Error, LARGEST_ANSWER, MOST_AT_ONCE, Request};
use crate::mail::{self, Letter};

/// Asks other machines on a thread of its own, which begins with the first request.
#[derive(Default)]
pub(crate) struct Client {
    errands: OnceLock<Result<mpsc::Sender<Errand>, String>>,
    /// Who answers in place of the network.
    stand_in: Option<StandIn>,
    /// What is trusted beside the certificates of the machine.
    trusted: Vec<CertificateDer<'static>>,
}

/// Answers in place of the network, at once.
#[derive(Clone)]
pub(crate) struct StandIn {
    pub(crate) request: Arc<Asks>,
    pub(crate) letter: Arc<Posts>,
}

type Asks = dyn Fn(&Request) -> Result<Answer, Error> + Send + Sync;
type Posts = dyn Fn(Letter) -> Result<(), mail::Error> + Send + Sync;

type Reply<T> = oneshot::Sender<T>;

/// Something that the thread is to do.
enum Errand {
    Request(Request, Reply<Result<Answer, Error>>),
    Letter(Box<Letter>, Reply<Result<(), mail::Error>>),
    /// Something that blocks; not to be done when it is told why.
    Blocking(Box<dyn FnOnce(Result<(), String>) + Send>),
}

/// Why an errand is not done.
enum Refused {
    Busy,
    NoClient(String),
}

impl Client {
    /// One that asks nobody, for what must not reach outside.
    pub(crate) fn offline() -> Self {
        let refused = "nobody is asked in tests and checks".to_owned();
        Self {
            errands: OnceLock::from(Err(refused)),
            ..Self::default()
        }
    }

    /// One whose requests and letters all go to `stand_in`, which answers at once.
    pub(crate) fn answered_by(stand_in: StandIn) -> Self {
        Self {
            stand_in: Some(stand_in),
            ..Self::offline()
        }
    }

    /// One that trusts these certificates, too.
    #[cfg(test)]
    pub(crate) fn that_trusts(trusted: Vec<CertificateDer<'static>>) -> Self {
        Self {
            trusted,
            ..Self::default()
        }
    }

    /// Sends a request. Dropping the receiver takes it back.
    pub(crate) fn ask(&self, request: Request) -> oneshot::Receiver<Result<Answer, Error>> {
        let (reply, answer) = oneshot::channel();
        match &self.stand_in {
            Some(stand_in) => {
                let _ = reply.send((stand_in.request)(&request));
            }
            None => self.go(Errand::Request(request, reply)),
        }
        answer
    }

    /// Sends a letter.
    pub(crate) fn send(&self, letter: Letter) -> oneshot::Receiver<Result<(), mail::Error>> {
        let (reply, answer) = oneshot::channel();
        match &self.stand_in {
            Some(stand_in) => {
                let _ = reply.send((stand_in.letter)(letter));
            }
            None => self.go(Errand::Letter(Box::new(letter), reply)),
        }
        answer
    }

    /// Reads a file of the exchange's own, which must not have more than so many octets.
    pub(crate) fn read(
        &self,
        file: PathBuf,
        most: u64,
    ) -> oneshot::Receiver<Result<Vec<u8>, String>> {
        self.block_on_disk(move || read(&file, most))
    }

    /// Does what blocks, but for a moment only, such as work on a file.
    pub(crate) fn block_on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, String>> {
        let (reply, answer) = oneshot::channel();
        let work = move |refused: Result<(), String>| {
            drop(reply.send(refused.and_then(|()| work())));
        };
        match &self.stand_in {
            Some(_) => work(Ok(())),
            None => self.go(Errand::Blocking(Box::new(work))),
        }
        answer
    }

    fn go(&self, errand: Errand) {
        let sent = match self.errands.get_or_init(|| start(self.trusted.clone())) {
            Ok(errands) => errands.try_send(errand).map_err(|error| match error {
                mpsc::error::TrySendError::Full(errand) => (errand, Refused::Busy),
                mpsc::error::TrySendError::Closed(errand) => {
                    let why = "its thread has ended".to_owned();
                    (errand, Refused::NoClient(why))
                }
            }),
            Err(why) => Err((errand, Refused::NoClient(why.clone()))),
        };
        if let Err((errand, why)) = sent {
            errand.refuse(why);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Errand {
    /// Who has asked may be gone, here and below.
    fn refuse(self, why: Refused) {
        let busy = format!("{MOST_AT_ONCE} requests are on their way already");
        match self {
            Self::Request(_, reply) => drop(reply.send(Err(match why {
                Refused::Busy => Error::Busy,
                Refused::NoClient(why) => Error::NoClient(why),
            }))),
            Self::Letter(_, reply) => drop(reply.send(Err(match why {
                Refused::Busy => mail::Error::NoClient(busy),
                Refused::NoClient(why) => mail::Error::NoClient(why),
            }))),
            Self::Blocking(work) => work(Err(match why {
                Refused::Busy => busy,
                Refused::NoClient(why) => why,
            })),
        }
    }

    async fn run(self, trust: Arc<Trust>) {
        match self {
            Self::Request(request, mut reply) => tokio::select! {
                () = reply.closed() => {}
                answer = in_time(request, &trust) => drop(reply.send(answer)),
            },
            Self::Letter(letter, mut reply) => tokio::select! {
                () = reply.closed() => {}
                sent = mail::send(*letter, trust.added()) => drop(reply.send(sent)),
            },
            // When it panics, the reply is dropped and says so.
            Self::Blocking(work) => {
                let _ = tokio::task::spawn_blocking(move || work(Ok(()))).await;
            }
        }
    }
}

fn read(file: &Path, most: u64) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| error.to_string();
    let length = std::fs::metadata(file).map_err(failed)?.len();
    if length > most {
        return Err(format!("it has more than {} MB", most >> 20));
    }
    std::fs::read(file).map_err(failed)
}

fn start(trusted: Vec<CertificateDer<'static>>) -> Result<mpsc::Sender<Errand>, String> {
    let (sender, mut errands) = mpsc::channel::<Errand>(MOST_AT_ONCE);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(RESOLVERS)
        .thread_keep_alive(Duration::from_secs(10))
        .build()
        .map_err(|error| error.to_string())?;
    let serve = async move {
        let trust = Arc::new(Trust::new(trusted));
        let places = Arc::new(tokio::sync::Semaphore::new(MOST_AT_ONCE));
        while let Some(errand) = errands.recv().await {
            let Ok(place) = places.clone().try_acquire_owned() else {
                errand.refuse(Refused::Busy);
                continue;
            };
            let trust = Arc::clone(&trust);
            tokio::spawn(async move {
                let _place = place;
                errand.run(trust).await;
            });
        }
    };
    thread::Builder::new()
        .name("http-client".to_owned())
        .spawn(move || runtime.block_on(serve))
        .map_err(|error| error.to_string())?;
    Ok(sender)
}

async fn in_time(request: Request, trust: &Trust) -> Result<Answer, Error> {
    let (host, after) = (request.url.host.clone(), request.timeout);
    match tokio::time::timeout(after, perform(request, trust)).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::TimedOut { host, after }),
    }
}

async fn perform(request: Request, trust: &Trust) -> Result<Answer, Error> {
    let host = request.url.host.clone();
    let no_http = |error: hyper::Error| Error::NoHttp {
        host: host.clone(),
        why: error.to_string(),
    };
    let target = Target {
        host: &host,
        port: request.url.port,
        is_tls: request.url.is_tls,
        may_be_private: request.may_be_private,
    };
    let stream = TokioIo::new(connect(target, trust).await?);
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MOST_HEADERS)
        .handshake(stream)
        .await
        .map_err(no_http)?;
    let driver = tokio::spawn(connection);
    let mut outgoing = hyper::Request::builder()
        .method(request.method)
        .uri(request.url.path_and_query())
        .header(HOST, request.url.authority())
        .header(
            USER_AGENT,
            concat!("moonswitch/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::CONNECTION, "close");
    for (name, value) in request.headers {
        outgoing = outgoing.header(name, value);
    }
    let outgoing = outgoing
        .body(Full::new(request.body))
        .map_err(|error| Error::NoHttp {
            host: host.clone(),
            why: error.to_string(),
        })?;
    let response = sender.send_request(outgoing).await.map_err(no_http)?;
    let answer = whole(response, &host).await;
    driver.abort();
    answer
}

async fn whole(response: Response<Incoming>, host: &str) -> Result<Answer, Error> {
    let (head, body) = response.into_parts();
    let body: Bytes = match Limited::new(body, LARGEST_ANSWER).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(Error::TooLarge {
                host: host.to_owned(),
            });
        }
        Err(error) => {
            return Err(Error::NoHttp {
                host: host.to_owned(),
                why: error.to_string(),
            });
        }
    };
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Ok(Answer {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body,
    })
}

/// Threads that look names up; a resolver that is silent holds one of them for seconds.
const RESOLVERS: usize = 16;

const MOST_HEADERS: usize = 256;
