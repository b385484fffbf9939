//! What a caller hears when a script failed; needs nothing but the binary.

use call::{Fallback, Sound, Target};
use script::config::Tenant;

/// The tenant's fallback as the call's machine takes it. Without a sound, or when its file is
/// missing, the machine plays a tone that is compiled in.
pub(crate) fn fallback(tenant: &Tenant) -> Fallback {
    Fallback {
        sound: tenant.fallback.play.clone().map(Sound::Named),
        target: tenant.fallback.transfer.as_deref().and_then(target),
        at_once: false,
    }
}

/// Reads `user:1001`, `trunk:carrier/138…`, `sip:a@b`.
fn target(text: &str) -> Option<Target> {
    if let Some(user) = text.strip_prefix("user:") {
        return Some(Target::User(user.to_owned()));
    }
    if let Some((trunk, number)) = text
        .strip_prefix("trunk:")
        .and_then(|rest| rest.split_once('/'))
    {
        return Some(Target::Trunk {
            trunk: trunk.to_owned(),
            number: number.to_owned(),
        });
    }
    text.starts_with("sip:")
        .then(|| Target::Uri(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_target_is_read() {
        assert_eq!(target("user:1001"), Some(Target::User("1001".to_owned())));
        assert!(matches!(
            target("trunk:carrier/110"),
            Some(Target::Trunk { .. })
        ));
        assert!(matches!(target("sip:a@b"), Some(Target::Uri(_))));
        assert_eq!(target("1001"), None);
    }
}
