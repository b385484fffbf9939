//! One place where an account can be reached.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::registrar::{BindingId, Registrar, RegistrarOutput};
use crate::transport::{Route, Transport};
use crate::{NameAddr, Text, Uri};

/// A contact of an account, and how to get there.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Its name within the registrar.
    pub id: BindingId,
    /// The contact's URI, as the phone gave it: the request URI of calls to it.
    pub contact: Uri,
    /// The phone itself, whatever its address (RFC 5626): `<urn:uuid:…>`.
    pub instance: Option<Text>,
    /// Preference in thousandths; 1000 if the phone names none.
    pub q: u16,
    /// When it was made or refreshed.
    pub registered_at: Instant,
    /// When it ends, unless it is refreshed.
    pub expires_at: Instant,
    /// Where the REGISTER came from: behind a NAT, the only way back.
    pub route: Route,
    /// Hops between here and the phone (RFC 3327), topmost first; the Route of calls to it.
    pub path: Vec<NameAddr>,
    /// Call-ID of the REGISTER.
    pub call_id: Text,
    /// CSeq of the REGISTER.
    pub cseq: u32,
    /// The phone's software.
    pub user_agent: Option<Text>,
    /// Whether it has answered of late; a new one counts as there.
    pub is_reachable: bool,
    /// How long its last answer took.
    pub round_trip: Option<Duration>,
    pub(super) reg_id: Option<Text>,
    pub(super) failures: u32,
    pub(super) next_probe: Option<Instant>,
}

/// A binding for the record, with times that survive a restart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SavedBinding {
    /// The account.
    pub account: String,
    /// The contact's URI.
    pub contact: String,
    /// The phone itself.
    pub instance: Option<String>,
    /// Which of several registrations of that phone (RFC 5626).
    pub reg_id: Option<String>,
    /// Preference in thousandths.
    pub q: u16,
    /// When it ends, in milliseconds since 1970 UTC.
    pub expires_unix_ms: u64,
    /// Where the REGISTER came from.
    pub source: SocketAddr,
    /// How it came.
    pub transport: Transport,
    /// Path values, topmost first.
    pub path: Vec<String>,
    /// Call-ID of the REGISTER.
    pub call_id: String,
    /// CSeq of the REGISTER.
    pub cseq: u32,
    /// The phone's software.
    pub user_agent: Option<String>,
}

impl Binding {
    /// Returns the binding for the record; `unix_ms` is the wall clock at `now`.
    pub fn save(&self, account: &str, now: Instant, unix_ms: u64) -> SavedBinding {
        let text = |text: &Text| text.to_str().into_owned();
        let left = self.expires_at.saturating_duration_since(now).as_millis() as u64;
        SavedBinding {
            account: account.to_owned(),
            contact: self.contact.to_string(),
            instance: self.instance.as_ref().map(text),
            reg_id: self.reg_id.as_ref().map(text),
            q: self.q,
            expires_unix_ms: unix_ms.saturating_add(left),
            source: self.route.remote,
            transport: self.route.transport,
            path: self.path.iter().map(|hop| hop.to_string()).collect(),
            call_id: text(&self.call_id),
            cseq: self.cseq,
            user_agent: self.user_agent.as_ref().map(text),
        }
    }

    /// Tells whether a contact of a REGISTER is this one: the same phone, or the same URI.
    pub(super) fn is_same(
        &self,
        contact: &Uri,
        instance: Option<&Text>,
        reg_id: Option<&Text>,
    ) -> bool {
        match (&self.instance, instance) {
            (Some(own), Some(instance)) => own == instance && self.reg_id.as_ref() == reg_id,
            _ => self.contact == *contact,
        }
    }
}

impl Registrar {
    /// Takes back what was recorded before a restart. What has expired since, or cannot be read,
    /// is left out; connections are gone, so that streams are opened anew.
    ///
    /// Returns whether the binding lives.
    pub fn restore(&mut self, now: Instant, unix_ms: u64, saved: SavedBinding) -> bool {
        let left = Duration::from_millis(saved.expires_unix_ms.saturating_sub(unix_ms));
        // A clock that jumped must not make a binding immortal.
        let left = left.min(self.policy.max_expires);
        let Ok(contact) = Uri::parse(saved.contact) else {
            return false;
        };
        if left.is_zero() {
            return false;
        }
        let id = self.new_id();
        let probe_after = self.policy.probe_interval.mul_f64(spread(id));
        let binding = Binding {
            id,
            contact,
            instance: saved.instance.map(Text::from),
            q: saved.q,
            registered_at: now,
            expires_at: now + left,
            route: Route {
                transport: saved.transport,
                local: None,
                remote: saved.source,
                flow: None,
            },
            path: saved.path.into_iter().filter_map(NameAddr::parse).collect(),
            call_id: Text::from(saved.call_id),
            cseq: saved.cseq,
            user_agent: saved.user_agent.map(Text::from),
            is_reachable: true,
            round_trip: None,
            reg_id: saved.reg_id.map(Text::from),
            failures: 0,
            next_probe: (!probe_after.is_zero()).then(|| now + probe_after),
        };
        let account: Arc<str> = Arc::from(saved.account);
        let mut bindings = self.accounts.get(&account).cloned().unwrap_or_default();
        bindings.retain(|old| {
            !old.is_same(
                &binding.contact,
                binding.instance.as_ref(),
                binding.reg_id.as_ref(),
            )
        });
        bindings.push(binding);
        self.store(&account, bindings);
        true
    }

    /// Returns all live bindings for the record; `unix_ms` is the wall clock at `now`.
    pub fn save(&self, now: Instant, unix_ms: u64) -> Vec<SavedBinding> {
        let save = |(account, bindings): (&Arc<str>, &Vec<Binding>)| {
            let live = bindings.iter().filter(|binding| binding.expires_at > now);
            live.map(|binding| binding.save(account, now, unix_ms))
                .collect::<Vec<_>>()
        };
        self.accounts.iter().flat_map(save).collect()
    }

    /// Says that something about a binding has changed and is to be recorded.
    pub(super) fn announce(&mut self, account: &Arc<str>, id: BindingId) {
        let bindings = self.accounts.get(account).into_iter().flatten();
        if let Some(binding) = bindings
            .into_iter()
            .find(|binding| binding.id == id)
            .cloned()
        {
            let account = account.clone();
            self.outputs
                .push_back(RegistrarOutput::Changed { account, binding });
        }
    }
}

/// Spreads the first probes over the interval, above zero and up to one, so that ten thousand
/// phones that came back at once are not asked at once.
pub(super) fn spread(id: BindingId) -> f64 {
    let steps = id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
    (steps as f64 + 1.0) / 1024.0
}
