//! Reports, time-outs and what is told of a leg at its end.

use super::*;
use crate::Quality;
use crate::rtp::rtcp::{self, Heard, Own, ROOM, Sent as SenderPart, View};

#[test]
fn reports_are_sent_every_five_seconds_or_so_to_the_reports_port() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);

    let reports = run_for_reports(&mut lab, 60);

    let of_a: Vec<_> = reports.iter().filter(|(leg, ..)| *leg == a).collect();
    assert!((8..=20).contains(&of_a.len()), "{}", of_a.len());
    for (_, channel, to, bytes, _) in &of_a {
        assert_eq!((*channel, *to), (Channel::Rtcp, report_address(0)));
        let heard = rtcp::read(bytes, lab.of(a).header.ssrc).unwrap();
        assert!(heard.sender_report.is_some());
        assert_eq!(heard.view.unwrap().fraction_lost, 0);
    }
}

#[test]
fn reports_share_the_port_when_that_was_agreed() {
    let mut lab = Lab::new();
    let a = lab.phone_with(CodecKind::Pcma, 500.0, |config| config.rtcp_mux = true);

    let reports = run_for_reports(&mut lab, 20);

    assert!(!reports.is_empty());
    assert!(
        reports.iter().all(|(leg, channel, to, ..)| {
            (*leg, *channel, *to) == (a, Channel::Rtp, address(0))
        })
    );
}

#[test]
fn a_leg_says_good_bye() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    lab.run(100);
    let peer = lab.of(a).header.ssrc;

    lab.command(Command::RemoveLeg { leg: a });
    lab.now += Duration::from_millis(5);
    lab.board.handle_tick(lab.now, &mut lab.sent);

    let heard = rtcp::read(&lab.sent.0[0].bytes, peer).unwrap();
    assert!(heard.bye);
}

#[test]
fn round_trip_and_loss_come_from_the_peers_reports() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);
    let reports = run_for_reports(&mut lab, 10);
    let (_, _, _, bytes, sent_at) = reports.iter().rfind(|(leg, ..)| *leg == a).unwrap();
    let Heard { sender_report, .. } = rtcp::read(bytes, 0).unwrap();
    let ssrc = lab.of(a).got[0].header.ssrc;
    let view = View {
        ssrc,
        fraction_lost: 26,
        last_report: sender_report.unwrap(),
        delay: (lab.now - *sent_at).as_millis() as u32 * 65_536 / 1000,
        ..View::default()
    };
    lab.now += Duration::from_millis(130);
    let own = Own {
        ssrc: 1000,
        sent: None,
    };
    let mut room = [0; ROOM];
    let length = rtcp::write(&mut room, &own, Some(&view), "peer", false);
    let mut report = room[..length].to_vec();

    let now = lab.now;
    lab.board.handle_packet(
        now,
        a,
        Channel::Rtcp,
        report_address(0),
        &mut report,
        &mut lab.sent,
    );
    let quality = leave(&mut lab, a);

    assert_eq!(quality.reported_loss, Some(26));
    let trip = quality.round_trip.unwrap().as_millis();
    assert!((125..=135).contains(&trip), "{trip} ms");
}

#[test]
fn reports_of_strangers_are_refused() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    lab.run(100);
    let mut room = [0; ROOM];
    let sent = SenderPart {
        ntp: 1,
        timestamp: 1,
        packets: 1,
        octets: 1,
    };
    let own = Own {
        ssrc: 1,
        sent: Some(sent),
    };
    let length = rtcp::write(&mut room, &own, None, "stranger", true);
    let stranger = "203.0.113.66:6666".parse().unwrap();

    for channel in [Channel::Rtp, Channel::Rtcp] {
        let mut report = room[..length].to_vec();
        let now = lab.now;
        lab.board
            .handle_packet(now, a, channel, stranger, &mut report, &mut lab.sent);
    }

    assert_eq!(leave(&mut lab, a).refused, 2);
}

