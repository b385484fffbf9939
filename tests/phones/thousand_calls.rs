//! SIPp makes calls at a rate, through the bench exchange, and counts what failed.

use std::time::Duration;

use crate::support::{Exchange, Setup, sipp};

#[test]
fn a_thousand_calls_at_fifty_a_second_and_none_fails() {
    let exchange = Exchange::start(Setup::bench());
    let target = exchange.address().to_string();
    let callee = exchange.house(3, 5_080);
    let mut called = sipp("callee.xml", callee, &["-m", "1000"]);

    let mut callers = sipp(
        "caller.xml",
        exchange.house(2, 5_070),
        &[
            &target, "-s", "bridge", "-m", "1000", "-r", "50", "-l", "400", "-timeout", "60s",
        ],
    );

    let status = callers.ends(Duration::from_secs(70));
    assert!(status.success(), "{}", callers.said());
    assert!(
        called.ends(Duration::from_secs(10)).success(),
        "{}",
        called.said()
    );
    exchange.has_no_calls();
    let page = exchange.records_of("bench", 1_000);
    assert_eq!(page.len(), 1_000);
    for call in page {
        let end = call.end.expect("every call has ended");
        assert_eq!(
            (end.result.as_str(), end.cause.as_str()),
            ("answered", "normal")
        );
    }
}
