//! Values that scripts and plugins keep.

use serde_json::Value;

/// Names one value.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct KvKey {
    /// The enterprise number.
    pub tenant: String,
    /// The store's name within the tenant: `script/seen`, `sms/seen`.
    pub scope: String,
    /// Any text up to 512 bytes.
    pub key: String,
}

/// One value of a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct KvEntry {
    /// Its key.
    pub key: String,
    /// Plain data, up to 64 KB as JSON.
    pub value: Value,
    /// When it goes, microseconds since 1970 UTC.
    pub expires_at: Option<i64>,
}
