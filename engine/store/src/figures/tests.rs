//! Figures by their formulas, cut at the edges of intervals, and the same in whatever order they come.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use super::*;
use crate::{Direction, OfferRow};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

fn whole(until: i64) -> FiguresOf {
    FiguresOf {
        measure: Measure::default(),
        edges: vec![0, until],
    }
}

fn stay(at: i64, outcome: &str, waited: i64, agent: Option<&str>) -> EpisodeRow {
    EpisodeRow {
        id: Uuid::nil(),
        call: Uuid::nil(),
        queue: "it".to_owned(),
        entered_at: at,
        position: 1,
        priority: 0,
        offers: Vec::new(),
        outcome: outcome.to_owned(),
        waited,
        waited_before: 0,
        agent: agent.map(str::to_owned),
    }
}

fn state(agent: &str, at: i64, state: &str, was: &str, why: Option<&str>) -> QueueLogRow {
    QueueLogRow {
        at,
        kind: "state".to_owned(),
        agent: Some(agent.to_owned()),
        state: Some(state.to_owned()),
        was: Some(was.to_owned()),
        why: why.map(str::to_owned),
        ..QueueLogRow::default()
    }
}

fn stretch(kind: &str, lasted: i64, agent: Option<&str>, queue: Option<&str>) -> Stretch {
    Stretch {
        kind: kind.to_owned(),
        lasted,
        agent: agent.map(str::to_owned),
        queue: queue.map(str::to_owned),
    }
}

fn contact(at: i64, direction: Direction, stretches: Vec<Stretch>) -> Contact {
    let talks = stretches.iter().any(|it| it.kind == "talk");
    Contact {
        started_at: at,
        direction,
        user: (direction != Direction::Inbound).then(|| "1049".to_owned()),
        to: "4001".to_owned(),
        result: if talks { "answered" } else { "rang_out" }.to_owned(),
        stretches,
    }
}

fn only_queue(figures: &Figures) -> QueueSums {
    let lines = figures.queues();
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].sums
}

fn agent(figures: &Figures, name: &str) -> AgentSums {
    let lines = figures.agents().into_iter();
    let mut found = lines.filter(|line| line.name == name);
    found.next().expect("the agent").sums
}

fn close(value: Option<f64>, wanted: f64) {
    let value = value.expect("a figure");
    assert!((value - wanted).abs() < 1e-9, "{value}, not {wanted}");
}

#[test]
fn a_queues_figures_go_by_their_formulas() {
    let mut figures = Figures::new(whole(3_600 * SECOND));
    for wait in [0, 10, 20, 21, 40] {
        figures.stay(&stay(SECOND, "answered", wait * SECOND, Some("1049")));
    }
    // Two were not offered, one of them because the caller pressed a key at once.
    for wait in [2, 6, 30] {
        figures.stay(&stay(SECOND, "abandoned", wait * SECOND, None));
    }
    figures.stay(&stay(SECOND, "key", 3 * SECOND, None));
    figures.stay(&stay(SECOND, "timeout", 60 * SECOND, None));
    figures.stay(&stay(SECOND, "no_agent", 0, None));
    figures.stay(&stay(SECOND, "overflow", 30 * SECOND, None));
    figures.stay(&stay(SECOND, "full", 0, None));

    let sums = only_queue(&figures);

    assert_eq!((sums.entered, sums.full, sums.offered()), (12, 1, 10));
    assert_eq!((sums.answered, sums.answered_within), (5, 3));
    close(sums.service_level(), 3.0 / 10.0);
    close(sums.asterisk_sl(), 3.0 / 5.0);
    close(sums.asterisk_sl2(), 5.0 / 8.0);
    assert_eq!(sums.average_wait(), Some(91 * SECOND / 5));
    close(sums.abandon_rate(), 2.0 / 10.0);
    assert_eq!(sums.longest_wait, 60 * SECOND);
    assert_eq!((sums.timed_out, sums.no_agent, sums.overflowed), (1, 1, 1));
}

#[test]
fn what_nobody_did_has_no_average() {
    let sums = QueueSums::default();

    assert_eq!(sums.service_level(), None);
    assert_eq!(sums.average_wait(), None);
    assert_eq!(sums.average_handling(), None);
    assert_eq!(AgentSums::default().occupancy(), None);
}

