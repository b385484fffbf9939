//! Datagrams: reading, every typed value, writing, and answering.
//! Seeds: `cargo +nightly fuzz run sip_message corpus/sip_message ../engine/sip/tests/data/torture`
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sip::{Glance, Head, Message, Name, Response};

fuzz_target!(|octets: &[u8]| {
    let _ = Glance::at(octets);
    match Message::parse(Bytes::copy_from_slice(octets)) {
        Err(fault) => {
            if let Some(refusal) = fault.refusal() {
                read(&refusal);
            }
        }
        Ok(message) => {
            read(&message);
            let again = Message::parse(message.to_bytes()).expect("what was read is read again");
            assert_eq!(again.to_bytes(), message.to_bytes());
            if let Message::Request(request) = &message {
                let seen = request.with_source(([192, 0, 2, 1], 5060).into());
                let reply = Response::reply_to(&seen, 200).to_tag("1").finish();
                Message::parse(reply.to_bytes()).expect("what we answer can be read");
            }
        }
    }
});

fn read(head: &Head) {
    for field in head.headers() {
        let name = field.name();
        let _ = (field.name_text(), field.value());
        let _ = head.header_all(name).count();
        for address in head.addresses(name).into_iter().flatten() {
            let _ = (address.display(), address.tag(), address.uri(), address.q());
            let _ = address.with_tag("t");
        }
        let _ = head.header_param(name, "boundary");
    }
    let _ = (head.via(), head.vias(), head.from(), head.to(), head.cseq(), head.contacts());
    let _ = (head.max_forwards(), head.expires(), head.min_expires(), head.retry_after());
    let _ = (head.rseq(), head.rack(), head.session_expires(), head.min_se());
    let _ = (head.require().count(), head.allow().count(), head.reasons().count());
    let _ = (head.event(), head.subscription_state(), head.refer_to(), head.replaces());
    let _ = (head.referred_by(), head.refuses_refer_news(), head.allow_events().count());
    let _ = head.credentials(Name::Authorization).count();
    let _ = head.challenges(Name::WwwAuthenticate).count();
}
