//! The jitter buffer under loss, reordering, bursts and drift.

#![allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]

use super::*;

const PACKET: Duration = Duration::from_millis(20);

#[test]
fn packets_out_of_order_are_given_out_in_order() {
    let start = Instant::now();
    let mut buffer = JitterBuffer::new(8000);
    for n in [1_u64, 3, 2, 4] {
        insert(&mut buffer, start, n);
    }

    let now = start + PACKET;
    let out: Vec<u8> = (0..4)
        .map(|_| played(buffer.next(now, Duration::ZERO)))
        .collect();

    assert_eq!(out, [1, 2, 3, 4]);
}

#[test]
fn a_lost_packet_is_missing_once_and_its_successor_is_shown() {
    let start = Instant::now();
    let mut buffer = JitterBuffer::new(8000);
    for n in [1_u64, 3] {
        insert(&mut buffer, start, n);
    }
    let now = start + PACKET;

    assert_eq!(buffer.next(now, Duration::ZERO), Next::Packet(&[1]));
    assert_eq!(buffer.next(now, Duration::ZERO), Next::Missing(Some(&[3])));
    assert_eq!(buffer.next(now, Duration::ZERO), Next::Packet(&[3]));
}

#[test]
fn a_late_packet_is_played_late_and_a_lost_one_is_not_made_up_twice() {
    let start = Instant::now();
    let mut buffer = JitterBuffer::new(8000);
    insert(&mut buffer, start, 1);
    let now = start + PACKET;
    buffer.next(now, Duration::ZERO);

    assert_eq!(buffer.next(now, Duration::ZERO), Next::Late);
    insert(&mut buffer, now, 2);
    assert_eq!(buffer.next(now, Duration::ZERO), Next::Packet(&[2]));
    assert_eq!(buffer.next(now, Duration::ZERO), Next::Late);
    insert(&mut buffer, now, 4);
    assert_eq!(buffer.next(now, Duration::ZERO), Next::Packet(&[4]));
}

#[test]
fn a_stream_that_stops_is_silent_after_a_tenth_of_a_second() {
    let start = Instant::now();
    let mut buffer = JitterBuffer::new(8000);
    insert(&mut buffer, start, 1);
    let now = start + PACKET;
    buffer.next(now, Duration::ZERO);

    let made_up = (0..20)
        .filter(|_| buffer.next(now, Duration::ZERO) == Next::Late)
        .count();

    assert_eq!(made_up, 5);
}

#[test]
fn the_wait_follows_the_network_between_20_and_200_milliseconds() {
    let calm = Simulation::run(|_| 0, 1000, 1.0);
    let rough = Simulation::run(|n| n * 7919 % 61, 1000, 1.0);
    let awful = Simulation::run(|n| if n % 50 == 49 { 300 } else { 0 }, 1000, 1.0);

    assert_eq!(calm.target, Duration::from_millis(20));
    assert!(
        (45..=65).contains(&rough.target.as_millis()),
        "{:?}",
        rough.target
    );
    assert_eq!(awful.target, Duration::from_millis(200));
}

#[test]
fn jitter_of_40_milliseconds_and_reordering_cost_hardly_a_packet() {
    let result = Simulation::run(|n| n * 7919 % 41, 3000, 1.0);

    assert!(result.played >= 2990, "{result:?}");
    assert!(result.made_up < 15, "{result:?}");
    assert!(result.level <= Duration::from_millis(120), "{result:?}");
}

#[test]
fn a_fast_sender_is_shortened_and_a_slow_one_is_stretched() {
    let fast = Simulation::run(|_| 0, 10_000, 0.995);
    let slow = Simulation::run(|_| 0, 10_000, 1.005);

    assert!((30..=60).contains(&fast.surplus), "{fast:?}");
    assert!(fast.level <= Duration::from_millis(100), "{fast:?}");
    assert!((40..=60).contains(&slow.made_up), "{slow:?}");
    assert_eq!((fast.too_late, slow.too_late), (0, 0));
}

#[test]
fn a_burst_after_a_stall_does_not_stay_as_delay() {
    let result = Simulation::run(
        |n| {
            if (500..525).contains(&n) {
                (525 - n) * 20
            } else {
                0
            }
        },
        2000,
        1.0,
    );

    assert!(result.level <= Duration::from_millis(80), "{result:?}");
}

#[derive(Debug, Default)]
struct Simulation {
    played: u32,
    made_up: u32,
    surplus: u32,
    too_late: u64,
    target: Duration,
    level: Duration,
}

impl Simulation {
    /// Sends `count` packets, the n-th `delay(n)` ms late, by a clock `pace` times as slow
    /// as the listener's.
    fn run(delay: impl Fn(u64) -> u64, count: u64, pace: f64) -> Self {
        let start = Instant::now();
        let mut arrivals: Vec<(Duration, u64)> = (0..count)
            .map(|n| {
                let sent = Duration::from_secs_f64(n as f64 * 0.02 * pace);
                (sent + Duration::from_millis(delay(n)), n + 1)
            })
            .collect();
        arrivals.sort();
        let mut buffer = JitterBuffer::new(8000);
        let mut result = Self::default();
        let mut arrivals = arrivals.into_iter().peekable();
        let mut at = Duration::from_millis(7);
        while arrivals.peek().is_some() {
            while let Some((arrived, n)) = arrivals.next_if(|(arrived, _)| *arrived <= at) {
                insert(&mut buffer, start + arrived, n);
            }
            result.pull(&mut buffer, start + at);
            at += PACKET;
        }
        result.too_late = buffer.too_late();
        result.target = buffer.target();
        if let Phase::Playing { next, .. } = buffer.phase {
            result.level = buffer.level(next);
        }
        result
    }

    fn pull(&mut self, buffer: &mut JitterBuffer, now: Instant) {
        loop {
            match buffer.next(now, Duration::ZERO) {
                Next::Surplus(_) => {
                    self.surplus += 1;
                    continue;
                }
                Next::Packet(_) => self.played += 1,
                Next::Missing(_) | Next::Late => self.made_up += 1,
                Next::Idle => {}
            }
            return;
        }
    }
}

fn insert(buffer: &mut JitterBuffer, now: Instant, n: u64) {
    buffer.insert(now, 65_536 + n, (n * 160) as u32, &[n as u8]);
}

fn played(next: Next<'_>) -> u8 {
    match next {
        Next::Packet(payload) => payload[0],
        other => panic!("{other:?}"),
    }
}
