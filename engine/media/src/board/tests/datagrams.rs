//! Datagrams that are no RTP go on as they are, between two who both send such.

use super::*;

#[test]
fn datagrams_go_on_as_they_came_and_nothing_else_does() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);
    lab.run(200);
    for (leg, number) in [(a, 0), (b, 1)] {
        lab.command(Command::UpdateLeg {
            leg,
            config: fax(number),
        });
    }
    lab.sent.0.clear();

    let mut left_over = vec![0x80, 8, 0, 1, 0, 0, 0, 1];
    left_over.extend(lab.of(a).header.ssrc.to_be_bytes());
    left_over.extend([0xd5; 160]);
    lab.datagram(a, address(0), &left_over);
    let fax = [0x80, 0x01, 0x06, 0xc0, 0x01, 0x80];
    lab.datagram(a, address(0), &fax);
    lab.datagram(b, address(1), &[0]);
    lab.datagram(a, "203.0.113.66:4000".parse().unwrap(), b"a stranger");
    lab.tick_alone(200);

    let sent: Vec<(LegKey, SocketAddr, Vec<u8>)> = lab
        .sent
        .0
        .iter()
        .filter(|packet| packet.channel == Channel::Rtp)
        .map(|packet| (packet.leg, packet.to, packet.bytes.clone()))
        .collect();
    assert_eq!(
        sent,
        [(b, address(1), fax.to_vec()), (a, address(0), vec![0])]
    );
}

#[test]
fn sound_is_heard_again_after_a_fax() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);
    for (leg, number) in [(a, 0), (b, 1)] {
        lab.command(Command::UpdateLeg {
            leg,
            config: fax(number),
        });
    }
    lab.tick_alone(100);
    for (leg, number) in [(a, 0), (b, 1)] {
        lab.command(Command::UpdateLeg {
            leg,
            config: config(CodecKind::Pcma, number),
        });
    }

    lab.run(500);

    assert!(lab.of(a).hears(800.0) && lab.of(b).hears(500.0));
}

#[test]
fn a_phone_that_is_told_keys_by_signalling_gets_none_in_its_sound() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone_with(CodecKind::Pcma, 800.0, |config| {
        config.telephone_event = None;
        config.keys_elsewhere = true;
    });
    lab.connect(a, b);
    lab.run(200);

    lab.command(Command::Press { leg: a, digit: '5' });
    lab.run(500);

    let events = |event: &&Event| matches!(event, Event::Digit { .. });
    assert_eq!(lab.events.iter().filter(events).count(), 1);
    // A tone of ours would have taken the place of what it hears.
    assert!(lab.of(b).hears(500.0));
    lab.of(b).assert_continuous();
}

fn fax(number: u64) -> LegConfig {
    LegConfig {
        passes_datagrams: true,
        telephone_event: None,
        remote_rtcp: None,
        ..config(CodecKind::Pcma, number)
    }
}

impl Lab {
    fn datagram(&mut self, leg: LegKey, from: SocketAddr, octets: &[u8]) {
        let mut octets = octets.to_vec();
        let (now, sent) = (self.now, &mut self.sent);
        self.board
            .handle_packet(now, leg, Channel::Rtp, from, &mut octets, sent);
    }

    /// Time passes, and no phone says anything.
    fn tick_alone(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds / 5 {
            self.now += Duration::from_millis(5);
            self.board.handle_tick(self.now, &mut self.sent);
        }
    }
}
