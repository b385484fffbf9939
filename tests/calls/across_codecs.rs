//! Each codec with itself and with the others: both hear, whatever they speak.

use media::CodecKind;

use crate::support::{Exchange, Setup, pilot};

#[test]
fn phones_hear_each_other_in_each_codec_and_across_codecs() {
    let exchange = Exchange::start(Setup::ringing());
    let kinds = [
        CodecKind::Pcma,
        CodecKind::Pcmu,
        CodecKind::G722,
        CodecKind::Opus,
    ];
    let callers =
        kinds.map(|kind| exchange.phone_with("1049", |manner| manner.codecs = vec![kind]));

    for called in kinds {
        let a2 = exchange.phone_with("1050", |manner| manner.codecs = vec![called]);
        a2.registers();
        for (a1, calling) in callers.iter().zip(kinds) {
            let call = a1.dials("1050");
            let rung = a2.rings();
            rung.answers();
            call.is_answered();

            call.hears(pilot::A2);
            rung.hears(pilot::A1);

            assert_eq!(call.codec(), Some(calling));
            assert_eq!(rung.codec(), Some(called));
            call.hangs_up();
            rung.is_hung_up();
        }
        a2.unregisters();
    }
}

#[test]
fn a_phone_without_a_codec_in_common_is_refused_with_488() {
    let exchange = Exchange::start(Setup {
        codecs: "\"pcma\"",
        ..Setup::ringing()
    });
    let [_a2] = exchange.phones(["1050"]);
    let a1 = exchange.phone_with("1049", |manner| manner.codecs = vec![CodecKind::G722]);

    let call = a1.dials("1050");

    assert_eq!(call.is_refused(), 488);
}
