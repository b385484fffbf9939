//! Measures how long pages of calls take among many: `cargo run --release --example list_calls
//! [CALLS]`. Half of them came to one hotline; a hundred users took part in them. It fails when something
//! takes longer than it may.

use std::collections::VecDeque;
use std::time::Instant;

use store::{
    CallBegin, CallEnd, CallFilter, Direction, FiguresOf, FinishedCall, LegRow, SegmentRow, Sqlite,
    Store,
};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let calls: i64 = std::env::args()
        .nth(1)
        .map_or(Ok(200_000), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("moonswitch-bench-{}", Uuid::now_v7()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("records.db");
    let store = Sqlite::open(&path, store::load_or_create_key(&folder)?)?;
    let begun = Instant::now();
    let mut waiting = VecDeque::new();
    for number in 0..calls {
        waiting.push_back(store.finish_call(record(number)));
        if waiting.len() >= 2_000
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.wait()?;
        }
    }
    for pending in waiting {
        pending.wait()?;
    }
    let rate = calls as f64 / begun.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(&path)?.len() / 1_000_000;
    println!("{calls} calls written at {rate:.0} calls/s, {bytes} MB");

    let (middle, day) = (START + calls / 2 * STEP, 86_400_000_000);
    let word = |word: &str| Some(word.to_owned());
    let all = CallFilter::default;
    let questions = [
        ("newest", all()),
        (
            "live",
            CallFilter {
                is_over: Some(false),
                ..all()
            },
        ),
        (
            "to the hotline",
            CallFilter {
                to: word("4001234567"),
                ..all()
            },
        ),
        (
            "from one number",
            CallFilter {
                from: word("+8613800000007"),
                ..all()
            },
        ),
        (
            "one user's",
            CallFilter {
                user: word("1049"),
                ..all()
            },
        ),
        (
            "any party",
            CallFilter {
                number: word("1049"),
                ..all()
            },
        ),
        (
            "failed",
            CallFilter {
                result: word("failed"),
                ..all()
            },
        ),
        (
            "a day long ago",
            CallFilter {
                since: Some(middle),
                until: Some(middle + day),
                ..all()
            },
        ),
        (
            "one user's abandoned of a day",
            CallFilter {
                user: word("1049"),
                result: word("abandoned_ringing"),
                since: Some(middle),
                until: Some(middle + day),
                ..all()
            },
        ),
        (
            "a team's of three",
            CallFilter {
                among: team(3),
                ..all()
            },
        ),
        (
            "a team's of fifty",
            CallFilter {
                among: team(50),
                ..all()
            },
        ),
        (
            "a team's abandoned to the hotline",
            CallFilter {
                among: team(50),
                to: word("4001234567"),
                result: word("abandoned_ringing"),
                ..all()
            },
        ),
        (
            "a new member's",
            CallFilter {
                among: vec!["9999".into()],
                ..all()
            },
        ),
        (
            "nobody's",
            CallFilter {
                number: word("9"),
                ..all()
            },
        ),
    ];
    println!(
        "{:<32}{:>8}{:>10}{:>10}",
        "50 calls a page", "calls", "first ms", "20th ms"
    );
    let mut slow: Vec<String> = Vec::new();
    for (name, filter) in questions {
        let (mut filter, mut times, mut count) = (
            CallFilter {
                limit: 50,
                ..filter
            },
            Vec::new(),
            0,
        );
        for _ in 0..20 {
            let begun = Instant::now();
            let page = store.calls("8001", filter.clone()).wait()?;
            times.push(begun.elapsed().as_secs_f64() * 1_000.0);
            count += page.len();
            let Some(last) = page.last() else { break };
            filter.before = Some(last.begin.id);
        }
        let last = times.last().copied().unwrap_or_default();
        println!("{name:<32}{count:>8}{:>10.2}{last:>10.2}", times[0]);
        let longest = times
            .iter()
            .fold(0.0_f64, |longest, time| longest.max(*time));
        if longest > LONGEST_PAGE {
            slow.push(format!("{name}: {longest:.0} ms"));
        }
    }
    slow.extend(figures(&*store, middle)?);
    drop(store);
    std::fs::remove_dir_all(folder)?;
    match slow.is_empty() {
        true => Ok(()),
        false => Err(format!("too slow: {}", slow.join(", ")).into()),
    }
}

