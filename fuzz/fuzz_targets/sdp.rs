//! Session descriptions: read, answered, and read as an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::sdp::{Description, LocalSide, Negotiator};
use media::{CodecKind, Direction};

fuzz_target!(|octets: &[u8]| {
    let Ok(description) = Description::parse(octets) else {
        return;
    };
    let again = Description::parse(&description.to_bytes());
    assert!(again.is_ok());
    let codecs = [CodecKind::Opus, CodecKind::G722, CodecKind::Pcma, CodecKind::Pcmu, CodecKind::G729];
    let side = LocalSide {
        address: ([192, 0, 2, 1], 16_384).into(),
        rtcp_port: 16_385,
        rtcp_mux: false,
        ptime: 20,
        session_id: 1,
    };
    let mut negotiator = Negotiator::new(side);
    if let Ok((answer, _)) = negotiator.answer(&description, &codecs, Direction::SendRecv) {
        assert!(Description::parse(&answer).is_ok());
    }
    let mut negotiator = Negotiator::new(side);
    let _ = negotiator.offer(&codecs, Direction::SendRecv);
    let _ = negotiator.accept(&description);
});
