//! However a message is damaged: nothing panics in reading, in any typed value, or in writing.

use std::time::Instant;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use sip::auth::Claim;
use sip::registrar::{Registrar, RegistrarPolicy};
use sip::{
    Endpoint, EndpointConfig, Event, EventPackage, Frame, Framer, Glance, Head, Message, Method,
    Name, NameAddr, Notice, Output, ReferTo, Replaces, Response, SessionId, Source,
    SubscriptionState, Termination, Text, Transport, Uri, Via,
};

/// One way of damaging a message.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Remove(Index, Index),
    Repeat(Index, Index),
    Insert(Index, Vec<u8>),
    /// Goes on with another message from there.
    Splice(Index, Index, Index),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_damage_panics(start: Index, damages in vec(damage(), 1..6)) {
        let messages = messages();
        let mut octets = start.get(&messages).to_vec();
        for damage in damages {
            apply(&mut octets, damage, &messages);
        }

        exercise(&octets);
    }

    /// Nor does anything behind the parser, whatever came before.
    #[test]
    fn no_damage_panics_in_an_exchange(
        arrivals in vec((any::<Index>(), vec(damage(), 0..3)), 1..12),
    ) {
        let messages = messages();
        let mut exchange = Exchange::new();
        for (start, damages) in arrivals {
            let mut octets = start.get(&messages).to_vec();
            for damage in damages {
                apply(&mut octets, damage, &messages);
            }
            exchange.hear(octets);
        }
        exchange.hang_up_and_run_out();
    }

    #[test]
    fn no_noise_panics(octets in vec(any::<u8>(), 0..600)) {
        exercise(&octets);
    }

    #[test]
    fn no_value_panics(text in "[ -~\\t\"<>;=,:@\\[\\]%\\\\]{0,80}") {
        let _ = Uri::parse(text.as_str()).map(|uri| read_uri(&uri));
        let _ = Via::parse(text.as_str()).map(|via| via.with_source(([192, 0, 2, 1], 1).into()));
        let _ = NameAddr::parse(text.as_str()).map(|address| read_address(&address));
        let _ = ReferTo::parse(text.as_str()).map(|to| read_refer_to(&to));
        let text = Text::from(text.as_str());
        let _ = Replaces::parse(&text).map(|replaces| replaces.detach());
        let _ = EventPackage::parse(&text).map(|event| event.detach());
        let _ = SubscriptionState::parse(&text);
        let _ = sip::body::read_status(text.as_bytes());
    }

    /// However a stream is cut into reads, the same frames come out.
    #[test]
    fn a_stream_is_framed_alike_however_it_is_cut(
        picks in vec(any::<Index>(), 1..4),
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let messages = messages();
        let stream: Vec<u8> = picks.iter().flat_map(|pick| pick.get(&messages).to_vec()).collect();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.sort_unstable();

        let whole = frames(&[&stream]);
        let mut pieces = Vec::new();
        let mut at = 0;
        for cut in cuts.into_iter().chain([stream.len()]) {
            pieces.push(&stream[at..cut]);
            at = cut;
        }

        prop_assert_eq!(frames(&pieces), whole);
    }
}

/// Does to a message whatever anybody might.
fn exercise(octets: &[u8]) {
    let _ = frames(&[octets]);
    let _ = Glance::at(octets);
    let message = match Message::parse(Bytes::copy_from_slice(octets)) {
        Ok(message) => message,
        Err(fault) => {
            let _ = fault.to_string();
            if let Some(refusal) = fault.refusal() {
                read(&refusal);
                assert!(refusal.to_bytes().len() < octets.len() + 600);
            }
            return;
        }
    };
    read(&message);
    let sent = message.to_bytes();
    let again = Message::parse(sent.clone()).expect("what was read once is read again");
    assert_eq!(again.to_bytes(), sent);
    match &message {
        Message::Request(request) => {
            let _ = request.uri().map(|uri| read_uri(&uri));
            let _ = Claim::of(request, "example.com").map(|claim| claim.user().to_string());
            let seen = request.with_source(([192, 0, 2, 1], 5060).into());
            assert_eq!(seen.body(), request.body());
            for status in [100, 180, 200, 404] {
                let reply = Response::reply_to(request, status).to_tag("x").finish();
                let read_back = Message::parse(reply.to_bytes());
                assert!(read_back.is_ok(), "{reply:?}");
            }
        }
        Message::Response(response) => {
            let _ = response.reason().to_string();
            let edited = response.edit().header_named("X-Seen", "yes").finish();
            assert!(Message::parse(edited.to_bytes()).is_ok(), "{edited:?}");
        }
    }
}

