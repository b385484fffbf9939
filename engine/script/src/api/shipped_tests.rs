//! What ships: the demo and the bench exchange load, name only what exists, and do what they say.

mod agents;

use std::path::Path;
use std::sync::Arc;

use call::{Bridge, Command, Reply, Sound, Strategy, Target, Voicemail, Why};
use mlua::Function;

use super::testbed::{Bed, NOON, root, setup};
use crate::config::{self, Config};
use crate::host::Host;
use crate::plugin::install;
use crate::snapshot::{Scope, Snapshot};
use crate::surroundings::Phase;

/// A tenant of a configuration file with its dialplan loaded, and a call to `to`.
fn exchange(folder: &Path, tenant: &str, to: &str, user: Option<&str>) -> Bed {
    let config = configuration(folder);
    let settings = config.tenants[tenant].clone();
    let dialplan = settings.dialplan.clone();
    let plugins: Vec<String> = settings.plugins.keys().cloned().collect();
    let scope = Scope {
        dialplan: &dialplan,
        others: &[],
        plugins: plugins.iter().map(String::as_str).collect(),
    };
    let sources = || Snapshot::take(folder, &scope);
    let call = call::Setup {
        to: to.into(),
        user: user.map(str::to_owned).into(),
        ..setup()
    };
    let bed = Bed::with(settings.clone(), sources(), call);
    let (sources, settings) = (Arc::new(sources()), Arc::new(settings));
    let host = Host::new(
        tenant.into(),
        7,
        NOON,
        sources,
        settings,
        None,
        Arc::default(),
    );
    install::install(&bed.vm, &host).unwrap();
    bed.load(&format!("require '{dialplan}'")).unwrap();
    bed
}

