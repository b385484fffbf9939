//! People with phones, and where their phones are.

use crate::Secret;

/// A user whose password the store knows (`moonswitch user add`).
#[derive(Clone, Debug, PartialEq)]
pub struct UserRecord {
    /// The enterprise number (企业编号).
    pub tenant: String,
    /// `1049`.
    pub extension: String,
    /// Shown to others.
    pub name: Option<String>,
    /// The digest realm that the two hashes were made with.
    pub realm: String,
    /// MD5 of `user:realm:password`, 32 hex digits (RFC 7616 §3.4.2). Encrypted at rest.
    pub ha1_md5: Secret,
    /// SHA-256 of the same, 64 hex digits. Encrypted at rest.
    pub ha1_sha256: Secret,
    /// What may be dialled: the toll fence.
    pub context: String,
    /// What they may do: `agent`, `leader` …
    pub role: String,
    /// Whose leaders reach them.
    pub team: Option<String>,
    /// When the user was first put in; kept when the record is put again.
    pub created_at: i64,
}

/// One contact of one user: a row per tenant, user and contact URI.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegistrationRow {
    /// The enterprise number.
    pub tenant: String,
    /// The extension.
    pub user: String,
    /// The Contact URI.
    pub contact: String,
    /// `+sip.instance` (RFC 5626), where the phone has one.
    pub instance: Option<String>,
    /// The Call-ID of the REGISTER that made it.
    pub call_id: String,
    /// Its CSeq.
    pub cseq: u32,
    /// Path, topmost first (RFC 3327).
    pub path: Vec<String>,
    /// Where the REGISTER came from: `192.0.2.7:5060/udp`.
    pub source: String,
    /// When it ends, microseconds since 1970 UTC.
    pub expires_at: i64,
    /// The phone's User-Agent.
    pub user_agent: Option<String>,
}

/// A phone that watches something by SIP (RFC 6665): a mailbox, a colleague.
#[derive(Clone, Debug, PartialEq)]
pub struct WatcherRow {
    /// The enterprise number.
    pub tenant: String,
    /// Names it; unique within the tenant.
    pub name: String,
    /// What it watches, and how it is reached; only the exchange reads it.
    pub state: serde_json::Value,
    /// When it ends, microseconds since 1970 UTC.
    pub expires_at: i64,
}