#[test]
fn a_peer_that_falls_silent_is_lost_once_and_lost_again_when_it_came_back() {
    let mut lab = Lab::new();
    let a = lab.phone_with(CodecKind::Pcma, 500.0, |config| {
        config.rtp_timeout = Duration::from_secs(10);
    });
    lab.run(5000);
    lab.of(a).tone = None;

    lab.run(9000);
    let early = lost(&lab);
    lab.run(20_000);
    let once = lost(&lab);
    lab.of(a).tone = Some(500.0);
    lab.run(100);
    lab.of(a).tone = None;
    lab.run(12_000);

    assert_eq!((early, once, lost(&lab)), (0, 1, 2));
}

#[test]
fn a_peer_that_need_not_speak_is_not_lost() {
    for change in [
        (|config: &mut LegConfig| config.direction = Direction::SendOnly) as fn(&mut LegConfig),
        |config| config.direction = Direction::Inactive,
        |config| config.remote = None,
        |config| config.remote = Some("0.0.0.0:9".parse().unwrap()),
        |config| config.rtp_timeout = Duration::ZERO,
    ] {
        let mut lab = Lab::new();
        lab.phone_with(CodecKind::Pcma, 0.0, |config| {
            config.rtp_timeout = Duration::from_secs(3);
            change(config);
        });

        lab.run(10_000);

        assert_eq!(lost(&lab), 0);
    }
}

#[test]
fn quality_tells_loss_jitter_and_how_it_sounded() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    lab.of(a).network = |n| match n {
        300..550 if n % 10 == 0 => None,
        _ => Some(scattered(n, 15)),
    };

    lab.run(20_000);
    let quality = leave(&mut lab, a);

    assert_eq!(quality.lost, 25);
    assert!((950..=1000).contains(&quality.received));
    let jitter = quality.jitter.as_millis();
    assert!((3..=12).contains(&jitter), "{jitter} ms");
    assert!(quality.max_jitter >= quality.jitter);
    let (whole, lowest) = (quality.mos.unwrap(), quality.mos_min.unwrap());
    assert!((4.1..4.4).contains(&whole), "{whole}");
    assert!(lowest < whole - 0.2 && lowest > 3.0, "{lowest}");
}

/// The floor that is promised for 5 % loss, 20 ms of jitter and 2 % reordered.
#[test]
fn a_bad_network_still_sounds_fair() {
    let mut lab = Lab::new();
    let (a, b) = (
        lab.phone(CodecKind::Pcma, 500.0),
        lab.phone(CodecKind::Pcmu, 800.0),
    );
    lab.connect(a, b);
    lab.of(a).network = |n| match n {
        _ if n % 20 == 7 => None,
        _ if n % 50 == 9 => Some(Duration::from_millis(45)),
        _ => Some(scattered(n, 20)),
    };

    lab.run(30_000);

    assert!(lab.of(b).hears(500.0));
    let quality = leave(&mut lab, a);
    assert_eq!(quality.lost, 75);
    let (whole, lowest) = (quality.mos.unwrap(), quality.mos_min.unwrap());
    assert!(whole >= 3.5 && lowest >= 3.5, "{whole}, {lowest}");
}

#[test]
fn a_leg_that_was_never_heard_has_no_score() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    lab.run(6000);

    let quality = leave(&mut lab, a);

    assert_eq!(
        (quality.received, quality.mos, quality.mos_min),
        (0, None, None)
    );
}

fn run_for_reports(lab: &mut Lab, seconds: u64) -> Vec<Report> {
    lab.reports.clear();
    lab.run(seconds * 1000);
    std::mem::take(&mut lab.reports)
}

fn leave(lab: &mut Lab, leg: LegKey) -> Quality {
    lab.command(Command::RemoveLeg { leg });
    lab.run(5);
    let left = lab.events.iter().find_map(|event| match event {
        Event::Left { leg: left, quality } if *left == leg => Some(quality.clone()),
        _ => None,
    });
    left.unwrap()
}

fn lost(lab: &Lab) -> usize {
    lab.events
        .iter()
        .filter(|event| matches!(event, Event::Lost { .. }))
        .count()
}
