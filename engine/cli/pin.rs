//! `moonswitch user pin`: for whoever has forgotten it, or was locked out.

use std::error::Error;

use call::{Pin, PinVerdict};
use moonswitch::clock::WallClock;
use moonswitch::pins::forget_tries;
use script::suggest::did_you_mean;
use store::{Secret, Store};

use super::user::{Whose, read_secret};

/// Sets a mailbox's PIN or takes it away, and forgets the wrong ones that were typed.
pub(super) fn change(whose: &Whose, mailbox: &str, reset: bool) -> Result<(), Box<dyn Error>> {
    let (config, tenant) = whose.tenant()?;
    let store = moonswitch::open_store(&whose.places.data)?;
    let settings = &config.tenants[&tenant];
    let known = settings.users.contains_key(mailbox)
        || settings.mailboxes.contains_key(mailbox)
        || store.user(&tenant, mailbox).wait()?.is_some();
    if !known {
        let names = settings.users.keys().chain(settings.mailboxes.keys());
        let hint = did_you_mean(mailbox, names.map(String::as_str));
        return Err(format!("no user and no mailbox '{mailbox}' in {tenant}{hint}").into());
    }
    let pin = if reset {
        None
    } else {
        Some(read_pin(mailbox)?)
    };
    store.set_pin(&tenant, mailbox, pin).wait()?;
    forget_tries(
        &*store,
        &tenant,
        mailbox,
        WallClock::default().unix_micros(),
    )?;
    let first = settings
        .mailboxes
        .get(mailbox)
        .and_then(|of| of.pin.as_ref());
    let said = match (reset, first) {
        (false, _) => format!("the PIN of {mailbox} is changed"),
        (true, Some(_)) => format!("the PIN of {mailbox} is the one of config.lua again"),
        (true, None) => format!("{mailbox} has no PIN: whoever is asked for it next chooses it"),
    };
    super::say(format_args!("{said}"))?;
    Ok(())
}

fn read_pin(mailbox: &str) -> Result<Secret, Box<dyn Error>> {
    let typed = read_secret("PIN")?;
    let pin = Pin::new(typed.as_str());
    match pin.judge_new(&pin, mailbox) {
        PinVerdict::Right => Ok(Secret::new(typed)),
        _ => Err("anybody would guess that: take four digits or more, not all the same, no run such as 1234, and not the number itself".into()),
    }
}
