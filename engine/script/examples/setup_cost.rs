//! What a call's script costs: CPU time of the Lua thread for a handler with six waits, a few
//! tables and a plan of 25 lines, and memory for a call that is parked.
//!
//! `cargo run --release -p moonswitch-script --example setup_cost`
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use call::{CallId, Command, Reply, Setup, TenantId};
use script::config::{Fallback, Limits, Tenant};
use script::{Clock, Exchange, Place, Refused, ScriptEnd, Scripts, ScriptsOptions, Sounds};
use tokio::sync::oneshot;

const PLAN: &str = r#"
local choices = {
  ["1"] = function(call) return call:play("sales") end,
  ["2"] = function(call) return call:play("support") end,
}

local function menu(call)
  local caller = { number = call.from, at = clock.now(), tries = 0 }
  for _ = 1, 2 do
    caller.tries = caller.tries + 1
    call:play("menu")
  end
  call.vars.caller = caller
  return choices["2"](call)
end

local function reception(call)
  call:answer()
  call:play("welcome")
  menu(call)
  call:play("bye")
end

context "internal" {
  ["100"] = reception,
  ["_2XX"] = function(call) call:sleep(3600) end,
}
"#;

const CALLS: u64 = 20_000;
const PARKED: u64 = 10_000;

fn main() {
    let root = std::env::temp_dir().join(format!("moonswitch-setup-cost-{}", std::process::id()));
    fs::create_dir_all(root.join("scripts/bench")).unwrap();
    fs::write(root.join("scripts/bench/init.lua"), PLAN).unwrap();
    let (ended, ends) = channel();
    let (scripts, report) = Scripts::start(ScriptsOptions {
        root: root.clone(),
        tenants: vec![(TenantId::from("bench"), tenant())],
        limits: Limits {
            script_cpu: Duration::from_millis(100),
            script_memory: 256 << 20,
            load_time: Duration::from_secs(5),
            max_calls: 100_000,
        },
        exchange: Arc::new(Bench {
            ended,
            replies: replier(),
        }),
        clock: Arc::new(Now),
        store: store::Sqlite::open(&root.join("bench.db"), [0; 32]).unwrap(),
        sounds: Arc::new(AllSounds),
        recordings: None,
        databases: None,
        history: None,
        node: "bench".to_owned(),
        reload_manually: true,
        config_changed: None,
    })
    .unwrap();
    println!("loaded: {report:?}");

    let (heap, resident) = (scripts.status().tenants[0].memory, resident());
    for number in 0..PARKED {
        start(&scripts, number, "200");
    }
    while scripts.status().tenants[0].calls < PARKED as usize {
        std::thread::sleep(Duration::from_millis(10));
    }
    // The heap is read when a message is served.
    scripts.event(&TenantId::from("bench"), "none", serde_json::Value::Null);
    println!(
        "parked: {:.1} KiB of Lua heap a call, {:.1} KiB resident",
        (scripts.status().tenants[0].memory.saturating_sub(heap)) as f64 / 1024.0 / PARKED as f64,
        (resident_after(resident)) as f64 / 1024.0 / PARKED as f64,
    );
    for number in 0..PARKED {
        scripts.hang_up(id(number, "200"));
    }
    while scripts.status().tenants[0].calls > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }

    // Warm up, then measure.
    for round in ["warm-up", "measured"] {
        let (cpu, began) = (lua_cpu(), Instant::now());
        for number in 0..CALLS {
            start(&scripts, number, "100");
        }
        for _ in 0..CALLS {
            ends.recv().unwrap();
        }
        let (cpu, wall) = (lua_cpu() - cpu, began.elapsed());
        println!(
            "{round}: {CALLS} calls of six waits, {:.1} us of CPU a call on the Lua thread, {:.0} calls/s",
            cpu.as_secs_f64() * 1e6 / CALLS as f64,
            CALLS as f64 / wall.as_secs_f64(),
        );
    }

    drop(scripts);
    let _ = fs::remove_dir_all(root);
}

