//! The messages of RFC 4475 and RFC 5118 at an exchange's door: each gets the answer that it demands.

use std::time::Instant;

use bytes::Bytes;
use sip::auth::{Authenticator, Claim};
use sip::registrar::{Registrar, RegistrarPolicy};
use sip::{
    Endpoint, EndpointConfig, Event, Message, Method, Name, Output, Request, RequestHandle,
    Response, Source, Transport,
};

use Answer::{Nothing, Rings, Status};

/// How the exchange answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Answer {
    /// A call begins: 100, and the rest is the application's.
    Rings,
    /// This final response.
    Status(u16),
    /// Nothing is sent.
    Nothing,
}

/// Name, and what is demanded of a user agent that is also a registrar.
const DEMANDS: [(&str, Answer); 66] = [
    // RFC 4475 §3.1.1, valid messages. Where a To tag names a dialog that is not there, that is all
    // that is wrong; where a method is unknown or not served, that.
    ("wsinv", Status(481)),
    ("intmeth", Status(501)),
    ("esc01", Rings),
    ("escnull", Status(200)),
    ("esc02", Status(501)),
    ("lwsdisp", Status(200)),
    ("longreq", Rings),
    ("dblreq", Status(200)),
    ("semiuri", Status(200)),
    ("transports", Status(200)),
    ("mpart01", Status(405)),
    ("unreason", Nothing),
    ("noreason", Nothing),
    // §3.1.2, invalid messages.
    ("badinv01", Status(400)),
    ("clerr", Status(400)),
    ("ncl", Status(400)),
    ("scalar02", Status(400)),
    ("scalarlg", Nothing),
    ("quotbal", Status(400)),
    ("ltgtruri", Status(400)),
    ("lwsruri", Status(400)),
    ("lwsstart", Status(400)),
    ("trws", Status(400)),
    ("escruri", Status(400)),
    ("baddate", Rings),
    ("regbadct", Status(400)),
    ("badaspec", Status(400)),
    ("baddn", Status(200)),
    ("badvers", Status(505)),
    ("mismatch01", Status(400)),
    ("mismatch02", Status(400)),
    ("bigcode", Nothing),
    // §3.2 and §3.3, what the layers above find.
    ("badbranch", Status(200)),
    ("insuf", Status(400)),
    ("unkscm", Status(416)),
    ("novelsc", Status(416)),
    // To must be an address that can be registered.
    ("unksm2", Status(400)),
    ("bext01", Status(420)),
    ("invut", Status(415)),
    // An unknown scheme is none: the phone is asked for what we know.
    ("regaut01", Status(401)),
    ("multi01", Status(400)),
    ("mcl01", Status(400)),
    // No request of ours went out with that Via.
    ("bcast", Nothing),
    // Nothing has to be forwarded, so that there is nothing to refuse.
    ("zeromf", Status(200)),
    ("cparam01", Status(200)),
    ("cparam02", Status(200)),
    ("regescrt", Status(200)),
    ("sdp01", Status(406)),
    // §3.4.
    ("inv2543", Rings),
    // RFC 5118 §4.
    ("ipv6-good", Status(200)),
    ("ipv6-bad", Status(400)),
    ("port-ambiguous", Status(200)),
    ("port-unambiguous", Status(200)),
    ("via-received-param-with-delim", Status(481)),
    ("via-received-param-no-delim", Status(200)),
    ("ipv6-in-sdp", Rings),
    ("mult-ip-in-header", Status(481)),
    ("mult-ip-in-sdp", Rings),
    ("ipv4-mapped-ipv6", Rings),
    ("ipv6-bug-abnf-3-colons", Status(200)),
    ("ipv6-correct-abnf-2-colons", Status(200)),
    // Our own: an exchange that serves no transfers and no subscriptions says so.
    ("refer01", Status(603)),
    ("refer02", Status(400)),
    ("replaces01", Status(420)),
    ("subscribe01", Status(489)),
    ("notify01", Status(481)),
];

