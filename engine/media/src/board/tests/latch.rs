//! Strangers: nothing of theirs is heard, and nothing is sent to them.

use super::*;

const STRANGER: &str = "203.0.113.66:6666";

#[test]
fn a_flood_of_strangers_changes_nothing_and_is_counted() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);
    let mut junk = lab.of(a).next_packet();
    junk[2] ^= 0x40;
    let stranger: SocketAddr = STRANGER.parse().unwrap();

    for _ in 0..200 {
        for _ in 0..15 {
            lab.arrives(a, stranger, &junk);
        }
        lab.run(5);
    }

    assert!(lab.of(b).hears(500.0) && lab.of(a).hears(800.0));
    lab.of(b).assert_continuous();
    assert_eq!(lab.of(b).got.len(), 50, "as many as the phone sent");
    assert_eq!(lab.board.counters().refused, 3000);
}

#[test]
fn a_stranger_who_comes_first_is_not_believed() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);
    let packet = lab.of(a).next_packet();

    lab.arrives(a, STRANGER.parse().unwrap(), &packet);
    lab.run(200);

    // `tick` asserts that all that is sent to `a` goes to its own address.
    assert!(lab.of(a).hears(800.0));
    assert!(lab.of(b).got.is_empty());
    assert!(!lab.events.contains(&Event::Heard { leg: a }));
}

#[test]
fn a_phone_behind_nat_is_answered_where_it_speaks_from() {
    let mut lab = Lab::new();
    let a = lab.phone_with(CodecKind::Pcma, 500.0, |config| {
        config.remote = Some("10.0.0.5:4000".parse().unwrap());
        config.latch.hosts = smallvec![address(0).ip()];
    });
    lab.of(a).address = SocketAddr::new(address(0).ip(), 31_337);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.run(50);

    lab.connect(a, b);
    lab.run(200);

    assert!(lab.of(a).hears(800.0));
    assert!(lab.events.contains(&Event::Heard { leg: a }));
}

#[test]
fn without_symmetric_rtp_sound_goes_where_the_sdp_says() {
    let mut lab = Lab::new();
    let a = lab.phone_with(CodecKind::Pcma, 500.0, |config| {
        config.latch.symmetric = false
    });
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);
    lab.run(100);
    let packet = lab.of(a).next_packet();

    lab.arrives(a, SocketAddr::new(address(0).ip(), 9), &packet);
    lab.run(200);

    assert!(lab.of(a).hears(800.0));
    assert_eq!(lab.board.counters().refused, 1);
}

#[test]
fn a_new_offer_lets_a_phone_move() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);
    lab.run(200);
    let moved: SocketAddr = "192.0.2.99:5000".parse().unwrap();

    let mut config = config(CodecKind::Pcma, 0);
    config.remote = Some(moved);
    config.latch.hosts = smallvec![moved.ip()];
    lab.command(Command::UpdateLeg { leg: a, config });
    let phone = lab.of(a);
    phone.address = moved;
    phone.header.ssrc = 555;
    lab.run(200);

    assert!(lab.of(a).hears(800.0) && lab.of(b).hears(500.0));
    lab.of(b).assert_continuous();
}

#[test]
fn packets_that_are_no_rtp_neither_latch_nor_count_as_life() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);

    for junk in [&b""[..], b"\x80", b"GET / HTTP/1.0\r\n\r\n", &[0; 200]] {
        lab.arrives(a, address(0), junk);
    }
    lab.tick();

    assert!(lab.events.is_empty());
}
