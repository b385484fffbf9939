//! How many INVITEs a second one core reads, ours beside rsip: index, then Via, From, To, CSeq,
//! Call-ID and Contact as typed values. `cargo run --release -p moonswitch-sip --example parse_rate`

#![allow(clippy::print_stdout, reason = "it prints its table")]

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use rsip::prelude::{HeadersExt, ToTypedHeader};
use sip::Message;

/// An INVITE as a desk phone sends it, without what rsip cannot read.
const INVITE: &str = "INVITE sip:4001234567@8001.example.com SIP/2.0\r\n\
Via: SIP/2.0/UDP 192.168.1.49:5060;branch=z9hG4bK-524287-1---a7e8e1f0d2c3b4a5;rport\r\n\
Max-Forwards: 70\r\n\
Contact: <sip:1049@192.168.1.49:5060;transport=udp>\r\n\
To: <sip:4001234567@8001.example.com>\r\n\
From: \"Agent 1049\" <sip:1049@8001.example.com>;tag=5c8f1d2e\r\n\
Call-ID: 87234MTUzNmFkYzQ3MjFhYjQ5OGQwZTk3ZWI0ZTVhN2Y\r\n\
CSeq: 2 INVITE\r\n\
Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE\r\n\
Content-Type: application/sdp\r\n\
Proxy-Authorization: Digest username=\"1049\",realm=\"8001.example.com\",nonce=\"00000000000a1b2c00000000000003e7d41d8cd98f00b204e9800998ecf8427e\",uri=\"sip:4001234567@8001.example.com\",response=\"0e2c1a9b6f7d5e4c3b2a19087f6e5d4c\",cnonce=\"f2d4a6b8c0e1\",nc=00000001,qop=auth,algorithm=MD5\r\n\
Supported: replaces, norefersub, extended-refer, timer, outbound, path\r\n\
User-Agent: Deskphone 5.6.1\r\n\
Allow-Events: hold, talk, conference\r\n\
Content-Length: 229\r\n\
\r\n\
v=0\r\n\
o=- 1716980000 1 IN IP4 192.168.1.49\r\n\
s=Deskphone\r\n\
c=IN IP4 192.168.1.49\r\n\
t=0 0\r\n\
m=audio 11780 RTP/AVP 8 0 9 101\r\n\
a=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:0 PCMU/8000\r\n\
a=rtpmap:9 G722/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\n\
a=fmtp:101 0-15\r\n";

fn main() {
    println!("{} octets an INVITE", INVITE.len());
    let whole = Bytes::from_static(INVITE.as_bytes());
    // A, B, A, B: neighbours on the machine then disturb both alike.
    for _ in 0..3 {
        let ours = rate(|| ours(&whole));
        let theirs = rate(|| rsip(INVITE.as_bytes()));
        println!(
            "moonswitch {ours:>9.0}/s   rsip {theirs:>9.0}/s   {:.1} times",
            ours / theirs
        );
    }
}

/// Copies the datagram out of the receive buffer, as the sockets do, and reads it.
fn ours(datagram: &Bytes) {
    let datagram = Bytes::copy_from_slice(datagram);
    let message = Message::parse(datagram).expect("the INVITE is well-formed");
    let from = message.from().expect("From is well-formed");
    let to = message.to().expect("To is well-formed");
    black_box(message.via().expect("Via is well-formed").branch());
    black_box((from.tag(), from.uri().expect("its URI is well-formed")));
    black_box((to.tag(), to.uri().expect("its URI is well-formed")));
    black_box(message.cseq().expect("CSeq is well-formed"));
    black_box(message.call_id());
    let contacts = message.contacts().expect("Contact is well-formed");
    black_box(
        contacts
            .iter()
            .map(|contact| contact.uri())
            .collect::<Vec<_>>(),
    );
}

fn rsip(datagram: &[u8]) {
    let message = rsip::SipMessage::try_from(datagram).expect("the INVITE is well-formed");
    black_box(
        message
            .via_header()
            .and_then(|via| via.typed())
            .expect("Via is well-formed"),
    );
    black_box(
        message
            .from_header()
            .and_then(|from| from.typed())
            .expect("From is well-formed"),
    );
    black_box(
        message
            .to_header()
            .and_then(|to| to.typed())
            .expect("To is well-formed"),
    );
    black_box(
        message
            .cseq_header()
            .and_then(|cseq| cseq.typed())
            .expect("CSeq is well-formed"),
    );
    black_box(message.call_id_header().expect("there is a Call-ID"));
    let contact = message.contact_header().and_then(|contact| contact.typed());
    black_box(contact.expect("Contact is well-formed"));
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