#[test]
fn each_message_gets_the_answer_that_it_demands() {
    let mut wrong = Vec::new();
    for (name, demanded) in DEMANDS {
        let mut exchange = Exchange::new();

        exchange.hear(name);

        let found = exchange.answer();
        if found != demanded {
            wrong.push((name, found, demanded));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn refusals_say_what_would_be_right() {
    let header = |message: &str, name: Name| {
        let mut exchange = Exchange::new();
        exchange.hear(message);
        let answer = Message::parse(exchange.sent[0].clone()).unwrap();
        let values = answer.header_all(name).map(|value| value.to_string());
        values.collect::<Vec<_>>()
    };

    assert_eq!(
        header("bext01", Name::Unsupported),
        ["nothingSupportsThis", "nothingSupportsThisEither"]
    );
    assert_eq!(header("invut", Name::Accept), ["application/sdp"]);
    assert!(header("mpart01", Name::Allow).contains(&"INVITE".to_owned()));
    assert_eq!(header("regaut01", Name::WwwAuthenticate).len(), 2);
}

#[test]
fn what_is_refused_or_dropped_leaves_no_call_behind() {
    for (name, _) in DEMANDS.iter().filter(|(_, demanded)| *demanded != Rings) {
        let mut exchange = Exchange::new();

        exchange.hear(name);

        assert_eq!(exchange.endpoint.counters().sessions, 0, "{name}");
    }
}

/// An endpoint whose application answers OPTIONS, and registers whoever shows no credentials or good
/// ones.
struct Exchange {
    now: Instant,
    endpoint: Endpoint,
    registrar: Registrar,
    authenticator: Authenticator,
    source: Source,
    sent: Vec<Bytes>,
    rings: bool,
}

#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
impl Exchange {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            now,
            endpoint: Endpoint::new(EndpointConfig::default()),
            registrar: Registrar::new(RegistrarPolicy::default()),
            authenticator: Authenticator::new(now, [7; 32]),
            source: Source {
                transport: Transport::Udp,
                local: ([192, 0, 2, 9], 5060).into(),
                remote: ([192, 0, 2, 1], 5060).into(),
                flow: None,
            },
            sent: Vec::new(),
            rings: false,
        }
    }

    fn hear(&mut self, name: &str) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/torture");
        let octets = std::fs::read(format!("{folder}/{name}.dat"));
        let octets = Bytes::from(octets.expect("every message of the table has its file"));
        self.endpoint.handle_message(self.now, self.source, octets);
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Transmit(transmit) => self.sent.push(transmit.payload),
                Output::Event(Event::Request {
                    handle, request, ..
                }) => self.serve(handle, &request),
                Output::Event(Event::Incoming { .. }) => self.rings = true,
                Output::Event(other) => panic!("{name}: {other:?}"),
            }
        }
    }

    fn serve(&mut self, handle: RequestHandle, request: &Request) {
        let (now, source) = (self.now, self.source);
        let shows = request.has(Name::Authorization);
        let reply = match request.method() {
            Method::Register if shows && Claim::of(request, "example.com").is_none() => {
                let reply = Response::reply_to(request, 401);
                (self.authenticator).challenge(now, reply, "example.com", source.ip(), false)
            }
            Method::Register => {
                (self.registrar)
                    .handle_register(now, "somebody", request, &source)
                    .reply
            }
            _ => Response::reply_to(request, 200),
        };
        self.endpoint.respond(now, handle, reply.finish());
    }

    fn answer(&self) -> Answer {
        // A refusal says what was wrong in its sender's own words, and need not be readable itself.
        let status = |octets: &Bytes| {
            let line = octets.strip_prefix(b"SIP/2.0 ")?;
            str::from_utf8(line.get(..3)?).ok()?.parse().ok()
        };
        let statuses: Option<Vec<u16>> = self.sent.iter().map(status).collect();
        let statuses = statuses.expect("only responses are sent");
        match (self.rings, statuses.as_slice()) {
            (true, [100]) => Rings,
            (false, [status]) => Status(*status),
            (false, []) => Nothing,
            other => panic!("{other:?}"),
        }
    }
}
