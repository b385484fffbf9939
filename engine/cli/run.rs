//! `moonswitch run`

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use moonswitch::clock::WallClock;
use moonswitch::log::{self, Format};
use moonswitch::{Engine, EngineOptions};

use super::Places;

#[derive(Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    places: Places,
    /// How log lines look: text or json
    #[arg(long, default_value = "text", value_name = "FORMAT", value_parser = ["text", "json"])]
    log_format: String,
    /// Start the wall clock at this time, to try out opening hours: 2026-11-23T22:00+08:00
    #[arg(long, value_name = "TIME")]
    clock: Option<jiff::Timestamp>,
}

impl Run {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        log::start(match self.log_format.as_str() {
            "json" => Format::Json,
            _ => Format::Text,
        });
        let clock = Arc::new(WallClock::default());
        if let Some(time) = self.clock {
            clock.set(time.as_microsecond());
            tracing::warn!(%time, "the wall clock is set: opening hours and records go by it");
        }
        let engine = Engine::start(EngineOptions {
            config: self.places.config,
            data: self.places.data,
            clock,
        })?;
        announce(&engine);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(wait_for_the_end(&engine))?;
        if !engine.is_running() {
            return Err("signalling has ended by itself; the log says why".into());
        }
        tracing::info!("stopping");
        engine.stop();
        Ok(ExitCode::SUCCESS)
    }
}

fn announce(engine: &Engine) {
    for (transport, address) in engine.listening() {
        tracing::info!("SIP on {} {address}", transport.via_name().to_lowercase());
    }
    if let Some(address) = engine.http() {
        tracing::info!("HTTP on {address}");
    }
    tracing::info!("media by {}", engine.media_backend());
    for tenant in &engine.report().tenants {
        let report = serde_json::to_value(tenant).unwrap_or_default();
        tracing::info!("{}", super::status::reload_line(&report));
        for error in super::status::errors_of(&report) {
            tracing::error!("{error}");
        }
    }
    tracing::info!("ready");
}

async fn wait_for_the_end(engine: &Engine) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let mut look = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = look.tick() => {
                if !engine.is_running() {
                    return Ok(());
                }
            }
        }
    }
}
