//! Bodies of several parts: looking for the session description ends, and finds only what is there.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sip::{Method, Request, Uri};

fuzz_target!(|input: (String, Vec<u8>)| {
    let (content_type, body) = input;
    let Ok(uri) = Uri::parse("sip:a@b") else { return };
    let request = Request::build(Method::Invite, &uri)
        .body(&format!("multipart/{content_type}"), Bytes::from(body.clone()))
        .finish();
    if let Some(found) = sip::session_description(&request) {
        assert!(found.is_empty() || body.windows(found.len()).any(|part| part == found));
    }
});
