//! What `/metrics` tells.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Counters that the switch raises; handles, so that a call costs no look-up.
pub(crate) struct Meters {
    pub(crate) calls: Gauge,
    pub(crate) calls_started: Counter,
    pub(crate) calls_refused: Counter,
    pub(crate) calls_failed_by_script: Counter,
    pub(crate) registrations: Gauge,
    pub(crate) subscriptions: Gauge,
    pub(crate) wrong_passwords: Counter,
    pub(crate) sip_received: Counter,
    pub(crate) sip_sent: Counter,
    pub(crate) sip_retransmissions: Gauge,
    pub(crate) sip_transactions: Gauge,
    pub(crate) rtp_received: Gauge,
    pub(crate) rtp_sent: Gauge,
    pub(crate) rtp_late_ticks: Gauge,
    pub(crate) recordings_failed: Counter,
    pub(crate) store_waiting: Gauge,
    pub(crate) mos: Histogram,
}

impl Meters {
    /// Registers everything with the recorder that is in force.
    fn new() -> Self {
        Self {
            calls: gauge!("moonswitch_calls"),
            calls_started: counter!("moonswitch_calls_started_total"),
            calls_refused: counter!("moonswitch_calls_refused_total"),
            calls_failed_by_script: counter!("moonswitch_calls_failed_by_script_total"),
            registrations: gauge!("moonswitch_registrations"),
            subscriptions: gauge!("moonswitch_subscriptions"),
            wrong_passwords: counter!("moonswitch_wrong_passwords_total"),
            sip_received: counter!("moonswitch_sip_received_total"),
            sip_sent: counter!("moonswitch_sip_sent_total"),
            sip_retransmissions: gauge!("moonswitch_sip_retransmissions"),
            sip_transactions: gauge!("moonswitch_sip_transactions"),
            rtp_received: gauge!("moonswitch_rtp_received"),
            rtp_sent: gauge!("moonswitch_rtp_sent"),
            rtp_late_ticks: gauge!("moonswitch_rtp_late_ticks"),
            recordings_failed: counter!("moonswitch_recordings_failed_total"),
            store_waiting: gauge!("moonswitch_store_waiting"),
            mos: histogram!("moonswitch_leg_mos"),
        }
    }
}

/// Makes the meters and what renders them. Each exchange has its own, so that several can live in
/// one process.
pub(crate) fn meters() -> (Meters, PrometheusHandle) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let meters = metrics::with_local_recorder(&recorder, Meters::new);
    (meters, handle)
}

/// What the HTTP side asks, answered without the switch.
pub(crate) struct Vitals {
    handle: PrometheusHandle,
    store: Arc<dyn store::Store>,
    /// Microseconds, monotonic, of the switch's last turn.
    pub(crate) last_turn: AtomicU64,
    pub(crate) stopping: AtomicBool,
    started: std::time::Instant,
    trouble: Mutex<Option<String>>,
}

impl Vitals {
    pub(crate) fn new(handle: PrometheusHandle, store: Arc<dyn store::Store>) -> Self {
        Self {
            handle,
            store,
            last_turn: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            started: std::time::Instant::now(),
            trouble: Mutex::new(None),
        }
    }

    /// The switch has been round its loop.
    pub(crate) fn turn(&self) {
        self.last_turn
            .store(self.started.elapsed().as_micros() as u64, Ordering::Relaxed);
    }

    /// What keeps the exchange from taking calls; `None` when that is over.
    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

impl web::Health for Vitals {
    fn ready(&self) -> Result<(), String> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err("the exchange is stopping".to_owned());
        }
        let now = self.started.elapsed().as_micros() as u64;
        if now.saturating_sub(self.last_turn.load(Ordering::Relaxed)) > STALLED {
            return Err("signalling stalls".to_owned());
        }
        if let Some(trouble) = &*self.trouble.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(trouble.clone());
        }
        let health = self.store.health();
        match health.trouble {
            Some(trouble) => Err(format!(
                "calls are taken, but records are not written: {trouble}"
            )),
            None => Ok(()),
        }
    }

    fn metrics(&self) -> String {
        self.handle.render()
    }
}

/// The loop looks at its clock at least once a second.
const STALLED: u64 = 5_000_000;
