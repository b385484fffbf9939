//! Call shapes and the rows that each leaves, compared exactly: calls, legs, stretches, stays in queues,
//! recordings (D12), and what those recordings hold, in its order and without gaps (D13).

mod conferred;
mod handed_on;
mod not_answered;
mod own_calls;
mod sound;
mod supervised;
mod talked;

use std::fmt::Write as _;

use store::{CallDetails, CallRow, MissedFilter, SegmentRow};

use crate::support::{Exchange, Line, Phone, Setup, eventually, pilot};

/// A floor with everything that leaves rows: two queues, a menu, mailboxes, parking, a room, a survey.
const PLAN: &str = "-- Everything that leaves rows.
local conversation = { record = true }
queue \"it\" {
  agents = { \"1049\", \"1050\" }, wrap_up = 0, record = true, ring_timeout = 2,
}
queue \"short\" { agents = { \"1049\" }, wrap_up = 0, max_wait = 1, record = true }
queue \"over\" {
  agents = { \"1049\" }, wrap_up = 0, record = true, overflow = { { after = 1, to = \"queue:second\" } },
}
queue \"second\" { agents = { \"1050\" }, wrap_up = 0, record = true }

local function waits(name) return function(call)
  local leg, why = call:queue(name)
  if why == \"timeout\" then call:play(\"tones/840\") end
end end
local function comes(call)
  agents.log_in(call.user.extension)
  agents.idle(call.user.extension)
  call:answer()
end
local function rests(call)
  agents.log_in(call.user.extension)
  call:answer()