fn configuration(folder: &Path) -> Config {
    let loaded = config::load(&folder.join("config.lua"), Path::new("/nonexistent"));
    loaded.unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn demo(context: &str, to: &str, user: Option<&str>) -> (Bed, Function) {
    let bed = exchange(&root(), "8001", to, user);
    let mut routes = call::route::Routes::new();
    let declared = bed.vm.surroundings.declared.borrow();
    for (number, route) in declared.contexts[context].iter().enumerate() {
        routes
            .insert(call::route::Pattern::parse(&route.pattern).unwrap(), number)
            .unwrap();
    }
    let found = routes
        .find(to)
        .unwrap_or_else(|| panic!("{to} is not in {context}"));
    let handler = declared.contexts[context][found.handler].handler.clone();
    drop(declared);
    (bed, handler)
}

/// What a caller goes through, in words.
fn story(bed: &Bed, handler: &Function) -> Vec<String> {
    if let Err(error) = bed.handle(Phase::Call, handler) {
        assert_eq!(error, "still waiting");
    }
    bed.asked().iter().map(words).collect()
}

fn words(command: &Command) -> String {
    let names = |sounds: &[Sound]| {
        let names = sounds.iter().map(|sound| match sound {
            Sound::Named(name) => name.clone(),
            other => format!("{other:?}"),
        });
        names.collect::<Vec<_>>().join(" ")
    };
    match command {
        Command::Play { sounds, .. } => names(sounds),
        Command::Gather(gather) => format!("{}?", names(&gather.prompt)),
        Command::Bridge(Bridge {
            targets,
            strategy,
            record,
            ..
        }) => {
            format!("{targets:?} {strategy:?} record={record}")
        }
        Command::Queue(queue) => format!("queue {} record={}", queue.name, queue.record),
        Command::Voicemail(Voicemail {
            mailbox, greeting, ..
        }) => format!("{mailbox} {greeting:?}"),
        Command::Reject { cause } => format!("reject {}", cause.word()),
        Command::VoicemailMenu { mailbox } => format!("listen {mailbox:?}"),
        other => format!("{other:?}"),
    }
}

fn key(key: &str) -> Reply {
    Reply::Digits(Ok(key.into()))
}

const SILENCE: Reply = Reply::Digits(Err(Why::Timeout));
const LEAVE: &str = "8000 Sound(Named(\"vm/leave\"))";

#[test]
fn the_demo_exchange_is_as_it_is_documented() {
    let config = configuration(&root());

    let listen: Vec<String> = config
        .sip
        .listen
        .iter()
        .map(|it| it.address.to_string())
        .collect();
    assert_eq!(listen, ["127.0.0.1:5060", "127.0.0.1:5060"]);
    assert_eq!(config.http.listen.unwrap().to_string(), "127.0.0.1:8080");
    assert_eq!(config.rtp.ports, (16_384, 32_767));
    assert_eq!(config.demo_passwords_off_loopback(), None);
    let carrier = &config.sip.trunks["carrier"];
    assert_eq!(
        (&carrier.hosts[..], &carrier.trusted[..]),
        (&["127.0.0.9:5090".into()][..], &["127.0.0.9".into()][..])
    );
    let tenant = &config.tenants["8001"];
    for extension in ["1001", "1049", "1050", "1051"] {
        let password = tenant.users[extension].password.clone();
        assert_eq!(password, Some(format!("demo-{extension}")));
    }
    assert_eq!(tenant.users["1049"].name.as_deref(), Some("温平"));
    assert_eq!(tenant.fallback.play.as_deref(), Some("sys/error"));
    assert_eq!(tenant.fallback.transfer.as_deref(), Some("user:1001"));
}

#[test]
fn the_bench_exchange_has_every_number_that_is_measured_and_the_many_routes() {
    let bed = exchange(&root().join("tests/bench"), "bench", "answer", None);
    let declared = bed.vm.surroundings.declared.borrow();

    let routes = &declared.contexts["bench"];
    for number in ["answer", "echo", "bridge", "alaw", "record", "queue", "ivr"] {
        assert!(
            routes.iter().any(|route| route.pattern == number),
            "{number}"
        );
    }
    assert_eq!(routes.len(), 5009);
    let mut table = call::route::Routes::new();
    for (number, route) in routes.iter().enumerate() {
        table
            .insert(call::route::Pattern::parse(&route.pattern).unwrap(), number)
            .unwrap();
    }
    let ivr = routes
        .iter()
        .find(|route| route.pattern == "ivr")
        .unwrap()
        .handler
        .clone();
    drop(declared);
    let heard = story(&bed, &ivr);
    assert_eq!(heard, ["Answer", "rate/ask menu/repeat"]);
}

#[test]
fn the_bench_exchange_bridges_to_its_callee() {
    let config = configuration(&root().join("tests/bench"));

    assert_eq!(config.sip.trunks["callers"].trusted, ["127.0.0.2"]);
    assert_eq!(config.sip.trunks["callee"].hosts, ["127.0.0.3:5080"]);
    assert_eq!(config.sip.trunks["alaw"].codecs, ["pcma"]);
    assert!(
        config
            .sip
            .listen
            .iter()
            .all(|listen| listen.address.ip().is_loopback())
    );
}

#[test]
fn every_context_that_users_and_trunks_enter_is_declared() {
    for (folder, tenant) in [(root(), "8001"), (root().join("tests/bench"), "bench")] {
        let config = configuration(&folder);
        let bed = exchange(&folder, tenant, "1", None);
        let declared = bed.vm.surroundings.declared.borrow();
        let users = config.tenants[tenant]
            .users
            .values()
            .map(|user| &user.context);
        let trunks = config.sip.trunks.values().map(|trunk| &trunk.context);
        for context in users.chain(trunks) {
            assert!(declared.contexts.contains_key(context), "{context}");
        }
    }
}

#[test]
fn every_sound_that_is_named_in_scripts_exists_in_both_languages() {
    let mut named = vec!["sys/error".to_owned()];
    for folder in ["scripts/8001", "tests/bench/scripts"] {
        for file in std::fs::read_dir(root().join(folder)).unwrap() {
            let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let texts = source.split('"').skip(1).step_by(2);
            let is_sound = |text: &&str| {
                text.contains('/')
                    && text
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c == '/' || c == '-')
            };
            named.extend(texts.filter(is_sound).map(str::to_owned));
        }
    }

    assert!(named.len() > 15, "{named:?}");
    for name in named {
        for language in ["zh", "en"] {
            let file = root().join(format!("sounds/{language}/{name}.wav"));
            assert!(file.is_file(), "{}", file.display());
        }
    }
}

