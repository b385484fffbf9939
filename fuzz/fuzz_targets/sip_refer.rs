//! Transfers and subscriptions: Refer-To with the fields in its URI, Replaces, Event,
//! Subscription-State, status lines.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sip::{EventPackage, ReferTo, Replaces, SubscriptionState, Text, Uri};

fuzz_target!(|octets: &[u8]| {
    let text = Text::from(Bytes::copy_from_slice(octets));
    if let Ok(to) = ReferTo::parse(text.clone()) {
        let _ = (to.method(), to.display(), to.headers().count());
        if let Ok(Some(replaces)) = to.replaces() {
            let again = ReferTo::replacing(&to.uri(), &replaces);
            assert_eq!(again.replaces(), Ok(Some(replaces)));
        }
    }
    if let Ok(replaces) = Replaces::parse(&text) {
        assert_eq!(replaces.detach(), replaces);
        let uri = Uri::parse("sip:a@b").expect("this is a URI");
        let _ = ReferTo::replacing(&uri, &replaces);
    }
    let _ = EventPackage::parse(&text).map(|event| event.detach());
    let _ = SubscriptionState::parse(&text);
    let _ = sip::body::read_status(octets);
});
