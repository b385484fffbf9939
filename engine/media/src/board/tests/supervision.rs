//! Supervision: who hears whom in every mode, whatever becomes of the conversation meanwhile.

use std::sync::Arc;

use super::*;
use crate::{Clip, HeardBy, Music, PlayItem, PlayKey, RoomKey};

const CUSTOMER: f64 = 500.0;
const AGENT: f64 = 1130.0;
const LEADER: f64 = 1870.0;
const OTHER: f64 = 790.0;

/// A customer and an agent who talk, and a leader with nobody.
struct Floor {
    lab: Lab,
    customer: LegKey,
    agent: LegKey,
    leader: LegKey,
}

impl Floor {
    fn new(kinds: [CodecKind; 3], lengths: [u8; 3]) -> Self {
        let mut lab = Lab::new();
        let mut phone = |place: usize, tone| {
            lab.phone_with(kinds[place], tone, |config| config.ptime = lengths[place])
        };
        let (customer, agent, leader) = (phone(0, CUSTOMER), phone(1, AGENT), phone(2, LEADER));
        lab.connect(customer, agent);
        lab.run(300);
        Self {
            lab,
            customer,
            agent,
            leader,
        }
    }

    fn narrow() -> Self {
        Self::new([CodecKind::Pcma; 3], [20; 3])
    }

    fn supervises(&mut self, heard_by: HeardBy) {
        let (leader, agent) = (self.leader, self.agent);
        self.lab.command(Command::Supervise {
            leader,
            agent,
            heard_by,
        });
        self.lab.run(700);
    }

    /// Every ordered pair of the three.
    fn assert_heard(&mut self, heard_by: HeardBy, context: &str) {
        let to_agent = heard_by != HeardBy::Nobody;
        let to_all = heard_by == HeardBy::Everybody;
        let pairs = [
            (self.leader, CUSTOMER, true),
            (self.leader, AGENT, true),
            (self.agent, CUSTOMER, true),
            (self.agent, LEADER, to_agent),
            (self.customer, AGENT, true),
            (self.customer, LEADER, to_all),
        ];
        for (leg, tone, heard) in pairs {
            let level = self.lab.of(leg).level(tone);
            let is_right = if heard { level > -22.0 } else { level < -45.0 };
            assert!(
                is_right,
                "{leg:?} hears {tone} Hz at {level} dB: {heard_by:?} {context}"
            );
        }
        for (leg, own) in [
            (self.leader, LEADER),
            (self.agent, AGENT),
            (self.customer, CUSTOMER),
        ] {
            assert!(
                self.lab.of(leg).level(own) < -45.0,
                "nobody hears an echo: {own} {context}"
            );
            self.lab.of(leg).assert_continuous();
        }
    }
}

const MODES: [HeardBy; 3] = [HeardBy::Nobody, HeardBy::Agent, HeardBy::Everybody];

#[test]
fn every_ordered_pair_hears_what_the_mode_says_after_every_change_of_mode() {
    use CodecKind::{G722, Opus, Pcma, Pcmu};
    for (kinds, lengths) in [
        ([Pcma, Pcma, Pcma], [20, 20, 20]),
        ([Pcma, Pcmu, G722], [20, 20, 20]),
        ([Pcma, G722, Pcmu], [20, 20, 30]),
        ([Opus, Pcma, Opus], [20, 20, 20]),
        ([Pcmu, Pcmu, Pcma], [30, 20, 60]),
    ] {
        let mut floor = Floor::new(kinds, lengths);
        for before in MODES {
            for after in MODES {
                floor.supervises(before);
                floor.supervises(after);
                let context = format!("after {before:?}, {kinds:?} {lengths:?}");
                floor.assert_heard(after, &context);
            }
        }
    }
}

#[test]
fn a_conversation_is_relayed_again_when_nobody_supervises_it_any_more() {
    let mut floor = Floor::narrow();
    for mode in MODES {
        floor.supervises(mode);
        let leader = floor.leader;
        floor.lab.command(Command::StopSupervising { leader });
        floor.lab.run(300);

        let (customer, agent) = (floor.customer, floor.agent);
        for (to, from, tone) in [(customer, agent, AGENT), (agent, customer, CUSTOMER)] {
            assert!(floor.lab.of(to).hears(tone) && !floor.lab.of(to).hears(LEADER));
            floor.lab.of(to).assert_continuous();
            let got = floor.lab.of(to).got.last().cloned().unwrap();
            let said = floor.lab.of(from).said;
            let late = floor.lab.now.duration_since(got.at);
            assert!(said > 0 && late < Duration::from_millis(20), "{late:?}");
        }
        assert!(!floor.lab.of(leader).hears(CUSTOMER) && !floor.lab.of(leader).hears(AGENT));
        assert_eq!(floor.lab.board.counters().legs, 3);
        assert!(floor.lab.board.linked.is_empty());
    }
}

