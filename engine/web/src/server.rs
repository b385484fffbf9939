//! The HTTP server.

use std::io;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::health::{self, Health};

/// Serves until `stop` is sent or dropped; requests under way are finished.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    health: Arc<dyn Health>,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let app = health::routes(health).layer(DefaultBodyLimit::max(BODY_LIMIT));
    axum::serve(listener, app)
        .with_graceful_shutdown(async {
            let _ = stop.await;
        })
        .await
}

/// Nothing that is served today takes a body.
const BODY_LIMIT: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    struct Exchange(Result<(), String>);

    impl Health for Exchange {
        fn ready(&self) -> Result<(), String> {
            self.0.clone()
        }

        fn metrics(&self) -> String {
            "calls 3\n".to_owned()
        }
    }

    #[tokio::test]
    async fn health_readiness_and_metrics_are_served() {
        assert!(ask(Ok(()), "/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(ask(Ok(()), "/readyz").await.starts_with("HTTP/1.1 200"));
        assert!(ask(Ok(()), "/metrics").await.ends_with("calls 3\n"));
        assert!(ask(Ok(()), "/elsewhere").await.starts_with("HTTP/1.1 404"));
    }

    #[tokio::test]
    async fn an_exchange_that_takes_no_calls_says_why() {
        let answer = ask(Err("the disk is full".to_owned()), "/readyz").await;

        assert!(answer.starts_with("HTTP/1.1 503"));
        assert!(answer.ends_with("the disk is full\n"));
    }

    async fn ask(ready: Result<(), String>, path: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, Arc::new(Exchange(ready)), stopped));
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        drop(stop);
        server.await.unwrap().unwrap();
        answer
    }
}
