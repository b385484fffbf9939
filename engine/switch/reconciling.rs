//! Once an hour: whether every conversation of the last day has its recording, or a reason why not (E77).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use call::TenantId;
use serde_json::{Value, json};
use store::{CallFilter, CallRow, Recorded, Store, recorded};
use uuid::Uuid;

use super::{Input, Switch};

/// What the last look has found, by tenant.
#[derive(Debug, Default)]
pub(crate) struct Reconciled {
    by_tenant: BTreeMap<String, Checked>,
    /// Tenants whose last recording could not be written.
    failing: BTreeSet<String>,
}

/// What was found of one tenant.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Conversations that were looked at, by what they have: a recording, or why there is none.
    counts: BTreeMap<&'static str, usize>,
    /// Those whose recordings should be there and are not, and what is wrong with them.
    missing: Vec<(Uuid, &'static str)>,
}

impl Reconciled {
    /// Conversations whose recordings should be there and are not.
    pub(super) fn missing(&self, tenant: &str) -> usize {
        self.by_tenant.get(tenant).map_or(0, |it| it.missing.len())
    }

    /// A file was written, or could not be.
    pub(super) fn note_file(&mut self, tenant: &str, is_whole: bool) {
        match is_whole {
            true => drop(self.failing.remove(tenant)),
            false => drop(self.failing.insert(tenant.to_owned())),
        }
    }

    /// Whether the last recording could not be written.
    pub(super) fn is_failing(&self, tenant: &str) -> bool {
        self.failing.contains(tenant)
    }

    /// As `moonswitch status` shows it.
    pub(super) fn shown(&self) -> Vec<Value> {
        let all = self.by_tenant.iter().map(|(tenant, checked)| {
            let first = checked.missing.iter().take(SHOWN);
            let first: Vec<Value> = first
                .map(|(call, why)| json!({ "call": call, "why": why }))
                .collect();
            json!({
                "tenant": tenant, "counts": checked.counts, "missing": checked.missing.len(),
                "first": first,
            })
        });
        all.collect()
    }
}

impl Switch {
    /// Looks at the last day in the background.
    pub(super) fn reconcile_recordings(&self) {
        let (store, root) = (self.parts.store.clone(), self.parts.recordings.clone());
        let tenants: Vec<TenantId> = self.tenants.keys().map(|it| it.as_str().into()).collect();
        let (entrance, now) = (self.parts.entrance.clone(), self.parts.clock.unix_micros());
        tokio::spawn(async move {
            for tenant in tenants {
                match look(&store, &root, &tenant.0, now).await {
                    Ok(found) => entrance.put(Input::Reconciled(tenant, found)).await,
                    Err(error) => {
                        tracing::warn!(%error, %tenant, "recordings cannot be looked at for now");
                    }
                }
            }
        });
    }

    /// The next look at what should alarm somebody tells of it.
    pub(super) fn handle_reconciled(&mut self, tenant: &TenantId, found: Checked) {
        for (call, why) in found.missing.iter().take(SHOWN) {
            tracing::error!(%tenant, %call, why, "a conversation's recording should be there and is not");
        }
        self.reconciled.by_tenant.insert(tenant.to_string(), found);
    }
}

async fn look(
    store: &Arc<dyn Store>,
    root: &Path,
    tenant: &str,
    now: i64,
) -> Result<Checked, store::Error> {
    let mut checked = Checked::default();
    // A conversation that went on in another call has its own recording up to there.
    for result in ["answered", "transferred"] {
        look_at(store, root, tenant, (result, now), &mut checked).await?;
    }
    Ok(checked)
}

async fn look_at(
    store: &Arc<dyn Store>,
    root: &Path,
    tenant: &str,
    (result, now): (&str, i64),
    checked: &mut Checked,
) -> Result<(), store::Error> {
    let mut filter = CallFilter {
        since: Some(now - DAY),
        until: Some(now - SETTLED),
        result: Some(result.to_owned()),
        is_over: Some(true),
        limit: PAGE,
        ..CallFilter::default()
    };
    loop {
        let page = store.calls(tenant, filter.clone()).await?;
        for call in &page {
            let what = of_call(store, root, tenant, call).await?;
            *checked.counts.entry(what.word()).or_default() += 1;
            if what.is_wrong() {
                checked.missing.push((call.begin.id, what.word()));
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => filter.before = Some(last.begin.id),
            _ => return Ok(()),
        }
    }
}

/// What a conversation has; a file that is not there is looked for on the disk.
async fn of_call(
    store: &Arc<dyn Store>,
    root: &Path,
    tenant: &str,
    call: &CallRow,
) -> Result<Recorded, store::Error> {
    let id = call.begin.id;
    let rows = store.recordings(tenant, id).await?;
    let Some(details) = store.call(tenant, id).await? else {
        return Ok(Recorded::NotAsked);
    };
    let known = recorded(&details, &rows);
    if known != Recorded::Whole {
        return Ok(known);
    }
    let files: Vec<(PathBuf, u64)> = rows
        .iter()
        .filter_map(|row| Some((root.join(&row.path), row.end.filter(|end| !end.lost)?.bytes)))
        .collect();
    let are_there = tokio::task::spawn_blocking(move || {
        let mut files = files.iter();
        files.all(|(path, bytes)| std::fs::metadata(path).is_ok_and(|it| it.len() == *bytes))
    });
    match are_there.await {
        Ok(false) => Ok(Recorded::FileGone),
        _ => Ok(Recorded::Whole),
    }
}

/// Calls at a time.
const PAGE: usize = 200;
/// Of each tenant that `moonswitch status` and the log name.
const SHOWN: usize = 5;
/// How far back is looked, in microseconds.
const DAY: i64 = 24 * 3_600 * 1_000_000;
/// Calls that began so lately may have files that are still being written.
const SETTLED: i64 = 60 * 1_000_000;
