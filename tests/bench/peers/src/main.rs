//! How many INVITEs a second rsipstack reads on one core: the message and the headers that
//! `engine/sip/examples/parse_rate.rs` measures for us and for rsip.

use std::hint::black_box;
use std::time::Duration;

use rsipstack::sip::SipMessage;
use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};

/// The INVITE, read from the example so that both measure the same octets.
const EXAMPLE: &str = include_str!("../../../../engine/sip/examples/parse_rate.rs");

fn main() {
    let invite = invite();
    println!("{} octets an INVITE", invite.len());
    for _ in 0..3 {
        println!("rsipstack {:>9.0}/s", rate(|| read(&invite)));
    }
}

fn read(datagram: &[u8]) {
    let message = SipMessage::try_from(datagram).expect("the INVITE is well-formed");
    let via = message.via_header().and_then(|via| via.typed());
    black_box(via.expect("Via is well-formed"));
    let from = message.from_header().and_then(|from| from.typed());
    black_box(from.expect("From is well-formed"));
    let to = message.to_header().and_then(|to| to.typed());
    black_box(to.expect("To is well-formed"));
    let cseq = message.cseq_header().and_then(|cseq| cseq.typed());
    black_box(cseq.expect("CSeq is well-formed"));
    black_box(message.call_id_header().expect("there is a Call-ID"));
    let contact = message.contact_header().and_then(|contact| contact.typed());
    black_box(contact.expect("Contact is well-formed"));
}

/// The string literal `INVITE` of the example, its escapes resolved.
fn invite() -> Vec<u8> {
    let (_, rest) = EXAMPLE
        .split_once("const INVITE: &str = \"")
        .expect("the example has an INVITE");
    let (literal, _) = rest.split_once("\";\n").expect("its literal ends");
    let text = literal
        .replace("\\\n", "")
        .replace("\\r", "\r")
        .replace("\\n", "\n");
    text.replace("\\\"", "\"").into_bytes()
}

/// Works for a second of this thread's own time, which neighbours on the machine do not touch,
/// and returns how often a second `work` was done.
fn rate(work: impl Fn()) -> f64 {
    let start = cpu_time();
    let mut count: u32 = 0;
    loop {
        for _ in 0..1000 {
            work();
        }
        count += 1000;
        let spent = cpu_time() - start;
        if spent >= Duration::from_secs(1) {
            return f64::from(count) / spent.as_secs_f64();
        }
    }
}

/// Returns the time that the processor has spent on this thread, as Linux counts it.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(spent.expect("Linux counts the time of threads"))
}
