//! What is refused at the door, and what is let in.

use super::pair::{ALICE, ANSWER, BOB, Pair};
use crate::{Event, Method, Name, Response};

#[test]
fn what_is_wrong_with_a_request_is_said() {
    for (change, status) in [
        (("Max-Forwards: 70", "Max-Forwards: 0"), 483),
        (
            ("INVITE sip:bob@192.0.2.2", "INVITE mailto:bob@example.com"),
            416,
        ),
        (
            ("Max-Forwards: 70", "Max-Forwards: 70\nRequire: teleport"),
            420,
        ),
        (("INVITE", "JUMP"), 501),
        (("INVITE", "MESSAGE"), 405),
        (("INVITE", "SUBSCRIBE"), 489),
        (("INVITE", "REFER"), 603),
        (("INVITE", "NOTIFY"), 481),
        (("INVITE", "PUBLISH"), 405),
        (("INVITE", "BYE"), 481),
        (("INVITE", "PRACK"), 481),
        (
            (
                "To: <sip:bob@192.0.2.2>",
                "To: <sip:bob@192.0.2.2>;tag=gone",
            ),
            481,
        ),
        (("Contact: <sip:x@192.0.2.1>\n", ""), 400),
        (
            (
                "Content-Length: 0\n\n",
                "Content-Type: text/plain\nContent-Length: 2\n\nhi",
            ),
            415,
        ),
        (("SIP/2.0\n", "SIP/7.0\n"), 505),
    ] {
        let mut pair = Pair::new();

        pair.inject(BOB, "192.0.2.1:5060", &invite().replace(change.0, change.1));

        let refusals = pair.responses(BOB, status);
        assert_eq!(refusals.len(), 1, "{change:?}: {:?}", pair.sides[BOB]);
        let to = refusals.first().unwrap().to().unwrap();
        assert!(to.tag().is_some(), "{change:?}");
        assert!(pair.sides[BOB].events.is_empty(), "{change:?}");
        let counters = pair.bob().counters();
        assert_eq!(
            (counters.sessions, counters.transactions),
            (0, 0),
            "{change:?}"
        );
    }
}

#[test]
fn the_sender_of_a_message_that_was_cut_is_told_that_it_is_too_long() {
    let announced = invite().replace("Content-Length: 0", "Content-Length: 70000");
    let endless = invite().replace(
        "Content-Length: 0\n\n",
        &format!("X: {}", "x".repeat(70_000)),
    );
    for text in [announced, endless] {
        let mut pair = Pair::new();
        let source = crate::Source {
            transport: crate::Transport::Tcp,
            local: "192.0.2.2:5060".parse().unwrap(),
            remote: "192.0.2.1:40000".parse().unwrap(),
            flow: Some(crate::FlowId(3)),
        };

        (pair.bob()).handle_too_long_message(source, text.replace('\n', "\r\n").into());
        pair.run_for(0);

        let refusal = pair.responses(BOB, 513).remove(0);
        assert_eq!(refusal.call_id(), "door");
        assert_eq!(pair.bob().counters(), crate::Counters::default());
        // Of an answer, or of what is no SIP, nobody is told.
        for text in ["SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 192.0.2.1\r\n", "hello"] {
            pair.bob().handle_too_long_message(source, text.into());
        }
        pair.run_for(0);
        assert_eq!(pair.sides[BOB].sent.len(), 1);
    }
}