/// Asks for every typed value.
fn read(head: &Head) {
    for field in head.headers() {
        let _ = (
            field.name().to_string(),
            field.name_text(),
            field.value().to_string(),
        );
        let name = field.name();
        let _ = head.header_all(name).count();
        let _ = head
            .addresses(name)
            .map(|all| all.iter().for_each(read_address));
        let _ = head.header_param(name, "x");
        head.credentials(name)
            .for_each(|own| drop(own.param("nonce")));
        head.challenges(name)
            .for_each(|own| drop(own.param("nonce")));
    }
    let _ = head.vias().map(|vias| vias.iter().for_each(read_via));
    let _ = (
        head.via(),
        head.from(),
        head.to(),
        head.cseq(),
        head.call_id(),
        sip::session_description(head),
    );
    let _ = head.contacts().map(|all| all.iter().for_each(read_address));
    let _ = (
        head.routes(),
        head.record_routes(),
        head.path(),
        head.is_contact_star(),
    );
    let _ = (
        head.max_forwards(),
        head.expires(),
        head.min_expires(),
        head.retry_after(),
    );
    let _ = (
        head.rseq(),
        head.rack(),
        head.session_expires(),
        head.min_se(),
    );
    let _ = (
        head.require().count(),
        head.supported().count(),
        head.allow().count(),
    );
    let _ = (
        head.reasons().count(),
        head.content_type(),
        head.requires("100rel"),
    );
    let _ = (
        head.authorization().is_some(),
        head.challenges(Name::WwwAuthenticate).count(),
    );
    let _ = head.refer_to().map(|to| read_refer_to(&to));
    let _ = (
        head.event(),
        head.subscription_state(),
        head.allow_events().count(),
        head.referred_by(),
        head.refuses_refer_news(),
        head.replaces(),
    );
    let _ = head
        .header_named("X-Unknown")
        .or_else(|| head.header(Name::Subject));
    let _ = format!("{head:?}");
}

/// An endpoint with a registrar, which answers every call.
struct Exchange {
    now: Instant,
    endpoint: Endpoint,
    registrar: Registrar,
    source: Source,
    sessions: Vec<SessionId>,
}

#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
impl Exchange {
    fn new() -> Self {
        Self {
            now: Instant::now(),
            endpoint: Endpoint::new(EndpointConfig {
                allow: vec![Method::Register, Method::Refer, Method::Message],
                events: vec!["dialog".to_owned()],
                replaces: true,
                ..EndpointConfig::default()
            }),
            registrar: Registrar::new(RegistrarPolicy::default()),
            source: Source {
                transport: Transport::Udp,
                local: ([192, 0, 2, 9], 5060).into(),
                remote: ([192, 0, 2, 1], 5060).into(),
                flow: None,
            },
            sessions: Vec::new(),
        }
    }

    fn hear(&mut self, octets: Vec<u8>) {
        let (now, source) = (self.now, self.source);
        self.endpoint.handle_message(now, source, octets.into());
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Event(Event::Request {
                    handle, request, ..
                }) => {
                    let registrar = &mut self.registrar;
                    let done = registrar.handle_register(now, "somebody", &request, &source);
                    self.endpoint.respond(now, handle, done.reply.finish());
                }
                Output::Event(Event::Subscribed { subscription, .. }) => {
                    let notice = Notice::default();
                    (self.endpoint).accept_subscription(now, subscription, "1049", notice);
                    let end = Termination::Deactivated;
                    (self.endpoint).end_subscription(now, subscription, end, None);
                }
                Output::Event(Event::Referred { refer, to, .. }) => {
                    read_refer_to(&to);
                    self.endpoint.accept_refer(now, refer);
                    self.endpoint.report_refer(now, refer, 200);
                }
                Output::Event(Event::Incoming { session, .. }) => {
                    self.sessions.push(session);
                    self.endpoint.ring(now, session, 180, None);
                    self.endpoint.accept(now, session, Some("v=0".into()));
                }
                Output::Event(_) | Output::Transmit(_) => {}
            }
        }
    }

    fn hang_up_and_run_out(&mut self) {
        for session in self.sessions.drain(..) {
            self.endpoint.hang_up(self.now, session, None);
        }
        while let Some(at) = self.endpoint.poll_timeout() {
            self.now = self.now.max(at);
            self.endpoint.handle_timeout(self.now);
            while self.endpoint.poll_output().is_some() {}
        }
        assert_eq!(self.endpoint.counters().sessions, 0);
        assert_eq!(self.endpoint.counters().transactions, 0);
    }
}

