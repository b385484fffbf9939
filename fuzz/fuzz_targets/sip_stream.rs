//! Streams: however they are cut into reads, framing ends and agrees with itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip::{Error, Frame, Framer};

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (stream, cuts) = input;
    let mut pieces = Vec::new();
    let mut rest = stream.as_slice();
    for cut in cuts {
        let (piece, after) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);

    let whole = frames(&[&stream]);
    let cut = frames(&pieces);
    if let (Ok(whole), Ok(cut)) = (whole, cut) {
        assert_eq!(whole, cut);
    }
});

fn frames(pieces: &[&[u8]]) -> Result<Vec<Frame>, Error> {
    let mut framer = Framer::new();
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.next_frame()? {
            frames.push(frame);
        }
    }
    Ok(frames)
}