#[test]
fn who_asks_first_is_told_of_everything_and_turns_down_what_is_not_served() {
    let ask = |pair: &mut Pair, what: &str, line: &str| {
        let text = invite().replace("INVITE", what);
        let text = text.replace("Max-Forwards: 70\n", &format!("Max-Forwards: 70\n{line}"));
        pair.inject(BOB, "192.0.2.1:5060", &text);
        pair.take(BOB, |e| matches!(e, Event::Request { .. }))
    };
    for (what, line, status, remedy) in [
        ("JUMP", "", 501, Name::Allow),
        ("MESSAGE", "", 405, Name::Allow),
        ("PUBLISH", "", 405, Name::Allow),
        ("REFER", "", 603, Name::Server),
        ("SUBSCRIBE", "", 489, Name::AllowEvents),
        ("SUBSCRIBE", "Event: presence\n", 489, Name::AllowEvents),
        (
            "SUBSCRIBE",
            "Event: dialog\nExpires: 1\n",
            423,
            Name::MinExpires,
        ),
    ] {
        let mut pair = Pair::with(|config| {
            config.events = vec!["dialog".to_owned()];
            config.asks_first = true;
        });
        let Some(Event::Request {
            handle, request, ..
        }) = ask(&mut pair, what, line)
        else {
            panic!("{what} {line} was not told");
        };
        assert!(pair.responses(BOB, status).is_empty(), "{what} {line}");

        let now = pair.now;
        pair.bob().turn_down(now, handle, &request);
        pair.run_for(100);

        let refusal = pair.responses(BOB, status).remove(0);
        assert!(refusal.has(remedy), "{what} {line}");
        assert_eq!(pair.bob().counters().transactions, 0, "{what} {line}");
    }
    // What makes sense within dialogs only is nobody's business.
    let mut pair = Pair::with(|config| config.asks_first = true);
    for what in ["NOTIFY", "BYE", "INFO"] {
        assert!(ask(&mut pair, what, "").is_none(), "{what}");
    }
    assert_eq!(pair.responses(BOB, 481).len(), 3);
}

#[test]
fn refusals_say_what_would_be_right() {
    let mut pair = Pair::new();

    pair.inject(
        BOB,
        "192.0.2.1:5060",
        &invite().replace("INVITE", "MESSAGE"),
    );
    pair.inject(
        BOB,
        "192.0.2.1:5060",
        &invite().replace(
            "Max-Forwards: 70",
            "Max-Forwards: 70\nRequire: 100rel, teleport",
        ),
    );

    let allow: Vec<Method> = pair.responses(BOB, 405).remove(0).allow().collect();
    assert!(allow.contains(&Method::Invite) && allow.contains(&Method::Register));
    let unsupported = pair.responses(BOB, 420).remove(0).header(Name::Unsupported);
    assert_eq!(unsupported.unwrap(), "teleport");
}

#[test]
fn the_same_request_over_another_path_is_merged() {
    let mut pair = Pair::new();
    pair.inject(BOB, "192.0.2.1:5060", &invite());

    pair.inject(
        BOB,
        "192.0.2.8:5060",
        &invite().replace("z9hG4bKdoor", "z9hG4bKother"),
    );

    assert_eq!(pair.responses(BOB, 482).len(), 1);
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Incoming { .. })), 1);
}

#[test]
fn a_full_house_refuses_new_calls_with_503_and_goes_on_with_the_old() {
    let mut pair = Pair::with(|config| config.max_sessions = 1);
    let (alice, bob) = pair.talk();

    pair.inject(BOB, "192.0.2.7:5060", &invite());
    let refusal = pair.responses(BOB, 503).remove(0);
    assert!(refusal.retry_after().is_some());
    assert_eq!(pair.bob().counters().overload_refusals, 1);
    let now = pair.now;
    pair.alice().offer(now, alice, ANSWER);
    pair.run_for(100);
    let now = pair.now;
    pair.bob().answer(now, bob, ANSWER);
    pair.run_for(100);
    assert!(
        pair.take(ALICE, |e| matches!(e, Event::OfferAnswered { .. }))
            .is_some()
    );
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_for(100);
    pair.inject(
        BOB,
        "192.0.2.7:5060",
        &invite().replace("z9hG4bKdoor", "z9hG4bKagain"),
    );

    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Incoming { .. })), 1);
}

#[test]
fn too_many_transactions_refuse_new_calls_without_keeping_state() {
    let mut pair = Pair::with(|config| config.max_transactions = 3);

    for number in 0..50 {
        let text = invite().replace("z9hG4bKdoor", &format!("z9hG4bK{number}"));
        let text = text.replace("Call-ID: door", &format!("Call-ID: {number}"));
        pair.inject(BOB, "192.0.2.1:5060", &text);
    }

    assert_eq!(pair.bob().counters().transactions, 3);
    assert_eq!(pair.responses(BOB, 503).len(), 47);
}

