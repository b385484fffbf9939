//! Sound files that anybody may have made.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::Clip;
use media::wav;

fuzz_target!(|octets: &[u8]| {
    let _ = wav::repair(octets, octets.len() as u64);
    let _ = Clip::decode(octets.to_vec(), "wav", 8_000);
});