#[test]
fn who_only_listens_changes_no_packet_of_the_conversation() {
    let mut floor = Floor::narrow();
    floor.supervises(HeardBy::Nobody);
    let customer = floor.customer;
    let before = floor.lab.of(customer).got.len();

    floor.lab.run(400);

    let start = floor.lab.start;
    let got = &floor.lab.of(customer).got[before..];
    let at_once = got.iter().all(|got| {
        let since = got.at.duration_since(start).as_millis();
        // The agent's phone speaks at 3 + 7 ms of every 20, and ticks are of 5 ms.
        since % 20 == 10
    });
    assert!(at_once, "packets are relayed as they come");
}

#[test]
fn who_listens_hears_the_music_that_the_agent_hears_and_the_agent_who_holds() {
    let mut floor = Floor::narrow();
    floor.supervises(HeardBy::Nobody);
    let Floor {
        customer,
        agent,
        leader,
        ..
    } = floor;
    let clip = Arc::new(Clip::from_samples(8000, tone(440.0, 8000, 0, 8000)));
    let music = || Some(Music { clip: clip.clone() });

    floor.lab.command(Command::Disconnect {
        a: customer,
        b: agent,
    });
    floor.lab.command(Command::Music {
        leg: customer,
        music: music(),
    });
    floor.lab.run(500);
    let phone = floor.lab.of(leader);
    assert!(phone.hears(AGENT) && !phone.hears(CUSTOMER) && !phone.hears(440.0));
    assert!(!floor.lab.of(customer).hears(AGENT));

    // The customer's phone holds: the agent is the one who waits.
    floor.lab.command(Command::Music {
        leg: agent,
        music: music(),
    });
    floor.lab.run(500);
    let phone = floor.lab.of(leader);
    assert!(phone.hears(440.0) && phone.hears(AGENT));

    floor.lab.connect(customer, agent);
    floor.lab.run(500);
    floor.assert_heard(HeardBy::Nobody, "taken back");
}

#[test]
fn whispers_and_interruptions_survive_a_hold_and_reach_nobody_who_is_held() {
    for mode in [HeardBy::Agent, HeardBy::Everybody] {
        let mut floor = Floor::narrow();
        floor.supervises(mode);
        let (a, b) = (floor.customer, floor.agent);

        floor.lab.command(Command::Disconnect { a, b });
        floor.lab.run(500);
        assert!(floor.lab.of(b).hears(LEADER) && !floor.lab.of(b).hears(CUSTOMER));
        assert!(!floor.lab.of(a).hears(LEADER) && !floor.lab.of(a).hears(AGENT));

        floor.lab.connect(a, b);
        floor.lab.run(500);
        floor.assert_heard(mode, "taken back");
    }
}

#[test]
fn a_leader_follows_an_agent_into_a_room_and_out_of_it() {
    let mut floor = Floor::narrow();
    let other = floor.lab.phone(CodecKind::G722, OTHER);
    floor.supervises(HeardBy::Nobody);
    let room = RoomKey(1);
    for leg in [floor.customer, floor.agent, other] {
        floor.lab.command(Command::EnterRoom { room, leg });
    }
    let (customer, agent, leader) = (floor.customer, floor.agent, floor.leader);
    for mode in MODES {
        floor.supervises(mode);

        floor.assert_heard(mode, "in a room");
        assert!(floor.lab.of(leader).hears(OTHER));
        assert!(floor.lab.of(agent).hears(OTHER) && floor.lab.of(customer).hears(OTHER));
        let to_all = mode == HeardBy::Everybody;
        assert_eq!(floor.lab.of(other).hears(LEADER), to_all);
        assert!(floor.lab.of(other).hears(AGENT) && floor.lab.of(other).hears(CUSTOMER));
    }

    floor.lab.command(Command::LeaveRoom { leg: other });
    floor.lab.run(700);

    floor.assert_heard(HeardBy::Everybody, "two again");
    assert!(!floor.lab.of(leader).hears(OTHER));
    assert!(!floor.lab.of(other).hears(LEADER));
}