#[test]
fn every_prompt_has_its_text_and_every_text_its_prompts() {
    let texts = std::fs::read_to_string(root().join("sounds/prompts.tsv")).unwrap();

    for (column, language) in [(1, "zh"), (2, "en")] {
        // What a language needs no piece for has no text in it.
        let mut listed: Vec<&str> = texts
            .lines()
            .skip(1)
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .filter(|columns| !columns[column].is_empty())
            .map(|columns| columns[0])
            .collect();
        listed.sort_unstable();
        let folder = root().join("sounds").join(language);
        let mut found = Vec::new();
        for group in std::fs::read_dir(&folder).unwrap() {
            for file in std::fs::read_dir(group.unwrap().path()).unwrap() {
                let path = file.unwrap().path().with_extension("");
                found.push(
                    path.strip_prefix(&folder)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
        found.sort_unstable();
        assert_eq!(found, listed, "{language}");
    }
}

#[test]
fn key_1_waits_for_an_agent_and_records_them_and_key_2_rings_1050_and_then_1051() {
    let (bed, reception) = demo("inbound", "4001234567", None);
    bed.will_reply([
        Reply::Done,
        key("1"),
        Reply::Done,
        Reply::Leg(Err(Why::Timeout)),
    ]);

    let heard = story(&bed, &reception);

    let waited = [
        "Answer",
        "greet/welcome menu/main?",
        "agent/record",
        "queue it record=true",
        "call/noanswer",
        LEAVE,
    ];
    assert_eq!(heard, waited);
    let (bed, reception) = demo("inbound", "4001234567", None);
    bed.will_reply([
        Reply::Done,
        key("2"),
        Reply::Done,
        Reply::Leg(Err(Why::NoAnswer)),
    ]);

    let story = story(&bed, &reception);

    let targets = vec![Target::User("1050".into()), Target::User("1051".into())];
    let ring = format!("{targets:?} {:?} record=true", Strategy::InOrder);
    assert_eq!(
        story,
        [
            "Answer",
            "greet/welcome menu/main?",
            "agent/record",
            &ring,
            "call/noanswer",
            LEAVE
        ]
    );
}

#[test]
fn a_wrong_key_and_silence_are_told_and_the_third_try_ends_in_a_message() {
    let (bed, reception) = demo("inbound", "4001234567", None);
    bed.will_reply([
        Reply::Done,
        key("7"),
        Reply::Done,
        SILENCE,
        SILENCE,
        Reply::Done,
        key("8"),
    ]);

    let story = story(&bed, &reception);

    assert_eq!(
        story,
        [
            "Answer",
            "greet/welcome menu/main?",
            "menu/invalid",
            "menu/main?",
            "menu/repeat?",
            "menu/timeout",
            "menu/main?",
            "menu/invalid",
            LEAVE
        ]
    );
}

#[test]
fn star_goes_on_in_english() {
    let (bed, reception) = demo("inbound", "4001234567", None);
    bed.will_reply([Reply::Done, SILENCE, key("*"), key("0")]);

    let story = story(&bed, &reception);

    assert_eq!(
        story[..4],
        [
            "Answer",
            "greet/welcome menu/main?",
            "menu/repeat?",
            "menu/main?"
        ]
    );
    assert_eq!(*bed.answers.languages.lock().unwrap(), ["en", "en"]);
    assert!(story[5].contains("1001"), "{story:?}");
}

#[test]
fn out_of_hours_says_so_in_both_languages_and_takes_a_message() {
    let (bed, reception) = demo("inbound", "4001234567", None);
    bed.set_clock(NOON + 10 * 3_600_000_000);

    let story = story(&bed, &reception);

    assert_eq!(
        story,
        [
            "Answer",
            "greet/welcome hours/closed",
            "hours/closed",
            LEAVE
        ]
    );
    assert_eq!(*bed.answers.languages.lock().unwrap(), ["en", "zh"]);
}

#[test]
fn a_holiday_has_its_own_words() {
    let (bed, reception) = demo("inbound", "4001234567", None);
    // 17 February 2026, 春节, at noon.
    bed.set_clock(NOON - 13 * 86_400_000_000);

    assert_eq!(story(&bed, &reception)[1], "greet/welcome hours/holiday");
}

#[test]
fn a_colleague_who_is_busy_or_away_has_a_mailbox_and_nobody_has_none() {
    let (bed, extension) = demo("internal", "1049", Some("1050"));
    bed.will_reply([Reply::Leg(Err(Why::Busy))]);
    assert_eq!(story(&bed, &extension)[1], "1049 Busy");

    bed.will_reply([Reply::Leg(Err(Why::Unavailable))]);
    assert_eq!(story(&bed, &extension)[1], "1049 Unavailable");

    let (bed, extension) = demo("internal", "1077", Some("1050"));
    bed.will_reply([Reply::Leg(Err(Why::Unavailable))]);
    assert_eq!(
        story(&bed, &extension)[1..],
        ["Progress", "call/invalid", "reject unallocated"]
    );
}

#[test]
fn outside_numbers_go_to_the_carrier_from_inside_only_and_never_abroad() {
    for number in [
        "13800138000",
        "01087654321",
        "87654321",
        "4008123123",
        "110",
    ] {
        let (bed, outside) = demo("internal", number, Some("1049"));
        bed.will_reply([Reply::Leg(Err(Why::Busy))]);
        let story = story(&bed, &outside);
        assert!(
            story[0].contains("carrier") && story[0].contains(number),
            "{story:?}"
        );
        assert_eq!(story[1..], ["Progress", "call/busy", "reject busy"]);
    }
    let bed = exchange(&root(), "8001", "1", None);
    let declared = bed.vm.surroundings.declared.borrow();
    let reaches = |context: &str, number: &str| {
        let routes = declared.contexts[context].iter();
        routes
            .map(|route| call::route::Pattern::parse(&route.pattern).unwrap())
            .any(|it| it.matches(number))
    };
    assert!(!reaches("internal", "0085212345678"));
    assert!(!reaches("inbound", "13800138000"));
    assert!(!reaches("inbound", "1049"));
}

#[test]
fn mailboxes_are_listened_to_by_phone() {
    let (bed, own) = demo("internal", "*97", Some("1049"));
    assert_eq!(story(&bed, &own), ["listen Some(\"1049\")"]);

    let (bed, any) = demo("internal", "*98", Some("1049"));
    assert_eq!(story(&bed, &any), ["listen None"]);

    let (bed, shared) = demo("internal", "*980", Some("1049"));
    assert_eq!(story(&bed, &shared), ["listen Some(\"8000\")"]);
}
