//! What simulated phones and trunks do when they are rung.

use std::collections::BTreeMap;
use std::time::Duration;

use call::{Cause, Target};

use crate::config;

/// How a phone behaves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phone {
    /// Whether anybody is there to be rung.
    pub(super) registered: bool,
    /// It refuses at once, for this cause.
    pub(super) refuses: Option<Cause>,
    /// After ringing for so long it answers; `None` never.
    pub(super) answers_after: Option<Duration>,
    /// After talking for so long it hangs up; `None` leaves that to the caller.
    pub(super) hangs_up_after: Option<Duration>,
}

impl Default for Phone {
    fn default() -> Self {
        Self {
            registered: true,
            refuses: None,
            answers_after: Some(Duration::from_secs(3)),
            hangs_up_after: None,
        }
    }
}

/// The phones of one simulated exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Phones {
    /// By what scripts write: `user:1049`, `trunk:carrier`.
    known: BTreeMap<String, Phone>,
    /// What all others do.
    pub(super) others: Phone,
}

impl Phones {
    /// The phone behind `user:1049` or `trunk:carrier`, to be changed.
    pub(super) fn phone(&mut self, name: &str) -> &mut Phone {
        let others = self.others.clone();
        self.known.entry(name.to_owned()).or_insert(others)
    }

    /// Whether a target could be rung at all.
    pub(super) fn is_registered(&self, target: &Target, tenant: &config::Tenant) -> bool {
        !matches!(self.ring(target, tenant), Err(Cause::Unavailable))
    }

    /// What happens when a target is rung: a phone that rings, or why none does.
    pub(super) fn ring(&self, target: &Target, tenant: &config::Tenant) -> Result<Phone, Cause> {
        let name = match target {
            Target::User(user) if !tenant.users.contains_key(user) => {
                // A user of the store's is known to the test that names them, and to nobody else.
                let name = format!("user:{user}");
                if !self.known.contains_key(&name) {
                    return Err(Cause::Unavailable);
                }
                name
            }
            Target::User(user) => format!("user:{user}"),
            Target::Trunk { trunk, .. } if !tenant.has_way_out(trunk) => {
                return Err(Cause::Unallocated);
            }
            Target::Trunk { trunk, .. } => format!("trunk:{trunk}"),
            Target::Uri(uri) => uri.clone(),
        };
        let phone = self.known.get(&name).unwrap_or(&self.others);
        match (phone.registered, phone.refuses) {
            (false, _) => Err(Cause::Unavailable),
            (true, Some(cause)) => Err(cause),
            (true, None) => Ok(phone.clone()),
        }
    }
}
