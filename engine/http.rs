//! The thread that serves HTTP, apart from signalling: what a program asks for delays no call.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::StartError;

/// HTTP while it is served; dropping it stops it, with what is under way done.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Http {
    /// Listens and serves.
    pub(crate) fn start(
        address: SocketAddr,
        health: Arc<dyn web::Health>,
        api: web::Api,
        proxies: web::Proxies,
    ) -> Result<Self, StartError> {
        let failed = |what: String| move |source| StartError::System { what, source };
        let listener = TcpListener::bind(address).map_err(failed(format!(
            "cannot listen on http {address}; is another exchange running there?"
        )))?;
        let local = listener.local_addr();
        let address = local.map_err(failed("the HTTP listener".to_owned()))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(READERS)
            .build()
            .map_err(failed("no runtime for HTTP".to_owned()))?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            let served = runtime.block_on(async {
                listener.set_nonblocking(true)?;
                let listener = tokio::net::TcpListener::from_std(listener)?;
                web::serve(listener, health, api, proxies, stopped).await
            });
            if let Err(error) = served {
                tracing::error!(%error, "HTTP is no longer served; calls go on");
            }
        };
        let thread = std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(serve)
            .map_err(failed("no thread for HTTP".to_owned()))?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Threads that read recordings for downloads.
const READERS: usize = 4;
