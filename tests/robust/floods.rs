//! Floods: of strangers who subscribe, and of lamps that have to change. No call suffers.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Exchange, Lamp, Setup, pilot};

#[test]
fn five_hundred_subscribes_a_second_from_strangers_harm_no_call_and_leave_nothing() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let standing = a1.dials("1050");
    let other = a2.rings();
    other.answers();
    standing.hears(pilot::A2);
    let strangers: Vec<UdpSocket> = (100..150)
        .map(|house| UdpSocket::bind(exchange.house(house, 0)).unwrap())
        .collect();
    let (at, over) = (exchange.address(), AtomicBool::new(false));

    let sent = thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let start = Instant::now();
            let mut sent = 0_u32;
            while !over.load(Ordering::Relaxed) {
                // Five hundred a second, whatever the machine does besides.
                while f64::from(sent) < start.elapsed().as_secs_f64() * 500.0 {
                    let stranger = &strangers[sent as usize % strangers.len()];
                    let text = subscribe(sent, at, stranger.local_addr().unwrap());
                    let _ = stranger.send_to(text.as_bytes(), at);
                    sent += 1;
                }
                thread::park_timeout(Duration::from_millis(1));
            }
            sent
        });
        for _ in 0..10 {
            let call = a1.dials("1051");
            let rung = a3.rings();
            rung.answers();
            call.hears(pilot::A3);
            call.hangs_up();
            rung.is_over();
        }
        standing.hears(pilot::A2);
        other.hears(pilot::A1);
        assert_eq!(exchange.status()["subscriptions"], 0);
        over.store(true, Ordering::Relaxed);
        flood.join().unwrap()
    });

    assert!(sent > 500, "{sent}");
    assert!(standing.is_up());
    // Each was asked for a password, as far as its datagrams came through.
    let mut asked = 0;
    for stranger in &strangers {
        stranger.set_nonblocking(true).unwrap();
        let mut answer = [0; 2_048];
        while let Ok(length) = stranger.recv(&mut answer) {
            assert!(answer[..length].starts_with(b"SIP/2.0 401 "));
            asked += 1;
        }
    }
    assert!(asked * 100 >= sent * 90, "{asked} of {sent}");
}

/// Known and unknown colleagues, packages that are served and others.
fn subscribe(number: u32, at: std::net::SocketAddr, from: std::net::SocketAddr) -> String {
    let user = ["1049", "1050", "1999"][number as usize % 3];
    let event = ["dialog", "message-summary", "presence"][number as usize / 3 % 3];
    format!(
        "SUBSCRIBE sip:{user}@{at} SIP/2.0\r\n\
         Via: SIP/2.0/UDP {from};rport;branch=z9hG4bKflood{number}\r\nMax-Forwards: 70\r\n\
         From: <sip:1049@{at}>;tag={number}\r\nTo: <sip:{user}@{at}>\r\nCall-ID: flood{number}\r\n\
         CSeq: 1 SUBSCRIBE\r\nContact: <sip:1049@{from}>\r\nEvent: {event}\r\nExpires: 600\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

#[test]
fn three_hundred_watchers_of_one_colleague_delay_no_call_and_all_see_the_end() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2, a3, l1] = exchange.phones(["1049", "1050", "1051", "1001"]);
    let carrier = exchange.carrier();
    let lamps: Vec<Lamp> = (0..300)
        .map(|number| {
            let watcher = [&a1, &a3, &l1][number % 3];
            watcher.watches(&format!("dialog;id={number}"), "1050")
        })
        .collect();
    assert_eq!(exchange.status()["subscriptions"], 300);

    // While the colleague's calls come and go, others are called: how long until it rings?
    let rings_after = || {
        let from = Instant::now();
        let call = a1.dials("1051");
        let other = a3.rings();
        call.is_ringing();
        let delay = from.elapsed();
        call.hangs_up();
        other.is_over();
        delay
    };
    let mut calm: Vec<Duration> = (0..10).map(|_| rings_after()).collect();
    let mut busy = Vec::new();
    for _ in 0..10 {
        let watched = carrier.dials("1050");
        let rung = a2.rings();
        busy.push(rings_after());
        rung.answers();
        watched.hangs_up();
        rung.is_over();
    }
    calm.sort();
    busy.sort();
    // Some 2 ms either way; to tell all at once, at each change, would cost 30 ms here.
    let (usual, now) = (calm[5], busy[5]);
    assert!(
        now < usual * 3 + Duration::from_millis(12),
        "{calm:?} {busy:?}"
    );

    let last = carrier.dials("1050");
    a2.rings().answers();
    last.is_answered();
    for lamp in &lamps {
        lamp.shows(&["<state>confirmed</state>"]);
    }
    // A flood of changes is no flood of NOTIFYs: of five changes a call and more each tells but few.
    let most = lamps.iter().map(|lamp| lamp.told().len()).max().unwrap();
    assert!(most <= 1 + 11 * 4, "{most}");
}