#[test]
fn a_challenged_caller_leaves_no_trace() {
    let mut pair = Pair::new();
    pair.inject(BOB, "192.0.2.1:5060", &invite());
    let bob = pair.incoming();

    let challenge = (
        "WWW-Authenticate".to_owned(),
        "Digest realm=\"x\", nonce=\"1\"".to_owned(),
    );
    let now = pair.now;
    pair.bob().reject(now, bob, 401, &[challenge]);
    pair.run_for(1);

    assert!(
        pair.responses(BOB, 401)
            .remove(0)
            .has(Name::WwwAuthenticate)
    );
    let counters = pair.bob().counters();
    assert_eq!((counters.sessions, counters.transactions), (0, 0));
    let ack = invite().replace("INVITE", "ACK");
    pair.inject(BOB, "192.0.2.1:5060", &ack);
    assert_eq!(pair.sides[BOB].sent.len(), 2);
}

#[test]
fn a_stranger_outside_of_calls_leaves_no_trace_either() {
    for (method, status) in [("REGISTER", 401), ("REGISTER", 404), ("OPTIONS", 200)] {
        let mut pair = Pair::new();
        let request = invite().replace("INVITE", method);

        answer(&mut pair, &request, status);
        answer(&mut pair, &request, status);

        let answers = pair.responses(BOB, status);
        assert_eq!(answers.len(), 2, "{method}");
        assert_eq!(answers[0].to_bytes(), answers[1].to_bytes(), "{method}");
        assert!(pair.bob().is_empty(), "{method}");
    }
}

#[test]
fn who_has_registered_is_answered_once() {
    let mut pair = Pair::new();
    let register = invite().replace("INVITE", "REGISTER");

    answer(&mut pair, &register, 423);
    pair.inject(BOB, "192.0.2.1:5060", &register);

    assert_eq!(pair.responses(BOB, 423).len(), 2);
    assert!(pair.sides[BOB].events.is_empty());
}

#[test]
fn options_are_told_what_we_can_do() {
    let mut pair = Pair::new();

    answer(&mut pair, &invite().replace("INVITE", "OPTIONS"), 200);

    let ok = pair.responses(BOB, 200).remove(0);
    assert!(ok.allow().any(|method| method == Method::Invite));
    assert_eq!(ok.header(Name::Accept).unwrap(), "application/sdp");
    assert!(ok.supports("100rel") && ok.supports("timer"));
}

/// Bob's application gets a request and answers it.
fn answer(pair: &mut Pair, request: &str, status: u16) {
    pair.inject(BOB, "192.0.2.1:5060", request);
    let Some(Event::Request {
        handle, request, ..
    }) = pair.take(BOB, |_| true)
    else {
        panic!("no request");
    };
    let now = pair.now;
    let reply = Response::reply_to(&request, status).finish();
    pair.bob().respond(now, handle, reply);
    pair.run_for(1);
}

/// One wrong password in an office must not cut the calls of the others behind its address.
#[test]
fn a_banned_source_begins_nothing_and_ends_what_it_has() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.talk();
    let sent = pair.sides[BOB].sent.len();
    for method in ["INVITE", "REGISTER", "OPTIONS", "JUMP"] {
        hear_banned(&mut pair, &invite().replace("INVITE", method));
    }
    hear_banned(&mut pair, "hello");
    assert_eq!(pair.sides[BOB].sent.len(), sent);
    assert!(pair.sides[BOB].events.is_empty());

    let now = pair.now;
    pair.bob().offer(now, bob, ANSWER);
    pair.run_for(100);
    let now = pair.now;
    pair.drop = Some(|side, _| side == ALICE);
    pair.alice().answer(now, alice, ANSWER);
    pair.alice().hang_up(now, alice, None);
    pair.run_for(10);
    for message in pair.sides[ALICE].sent.split_off(2) {
        let text = String::from_utf8(message.to_bytes().to_vec()).unwrap();
        hear_banned(&mut pair, &text.replace("\r\n", "\n"));
    }

    let answered = |e: &Event| matches!(e, Event::OfferAnswered { .. });
    assert_eq!(pair.count(BOB, answered), 1);
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Ended { .. })), 1);
}

