//! Bearer tokens (RFC 6750) and what they may do.

use std::fmt;

use sha2::{Digest, Sha256};
use store::TokenRow;
use subtle::ConstantTimeEq;

/// A token as its holder has it: `mst_ID_SECRET`. It is shown once, when it is made; the records
/// know its SHA-256. With 256 bits at random that needs no slow hash.
#[derive(Clone, Eq, PartialEq)]
pub struct Token(String);

impl Token {
    /// Makes a token of random octets.
    pub fn from_random(random: [u8; RANDOM]) -> Self {
        let hex: String = random.iter().map(|octet| format!("{octet:02x}")).collect();
        let (id, secret) = hex.split_at(ID);
        Self(format!("{MARK}{id}_{secret}"))
    }

    /// Reads a token that somebody has sent; `None` when it can be none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(MARK)?.split_once('_')?;
        let is_hex = |part: &str| {
            part.bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let fits = id.len() == ID && secret.len() == SECRET;
        (fits && is_hex(id) && is_hex(secret)).then(|| Self(text.to_owned()))
    }

    /// The public half: what lists and logs name it by.
    pub fn id(&self) -> &str {
        &self.0[MARK.len()..MARK.len() + ID]
    }

    /// What the records keep of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// The whole; for showing it to its holder, once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is the token that the row is of. How long that takes says nothing of the hash.
    pub fn is_of(&self, row: &TokenRow) -> bool {
        self.hash().ct_eq(&row.hash).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.id())
    }
}

/// Octets that a token is made of.
pub const RANDOM: usize = 40;
/// So that scanners of leaked secrets know it.
const MARK: &str = "mst_";
const ID: usize = 16;
const SECRET: usize = 2 * RANDOM - ID;

macro_rules! scopes {
    ($( $(#[$doc:meta])* $variant:ident $word:literal ),+ $(,)?) => {
        /// What a token may do.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum Scope { $( $(#[$doc])* $variant ),+ }

        impl Scope {
            /// All there are.
            pub const ALL: &[Self] = &[$( Self::$variant ),+];

            /// The word that records and requests use.
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }
        }
    };
}

scopes! {
    /// See agents and how they stand.
    AgentsRead "agents:read",
    /// Log agents in and out, and change their states.
    AgentsWrite "agents:write",
    /// Read the audit log: who has done what, and looked at what.
    AuditRead "audit:read",
    /// See calls, over and in progress.
    CallsRead "calls:read",
    /// Make calls for users, with their rights: that costs money.
    CallsOriginate "calls:originate",
    /// Hang calls up.
    CallsWrite "calls:write",
    /// Do in users' names what they do at their desks: states, calls, supervision.
    DeskCommand "desk:command",
    /// Hear what happens, as it happens: calls, phones, messages.
    EventsRead "events:read",
    /// See jobs: what waits, and what was given up.
    JobsRead "jobs:read",
    /// Let jobs that were given up run again.
    JobsWrite "jobs:write",
    /// See the lists of callers: blacklist, VIPs, whitelist.
    ListsRead "lists:read",
    /// Change the lists of callers.
    ListsWrite "lists:write",
    /// See plugins, and what they ask to be allowed.
    PluginsRead "plugins:read",
    /// Allow plugins what they ask for.
    PluginsAllow "plugins:allow",
    /// Ask the routes of plugins and dialplans that are for the tenant's own people.
    PluginsUse "plugins:use",
    /// See queues, who waits there, and what has happened there.
    QueuesRead "queues:read",
    /// Let chats and the like wait in queues, and end them.
    QueuesWrite "queues:write",
    /// Find recordings and listen to them.
    RecordingsRead "recordings:read",
    /// Delete recordings.
    RecordingsWrite "recordings:write",
    /// See whose phones are where.
    RegistrationsRead "registrations:read",
    /// See which dialplan runs and what is wrong with it.
    ScriptsRead "scripts:read",
    /// Have changed files loaded, and go back to earlier generations.
    ScriptsWrite "scripts:write",
    /// See figures of queues, agents and numbers, and the wallboard.
    StatisticsRead "statistics:read",
    /// See trunks and their hosts.
    TrunksRead "trunks:read",
    /// See users.
    UsersRead "users:read",
    /// Give users of the records roles and teams, but none above one's own.
    UsersWrite "users:write",
    /// Find messages and listen to them.
    VoicemailsRead "voicemails:read",
    /// Mark messages as heard, delete, restore and assign them.
    VoicemailsWrite "voicemails:write",
}

impl Scope {
    /// The scopes that a word stands for: itself, `read` for all that change nothing, `all`. The audit log tells what
    /// others do and look at: it is read by whoever was given `audit:read` by its name.
    pub fn named(word: &str) -> Vec<Self> {
        let all = Self::ALL.iter().copied();
        match word {
            "all" => all.collect(),
            "read" => all
                .filter(|scope| scope.word().ends_with(":read") && *scope != Self::AuditRead)
                .collect(),
            _ => all.filter(|scope| scope.word() == word).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(token: &Token) -> TokenRow {
        TokenRow {
            id: token.id().to_owned(),
            tenant: "8001".to_owned(),
            name: "test".to_owned(),
            hash: token.hash(),
            scopes: Vec::new(),
            created_at: 0,
            expires_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_token_is_known_again_by_its_hash_and_no_other_is() {
        let token = Token::from_random([7; RANDOM]);
        let mut octets = [7; RANDOM];
        octets[RANDOM - 1] = 8;
        let other = Token::from_random(octets);

        assert_eq!(Token::parse(token.reveal()), Some(token.clone()));
        assert_eq!(token.id(), other.id());
        assert!(token.is_of(&row(&token)));
        assert!(!other.is_of(&row(&token)));
    }

    #[test]
    fn what_is_no_token_is_not_looked_up() {
        let good = Token::from_random([0xab; RANDOM]);
        for bad in [
            "",
            "mst_",
            "mst__",
            &good.reveal()[1..],
            &good.reveal()[..good.reveal().len() - 1],
            &good.reveal().to_uppercase(),
            &format!("{}0", good.reveal()),
            &good.reveal().replace('a', "é"),
        ] {
            assert_eq!(Token::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_in_a_log_shows_its_public_half_only() {
        let token = Token::from_random([1; RANDOM]);

        assert_eq!(format!("{token:?}"), format!("Token({})", token.id()));
    }

    #[test]
    fn words_stand_for_scopes() {
        assert_eq!(Scope::named("calls:read"), [Scope::CallsRead]);
        assert_eq!(Scope::named("all"), Scope::ALL);
        assert!(Scope::named("read").contains(&Scope::UsersRead));
        assert!(!Scope::named("read").contains(&Scope::CallsWrite));
        assert!(!Scope::named("read").contains(&Scope::AuditRead));
        assert!(Scope::named("all").contains(&Scope::AuditRead));
        assert_eq!(Scope::named("calls"), []);
    }
}