fn start(scripts: &Scripts, number: u64, to: &str) {
    let setup = Setup {
        id: id(number, to),
        tenant: TenantId::from("bench"),
        context: "internal".to_owned(),
        from: Some("1049".to_owned()),
        from_raw: "1049".to_owned(),
        from_name: None,
        to: to.to_owned(),
        user: call::CallingUser::default(),
        trunk: None,
        headers: Vec::new(),
        transferred_by: None,
        language: "zh".to_owned(),
        started_at: 0,
    };
    loop {
        match scripts.start_call(setup.clone()) {
            Ok(_) => return,
            Err(Refused::Behind { .. }) => std::thread::sleep(Duration::from_millis(1)),
            Err(refused) => panic!("{refused}"),
        }
    }
}

fn id(number: u64, to: &str) -> CallId {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&number.to_be_bytes());
    CallId::new(u64::from(to == "200"), random)
}

/// CPU time of all threads whose name begins with `lua-bench`.
fn lua_cpu() -> Duration {
    let mut sum = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
        let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        let stat = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        if name.starts_with("lua-bench")
            && let Some(nanos) = stat
                .split_whitespace()
                .next()
                .and_then(|nanos| nanos.parse().ok())
        {
            sum += Duration::from_nanos(nanos);
        }
    }
    sum
}

fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    text.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 4096
}

fn resident_after(before: u64) -> u64 {
    resident().saturating_sub(before)
}

/// Answers from another thread, so that each method really waits.
fn replier() -> Sender<(oneshot::Sender<Reply>, Reply)> {
    let (sender, replies) = channel::<(oneshot::Sender<Reply>, Reply)>();
    std::thread::spawn(move || {
        for (sender, reply) in replies {
            let _ = sender.send(reply);
        }
    });
    sender
}

struct Bench {
    ended: Sender<CallId>,
    replies: Sender<(oneshot::Sender<Reply>, Reply)>,
}

impl Exchange for Bench {
    fn ask(&self, _: CallId, _: Place, command: Command) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        match command {
            Command::Sleep { .. } => std::mem::forget(sender),
            Command::Play { .. } => drop(self.replies.send((sender, Reply::Key(None)))),
            _ => drop(self.replies.send((sender, Reply::Done))),
        }
        receiver
    }

    fn set_language(&self, _: CallId, _: String) {}

    fn script_ended(&self, call: CallId, end: ScriptEnd) {
        assert!(matches!(end, ScriptEnd::Returned { .. }), "{end:?}");
        let _ = self.ended.send(call);
    }
}

struct Now;

impl Clock for Now {
    fn unix_micros(&self) -> i64 {
        std::time::UNIX_EPOCH
            .elapsed()
            .map_or(0, |since| since.as_micros() as i64)
    }
}

struct AllSounds;

impl Sounds for AllSounds {
    fn check(&self, _: &TenantId, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }
}

fn tenant() -> Tenant {
    Tenant {
        callers: Default::default(),
        masked: Vec::new(),
        outbound: Default::default(),
        domain: "bench".to_owned(),
        timezone: "Asia/Shanghai".to_owned(),
        language: "zh".to_owned(),
        dialplan: "scripts.bench".to_owned(),
        music: None,
        tests_first: false,
        smtp: None,
        users: BTreeMap::new(),
        mailboxes: BTreeMap::new(),
        fallback: Fallback::default(),
        recall: Duration::from_secs(20),
        hold_reminder: Duration::ZERO,
        auto_retrieve: Duration::from_secs(2),
        in_call_codes: None,
        park: "*5900".to_owned(),
        survey: "*9".to_owned(),
        switches: vec!["hotline".to_owned()],
        agents: Default::default(),
        busy_reasons: Vec::new(),
        watch: script::config::Watch::default(),
        trunks: BTreeMap::new(),
        groups: std::collections::BTreeSet::new(),
        plugins: BTreeMap::new(),
    }
}
