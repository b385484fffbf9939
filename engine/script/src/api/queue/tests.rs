//! What `queue` takes, and the sentences about what it does not.

use std::time::Duration;

use call::acd::{
    Callbacks, Care, Change, Fact, Greet, Overflow, Presence, QueuePlan, Step, Strategy, Ties,
    When, Without,
};
use mlua::{Lua, Table};

use super::read::queue;

fn read(source: &str) -> Result<QueuePlan, String> {
    let lua = Lua::new();
    let table: Table = lua.load(source).eval().unwrap();
    queue(&lua, "it", &table).map(|(plan, _)| plan)
}

#[test]
fn a_queue_that_says_only_who_serves_it_is_as_queues_usually_are() {
    let plan = read("{ agents = { '1049', 1050 } }").unwrap();

    let usual = QueuePlan::new("it", &["1049", "1050"]);
    assert_eq!(plan.members, usual.members);
    assert_eq!(plan.limits, usual.limits);
    assert_eq!(plan.offering.delays, usual.offering.delays);
    assert_eq!(plan.offering.pause_after, usual.offering.pause_after);
    assert_eq!(plan.offering.ring_timeout, usual.offering.ring_timeout);
    assert_eq!(plan.offering.strategy, Strategy::LongestIdle);
    assert!(!plan.announce.position && !plan.record);
}

#[test]
fn every_setting_of_a_queue_reaches_its_plan() {
    let plan = read(
        "{
          strategy = 'fewest_calls', window = '30m',
          agents = { '1049', { '1050', penalty = 2 } },
          ring_timeout = 20, wrap_up = '1m', max_wait = '5m', hard = true, max_callers = 30,
          join_if = 'idle and reachable', stay_if = 'always', grace = 5,
          music = 'piano', music_restart = true, record = true, resume = '2m', say_agent = true,
          whisper = { play = { 'names/it' }, wait = true, before_bridge = true },
          callback = { trunk = 'carrier', caller_id = '4001', ring = 20, tries = 2, retry = '1m', at_once = 3 },
          announce = { position = true, first = 3, every = 45, only_if_improved = true, limit = 9,
            wait = true, at_least = 15, list = { 'queue/thanks-wait' }, list_every = 90 },
          delays = { busy = '1m' }, pause_after = { rejected = 2, no_answer = 0 },
          overflow = {
            { after = 60, to = 'queue:support' },
            { after = '2m', emit = 'caller.waited' },
            { when = 'full', to = 'voicemail:8000' },
            { when = 'empty', to = 'user:1001' },
            { after = '3m', to = 'callback' },
            { after = '4m', play = 'sys/error' },
          },
        }",
    )
    .unwrap();

    let s = Duration::from_secs;
    let (offering, limits) = (&plan.offering, &plan.limits);
    let (window, ties) = (s(1800), Ties::Idle);
    assert_eq!(offering.strategy, Strategy::FewestCalls { window, ties });
    assert_eq!((plan.members[1].penalty, offering.ring_timeout), (2, s(20)));
    assert_eq!(offering.wrap_up, Some(s(60)));
    assert_eq!(
        (offering.delays.busy, offering.delays.rejected),
        (s(60), s(10))
    );
    let pauses = &offering.pause_after;
    assert_eq!((pauses.rejected, pauses.no_answer), (Some(2), None));
    assert_eq!((limits.max_wait, limits.hard), (Some(s(300)), true));
    assert_eq!((limits.max_callers, limits.grace), (Some(30), s(5)));
    let wanted = [Fact::Idle, Fact::Reachable].map(Presence::Is).to_vec();
    assert_eq!(limits.join_if, Presence::All(wanted));
    assert_eq!(limits.stay_if, Presence::Always);
    assert!(plan.record && plan.announce.position && plan.announce.only_if_improved);
    let announce = &plan.announce;
    assert_eq!((announce.first, announce.every), (s(3), Some(s(45))));
    assert_eq!(
        (announce.limit, plan.music.as_deref()),
        (Some(9), Some("piano"))
    );
    let step = |when, step| Overflow { when, step };
    let chain = [
        step(When::Waited(s(60)), Step::Queue("support".into())),
        step(When::Waited(s(120)), Step::Aside("caller.waited".into())),
        step(When::Full, Step::Leave("voicemail:8000".into())),
        step(When::Empty, Step::Leave("user:1001".into())),
        step(When::Waited(s(180)), Step::Callback),
        step(When::Waited(s(240)), Step::Leave("play:sys/error".into())),
    ];
    assert_eq!(plan.overflow, chain);
    assert!(announce.wait && announce.at_least == Some(s(15)));
    assert_eq!(announce.list, ["queue/thanks-wait"]);
    assert_eq!(announce.list_every, s(90));
    let greet = Greet {
        say_agent: true,
        whisper: vec!["names/it".to_owned()],
        whisper_wait: true,
        before_bridge: true,
    };
    let callbacks = Callbacks {
        trunk: Some("carrier".to_owned()),
        caller_id: Some("4001".to_owned()),
        ring: s(20),
        tries: 2,
        retry: s(60),
        at_once: 3,
    };
    let care = Care {
        music_from_start: true,
        resume: Some(s(120)),
        greet,
        callbacks,
    };
    assert_eq!(plan.care, care);
}