#[test]
fn two_leaders_hear_the_same_agent_and_each_other_only_where_one_is_heard_by_all() {
    let mut floor = Floor::narrow();
    let second = floor.lab.phone(CodecKind::Pcmu, OTHER);
    floor.supervises(HeardBy::Agent);
    let (customer, agent, leader) = (floor.customer, floor.agent, floor.leader);

    for mode in MODES {
        floor.lab.command(Command::Supervise {
            leader: second,
            agent,
            heard_by: mode,
        });
        floor.lab.run(700);

        floor.assert_heard(HeardBy::Agent, "the first one");
        let phone = floor.lab.of(second);
        assert!(phone.hears(CUSTOMER) && phone.hears(AGENT) && !phone.hears(LEADER));
        let to_all = mode == HeardBy::Everybody;
        assert_eq!(floor.lab.of(agent).hears(OTHER), mode != HeardBy::Nobody);
        assert_eq!(floor.lab.of(customer).hears(OTHER), to_all);
        assert_eq!(floor.lab.of(leader).hears(OTHER), to_all);
    }
}

#[test]
fn what_is_played_to_the_agent_is_heard_by_who_listens() {
    let mut floor = Floor::narrow();
    floor.supervises(HeardBy::Nobody);
    let clip = Arc::new(Clip::from_samples(8000, tone(440.0, 8000, 0, 8000)));

    let leg = floor.agent;
    floor.lab.command(Command::Play {
        leg,
        play: PlayKey(1),
        items: vec![PlayItem::Clip(clip)],
        times: 1,
    });
    floor.lab.run(500);

    let leader = floor.leader;
    let phone = floor.lab.of(leader);
    assert!(phone.hears(440.0) && phone.hears(AGENT) && !phone.hears(CUSTOMER));
}

#[test]
fn nothing_is_left_of_whoever_goes() {
    for mode in MODES {
        for place in 0..3 {
            let mut floor = Floor::narrow();
            floor.supervises(mode);
            let (customer, agent, leader) = (floor.customer, floor.agent, floor.leader);
            let leg = [customer, agent, leader][place];

            floor.lab.command(Command::RemoveLeg { leg });
            for phone in &mut floor.lab.phones {
                phone.heard.clear();
            }
            floor.lab.run(500);

            let stays = |tone| tone != [CUSTOMER, AGENT, LEADER][place];
            let talk = stays(CUSTOMER) && stays(AGENT);
            assert_eq!(
                floor.lab.of(customer).hears(AGENT),
                talk,
                "{mode:?} {place}"
            );
            assert_eq!(
                floor.lab.of(agent).hears(CUSTOMER),
                talk,
                "{mode:?} {place}"
            );
            let listens = stays(LEADER) && stays(AGENT);
            assert_eq!(
                floor.lab.of(leader).hears(AGENT),
                listens,
                "{mode:?} {place}"
            );
            // Slots are given to others.
            let newcomer = floor.lab.phone(CodecKind::Pcma, OTHER);
            floor.lab.run(300);
            assert!(floor.lab.of(newcomer).got.is_empty(), "{mode:?} {place}");
        }
    }
}

#[test]
fn an_agent_moves_to_another_thread_and_the_leader_after_it() {
    let mut floor = Floor::narrow();
    floor.supervises(HeardBy::Everybody);
    let (customer, agent, leader) = (floor.customer, floor.agent, floor.leader);
    let now = floor.lab.now;
    let mut other = Board::new(floor.lab.start);
    for leg in [customer, agent, leader] {
        let moved = floor.lab.board.give_leg(now, leg).unwrap();
        other.take_leg(now, moved);
    }
    floor.lab.board = other;
    floor.lab.connect(customer, agent);

    floor.supervises(HeardBy::Everybody);

    floor.assert_heard(HeardBy::Everybody, "on another board");
}

#[test]
fn a_conversation_that_only_passes_through_goes_on_unheard() {
    use CodecKind::{G729, Pcma};
    let mut floor = Floor::new([G729, G729, Pcma], [20, 20, 20]);
    for mode in MODES {
        let (customer, agent) = (floor.customer, floor.agent);
        let before = floor.lab.of(customer).got.len() + floor.lab.of(agent).got.len();

        floor.supervises(mode);

        let got = floor.lab.of(customer).got.len() + floor.lab.of(agent).got.len();
        assert!(got - before > 65, "{mode:?}");
    }
}
