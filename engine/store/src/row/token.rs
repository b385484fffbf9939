//! Who may use the HTTP API.

/// A bearer token, without the token: only its hash is known after it was made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenRow {
    /// Its public half, which the token itself begins with.
    pub id: String,
    /// The enterprise number whose records it opens.
    pub tenant: String,
    /// What it is for, as its maker called it.
    pub name: String,
    /// SHA-256 of the whole token.
    pub hash: [u8; 32],
    /// What it may do: `calls:read` …
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it stops working by itself.
    pub expires_at: Option<i64>,
    /// When it was taken back.
    pub revoked_at: Option<i64>,
}

impl TokenRow {
    /// Whether it works at this time.
    pub fn is_good(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