#[test]
fn whom_a_call_is_offered_to_and_how_that_widens_reaches_the_plan() {
    let plan = read(
        "{
          strategy = 'ring_progressive', one_more_after = 5,
          agents = {
            { '1049', level = 2, position = 7, weight = 3, priority = 4, skills = { english = 9 } },
            '1050',
          },
          skills = { ['1049'] = { english = 1, billing = 4 }, ['1050'] = { 'billing' } },
          relax = { { after = '40s', drop = 'all' }, { after = 20, drop = { 'vip' }, lower = 2 } },
          tiers = { wait = 30, by_level = false },
          penalty_rules = { { after = 30, max = '+2', min = 1 }, { after = 10, raise = '3' } },
          penalty_members_limit = 2, familiar = 25, weight = 6, guard = 0,
        }",
    )
    .unwrap();

    let s = Duration::from_secs;
    let strategy = Strategy::RingProgressive { every: s(5) };
    assert_eq!(plan.offering.strategy, strategy);
    let [first, second] = plan.members.as_slice() else {
        panic!("{:?}", plan.members);
    };
    assert_eq!((first.level, first.position), (2, Some(7)));
    assert_eq!((first.weight, first.priority), (3, 4));
    let english = first.skills.get("english");
    assert_eq!((english, first.skills.get("billing")), (Some(&9), Some(&4)));
    assert_eq!((second.level, second.position, second.weight), (1, None, 1));
    assert_eq!(second.skills.get("billing"), Some(&1));
    let widening = &plan.widening;
    assert_eq!(
        widening.rings[0].after,
        s(20),
        "in the order of their times"
    );
    assert_eq!(
        widening.rings[0].without,
        Without::Skills(vec!["vip".into()])
    );
    assert_eq!(
        (widening.rings[0].lower, &widening.rings[1].without),
        (2, &Without::All)
    );
    let tiers = widening.tiers.unwrap();
    assert_eq!((tiers.wait, tiers.by_level), (s(30), false));
    assert_eq!(widening.penalties[0].raise, Some(Change::To(3)));
    let last = widening.penalties[1];
    assert_eq!(
        (last.max, last.min),
        (Some(Change::By(2)), Some(Change::To(1)))
    );
    assert_eq!((widening.few_members, widening.familiar), (2, Some(s(25))));
    assert_eq!((plan.weight, plan.guard), (6, None));
}

#[test]
fn nobody_waits_for_ever_unless_that_is_written() {
    let for_ever = read("{ agents = {}, max_wait = 0 }").unwrap();

    assert_eq!(for_ever.limits.max_wait, None);
}

