//! How often PINs of mailboxes may be tried: by each caller, and by all who are not the owner.

use call::{LOCKED_FOR, MOST_WRONG_PINS, MOST_WRONG_PINS_OF_ALL, Setup};
use store::{Error, KvKey, Store};

/// The tries of one caller at one mailbox.
#[derive(Clone, Debug)]
pub(crate) struct Tries {
    tenant: String,
    mailbox: String,
    /// A user; a trunk for whoever comes from outside, since their numbers are easily made up.
    who: String,
}

impl Tries {
    pub(crate) fn of(setup: &Setup, mailbox: &str) -> Self {
        let who = match setup.calling_user() {
            Some(user) => user.to_owned(),
            None => format!("trunk:{}", setup.trunk.as_deref().unwrap_or_default()),
        };
        Self {
            tenant: setup.tenant.to_string(),
            mailbox: mailbox.to_owned(),
            who,
        }
    }

    /// Counts a try at `now`, and says whether it is one too many. What others do at a mailbox
    /// does not lock its owner's own phone.
    ///
    /// # Errors
    ///
    /// When the store cannot count.
    pub(crate) async fn count(&self, store: &dyn Store, now: i64) -> Result<bool, Error> {
        let until = forgotten_at(now);
        let own = store.kv_incr(self.own(), 1, Some(until), now).await?;
        if own > i64::from(MOST_WRONG_PINS) {
            return Ok(true);
        }
        if self.who == self.mailbox {
            return Ok(false);
        }
        let all = of_all(&self.tenant, &self.mailbox);
        let all = store.kv_incr(all, 1, Some(until), now).await?;
        Ok(all > i64::from(MOST_WRONG_PINS_OF_ALL))
    }

    /// The right PIN forgets its caller's wrong ones.
    pub(crate) async fn forgive(&self, store: &dyn Store, now: i64) {
        // Without it the tries go by themselves, later.
        let _ = store.kv_delete(self.own(), now).await;
        if self.who != self.mailbox {
            let all = of_all(&self.tenant, &self.mailbox);
            let _ = store.kv_incr(all, -1, Some(forgotten_at(now)), now).await;
        }
    }

    fn own(&self) -> KvKey {
        by(&self.tenant, format!("{}/{}", self.mailbox, self.who))
    }
}

/// Forgets everybody's tries at a mailbox, for whoever administers it; waits for the store.
///
/// # Errors
///
/// When the store cannot be read or written.
pub fn forget_tries(store: &dyn Store, tenant: &str, mailbox: &str, now: i64) -> Result<(), Error> {
    let everybody = by(tenant, format!("{mailbox}/"));
    let tried = store.kv_each(everybody, None, now).wait()?;
    for entry in tried {
        store.kv_delete(by(tenant, entry.key), now).wait()?;
    }
    store.kv_delete(of_all(tenant, mailbox), now).wait()?;
    Ok(())
}

fn forgotten_at(now: i64) -> i64 {
    now.saturating_add(i64::try_from(LOCKED_FOR.as_micros()).unwrap_or(i64::MAX))
}

fn by(tenant: &str, key: String) -> KvKey {
    KvKey {
        tenant: tenant.to_owned(),
        scope: "mailbox/pin-tries-by".to_owned(),
        key,
    }
}

fn of_all(tenant: &str, mailbox: &str) -> KvKey {
    KvKey {
        tenant: tenant.to_owned(),
        scope: "mailbox/pin-tries".to_owned(),
        key: mailbox.to_owned(),
    }
}
