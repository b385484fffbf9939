//! What a receiver counts: sequence numbers, losses, restarts.

use super::*;

#[test]
fn gaps_are_lost_and_late_packets_are_found_again() {
    let mut receiver = Receiver::new(8000);

    let arrivals = [10, 11, 14, 12, 12, 15].map(|n| receiver.handle(&header(n, 1)));

    let at = |n: u64| CYCLE + n;
    assert_eq!(
        arrivals,
        [
            Arrival::First(at(10)),
            Arrival::InOrder(at(11)),
            Arrival::InOrder(at(14)),
            Arrival::Late(at(12)),
            Arrival::Useless,
            Arrival::InOrder(at(15)),
        ]
    );
    assert_eq!((receiver.expected(), receiver.lost()), (6, 1));
    assert_eq!(receiver.report_fraction_lost(), 42);
}

#[test]
fn a_sequence_that_wraps_goes_on() {
    let mut receiver = Receiver::new(8000);

    let arrivals = [65_534, 65_535, 0, 1].map(|n| receiver.handle(&header(n, 1)));

    assert_eq!(arrivals[3], Arrival::InOrder(2 * CYCLE + 1));
    assert_eq!(receiver.lost(), 0);
}

#[test]
fn a_packet_from_before_the_first_has_a_place() {
    let mut receiver = Receiver::new(8000);
    receiver.handle(&header(0, 1));

    assert_eq!(
        receiver.handle(&header(65_535, 1)),
        Arrival::Late(CYCLE - 1)
    );
    assert_eq!(receiver.expected(), 2);
}

#[test]
fn a_great_jump_is_believed_at_its_second_packet() {
    let mut receiver = Receiver::new(8000);
    receiver.handle(&header(1, 1));

    assert_eq!(receiver.handle(&header(30_000, 1)), Arrival::Useless);
    assert_eq!(receiver.handle(&header(2, 1)), Arrival::InOrder(CYCLE + 2));
    assert_eq!(receiver.handle(&header(30_000, 1)), Arrival::Useless);
    assert_eq!(
        receiver.handle(&header(30_001, 1)),
        Arrival::First(CYCLE + 30_001)
    );
    assert_eq!(receiver.lost(), 0);
}

#[test]
fn a_new_source_is_a_new_stream_and_its_loss_is_added() {
    let mut receiver = Receiver::new(8000);
    for sequence in [1, 3] {
        receiver.handle(&header(sequence, 1));
    }

    assert!(matches!(
        receiver.handle(&header(900, 2)),
        Arrival::First(_)
    ));
    receiver.handle(&header(902, 2));

    assert_eq!((receiver.received(), receiver.lost()), (4, 2));
}

#[test]
fn jitter_is_measured_as_rfc_3550_says() {
    let mut receiver = Receiver::new(8000);

    for n in 0..200_u32 {
        let late = if n % 2 == 0 { 0 } else { 10 };
        receiver.measure(Duration::from_millis(u64::from(n) * 20 + late), n * 160);
    }

    let jitter = receiver.jitter().as_secs_f32() * 1000.0;
    assert!((jitter - 10.0).abs() < 0.1, "{jitter} ms");
}

#[test]
fn a_wrapping_time_stamp_is_no_jitter() {
    let mut receiver = Receiver::new(8000);

    for n in 0..10_u32 {
        let timestamp = (u32::MAX - 480).wrapping_add(n * 160);
        receiver.measure(Duration::from_millis(u64::from(n) * 20), timestamp);
    }

    assert_eq!(receiver.max_jitter(), Duration::ZERO);
}

fn header(sequence: u16, ssrc: u32) -> Header {
    Header {
        marker: false,
        payload_type: 8,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ssrc,
    }
}