fn read_via(via: &Via) {
    let _ = (
        via.transport(),
        via.sent_by(),
        via.branch(),
        via.has_unique_branch(),
    );
    let _ = (via.rport(), via.received(), via.maddr(), via.wants_rport());
    let _ = via.with_source(([192, 0, 2, 1], 5060).into());
}

fn read_address(address: &NameAddr) {
    let _ = (
        address.display(),
        address.tag(),
        address.expires(),
        address.q(),
    );
    let _ = address.uri().map(|uri| read_uri(&uri));
    let _ = address
        .with_tag("t")
        .with_param("p", Some("a b"))
        .detach()
        .without_params();
}

fn read_refer_to(to: &ReferTo) {
    read_uri(&to.uri());
    let _ = (to.method(), to.display(), to.headers().count());
    if let Ok(Some(replaces)) = to.replaces() {
        let again = ReferTo::replacing(&to.uri(), &replaces).replaces();
        assert_eq!(again, Ok(Some(replaces)), "{to:?}");
    }
}

fn read_uri(uri: &Uri) {
    let _ = (
        uri.user_unescaped(),
        uri.password(),
        uri.host(),
        uri.headers(),
    );
    let _ = uri.params().iter().count();
    assert!(uri == &uri.detach());
    let _ = uri.with_param("lr", None).without_headers().to_string();
}

fn frames(pieces: &[&[u8]]) -> Result<Vec<Frame>, sip::Error> {
    let mut framer = Framer::new();
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.next_frame()? {
            frames.push(frame);
        }
    }
    Ok(frames)
}

fn apply(octets: &mut Vec<u8>, damage: Damage, messages: &[Bytes]) {
    if octets.is_empty() {
        return;
    }
    let len = octets.len();
    let span = |a: Index, b: Index| {
        let (a, b) = (a.index(len), b.index(len));
        a.min(b)..a.max(b)
    };
    match damage {
        Damage::Flip(at, mask) => octets[at.index(len)] ^= mask,
        Damage::Cut(at) => octets.truncate(at.index(len)),
        Damage::Remove(a, b) => drop(octets.drain(span(a, b))),
        Damage::Repeat(a, b) => {
            let span = span(a, b);
            let piece = octets[span.clone()].to_vec();
            octets.splice(span.start..span.start, piece);
        }
        Damage::Insert(at, piece) => {
            let at = at.index(len);
            octets.splice(at..at, piece);
        }
        Damage::Splice(at, other, from) => {
            octets.truncate(at.index(len));
            let other = other.get(messages);
            octets.extend_from_slice(&other[from.index(other.len())..]);
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let odd = prop::sample::select(&b"\r\n\t \"<>;:,=@[]\\%*\0\xff0"[..]);
    prop_oneof![
        (any::<Index>(), 1..=255_u8).prop_map(|(at, mask)| Damage::Flip(at, mask)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Damage::Remove(a, b)),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Damage::Repeat(a, b)),
        (any::<Index>(), vec(odd, 1..9)).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        (any::<Index>(), any::<Index>(), any::<Index>())
            .prop_map(|(at, other, from)| Damage::Splice(at, other, from)),
    ]
}

/// All torture messages.
fn messages() -> Vec<Bytes> {
    static MESSAGES: std::sync::OnceLock<Vec<Bytes>> = std::sync::OnceLock::new();
    let read = || {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/torture");
        let files = std::fs::read_dir(folder)
            .expect("the messages are there")
            .flatten();
        let mut paths: Vec<_> = files.map(|file| file.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|kind| kind == "dat"));
        paths.sort();
        let read = |path| std::fs::read(path).expect("a message can be read").into();
        paths.into_iter().map(read).collect()
    };
    MESSAGES.get_or_init(read).clone()
}
