//! URIs, and the values of headers that hold them.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sip::{NameAddr, Text, Uri, Via};

fuzz_target!(|octets: &[u8]| {
    let text = Text::from(Bytes::copy_from_slice(octets));
    if let Ok(uri) = Uri::parse(text.clone()) {
        assert!(uri == uri.detach());
        let _ = (uri.user_unescaped(), uri.password(), uri.host(), uri.port(), uri.headers());
        let _ = uri.params().iter().count();
        let _ = uri.with_param("lr", None).without_headers();
    }
    if let Ok(via) = Via::parse(text.clone()) {
        let seen = via.with_source(([192, 0, 2, 1], 5060).into());
        assert!(seen.branch() == via.branch());
    }
    if let Some(address) = NameAddr::parse(text) {
        assert_eq!(address.with_tag("new").tag(), Some(Text::from("new")));
    }
});