end
local function user(call)
  local leg, why = call:bridge(\"user:\" .. call.to, { timeout = 2, record = true })
  if not leg and why then call:reject(why) end
end
local function outside(call)
  local leg, why = call:bridge(\"trunk:carrier/\" .. call.to, { timeout = 20, record = true })
  if not leg and why then call:reject(why) end
end
local function menu(call)
  call:answer()
  call:gather { play = \"tones/840\", max_digits = 1, timeout = 20 }
end
local function leave(call)
  call:answer()
  call:voicemail(\"8000\", { greeting = false, silence = 1, review = false })
end
local function key_to_message(call)
  local leg, why, key = call:queue(\"it\", { exit_keys = \"1\" })
  if why == \"left\" then call:voicemail(\"8000\", { greeting = false, silence = 1, review = false }) end
end
local function park(call) call:park(nil, { timeout = \"1m\" }) end
local function retrieve(call) call:retrieve(call.to:sub(2)) end
local function supervise(call) call:supervise(call.to:sub(4), {}) end
local function room(call) call:conference(\"room\", { announce = false, record = true }) end
local function pick_up(call) call:pickup(\"user:\" .. call.to:sub(3)) end

context \"inbound\" {
  [\"4001\"] = waits(\"it\"), [\"4002\"] = waits(\"short\"), [\"4003\"] = waits(\"over\"), [\"4004\"] = menu,
  [\"4005\"] = leave, [\"4006\"] = key_to_message, [\"8800\"] = room, [\"_10XX\"] = user,
}
context \"internal\" {
  [\"*22\"] = comes, [\"*24\"] = rests, [\"_10XX\"] = user, [\"_1[3-9]X.\"] = outside, [\"*5900\"] = park, [\"_*590X\"] = retrieve,
  [\"*8800\"] = room, [\"_**10XX\"] = pick_up, [\"_*3310XX\"] = supervise, [\"*9\"] = require(\"plugins.survey\").hand_over,
}
";

/// The floor.
fn floor() -> Exchange {
    let mut setup = Setup::with(PLAN);
    setup.tenant.push_str("plugins = { survey = {} },");
    Exchange::start(setup.with_http())
}

/// Agents who are idle, the first for longest; their calls to say so leave no rows here.
fn idle<const N: usize>(exchange: &Exchange, users: [&str; N]) -> [Phone; N] {
    let phones = exchange.phones(users);
    for phone in &phones {
        phone.dials("*22").is_hung_up();
    }
    phones
}

/// An agent who is there and takes no calls.
fn rests(exchange: &Exchange) -> Phone {
    let [phone] = exchange.phones(["1049"]);
    phone.dials("*24").is_hung_up();
    phone
}

/// A customer talks with 1049, who has answered for the queue.
fn answered(carrier: &Phone, agent: &Phone) -> (Line, Line) {
    carrier.reaches(agent, "4001")
}

/// Fails unless exactly these rows are left of all calls, oldest first.
fn leaves(exchange: &Exchange, calls: usize, wanted: &str) -> Vec<CallDetails> {
    let details = ended(exchange, calls);
    let mut told = String::new();
    for call in &details {
        told += &rows(exchange, call);
    }
    let wanted: String = wanted
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect();
    assert_eq!(told, wanted, "the rows were\n{told}");
    details
}

/// Calls that are over and are no star code's of logging in, oldest first.
fn ended(exchange: &Exchange, calls: usize) -> Vec<CallDetails> {
    let all = eventually("the records of all calls", || {
        let all: Vec<CallRow> = exchange.records();
        let of_them = all
            .into_iter()
            .filter(|call| !call.begin.to.starts_with("*2"));
        let mut of_them: Vec<CallRow> = of_them.collect();
        of_them.reverse();
        let over = of_them.iter().filter(|call| call.end.is_some()).count();
        (over >= calls).then_some(of_them)
    });
    assert_eq!(all.len(), calls, "{all:#?}");
    all.iter()
        .map(|call| exchange.call(call.begin.id))
        .collect()
}

/// A call and all that belongs to it, a line for each.
fn rows(exchange: &Exchange, call: &CallDetails) -> String {
    let (begin, end) = (&call.call.begin, call.call.end.as_ref().unwrap());
    follows_itself(call);
    let from = begin.user.as_deref().unwrap_or(&begin.from_raw);
    let mut text = String::new();
    let name = store::result_name(begin.direction, &end.result);
    let _ = writeln!(
        text,
        "{} {from} -> {}: {} {name}, by {}, {} {}",
        begin.direction.word(),
        begin.to,
        end.result,
        end.ended_by,
        end.cause,
        end.sip_status
    );
    for leg in &call.legs {
        let how = match (leg.ringing_at, leg.up_at) {
            (_, Some(_)) => "up",
            (Some(_), None) => "rang",
            (None, None) => "tried",
        };
        let _ = writeln!(
            text,
            "  leg {} {} {} {how}, {}",
            leg.leg, leg.kind, leg.peer, leg.cause
        );
    }
    // How long a script takes for nothing is the machine's affair.
    let is_told = |it: &&SegmentRow| it.kind != "ivr" || it.to - it.from >= LONG_ENOUGH;
    for segment in call.segments.iter().filter(is_told) {
        let _ = write!(text, "  {}", segment.kind);
        for part in [&segment.queue, &segment.agent].into_iter().flatten() {
            let _ = write!(text, " {part}");
        }
        let recorded = if segment.recording.is_some() {
            ", recorded"
        } else {
            ""
        };
        let note = segment.note.as_deref().unwrap_or_default();
        let note = note.split(" call ").next().unwrap_or_default();
        let _ = writeln!(
            text,
            "{recorded}{}{note}",
            if note.is_empty() { "" } else { ", " }
        );
    }
    for stay in &call.episodes {
        let offers = stay
            .offers
            .iter()
            .map(|it| format!("{} {}", it.agent, it.why));
        let offers: Vec<String> = offers.collect();
        let agent = stay.agent.as_ref().map(|it| format!(" {it}"));
        let _ = writeln!(
            text,
            "  stay {} at {}: {}{} [{}]",
            stay.queue,
            stay.position,
            stay.outcome,
            agent.unwrap_or_default(),
            offers.join(", ")
        );
    }
    let recordings = exchange
        .store()
        .recordings("8001", begin.id)
        .wait()
        .unwrap();
    for recording in recordings {
        let _ = writeln!(
            text,
            "  recording {}, {} channels",
            recording.purpose, recording.channels
        );
    }
    text
}

/// Stretches follow each other from the beginning to the end, and times are in their order.
fn follows_itself(call: &CallDetails) {
    let (begin, end) = (&call.call.begin, call.call.end.as_ref().unwrap());
    let mut at = begin.started_at;
    for segment in &call.segments {
        assert_eq!(segment.from, at, "{:#?}", call.segments);
        assert!(segment.to > segment.from, "{:#?}", call.segments);
        at = segment.to;
    }
    assert_eq!(at, end.ended_at, "{:#?}", call.segments);
    for leg in &call.legs {
        let times = [
            Some(leg.invited_at),
            leg.ringing_at,
            leg.up_at,
            Some(leg.ended_at),
        ];
        let times: Vec<i64> = times.into_iter().flatten().collect();
        assert!(times.is_sorted(), "{leg:#?}");
        assert!(
            leg.invited_at >= begin.started_at && leg.ended_at <= end.ended_at,
            "{leg:#?}"
        );
    }
    for stay in &call.episodes {
        assert!(stay.entered_at >= begin.started_at - SKEW, "{stay:#?}");
        assert!(
            stay.entered_at + stay.waited <= end.ended_at + SKEW,
            "{stay:#?}"
        );
    }
}

/// How many calls nobody took, and nobody has called back.
fn missed(exchange: &Exchange) -> Vec<String> {
    let all = exchange
        .store()
        .missed_calls("8001", MissedFilter::default());
    let all = all.wait().unwrap().into_iter();
    all.map(|it| format!("{} {}", it.result, it.state.word()))
        .collect()
}

/// Calls and queues look at the clock at different moments of a turn, in microseconds.
const SKEW: i64 = 500_000;
/// A menu that somebody has heard, in microseconds.
const LONG_ENOUGH: i64 = 200_000;
