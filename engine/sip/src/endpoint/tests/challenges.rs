//! Challenges within a call: each kind of request is sent again with credentials, on connections too,
//! where a transaction is over with its response.

use std::time::Instant;

use super::pair::{ANSWER, Pair, everything};
use crate::auth::Account;
use crate::{
    Endpoint, EndpointConfig, FlowId, Message, Name, Output, ReferTo, Request, Response, Route,
    SessionId, Source, Transport,
};

/// A request within the call.
type Ask = fn(&mut Endpoint, Instant, SessionId);

#[test]
fn each_request_within_a_call_is_sent_again_with_credentials() {
    let to = || ReferTo::to(&crate::Uri::parse("sip:carol@192.0.2.3").unwrap());
    let asks: [(&str, Ask); 5] = [
        ("INFO", |endpoint, now, session| {
            endpoint.info(now, session, "text/plain", ANSWER);
        }),
        ("MESSAGE", |endpoint, now, session| {
            endpoint.message_within(now, session, "text/plain", ANSWER);
        }),
        ("INVITE", |endpoint, now, session| {
            endpoint.offer(now, session, ANSWER)
        }),
        ("REFER", |_, _, _| {}),
        ("BYE", |endpoint, now, session| {
            endpoint.hang_up(now, session, None)
        }),
    ];
    for flow in [None, Some(FlowId(3))] {
        let mut caller = Caller::new(flow);
        let session = caller.call();
        for (method, ask) in asks {
            let now = caller.now;
            ask(&mut caller.endpoint, now, session);
            if method == "REFER" {
                caller.endpoint.refer(now, session, &to(), None, true);
            }
            let first = caller.sent().remove(0);
            assert_eq!(first.method().to_string(), method);
            assert!(!first.has(Name::Authorization));

            caller.hear(&challenge(&first));

            let again = caller.sent();
            let again = again
                .iter()
                .find(|request| request.method() == first.method());
            let again = again.unwrap_or_else(|| panic!("{method} {flow:?}"));
            assert!(again.has(Name::Authorization), "{method}");
            assert_eq!(again.body(), first.body());
            assert!(again.cseq().unwrap().number > first.cseq().unwrap().number);
            caller.hear(&Response::reply_to(again, 200).finish());
            caller.sent();
        }
    }
}

/// Alice, who calls over one transport, and whose far end is written out here.
struct Caller {
    endpoint: Endpoint,
    now: Instant,
    source: Source,
}

impl Caller {
    fn new(flow: Option<FlowId>) -> Self {
        let mut config = EndpointConfig::default();
        everything(&mut config);
        Self {
            endpoint: Endpoint::new(config),
            now: Instant::now(),
            source: Source {
                transport: flow.map_or(Transport::Udp, |_| Transport::Tcp),
                local: ([192, 0, 2, 1], 5060).into(),
                remote: ([192, 0, 2, 2], 5060).into(),
                flow,
            },
        }
    }

    /// Calls, is answered, and acknowledges.
    fn call(&mut self) -> SessionId {
        let account = Account::new("alice", "secret", Some("there"), "192.0.2.2", [7; 32]);
        let mut outgoing = Pair::new().outgoing();
        outgoing.destination = Route {
            transport: self.source.transport,
            ..self.source.reply_route()
        };
        outgoing.account = Some(account);
        let session = self.endpoint.invite(self.now, outgoing);
        let invite = self.sent().remove(0);
        let ok = Response::reply_to(&invite, 200)
            .to_tag("b")
            .header(Name::Contact, "<sip:bob@192.0.2.2>")
            .body("application/sdp", ANSWER)
            .finish();
        self.hear(&ok);
        assert_eq!(self.sent().len(), 1, "the ACK");
        session
    }

    fn hear(&mut self, response: &Response) {
        let (now, source) = (self.now, self.source);
        (self.endpoint).handle_message(now, source, response.to_bytes());
    }

    fn sent(&mut self) -> Vec<Request> {
        let mut sent = Vec::new();
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Event(_) => {}
                Output::Transmit(transmit) => match Message::parse(transmit.payload).unwrap() {
                    Message::Request(request) => sent.push(request),
                    Message::Response(response) => panic!("{response:?}"),
                },
            }
        }
        sent
    }
}

fn challenge(request: &Request) -> Response {
    let number = request.cseq().unwrap().number;
    let value = format!("Digest realm=\"there\", nonce=\"{number}\", qop=\"auth\"");
    Response::reply_to(request, 401)
        .header(Name::WwwAuthenticate, value)
        .finish()
}