fn hear_banned(pair: &mut Pair, text: &str) {
    let source = crate::Source {
        transport: crate::Transport::Udp,
        local: "192.0.2.2:5060".parse().unwrap(),
        remote: "192.0.2.1:5060".parse().unwrap(),
        flow: None,
    };
    let (now, text) = (pair.now, text.replace('\n', "\r\n").into());
    pair.bob().handle_banned_message(now, source, text);
    pair.run_for(0);
}

#[test]
fn a_request_outside_of_calls_is_the_applications_to_answer() {
    let mut pair = Pair::new();
    let register = invite().replace("INVITE", "REGISTER");

    pair.inject(BOB, "192.0.2.1:5060", &register);
    let Some(Event::Request {
        handle,
        request,
        source,
    }) = pair.take(BOB, |_| true)
    else {
        panic!("no request");
    };
    assert_eq!(source.remote.to_string(), "192.0.2.1:5060");
    let now = pair.now;
    pair.bob()
        .respond(now, handle, Response::reply_to(&request, 200).finish());
    pair.run_for(1);
    pair.inject(BOB, "192.0.2.1:5060", &register);

    let answers = pair.responses(BOB, 200);
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0].to_bytes(), answers[1].to_bytes());
    assert!(answers[0].to().unwrap().tag().is_some());
    assert!(pair.sides[BOB].events.is_empty());
    pair.run_out();
}

#[test]
fn a_request_of_ours_outside_of_calls_is_answered_or_times_out() {
    let mut pair = Pair::new();
    let (now, route) = (pair.now, pair.route(ALICE));
    let options = crate::Request::build(Method::Options, &pair.outgoing().uri)
        .header(Name::From, "<sip:us@192.0.2.1>;tag=1")
        .header(Name::To, "<sip:bob@192.0.2.2>")
        .header(Name::CallId, "ping")
        .header(Name::CSeq, "1 OPTIONS")
        .finish();
    let handle = pair.alice().request(now, &options, route);
    pair.run_for(50);
    let Some(Event::Request {
        handle: theirs,
        request,
        ..
    }) = pair.take(BOB, |_| true)
    else {
        panic!("no request");
    };
    let now = pair.now;
    pair.bob()
        .respond(now, theirs, Response::reply_to(&request, 200).finish());
    pair.run_for(50);
    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Response { handle: h, response }) if h == handle && response.status() == 200
    ));

    pair.loss = 100;
    let now = pair.now;
    let handle = pair.alice().request(now, &options, route);
    pair.run_for(33_000);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::RequestTimedOut { handle: h }) if h == handle
    ));
    pair.run_out();
}

#[test]
fn garbage_is_swallowed() {
    let mut pair = Pair::new();

    for text in [
        "",
        "\n\n",
        "hello",
        "SIP/2.0 200 OK\n\n",
        "INVITE\n",
        "\u{0}\u{1}\u{2}",
    ] {
        pair.inject(BOB, "192.0.2.1:5060", text);
    }

    assert!(pair.sides[BOB].events.is_empty());
    assert_eq!(pair.bob().counters(), crate::Counters::default());
}

#[test]
fn a_branch_of_rfc_2543_is_told_apart_by_the_whole_request() {
    let mut pair = Pair::new();
    let old = invite().replace(";branch=z9hG4bKdoor", "");

    pair.inject(BOB, "192.0.2.1:5060", &old);
    pair.inject(BOB, "192.0.2.1:5060", &old);
    let other = old.replace("Call-ID: door", "Call-ID: window");
    pair.inject(BOB, "192.0.2.1:5060", &other);

    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Incoming { .. })), 2);
    let cancel = old.replace("INVITE", "CANCEL");
    pair.inject(BOB, "192.0.2.1:5060", &cancel);
    assert_eq!(pair.responses(BOB, 487).len(), 1);
}

fn invite() -> String {
    "INVITE sip:bob@192.0.2.2 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKdoor
From: <sip:x@192.0.2.1>;tag=1
To: <sip:bob@192.0.2.2>
Call-ID: door
CSeq: 1 INVITE
Max-Forwards: 70
Contact: <sip:x@192.0.2.1>
Content-Length: 0

"
    .to_owned()
}
