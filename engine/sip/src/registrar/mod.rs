//! Who can be reached where: RFC 3261 §10.3, RFC 3327 (Path), RFC 5626 (instances).

mod binding;
mod register;
mod watch;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use binding::{Binding, SavedBinding};
pub use register::Registration;

/// How long contacts are kept, and how many.
#[derive(Clone, Copy, Debug)]
pub struct RegistrarPolicy {
    /// Shorter registrations are answered 423.
    pub min_expires: Duration,
    /// Longer registrations are shortened to this.
    pub max_expires: Duration,
    /// For phones that name no time.
    pub default_expires: Duration,
    /// Contacts of one account; a further one is refused, unless an unreachable one or an older
    /// one of the same host can make room.
    pub max_contacts: usize,
    /// How often a phone is asked by OPTIONS whether it is there; zero is never.
    pub probe_interval: Duration,
    /// How many OPTIONS in a row stay unanswered before a phone counts as unreachable.
    pub probe_failures: u32,
}

impl Default for RegistrarPolicy {
    fn default() -> Self {
        Self {
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3600),
            default_expires: Duration::from_secs(3600),
            max_contacts: 10,
            probe_interval: Duration::from_secs(30),
            probe_failures: 2,
        }
    }
}

/// Names one binding for as long as it lives.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BindingId(pub u64);

/// The bindings of all accounts.
///
/// It does no I/O and reads no clock, and it believes its caller: a REGISTER that comes here has
/// been authenticated for the account that it names. After every call of a `&mut` method, drain
/// [`poll_output`](Self::poll_output) until it returns `None`; then wait for input or for
/// [`poll_timeout`](Self::poll_timeout), whichever is first.
#[derive(Debug)]
pub struct Registrar {
    policy: RegistrarPolicy,
    accounts: HashMap<Arc<str>, Vec<Binding>>,
    /// When each account is to be looked at next.
    due: BTreeSet<(Instant, Arc<str>)>,
    outputs: VecDeque<RegistrarOutput>,
    /// How many bindings were made from each address and port.
    sources: HashMap<SocketAddr, u32>,
    next_id: u64,
}

/// What the caller of [`Registrar`] is to do, or may want to know.
#[derive(Clone, Debug)]
pub enum RegistrarOutput {
    /// Ask this phone by OPTIONS whether it is there, and report to
    /// [`handle_probe`](Registrar::handle_probe).
    Probe {
        /// The account.
        account: Arc<str>,
        /// What and where to ask.
        binding: Binding,
    },
    /// A binding was made or refreshed, or its reachability changed: record it.
    Changed {
        /// The account.
        account: Arc<str>,
        /// The binding as it is now.
        binding: Binding,
    },
    /// A binding is over: remove it from the record.
    Gone {
        /// The account.
        account: Arc<str>,
        /// The binding as it was.
        binding: Binding,
        /// Why it is over.
        why: Gone,
    },
}

/// Why a binding is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Gone {
    /// The phone has not refreshed it.
    Expired,
    /// The phone has taken it back.
    Unregistered,
    /// Another one took its place.
    Replaced,
}

impl Registrar {
    /// Begins with no bindings.
    pub fn new(policy: RegistrarPolicy) -> Self {
        Self {
            policy,
            accounts: HashMap::new(),
            due: BTreeSet::new(),
            outputs: VecDeque::new(),
            sources: HashMap::new(),
            next_id: 0,
        }
    }

    /// Returns an account's live bindings, the preferred first: by q, then the youngest.
    pub fn bindings(&self, now: Instant, account: &str) -> Vec<&Binding> {
        let all = self.accounts.get(account).into_iter().flatten();
        let mut live: Vec<_> = all.filter(|binding| binding.expires_at > now).collect();
        live.sort_by_key(|binding| {
            let age = (binding.registered_at, binding.id);
            (std::cmp::Reverse(binding.q), std::cmp::Reverse(age))
        });
        live
    }

    /// Tells whether a phone is registered from just there.
    pub fn has_phone_at(&self, source: SocketAddr) -> bool {
        self.sources.contains_key(&source)
    }

    /// Returns the accounts that have bindings, in no order.
    pub fn accounts(&self) -> impl Iterator<Item = &Arc<str>> {
        self.accounts.keys()
    }

    /// Returns how many bindings there are.
    pub fn len(&self) -> usize {
        self.accounts.values().map(Vec::len).sum()
    }

    /// Tells whether there are no bindings.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Takes all of an account's bindings away, as when its user is deleted.
    pub fn remove_account(&mut self, account: &str) {
        if let Some((account, bindings)) = self.accounts.remove_entry(account) {
            self.unschedule(&account, &bindings);
            self.forget_sources(&bindings);
            for binding in bindings {
                self.gone(&account, binding, Gone::Unregistered);
            }
        }
    }

    /// Returns the next thing to do.
    pub fn poll_output(&mut self) -> Option<RegistrarOutput> {
        self.outputs.pop_front()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Ends what has expired and asks whom it is time to ask.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, _)) = self.due.first()
            && *at <= now
            && let Some((_, account)) = self.due.pop_first()
        {
            self.look_at(now, &account);
        }
    }

    fn new_id(&mut self) -> BindingId {
        self.next_id += 1;
        BindingId(self.next_id)
    }

    fn gone(&mut self, account: &Arc<str>, binding: Binding, why: Gone) {
        let account = account.clone();
        self.outputs.push_back(RegistrarOutput::Gone {
            account,
            binding,
            why,
        });
    }

    fn changed(&mut self, account: &Arc<str>, binding: &Binding) {
        let account = account.clone();
        let binding = binding.clone();
        self.outputs
            .push_back(RegistrarOutput::Changed { account, binding });
    }

    /// Puts an account's bindings in place of its old ones, and its place in the queue right.
    fn store(&mut self, account: &Arc<str>, bindings: Vec<Binding>) {
        if let Some(old) = self.accounts.remove(account) {
            self.unschedule(account, &old);
            self.forget_sources(&old);
        }
        for binding in &bindings {
            *self.sources.entry(binding.route.remote).or_insert(0) += 1;
        }
        if let Some(at) = next_due(&bindings) {
            self.due.insert((at, account.clone()));
            self.accounts.insert(account.clone(), bindings);
        }
    }

    pub(super) fn forget_sources(&mut self, bindings: &[Binding]) {
        for binding in bindings {
            let source = binding.route.remote;
            if let Some(count) = self.sources.get_mut(&source) {
                *count -= 1;
                if *count == 0 {
                    self.sources.remove(&source);
                }
            }
        }
    }

    fn unschedule(&mut self, account: &Arc<str>, bindings: &[Binding]) {
        if let Some(at) = next_due(bindings) {
            self.due.remove(&(at, account.clone()));
        }
    }
}

/// Returns when the first of these bindings expires or wants to be asked.
fn next_due(bindings: &[Binding]) -> Option<Instant> {
    bindings
        .iter()
        .map(|binding| {
            binding
                .next_probe
                .map_or(binding.expires_at, |at| at.min(binding.expires_at))
        })
        .min()
}

#[cfg(test)]
mod tests;