#[test]
fn handling_is_talking_holding_and_wrapping_up() {
    let mut figures = Figures::new(whole(3_600 * SECOND));
    figures.state(&state("1049", 0, "idle", "busy", None));
    figures.state(&state("1049", 10 * SECOND, "offered", "idle", None));
    figures.stay(&stay(9 * SECOND, "answered", 4 * SECOND, Some("1049")));
    figures.state(&state("1049", 13 * SECOND, "talking", "offered", None));
    figures.state(&state("1049", 113 * SECOND, "wrap_up", "talking", None));
    figures.state(&state("1049", 143 * SECOND, "idle", "wrap_up", None));
    let (me, it) = (Some("1049"), Some("it"));
    figures.contact(&contact(
        9 * SECOND,
        Direction::Inbound,
        vec![
            stretch("queue", 4 * SECOND, None, it),
            stretch("talk", 60 * SECOND, me, it),
            stretch("hold", 30 * SECOND, me, it),
            stretch("talk", 10 * SECOND, me, it),
        ],
    ));
    // A call of the agent's own, whose wrap-up is no queue's.
    figures.state(&state("1049", 150 * SECOND, "talking", "idle", None));
    figures.state(&state("1049", 160 * SECOND, "wrap_up", "talking", None));
    figures.state(&state("1049", 200 * SECOND, "idle", "wrap_up", None));

    let now = figures.at(300 * SECOND);

    let sums = only_queue(&now);
    assert_eq!((sums.talk, sums.hold), (70 * SECOND, 30 * SECOND));
    assert_eq!(sums.wrap_up, 30 * SECOND);
    assert_eq!(sums.average_handling(), Some(130 * SECOND));
    close(sums.hold_rate(), 1.0);
    close(sums.transfer_rate(), 0.0);
    let sums = agent(&now, "1049");
    assert_eq!(sums.average_talk(), Some(100 * SECOND));
    // Idle from 0 to 10, 143 to 150, 200 to 300.
    assert_eq!(sums.states["idle"], 117 * SECOND);
    close(sums.occupancy(), 183.0 / 300.0);
    close(sums.utilisation(), 180.0 / 300.0);
}

#[test]
fn asking_a_colleague_is_neither_talking_with_the_customer_nor_holding() {
    let mut figures = Figures::new(whole(3_600 * SECOND));
    let (me, it) = (Some("1049"), Some("it"));
    let stretches = ["queue", "talk", "consult", "talk", "survey"];
    let stretches = stretches.map(|kind| stretch(kind, 10 * SECOND, me, it));
    figures.contact(&contact(SECOND, Direction::Inbound, stretches.to_vec()));

    let now = figures.at(300 * SECOND);

    let sums = agent(&now, "1049");
    assert_eq!(sums.average_talk(), Some(20 * SECOND));
    assert_eq!((sums.held, sums.transferred), (0, 0));
    assert_eq!(only_queue(&now).talk, 20 * SECOND);
}

#[test]
fn a_conversation_lasts_over_a_hold_and_a_consultation_and_ends_with_the_call() {
    let mut figures = Figures::new(whole(3_600 * SECOND));
    let mut told = Vec::new();
    for (at, to) in [
        (1, "offered"),
        (3, "talking"),
        (9, "holding"),
        (20, "consulting"),
        (30, "talking"),
        (40, "wrap_up"),
        (50, "idle"),
    ] {
        figures.state(&state("1049", at * SECOND, to, "idle", None));
        told.push(figures.talking_since("1049").map(|since| since / SECOND));
    }

    let three = Some(3);
    assert_eq!(told, [None, three, three, three, three, None, None]);
}

#[test]
fn an_agents_day_counts_attempts_answers_and_the_average_of_both() {
    let mut figures = Figures::new(whole(3_600 * SECOND));
    let me = Some("1049");
    let ring = || stretch("ring", 9 * SECOND, None, None);
    let talk = |seconds: i64| stretch("talk", seconds * SECOND, me, None);
    figures.contact(&contact(1, Direction::Outbound, vec![ring(), talk(60)]));
    figures.contact(&contact(2, Direction::Outbound, vec![ring()]));
    figures.contact(&contact(3, Direction::Inbound, vec![ring(), talk(120)]));
    // A consultation is neither, whoever answers it.
    figures.contact(&contact(4, Direction::Internal, vec![ring(), talk(500)]));

    let sums = agent(&figures, "1049");

    assert_eq!((sums.outbound, sums.outbound_answered), (2, 1));
    assert_eq!(sums.inbound_answered, 1);
    assert_eq!(sums.average_talk(), Some(90 * SECOND));
}

