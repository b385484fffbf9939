//! How many calls a second one core sets up and ends, both sides counted: INVITE, 100, 180, 200, ACK,
//! BYE, 200 between two endpoints without sockets. Run with `--release`.

#![allow(clippy::disallowed_methods, reason = "this is a stopwatch")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip::{
    Endpoint, EndpointConfig, Event, NameAddr, Outgoing, Output, Route, Source, Transport, Uri,
};

fn main() {
    let calls: u64 = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000);
    let addresses = ["192.0.2.1:5060", "192.0.2.2:5060"].map(|text| {
        let address: SocketAddr = text.parse().expect("a literal address");
        address
    });
    let mut sides = [1, 2].map(|seed| {
        Endpoint::new(EndpointConfig {
            seed,
            ..EndpointConfig::default()
        })
    });
    let uri = Uri::parse("sip:bob@192.0.2.2").expect("a literal URI");
    let sdp = Bytes::from(vec![b'x'; 300]);
    let start = Instant::now();
    let mut now = start;
    let mut ended = 0_u64;
    for _ in 0..calls {
        // 2,500 calls a second in simulated time, so that tables are as full as they would be.
        now += Duration::from_micros(400);
        let outgoing = Outgoing {
            uri: uri.clone(),
            from: NameAddr::of(&uri),
            to: NameAddr::of(&uri),
            route: Vec::new(),
            destination: Route {
                transport: Transport::Udp,
                local: Some(addresses[0]),
                remote: addresses[1],
                flow: None,
            },
            allows_tcp: false,
            contact_user: None,
            contact_host: None,
            sdp: Some(sdp.clone()),
            headers: Vec::new(),
            max_forwards: 70,
            account: None,
            timing: None,
        };
        sides[0].invite(now, outgoing);
        ended += exchange(&mut sides, addresses, now, &sdp);
        for side in &mut sides {
            side.handle_timeout(now);
        }
    }
    let took = start.elapsed();
    let rate = calls as f64 / took.as_secs_f64();
    println!("{calls} calls, {ended} ended: {rate:.0} calls/s, both sides on one core");
    println!("{:?}\n{:?}", sides[0].counters(), sides[1].counters());
}

/// Lets messages pass until nobody has anything to say. The callee answers, and the caller hangs up.
fn exchange(
    sides: &mut [Endpoint; 2],
    addresses: [SocketAddr; 2],
    now: Instant,
    sdp: &Bytes,
) -> u64 {
    let mut ended = 0;
    let mut is_quiet = false;
    while !is_quiet {
        is_quiet = true;
        for from in [0, 1] {
            while let Some(output) = sides[from].poll_output() {
                is_quiet = false;
                match output {
                    Output::Transmit(transmit) => {
                        let source = Source {
                            transport: Transport::Udp,
                            local: addresses[1 - from],
                            remote: addresses[from],
                            flow: None,
                        };
                        sides[1 - from].handle_message(now, source, transmit.payload);
                    }
                    Output::Event(Event::Incoming { session, .. }) => {
                        sides[from].ring(now, session, 180, None);
                        sides[from].accept(now, session, Some(sdp.clone()));
                    }
                    Output::Event(Event::Acknowledged { session, .. }) => {
                        sides[from].hang_up(now, session, None);
                    }
                    Output::Event(Event::Ended { .. }) => ended += 1,
                    Output::Event(_) => {}
                }
            }
        }
    }
    ended
}
