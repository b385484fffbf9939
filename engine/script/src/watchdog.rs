//! Gives up VMs that nothing is heard of: C code has no hook.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::generation::Tenancy;
use crate::host::{Host, PATIENCE};
use crate::pulse::Signs;
use crate::scripts::Inner;

/// Starts the watchdog; it ends with the scripts it watches.
pub(crate) fn start(watched: Weak<Inner>, script_cpu: Duration) -> std::io::Result<()> {
    thread::Builder::new()
        .name("lua-watchdog".to_owned())
        .spawn(move || {
            let mut seen: HashMap<*const Host, Seen> = HashMap::new();
            loop {
                thread::sleep(EVERY);
                let Some(inner) = watched.upgrade() else {
                    return;
                };
                let mut now = HashMap::new();
                for tenancy in inner.tenancies() {
                    tenancy.tell_left_out_lines(Instant::now());
                    for host in tenancy.hosts() {
                        if host.afresh.swap(false, Relaxed) {
                            begin_afresh(&tenancy, &host);
                        }
                        let key = Arc::as_ptr(&host);
                        let (state, verdict) = look(&host, seen.remove(&key), script_cpu);
                        now.insert(key, state);
                        let Some(why) = verdict else { continue };
                        let Some((fresh, fault)) = tenancy.take_over(&host, &why) else {
                            continue;
                        };
                        // Loading anew takes its time, and other tenants want to be watched.
                        let (its, new, last) =
                            (Arc::clone(&tenancy), Arc::clone(&fresh), fault.clone());
                        let replacing = thread::Builder::new()
                            .name("lua-replace".to_owned())
                            .spawn(move || its.begin_again(&new, last));
                        if let Err(error) = replacing {
                            tracing::error!("no thread to replace a stuck script's VM: {error}");
                            // Calls wait in its inbox: it must serve them, or tell their end.
                            tenancy.begin_again(&fresh, fault);
                        }
                    }
                }
                seen = now;
            }
        })?;
    Ok(())
}

/// Has a full VM replaced; loading takes its time, and other tenants want to be watched.
fn begin_afresh(tenancy: &Arc<Tenancy>, full: &Arc<Host>) {
    let (its, full) = (Arc::clone(tenancy), Arc::clone(full));
    let replacing = thread::Builder::new()
        .name("lua-replace".to_owned())
        .spawn(move || its.begin_afresh(&full));
    if let Err(error) = replacing {
        tracing::error!("no thread to replace a full VM of scripts: {error}");
    }
}

/// What the last looks at a host saw.
struct Seen {
    signs: Signs,
    /// CPU time when this burst was first seen.
    burst_from: Duration,
    /// CPU time when the hook was last heard.
    heard_at: Duration,
}

fn look(host: &Arc<Host>, before: Option<Seen>, script_cpu: Duration) -> (Seen, Option<String>) {
    let signs = host.pulse.signs();
    let fresh = |cpu| Seen {
        signs,
        burst_from: cpu,
        heard_at: cpu,
    };
    // Who waits for it to load has another limit.
    if host.pulse.given_up() || !host.serving.load(Relaxed) {
        return (fresh(Duration::ZERO), None);
    }
    let broke = host
        .broke
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .clone();
    if let Some(text) = broke {
        return (
            fresh(Duration::ZERO),
            Some(format!("the scripts' thread panicked: {text}")),
        );
    }
    if signs.burst.is_none() {
        return (fresh(Duration::ZERO), None);
    }
    let cpu = host.cpu();
    let Some(before) = before.filter(|before| before.signs.burst == signs.burst) else {
        return (fresh(cpu), None);
    };
    let heard_at = if before.signs.beats == signs.beats {
        before.heard_at
    } else {
        cpu
    };
    let seen = Seen {
        signs,
        burst_from: before.burst_from,
        heard_at,
    };
    let burst = cpu.saturating_sub(seen.burst_from);
    let silent = cpu.saturating_sub(seen.heard_at);
    let over = burst >= script_cpu + PATIENCE && silent >= PATIENCE;
    let far_over = burst >= script_cpu * 4 + PATIENCE * 4;
    let why = (over || far_over).then(|| {
        format!(
            "nothing heard of the script for {} ms: it is stuck in a library function",
            silent.as_millis()
        )
    });
    (seen, why)
}

const EVERY: Duration = Duration::from_millis(50);