/// Of a page, milliseconds.
const LONGEST_PAGE: f64 = 50.0;

/// So many users.
fn team(members: usize) -> Vec<String> {
    let members = (1_000..1_100).step_by(2).take(members);
    members.map(|member| member.to_string()).collect()
}

/// What reports of a day and of a month, in the midst of all, take; those that took too long.
fn figures(store: &dyn Store, from: i64) -> Result<Vec<String>, store::Error> {
    let mut slow = Vec::new();
    for (name, days, parts, longest) in [
        ("figures of a day", 1, 1, 500.0),
        ("figures of a day by 15 minutes", 1, 96, 500.0),
        ("figures of a month", 30, 1, 5_000.0),
    ] {
        let step = days * 86_400_000_000 / parts;
        let of = FiguresOf {
            edges: (0..=parts).map(|part| from + part * step).collect(),
            ..FiguresOf::default()
        };
        let begun = Instant::now();
        let found = store.figures("8001", of).wait()?;
        let took = begun.elapsed().as_secs_f64() * 1_000.0;
        let calls: u64 = found.numbers().iter().map(|line| line.sums.calls).sum();
        println!("{name:<32}{calls:>8}{took:>10.2}");
        if took > longest {
            slow.push(format!("{name}: {took:.0} ms"));
        }
    }
    Ok(slow)
}

/// One call every ten seconds.
const STEP: i64 = 10_000_000;
const START: i64 = 1_764_000_000_000_000;

fn record(number: i64) -> FinishedCall {
    let started_at = START + number * STEP;
    let user = format!("{}", 1_000 + number * 7 % 100);
    let begin = CallBegin {
        id: Uuid::now_v7(),
        tenant: "8001".into(),
        node: "a".into(),
        direction: Direction::Inbound,
        from_raw: format!("0138{:08}", number % 50_000),
        from_number: Some(format!("+86138{:08}", number % 50_000)),
        from_name: None,
        to: if number % 2 == 0 {
            "4001234567".into()
        } else {
            format!("010{:08}", number % 999)
        },
        context: "inbound".into(),
        user: (number % 4 == 0).then(|| user.clone()),
        trunk_in: Some("carrier".into()),
        generation: Some(1),
        started_at,
    };
    let result = match number % 1_000 {
        0 => "failed",
        1..100 => "abandoned_ringing",
        _ => "answered",
    };
    let end = CallEnd {
        answered_at: Some(started_at),
        ended_at: started_at + 60_000_000,
        ended_by: "customer".into(),
        result: result.into(),
        cause: "normal".into(),
        sip_status: 480,
        q850: 16,
        trunk_out: None,
        mos_min: Some(4.3),
        vars: serde_json::Value::Null,
        script_error: None,
    };
    let leg = |leg| LegRow {
        leg,
        kind: "trunk".into(),
        peer: "+8613800138000".into(),
        user_agent: None,
        invited_at: started_at,
        ringing_at: None,
        early_at: None,
        up_at: Some(started_at),
        ended_at: end.ended_at,
        cause: "normal".into(),
        codec: Some("pcma".into()),
        quality: None,
    };
    let segment = |kind: &str| SegmentRow {
        kind: kind.into(),
        from: started_at,
        to: end.ended_at,
        agent: (kind != "ivr").then(|| user.clone()),
        queue: None,
        recording: None,
        note: None,
    };
    let legs = vec![leg(0), leg(1)];
    let segments = vec![segment("ivr"), segment("ring"), segment("talk")];
    FinishedCall {
        begin,
        end,
        legs,
        segments,
    }
}
