//! The thread that asks other machines, so that neither scripts nor signalling wait for them.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, USER_AGENT};
use hyper::{Response, header};
use tokio::sync::{mpsc, oneshot};

use super::connect::connect;
use super::{Answer, Error, LARGEST_ANSWER, MOST_AT_ONCE, Request};

/// Asks other machines on a thread of its own, which begins with the first request.
#[derive(Default)]
pub(crate) struct Client {
    requests: OnceLock<Result<mpsc::Sender<Asked>, String>>,
    /// Who answers in place of the network.
    stand_in: Option<StandIn>,
}

/// Answers in place of the network, at once.
pub(crate) type StandIn = Arc<dyn Fn(&Request) -> Result<Answer, Error> + Send + Sync>;

type Asked = (Request, oneshot::Sender<Result<Answer, Error>>);

impl Client {
    /// One that asks nobody, for what must not reach outside.
    pub(crate) fn offline() -> Self {
        let refused = "nobody is asked in tests and checks".to_owned();
        Self {
            requests: OnceLock::from(Err(refused)),
            stand_in: None,
        }
    }

    /// One whose requests all go to `stand_in`, which answers at once.
    pub(crate) fn answered_by(stand_in: StandIn) -> Self {
        Self {
            stand_in: Some(stand_in),
            ..Self::offline()
        }
    }

    /// Sends a request. Dropping the receiver takes it back.
    pub(crate) fn ask(&self, request: Request) -> oneshot::Receiver<Result<Answer, Error>> {
        let (reply, answer) = oneshot::channel();
        if let Some(stand_in) = &self.stand_in {
            let _ = reply.send(stand_in(&request));
            return answer;
        }
        let asked = match self.requests.get_or_init(start) {
            Ok(requests) => requests
                .try_send((request, reply))
                .map_err(|error| match error {
                    mpsc::error::TrySendError::Full((_, reply)) => (reply, Error::Busy),
                    mpsc::error::TrySendError::Closed((_, reply)) => {
                        (reply, Error::NoClient("its thread has ended".to_owned()))
                    }
                }),
            Err(why) => Err((reply, Error::NoClient(why.clone()))),
        };
        if let Err((reply, error)) = asked {
            let _ = reply.send(Err(error));
        }
        answer
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

fn start() -> Result<mpsc::Sender<Asked>, String> {
    let (sender, mut requests) = mpsc::channel::<Asked>(MOST_AT_ONCE);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(RESOLVERS)
        .thread_keep_alive(Duration::from_secs(10))
        .build()
        .map_err(|error| error.to_string())?;
    let serve = async move {
        let places = Arc::new(tokio::sync::Semaphore::new(MOST_AT_ONCE));
        while let Some((request, mut reply)) = requests.recv().await {
            let Ok(place) = places.clone().try_acquire_owned() else {
                let _ = reply.send(Err(Error::Busy));
                continue;
            };
            tokio::spawn(async move {
                let _place = place;
                tokio::select! {
                    () = reply.closed() => {}
                    answer = in_time(request) => { let _ = reply.send(answer); }
                }
            });
        }
    };
    thread::Builder::new()
        .name("http-client".to_owned())
        .spawn(move || runtime.block_on(serve))
        .map_err(|error| error.to_string())?;
    Ok(sender)
}

async fn in_time(request: Request) -> Result<Answer, Error> {
    let (host, after) = (request.url.host.clone(), request.timeout);
    match tokio::time::timeout(after, perform(request)).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::TimedOut { host, after }),
    }
}

async fn perform(request: Request) -> Result<Answer, Error> {
    let host = request.url.host.clone();
    let no_http = |error: hyper::Error| Error::NoHttp {
        host: host.clone(),
        why: error.to_string(),
    };
    let stream = connect(&request).await?;
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