#[test]
fn logins_are_the_first_and_the_latest_of_the_day() {
    let mut figures = Figures::new(whole(3_600 * SECOND));
    for (at, to, from) in [
        (5, "busy", "logged_out"),
        (9, "logged_out", "busy"),
        (20, "busy", "logged_out"),
        (25, "idle", "busy"),
    ] {
        figures.state(&state("1049", at * SECOND, to, from, None));
    }

    let sums = agent(&figures.at(30 * SECOND), "1049");

    assert_eq!(sums.first_login, Some(5 * SECOND));
    assert_eq!(sums.last_login, Some(20 * SECOND));
    assert_eq!(sums.logged_in_for(), 14 * SECOND);
}

#[test]
fn a_state_that_goes_over_an_edge_is_cut_there_and_reasons_are_kept() {
    let mut figures = Figures::new(FiguresOf {
        measure: Measure::default(),
        edges: vec![0, 15 * MINUTE, 30 * MINUTE, 45 * MINUTE],
    });
    // From before the first edge to after the last.
    figures.state(&state("1049", -MINUTE, "busy", "idle", Some("午餐")));
    figures.state(&state("1049", 20 * MINUTE, "idle", "busy", None));

    let lines = figures.at(60 * MINUTE).agents();

    let of = |line: &Line<AgentSums>| {
        let state = |name: &str| line.sums.states.get(name).copied().unwrap_or_default() / MINUTE;
        (line.from / MINUTE, state("busy"), state("idle"))
    };
    let told: Vec<_> = lines.iter().map(of).collect();
    assert_eq!(told, [(0, 15, 0), (15, 5, 10), (30, 0, 15)]);
    assert_eq!(lines[0].sums.reasons["午餐"], 15 * MINUTE);
}

#[test]
fn who_comes_over_an_edge_counts_where_they_came_and_outside_nowhere() {
    let mut figures = Figures::new(FiguresOf {
        measure: Measure::default(),
        edges: vec![MINUTE, 2 * MINUTE, 3 * MINUTE],
    });
    for at in [MINUTE - 1, MINUTE, 2 * MINUTE - 1, 2 * MINUTE, 3 * MINUTE] {
        figures.stay(&stay(at, "answered", 90 * SECOND, Some("1049")));
    }

    let lines = figures.queues();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line.from / MINUTE, line.sums.answered))
        .collect();
    assert_eq!(told, [(1, 2), (2, 1)]);
}

#[test]
fn a_transfer_is_counted_for_who_gave_the_call_away_and_for_the_queue() {
    let mut figures = Figures::new(whole(3_600 * SECOND));
    let it = Some("it");
    figures.contact(&contact(
        1,
        Direction::Inbound,
        vec![
            stretch("talk", SECOND, Some("1049"), it),
            stretch("ring", SECOND, None, None),
            stretch("talk", SECOND, Some("1050"), None),
        ],
    ));

    close(only_queue(&figures).transfer_rate(), 1.0);
    assert_eq!(only_queue(&figures).talk, 2 * SECOND);
    assert_eq!(agent(&figures, "1049").transferred, 1);
    assert_eq!(agent(&figures, "1050").transferred, 0);
    assert_eq!(agent(&figures, "1050").inbound_answered, 1);
}

#[test]
fn the_sums_of_intervals_are_those_of_the_whole_in_whatever_order_it_comes() {
    for seed in 0..200 {
        let mut random = StdRng::seed_from_u64(seed);
        let day = Day::new(&mut random);
        let minutes = [15, 30, 60][random.random_range(0..3)];
        let edges = (0..=24 * 60 / minutes).map(|it| it * minutes * MINUTE);
        let of = FiguresOf {
            measure: Measure::default(),
            edges: edges.collect(),
        };
        let [mut in_parts, mut in_one] = [of, whole(DAY)].map(Figures::new);
        day.tell(&mut in_one, &mut random);
        day.tell(&mut in_parts, &mut random);

        let (in_one, in_parts) = (in_one.at(DAY), in_parts.at(DAY));

        assert_eq!(
            told(&in_one.queues(), queue_sums),
            told(&in_parts.queues(), queue_sums),
            "{seed}"
        );
        assert_eq!(
            told(&in_one.agents(), agent_sums),
            told(&in_parts.agents(), agent_sums),
            "{seed}"
        );
        for line in in_one.agents() {
            let spent: i64 = line.sums.states.values().sum();
            assert_eq!(spent, DAY - day.first[&line.name], "{seed} {}", line.name);
        }
    }
}

