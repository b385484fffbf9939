//! Which host runs the script of which call. Who takes a call out of here reports its end, so it
//! is reported once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use call::CallId;

use crate::host::Host;

/// Which host runs the script of which call.
#[derive(Default)]
pub(crate) struct Pins {
    calls: Mutex<HashMap<CallId, Arc<Host>>>,
}

impl Pins {
    /// Pins a call to a host.
    pub(crate) fn put(&self, call: CallId, host: &Arc<Host>) {
        self.calls().insert(call, Arc::clone(host));
    }

    /// The host of a call.
    pub(crate) fn host(&self, call: CallId) -> Option<Arc<Host>> {
        self.calls().get(&call).map(Arc::clone)
    }

    /// Takes a call out, wherever it runs.
    pub(crate) fn take(&self, call: CallId) -> Option<Arc<Host>> {
        self.calls().remove(&call)
    }

    /// Takes a call out if this host runs it.
    pub(crate) fn take_from(&self, call: CallId, host: &Arc<Host>) -> bool {
        let mut calls = self.calls();
        if !calls
            .get(&call)
            .is_some_and(|pinned| Arc::ptr_eq(pinned, host))
        {
            return false;
        }
        calls.remove(&call).is_some()
    }

    /// Takes all calls of a host out.
    pub(crate) fn take_all(&self, host: &Arc<Host>) -> Vec<CallId> {
        let mut calls = self.calls();
        let theirs: Vec<CallId> = calls
            .iter()
            .filter(|(_, pinned)| Arc::ptr_eq(pinned, host))
            .map(|(call, _)| *call)
            .collect();
        for call in &theirs {
            calls.remove(call);
        }
        theirs
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<CallId, Arc<Host>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
