//! Queues, their callers and their agents, through the whole exchange.

mod hospitable;
mod limits;
mod linked;
mod offers;
mod own_calls;
mod picked;
mod recorded;
mod reloads;
mod talking;
mod whom;

use std::time::Duration;

use crate::support::{Exchange, Line, Phone, Setup, pilot};

/// A queue `it` that everybody reaches; agents come by *22. What a caller without an agent hears says why.
pub(super) fn plan(queue: &str, options: &str) -> String {
    format!(
        "-- Callers wait for agents.
queue \"it\" {{ agents = {{ \"1049\", \"1050\", \"1051\" }}, wrap_up = 0, {queue} }}

local said = {{ timeout = \"tones/840\", full = \"tones/1240\", empty = \"tones/1520\", left = \"tones/2200\" }}
local function waits(call)
  local leg, why = call:queue(\"it\", {{ {options} }})
  if not leg then
    call:play(said[why])
  end
end
local function comes(call)
  agents.log_in(call.user.extension)
  agents.idle(call.user.extension)
  call:answer()
end
local function user(call) call:bridge(\"user:\" .. call.to) end
local function outside(call) call:bridge(\"trunk:carrier/\" .. call.to) end

context \"inbound\" {{ [\"4001\"] = waits, [\"_10XX\"] = user }}
context \"internal\" {{ [\"4001\"] = waits, [\"*22\"] = comes, [\"_10XX\"] = user, [\"_1[3-9]X.\"] = outside }}
"
    )
}

/// Queues as they are written, and what becomes of who dials which number; agents come by *22.
pub(super) fn hall(queues: &str, numbers: &[(&str, &str)]) -> Exchange {
    let numbers: Vec<String> = numbers
        .iter()
        .map(|(number, does)| format!("[\"{number}\"] = function(call) {does} end"))
        .collect();
    let script = format!(
        "-- Queues, and numbers that lead to them.
{queues}
local function comes(call)
  agents.log_in(call.user.extension)
  agents.idle(call.user.extension)
  call:answer()
end
context \"inbound\" {{ {} }}
context \"internal\" {{ [\"*22\"] = comes }}
",
        numbers.join(", ")
    );
    Exchange::start(Setup::with(&script))
}

/// An exchange with that queue.
pub(super) fn exchange(queue: &str, options: &str) -> Exchange {
    Exchange::start(Setup::with(&plan(queue, options)).witnessed())
}

/// Agents who are idle, the first for longest.
pub(super) fn idle<const N: usize>(exchange: &Exchange, users: [&str; N]) -> [Phone; N] {
    let phones = exchange.phones(users);
    for (phone, user) in phones.iter().zip(users) {
        comes(phone);
        if exchange.is_witnessed {
            exchange.agree(user);
        }
    }
    phones
}

/// Logs in and is idle from now on.
pub(super) fn comes(phone: &Phone) {
    phone.dials("*22").is_hung_up();
}

/// A customer who has lined up and hears the music.
pub(super) fn waits(carrier: &Phone, number: usize) -> Line {
    let line = carrier.dials_as(&format!("1380000000{number}"), "4001", CUSTOMERS[number]);
    line.hears(pilot::MUSIC);
    line
}

/// The voices of customers.
pub(super) const CUSTOMERS: [f64; 6] = [500.0, 560.0, 660.0, 800.0, 900.0, 980.0];

/// So long is long enough to be sure that nothing comes.
pub(super) const QUIET: Duration = Duration::from_millis(700);