/// Everything of a random day.
struct Day {
    stays: Vec<EpisodeRow>,
    contacts: Vec<Contact>,
    states: Vec<QueueLogRow>,
    /// When each agent did something first.
    first: BTreeMap<String, i64>,
}

impl Day {
    fn new(random: &mut StdRng) -> Self {
        let outcomes = [
            "answered",
            "abandoned",
            "timeout",
            "key",
            "overflow",
            "full",
        ];
        let agents = ["1049", "1050", "1051"];
        let states = [
            "busy",
            "idle",
            "offered",
            "talking",
            "wrap_up",
            "logged_out",
        ];
        let mut day = Self {
            stays: Vec::new(),
            contacts: Vec::new(),
            states: Vec::new(),
            first: BTreeMap::new(),
        };
        for _ in 0..random.random_range(0..120) {
            let who = agents[random.random_range(0..3)];
            let at = random.random_range(0..DAY);
            let outcome = outcomes[random.random_range(0..outcomes.len())];
            let answered = (outcome == "answered").then_some(who);
            let mut row = stay(at, outcome, random.random_range(0..90) * SECOND, answered);
            let why = ["no_answer", "rejected", "busy", "connected"][random.random_range(0..4)];
            row.offers.push(OfferRow {
                agent: who.to_owned(),
                at,
                ended_at: at,
                why: why.to_owned(),
            });
            day.stays.push(row);
            let stretches = vec![
                stretch(
                    "talk",
                    random.random_range(1..90) * SECOND,
                    Some(who),
                    Some("it"),
                ),
                stretch(
                    "hold",
                    random.random_range(0..9) * SECOND,
                    Some(who),
                    Some("it"),
                ),
            ];
            let direction = [Direction::Inbound, Direction::Outbound][random.random_range(0..2)];
            day.contacts.push(contact(at, direction, stretches));
        }
        for who in agents {
            let mut times: Vec<i64> = (0..random.random_range(1..60))
                .map(|_| random.random_range(0..DAY))
                .collect();
            times.sort_unstable();
            times.dedup();
            day.first.insert(who.to_owned(), times[0]);
            let mut was = "logged_out";
            for at in times {
                let next = states[random.random_range(0..states.len())];
                day.states.push(state(who, at, next, was, None));
                was = next;
            }
        }
        day
    }

    /// Stays and contacts in any order; what agents do afterwards, so that every stay is known by the
    /// time that a wrap-up asks whose it is.
    fn tell(&self, figures: &mut Figures, random: &mut StdRng) {
        let mut stays: Vec<&EpisodeRow> = self.stays.iter().collect();
        let mut contacts: Vec<&Contact> = self.contacts.iter().collect();
        stays.shuffle(random);
        contacts.shuffle(random);
        contacts.into_iter().for_each(|it| figures.contact(it));
        stays.into_iter().for_each(|it| figures.stay(it));
        self.states.iter().for_each(|it| figures.state(it));
    }
}

/// All lines of one name together.
fn told<S>(lines: &[Line<S>], sums: fn(&S) -> Vec<i64>) -> BTreeMap<String, Vec<i64>> {
    let mut all: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for line in lines {
        let of = all.entry(line.name.clone()).or_default();
        for (place, sum) in sums(&line.sums).into_iter().enumerate() {
            if of.len() <= place {
                of.push(0);
            }
            of[place] += sum;
        }
    }
    all
}

fn queue_sums(sums: &QueueSums) -> Vec<i64> {
    let counts = [
        sums.entered,
        sums.full,
        sums.offered(),
        sums.answered,
        sums.answered_within,
        sums.abandoned,
        sums.handled,
        sums.held,
    ];
    let counts = counts.map(|count| i64::try_from(count).unwrap());
    let times = [
        sums.wait_answered,
        sums.wait_abandoned,
        sums.talk,
        sums.hold,
        sums.wrap_up,
    ];
    [&counts[..], &times[..]].concat()
}

fn agent_sums(sums: &AgentSums) -> Vec<i64> {
    let counts = [
        sums.offers,
        sums.offers_answered,
        sums.no_answer,
        sums.outbound,
        sums.handled(),
    ];
    let counts = counts.map(|count| i64::try_from(count).unwrap());
    let times = [sums.talk, sums.hold, sums.wrap_up(), sums.logged_in_for()];
    [&counts[..], &times[..]].concat()
}

const DAY: i64 = 24 * 60 * MINUTE;
