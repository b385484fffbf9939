//! Digest authentication, both sides: RFC 3261 §22, RFC 7616, RFC 8760.

mod client;
mod digest;
mod nonce;
mod server;

pub use client::{Account, Refusal};
pub use digest::{Algorithm, Ha1};
pub use server::{Authenticator, Claim, Verdict};
