//! Digest: whatever credentials say, they are wrong; whatever a challenge says, nothing breaks.
#![no_main]

use std::net::IpAddr;
use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use sip::auth::{Account, Authenticator, Claim, Ha1, Verdict};
use sip::{Method, Name, Request, Response, Uri};

const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fuzz_target!(|value: &[u8]| {
    let now = Instant::now();
    let uri = Uri::parse("sip:example.com").expect("this is a URI");
    let request = Request::build(Method::Register, &uri).header(Name::Authorization, value);
    let request = request.finish();

    if let Some(claim) = Claim::of(&request, "example.com") {
        let ha1 = Ha1::compute("alice", "example.com", "a password that no fuzzer finds");
        let mut server = Authenticator::new(now, [1; 32]);
        let verdict = server.verify(now, &request, &claim, SOURCE, Some(&ha1));
        assert_eq!(verdict, Verdict::Wrong);
    }

    let mut account = Account::new("alice", "secret", None, "example.com", [2; 32]);
    let challenged = Response::build(401).header(Name::WwwAuthenticate, value).finish();
    if let Ok((name, answer)) = account.answer(&request, &challenged) {
        let answered = Request::build(Method::Register, &uri).header(name, answer.as_str());
        assert!(Claim::of(&answered.finish(), "example.com").is_some() || !answer.contains("qop"));
    }
});
