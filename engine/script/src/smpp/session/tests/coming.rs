//! What comes in: texts of phones, and octets that are none.

use rusmpp::CommandId;
use rusmpp::pdus::DeliverSm;
use rusmpp::types::OctetString;
use rusmpp::values::EsmClass;

use super::*;

fn from_a_phone(class: u8, data: &[u8]) -> DeliverSm {
    DeliverSm::builder()
        .source_addr("13900139000".parse().unwrap())
        .esm_class(EsmClass::from(class))
        .short_message(OctetString::from_slice(data).unwrap())
        .build()
}

#[test]
fn what_comes_in_is_acknowledged_when_the_scripts_have_it_and_handed_over_again_when_not() {
    let mut bed = Bed::bound(line());

    bed.says(0, 501, from_a_phone(0, b"hello"));
    bed.says(0, 502, from_a_phone(0, b"there"));
    assert!(bed.sent().is_none());
    let [(first, _), (second, _)] = bed.delivered[..] else {
        panic!("{:?}", bed.delivered);
    };
    bed.session.handle_taken(second, true);
    bed.session.handle_taken(first, false);
    bed.drain();

    let answers: Vec<_> = std::iter::from_fn(|| bed.sent())
        .map(|it| (CommandId::from(it.id), it.sequence, it.status))
        .collect();
    assert_eq!(
        answers,
        [
            (CommandId::DeliverSmResp, 502, 0),
            (CommandId::DeliverSmResp, 501, TRY_AGAIN)
        ]
    );
}

#[test]
fn scripts_that_do_not_keep_up_are_told_no_more() {
    let mut bed = Bed::bound(line());

    for sequence in 0..40 {
        bed.says(0, 501 + sequence, from_a_phone(0, b"hello"));
    }

    assert_eq!(bed.delivered.len(), MOST_TOLD);
    let refused = std::iter::from_fn(|| bed.sent()).filter(|it| it.status == 0x14);
    assert_eq!(refused.count(), 40 - MOST_TOLD);
    bed.seconds(31);
    let put_off = std::iter::from_fn(|| bed.sent()).filter(|it| it.status == TRY_AGAIN);
    assert_eq!(put_off.count(), MOST_TOLD);
}

#[test]
fn what_cannot_be_read_does_not_come_again_and_harms_nothing() {
    let mut bed = Bed::bound(line());
    // A deliver_sm of three octets that says nothing.
    let mut octets = vec![0, 0, 0, 19, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3];
    octets.extend_from_slice(&pdu::octets(0, 10, Pdu::EnquireLink));

    bed.session.handle_octets(bed.now, &octets);
    bed.drain();

    let refused = bed.sent().unwrap();
    assert_eq!((refused.sequence, refused.status), (9, 0x65));
    assert_eq!(bed.sent().unwrap().sequence, 10);
}

#[test]
fn who_speaks_something_else_is_given_up() {
    let mut bed = Bed::bound(line());

    bed.session
        .handle_octets(bed.now, b"HTTP/1.1 400 Bad Request\r\n");
    bed.drain();

    assert!(!bed.is_connected);
    let why = bed.session.standing().1.unwrap().to_string();
    assert!(why.contains("speaks no SMPP"), "{why}");
}

#[test]
fn octets_of_any_kind_are_survived() {
    let pieces = from_a_phone(0x40, b"\x05\x00\x03\x2a\x02\x01hello");
    let receipt = from_a_phone(0x04, b"id:1 stat:DELIVRD err:000 text:");
    let good = [pdu::octets(0, 1, pieces), pdu::octets(0, 2, receipt)].concat();
    let mut random = 1_u64;
    let mut next = |most: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % most
    };

    for _ in 0..20_000 {
        let mut octets = good.clone();
        for _ in 0..=next(4) {
            // Behind the length of the first, so that most of them are looked into.
            let place = 4 + next(octets.len() - 4);
            octets[place] = next(256) as u8;
        }
        octets.truncate(octets.len() - next(8));
        let mut bed = Bed::bound(line());
        bed.session.handle_octets(bed.now, &octets);
        bed.drain();
    }
}
