//! Keys as events: begun, repeated, lost, ended, and heard once.

use super::*;

const PTIME: Duration = Duration::from_millis(20);

#[test]
fn a_key_is_heard_once_at_its_first_packet() {
    let mut listener = KeyListener::default();

    let heard: Vec<_> = press(5, 1000, 0)
        .into_iter()
        .map(|(header, told)| listener.handle(&header, told))
        .collect();

    assert_eq!(heard[0], Some('5'));
    assert!(heard[1..].iter().all(Option::is_none));
}

#[test]
fn a_key_of_which_only_the_end_arrives_is_heard() {
    let mut listener = KeyListener::default();
    let packets = press(11, 1000, 0);

    let heard: Vec<_> = packets[6..]
        .iter()
        .filter_map(|(header, told)| listener.handle(header, *told))
        .collect();

    assert_eq!(heard, ['#']);
}

#[test]
fn the_same_key_pressed_twice_is_two_keys_and_stragglers_are_none() {
    let mut listener = KeyListener::default();
    let mut packets = press(1, 1000, 0);
    let straggler = packets.pop().unwrap();
    packets.extend(press(1, 2600, 20));
    packets.insert(9, straggler);

    let heard: Vec<_> = packets
        .iter()
        .filter_map(|(header, told)| listener.handle(header, *told))
        .collect();

    assert_eq!(heard, ['1', '1']);
}

#[test]
fn a_key_in_two_segments_or_with_a_moving_stamp_is_one() {
    for step in [160, u32::from(u16::MAX)] {
        let mut listener = KeyListener::default();

        let heard = (0..6_u16)
            .filter_map(|n| {
                let header = header(n, 1000_u32.wrapping_add(u32::from(n) * step), n == 0);
                listener.handle(&header, told(3, n == 5))
            })
            .count();

        assert_eq!(heard, 1, "{step}");
    }
}

#[test]
fn events_that_are_no_keys_are_not_heard() {
    let mut listener = KeyListener::default();

    assert_eq!(listener.handle(&header(1, 1, true), told(16, false)), None);
    assert_eq!(Telephone::read(&[1, 2, 3]), None);
}

#[test]
fn a_key_is_sent_for_100_ms_with_three_ends_and_followed_by_100_ms_of_nothing() {
    let mut sender = KeySender::new();
    sender.add("7".chars());

    let steps: Vec<Step> = (0..11).map(|_| sender.step(PTIME, true)).collect();

    let lasted: Vec<u128> = steps.iter().filter_map(lasted_ms).collect();
    let ends = steps
        .iter()
        .filter(|step| matches!(step, Step::Event { told, .. } if told.end));
    assert_eq!(lasted, [20, 40, 60, 80, 100, 100, 100]);
    assert_eq!(ends.count(), 3);
    assert_eq!(steps[7..], [Step::Gap, Step::Gap, Step::Gap, Step::Free]);
    assert!(!sender.is_busy());
}

#[test]
fn a_comma_lets_others_speak_for_a_second() {
    let mut sender = KeySender::new();
    sender.add(",x1".chars());

    let free = (0..100)
        .take_while(|_| sender.step(PTIME, true) == Step::Free)
        .count();

    assert_eq!(free, 50);
    assert!(sender.is_busy());
}

#[test]
fn tones_are_heard_by_the_detector_as_the_keys_they_are() {
    let mut sender = KeySender::new();
    sender.add("159D*0#".chars());
    let mut detector = inband::ToneDetector::new();
    let mut heard = Vec::new();

    while sender.is_busy() {
        let mut samples = [0; 160];
        if let Step::Tone { key, lasted } = sender.step(PTIME, false) {
            tone(key, lasted, 8000, &mut samples);
        }
        heard.extend(detector.push(&samples));
    }

    assert_eq!(heard, ['1', '5', '9', 'D', '*', '0', '#']);
}

fn press(event: u8, timestamp: u32, sequence: u16) -> Vec<(Header, Telephone)> {
    (0..9)
        .map(|n| (header(sequence + n, timestamp, n == 0), told(event, n >= 6)))
        .collect()
}

fn header(sequence: u16, timestamp: u32, marker: bool) -> Header {
    Header {
        marker,
        payload_type: 101,
        sequence,
        timestamp,
        ssrc: 1,
    }
}

fn told(event: u8, end: bool) -> Telephone {
    Telephone {
        event,
        end,
        volume: 10,
        duration: 160,
    }
}

fn lasted_ms(step: &Step) -> Option<u128> {
    match step {
        Step::Event { lasted, .. } => Some(lasted.as_millis()),
        _ => None,
    }
}
