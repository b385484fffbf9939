//! The three questions that operators' tools ask.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// What the exchange answers. Called from HTTP tasks; must not block.
pub trait Health: Send + Sync + 'static {
    /// Whether new calls are taken; else a sentence that says why not.
    ///
    /// # Errors
    /// The sentence.
    fn ready(&self) -> Result<(), String>;

    /// All metrics in the Prometheus text format.
    fn metrics(&self) -> String;
}

/// `/healthz` (the process runs), `/readyz` (it takes calls), `/metrics`.
pub(crate) fn routes(health: Arc<dyn Health>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn ready(State(health): State<Arc<dyn Health>>) -> Response {
    match health.ready() {
        Ok(()) => "ready\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why + "\n").into_response(),
    }
}

async fn metrics(State(health): State<Arc<dyn Health>>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, health.metrics()).into_response()
}
