//! The HTTP server: axum's routes on hyper's connections, each bounded in number, time and size.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::{sleep, timeout};

use crate::api::{Api, Problem, Routes, VISIT};
use crate::health::{self, Health};
use crate::proxies::Proxies;

/// Serves until `stop` is sent or dropped; requests under way are finished. `proxies` say who asks.
///
/// # Errors
/// When the listener is broken.
pub async fn serve(
    listener: TcpListener,
    health: Arc<dyn Health>,
    api: Api,
    proxies: Proxies,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let routes = |stopped| (health::routes(health), Routes::new(api, stopped));
    serve_routes(listener, proxies, stop, routes).await
}

/// As [`serve`], with routes that are made when it is known what tells them to stop.
pub(crate) async fn serve_routes(
    listener: TcpListener,
    proxies: Proxies,
    stop: oneshot::Receiver<()>,
    make: impl FnOnce(watch::Receiver<()>) -> (Router, Routes),
) -> io::Result<()> {
    let (tell_stop, stopped) = watch::channel(());
    let (others, routes) = make(stopped);
    let (streams, seats) = routes.streams();
    let app = others
        .merge(routes.router())
        .fallback(|| async {
            Problem::not_found("path; /api/v1/openapi.json names those of the API")
        })
        .method_not_allowed_fallback(|| async { Problem::wrong_method() });
    let bounds = Bounds {
        proxies: Arc::new(proxies),
        ..Bounds::default()
    };
    serve_within(bounds, listener, app, tell_stop, stop).await?;
    // Listeners to events are told good-bye; they are no longer among the connections.
    let _ = timeout(Bounds::default().finish, streams.acquire_many(seats)).await;
    Ok(())
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source(pub(crate) IpAddr);

/// What strangers may take of the server.
#[derive(Clone, Debug)]
struct Bounds {
    /// Connections of all.
    connections: usize,
    /// Connections of one address.
    per_source: usize,
    /// Connections from this machine, and from a proxy that is believed: they may stand for many.
    from_here: usize,
    /// Of all connections, those for addresses that have none yet: a few that hold many leave the
    /// others a place.
    reserve: usize,
    /// How long a request's head may take, and a connection be idle before it.
    head: Duration,
    /// How long a connection lives; a client that does not read its answers keeps it no longer.
    connection: Duration,
    /// How long requests under way have when the server stops or a connection's time is over.
    finish: Duration,
    /// Who is believed to say who asks.
    proxies: Arc<Proxies>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 512,
            per_source: 16,
            from_here: 256,
            reserve: 64,
            head: Duration::from_secs(10),
            connection: Duration::from_secs(600),
            finish: Duration::from_secs(5),
            proxies: Arc::default(),
        }
    }
}

async fn serve_within(
    bounds: Bounds,
    listener: TcpListener,
    app: Router,
    tell_stop: watch::Sender<()>,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let app = app
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn(refuse_large_bodies));
    let mut stop = pin!(stop);
    let stopped = tell_stop.subscribe();
    let mut tasks = JoinSet::new();
    let mut sources: HashMap<Id, IpAddr> = HashMap::new();
    loop {
        let accepted = tokio::select! {
            _ = &mut stop => break,
            Some(ended) = tasks.join_next_with_id() => {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                sources.remove(&id);
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let (socket, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_the_connections_own(&error) => continue,
            Err(error) => {
                // Out of descriptors: it passes, and trying at once would only burn CPU.
                tracing::warn!(%error, "cannot accept an HTTP connection");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if let Some(why) = refusal(&bounds, &sources, remote) {
            tracing::info!(
                target: "security", event = "http_connection_refused", source = %remote.ip(), why
            );
            continue;
        }
        let connection = connection(
            bounds.clone(),
            socket,
            remote.ip(),
            app.clone(),
            stopped.clone(),
        );
        sources.insert(tasks.spawn(connection).id(), remote.ip());
    }
    drop(listener);
    drop(tell_stop);
    // Tasks that are not done by then are dropped with the set.
    let _ = timeout(bounds.finish, async {
        while tasks.join_next().await.is_some() {}
    })
    .await;
    Ok(())
}

fn refusal(
    bounds: &Bounds,
    sources: &HashMap<Id, IpAddr>,
    remote: SocketAddr,
) -> Option<&'static str> {
    let own = sources.values().filter(|&&ip| ip == remote.ip()).count();
    let reserve = if own == 0 { 0 } else { bounds.reserve };
    if sources.len() >= bounds.connections.saturating_sub(reserve) {
        return Some("too many connections");
    }
    let is_here = remote.ip().to_canonical().is_loopback();
    let most = match is_here || bounds.proxies.trusts(remote.ip()) {
        true => bounds.from_here,
        false => bounds.per_source,
    };
    (own >= most).then_some("too many connections of this address")
}

/// One connection, until it ends, its time is over, or the server stops.
async fn connection(
    bounds: Bounds,
    socket: TcpStream,
    source: IpAddr,
    app: Router,
    mut stopped: watch::Receiver<()>,
) {
    let app = TowerToHyperService::new(app);
    let proxies = bounds.proxies.clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let (source, encrypted) = proxies.source(source, request.headers());
        request.extensions_mut().insert(Source(source));
        request.extensions_mut().insert(encrypted);
        app.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = stopped.changed() => None,
        () = sleep(bounds.connection) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            let Ok(ended) = timeout(bounds.finish, connection).await else {
                return;
            };
            ended
        }
    };
    if let Err(error) = ended {
        // A peer that speaks no HTTP, is too slow, or has gone: its own business.
        tracing::debug!(%error, "HTTP connection");
    }
}

/// Refuses a body that says itself that it is too large, whoever it is for.
async fn refuse_large_bodies(request: Request, next: Next) -> Response {
    // What scripts answer has a limit of its own, for who is let in there.
    let limit = match request.uri().path().starts_with("/t/") {
        true => VISIT,
        false => BODY,
    };
    if request.body().size_hint().lower() > limit as u64 {
        return Problem::too_large(limit).into_response();
    }
    next.run(request).await
}

fn is_the_connections_own(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// Octets of a body of the API; others bound their own.
pub(crate) const BODY: usize = 64 << 10;
/// Octets of a request's head.
const HEAD: usize = 32 << 10;

#[cfg(test)]
mod tests;