#[test]
fn what_is_wrong_with_a_queue_is_said_with_what_to_write() {
    for (source, sentence) in [
        (
            "{}",
            "'agents' is missing: who serves it, { \"1049\", \"1050\" }",
        ),
        (
            "{ agents = {}, ring_timout = 3 }",
            "ring_timout: unknown setting 'ring_timout' (did you mean 'ring_timeout'?)",
        ),
        (
            "{ agents = {}, announce = { evry = 45 }, hard = 1 }",
            "hard: expected true or false, got 1; announce.evry: unknown setting 'evry' (did you mean 'every'?)",
        ),
        (
            "{ agents = {}, strategy = 'longest_idel' }",
            "strategy: no strategy 'longest_idel' (did you mean 'longest_idle'?); there are longest_idle, \
             round_robin, fewest_calls, least_talk, linear, random, weighted, ring_all, ring_progressive, \
             skill_best, choose",
        ),
        (
            "{ agents = {}, strategy = 'choose' }",
            "strategy: \"choose\" needs a function: choose = function(candidates, call) … end",
        ),
        (
            "{ agents = {}, strategy = 'linear', choose = print }",
            "choose and strategy = \"linear\" both say whom a call is offered to: leave one out",
        ),
        (
            "{ agents = {}, choose = 'me' }",
            "choose: expected a function, got \"me\"",
        ),
        (
            "{ agents = {}, join_if = 'reachabel' }",
            "join_if: no fact 'reachabel' (did you mean 'reachable'?); there are logged_out, paused, idle, \
             offered, talking, wrap_up, reachable, delayed, free",
        ),
        (
            "{ agents = { '1049', '1049' } }",
            "agents: '1049' is named twice",
        ),
        (
            "{ agents = { '1049', penalty = 1 } }",
            "agents: 'penalty' is no user: they stand in a list, { \"1049\", \"1050\" }",
        ),
        (
            "{ agents = { { '1049', penality = 1 } } }",
            "agents: '1049': unknown setting 'penality' (did you mean 'penalty'?): there are penalty, level, position, \
             weight, priority, skills",
        ),
        (
            "{ agents = { { '1049', penalty = -1 } } }",
            "agents: '1049': penalty: expected a whole number from 0, such as 1",
        ),
        (
            "{ agents = { { '1049', level = 0 } } }",
            "agents: '1049': level: expected a whole number from 1, such as 1",
        ),
        (
            "{ agents = { { '1049', skills = { english = 11 } } } }",
            "agents: '1049': skills: expected skills such as { english = 7 } or { \"english\" }, each from 1 to 10, \
             got 11",
        ),
        (
            "{ agents = {}, skills = { ['1049'] = 7 } }",
            "skills: '1049': expected skills such as { english = 7 } or { \"english\" }, each from 1 to 10, got 7",
        ),
        (
            "{ agents = {}, relax = { { after = 10 } } }",
            "relax.1: expected drop = { \"english\" }, drop = \"all\" or lower = 2",
        ),
        (
            "{ agents = {}, penalty_rules = { { after = 10, max = 'much' } } }",
            "penalty_rules.1: max: expected a penalty such as 2, or a change such as \"+1\", got \"much\"",
        ),
        (
            "{ agents = {}, penalty_rules = { { after = 10 } } }",
            "penalty_rules.1: expected min, max or raise, such as max = \"+1\"",
        ),
        (
            "{ agents = {}, overflow = { { to = 'user:1001' } } }",
            "overflow.1: expected either after = \"60s\", or when = \"full\" or \"empty\"",
        ),
        (
            "{ agents = {}, overflow = { { after = 1 } } }",
            "overflow.1: expected one of to = \"voicemail:8000\", play = \"sys/error\" or emit = \"caller.waited\"",
        ),
        (
            "{ agents = {}, overflow = { { after = 1, to = '1001' } } }",
            "overflow.1: to: '1001' is nowhere to go: write queue:support, voicemail:8000, user:1001, \
             trunk:carrier/10086 or callback",
        ),
        (
            "{ agents = {}, overflow = { { after = 1, to = 'trunk:carrier' } } }",
            "overflow.1: to: 'trunk:carrier' is no target: expected \"trunk:carrier/13800138000\"",
        ),
        (
            "{ agents = {}, overflow = { { after = 1, emit = 'queue.waited' } } }",
            "overflow.1: emit: 'queue.waited' is no event of your own: noun.past, such as \"caller.waited\"",
        ),
    ] {
        assert_eq!(read(source), Err(sentence.to_owned()), "{source}");
    }
}
