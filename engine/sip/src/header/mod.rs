//! Header fields: their names, and the types of their values.

mod auth;
mod event;
pub(crate) mod list;
mod name;
mod name_addr;
pub(crate) mod numbers;
pub(crate) mod params;
mod refer_to;
mod replaces;
pub(crate) mod scan;
mod via;

use bytes::BytesMut;

use crate::Text;

pub use auth::{Challenge, Credentials};
pub use event::{EventPackage, SubscriptionState, Substate};
pub use name::Name;
pub use name_addr::NameAddr;
pub use numbers::{CSeq, RAck, Refresher, SessionExpires};
pub use params::Params;
pub use refer_to::ReferTo;
pub use replaces::Replaces;
pub use via::Via;

/// Writes a quoted string; what would end a header line becomes a space.
pub(crate) fn quote(octets: &[u8], out: &mut BytesMut) {
    out.extend_from_slice(b"\"");
    for &octet in octets {
        match octet {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', octet]),
            b'\r' | b'\n' | 0 => out.extend_from_slice(b" "),
            _ => out.extend_from_slice(&[octet]),
        }
    }
    out.extend_from_slice(b"\"");
}

/// Writes a parameter's value, quoted if it is neither a token nor a host.
pub(crate) fn encode_param_value(value: &Text, out: &mut BytesMut) {
    let is_plain = |octet: &u8| scan::is_token(*octet) || matches!(octet, b'[' | b']' | b':');
    let octets = value.as_bytes();
    if !octets.is_empty() && octets.iter().all(is_plain) {
        out.extend_from_slice(octets);
    } else {
        quote(octets, out);
    }
}
