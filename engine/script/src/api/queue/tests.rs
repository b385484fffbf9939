//! What `queue` takes, and the sentences about what it does not.

use std::time::Duration;

use call::acd::{
    Callbacks, Care, Fact, Greet, Overflow, Presence, QueuePlan, Step, Strategy, When,
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
    assert_eq!(offering.strategy, Strategy::FewestCalls { window: s(1800) });
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
             round_robin, ring_all, linear, fewest_calls, choose",
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
            "agents: '1049': unknown setting 'penality': there is penalty",
        ),
        (
            "{ agents = { { '1049', penalty = -1 } } }",
            "agents: '1049': penalty: expected a whole number from 0, such as 1",
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
