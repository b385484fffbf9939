//! What users do with whom they talk, from phones with nothing but keys and by programs.

mod codes;
mod consults;
mod handed;
mod holds;
mod recorded;
mod same;
mod told;
mod trios;

use serde_json::{Value, json};

use crate::support::{Api, Exchange, Keys, Line, Phone, Setup};

/// The recorded hotline that rings 1049; users ring each other, and reach the outside.
fn setup() -> Setup {
    Setup::with(
        "local function hotline(call) call:bridge(\"user:1049\", { record = true }) end\n\
         local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
         local function outside(call) call:bridge(\"trunk:carrier/\" .. call.to, { timeout = 20 }) end\n\
         context \"internal\" { [\"_10XX\"] = user, [\"_1[3-9]X.\"] = outside }\n\
         context \"inbound\" { [\"4001234567\"] = hotline, [\"_10XX\"] = user }\n",
    )
    .with_http()
}

/// The customer talks with 1049.
fn talk(carrier: &Phone, a1: &Phone) -> (Line, Line) {
    carrier.reaches(a1, "4001234567")
}

/// How something is done.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// By keys of the phone.
    Codes,
    /// By a program.
    Api,
}

/// A desk from which 1049 does something.
struct Desk<'a> {
    exchange: &'a Exchange,
    way: Way,
}

impl Desk<'_> {
    fn consults(&self, agent: &Line, to: &str) {
        self.does(
            agent,
            &format!("*2{to}#"),
            &json!({ "command": "consult", "to": to }),
        );
    }

    fn completes(&self, agent: &Line) {
        self.does(agent, "*4", &json!({ "command": "complete" }));
    }

    fn cancels(&self, agent: &Line) {
        self.does(agent, "*3", &json!({ "command": "cancel_consult" }));
    }

    fn swaps(&self, agent: &Line) {
        self.does(agent, "*6", &json!({ "command": "swap" }));
    }

    fn confers(&self, agent: &Line) {
        self.does(agent, "*5", &json!({ "command": "conference" }));
    }

    fn does(&self, agent: &Line, keys: &str, deed: &Value) {
        match self.way {
            Way::Codes => agent.presses(keys, Keys::Rfc4733),
            Way::Api => {
                let (status, answer) = order(self.exchange, "1049", deed);
                assert_eq!(status, 200, "{deed}: {answer}");
            }
        }
    }
}

/// Gives an order for a user by the API; the status and the answer.
fn order(exchange: &Exchange, user: &str, deed: &Value) -> (u16, Value) {
    let api = Api::of(exchange, "8001");
    api.gives(&format!("/users/{user}/commands"), deed)
}
