//! Offers and answers between us and phones.

use proptest::prelude::*;

use super::*;
use crate::{SdpError, TelephoneEvent};

const ALL: [CodecKind; 5] = [
    CodecKind::Opus,
    CodecKind::G722,
    CodecKind::Pcma,
    CodecKind::Pcmu,
    CodecKind::G729,
];

#[test]
fn an_offer_names_its_codecs_in_order_with_keys_at_their_clock_rates() {
    let mut ours = negotiator();

    let text = text(&ours.offer(&[CodecKind::Opus, CodecKind::Pcma], Direction::SendRecv));

    assert_eq!(
        text,
        "v=0\r\no=- 7 7 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n\
         m=audio 16384 RTP/AVP 111 8 101 110\r\na=rtpmap:111 opus/48000/2\r\n\
         a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
}

#[test]
fn an_answer_has_one_codec_and_the_peers_numbers() {
    let mut ours = negotiator();
    let offer = offer(
        "m=audio 4000 RTP/AVP 0 96 101\r\na=rtpmap:96 opus/48000/2\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=rtcp-mux\r\na=ptime:40\r\n",
    );

    let (answer, agreed) = ours
        .answer(
            &offer,
            &[CodecKind::Pcma, CodecKind::Opus],
            Direction::SendRecv,
        )
        .unwrap();

    let opus = Negotiated {
        kind: CodecKind::Opus,
        send: 96,
        receive: 96,
    };
    assert_eq!(agreed.codec, opus);
    assert_eq!(agreed.telephone_event, Some(events(101, 101)));
    assert_eq!(agreed.remote, Some("192.0.2.1:4000".parse().unwrap()));
    assert_eq!(agreed.remote_rtcp, agreed.remote);
    assert_eq!(
        (agreed.ptime, agreed.rtcp_mux, agreed.held_by_peer),
        (40, true, false)
    );
    let answer = text(&answer);
    assert!(
        answer.contains("m=audio 16384 RTP/AVP 96 101\r\n"),
        "{answer}"
    );
    assert!(answer.contains("a=rtcp-mux\r\n"), "{answer}");
    assert!(!answer.contains("PCM"), "{answer}");
}

#[test]
fn we_understand_each_other() {
    for kind in ALL {
        let (mut alice, mut bob) = (negotiator(), negotiator());

        let offer = alice.offer(&ALL, Direction::SendRecv);
        let offer = Description::parse(&offer).unwrap();
        let (answer, at_bob) = bob.answer(&offer, &[kind], Direction::SendRecv).unwrap();
        let at_alice = alice.accept(&Description::parse(&answer).unwrap()).unwrap();

        assert_eq!(at_alice.codec, at_bob.codec);
        assert_eq!(at_alice.codec.kind, kind);
        assert_eq!(at_alice.telephone_event, at_bob.telephone_event);
        let clock = at_alice.telephone_event.unwrap().clock_rate;
        assert_eq!(clock, kind.clock_rate());
        assert_eq!(at_alice.direction, Direction::SendRecv);
        assert_eq!(at_alice.ptime, 20);
    }
}

/// RFC 3264 §10.1: audio and two videos are offered, the first video is refused.
#[test]
fn the_example_of_rfc_3264_is_answered_with_its_m_lines_in_place() {
    let mut ours = negotiator();
    let offer = offer(
        "m=audio 62986 RTP/AVP 0 4 18\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:4 G723/8000\r\na=rtpmap:18 G729/8000\r\na=inactive\r\n\
         m=video 51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n\
         m=audio 53000 RTP/AVP 0\r\n",
    );

    let (answer, agreed) = ours
        .answer(&offer, &[CodecKind::Pcmu], Direction::SendRecv)
        .unwrap();

    let answer = Description::parse(&answer).unwrap();
    let lines: Vec<_> = answer
        .media()
        .map(|media| (media.kind(), media.port()))
        .collect();
    assert_eq!(
        lines,
        [(&b"audio"[..], 16384), (b"video", 0), (b"audio", 0)]
    );
    assert_eq!(agreed.direction, Direction::Inactive);
    assert!(agreed.held_by_peer);

    // Our own offers in that session keep the refused lines.
    let again = Description::parse(&ours.offer(&[CodecKind::Pcmu], Direction::SendRecv)).unwrap();
    assert_eq!(again.media().count(), 3);
    assert!(ours.accept(&answer_of(&again)).is_ok());
}

#[test]
fn hold_in_every_form_stops_what_the_peer_does_not_want() {
    for (lines, direction, held, has_address) in [
        ("a=sendrecv\r\n", Direction::SendRecv, false, true),
        ("a=sendonly\r\n", Direction::RecvOnly, true, true),
        ("a=recvonly\r\n", Direction::SendOnly, false, true),
        ("a=inactive\r\n", Direction::Inactive, true, true),
        ("c=IN IP4 0.0.0.0\r\n", Direction::RecvOnly, true, false),
        (
            "c=IN IP4 0.0.0.0\r\na=sendonly\r\n",
            Direction::RecvOnly,
            true,
            false,
        ),
        (
            "c=IN IP4 0.0.0.0\r\na=inactive\r\n",
            Direction::Inactive,
            true,
            false,
        ),
    ] {
        let mut ours = negotiator();
        let offer = offer(&format!("m=audio 4000 RTP/AVP 8\r\n{lines}"));

        let (answer, agreed) = ours
            .answer(&offer, &[CodecKind::Pcma], Direction::SendRecv)
            .unwrap();

        assert_eq!(agreed.direction, direction, "{lines}");
        assert_eq!(agreed.held_by_peer, held, "{lines}");
        assert_eq!(agreed.remote.is_some(), has_address, "{lines}");
        let word = format!("a={}\r\n", direction_word(direction));
        assert!(text(&answer).contains(&word), "{lines}");
    }
}

/// RFC 4317 §2.3: the answerer holds, and takes the call back.
#[test]
fn the_answerer_of_rfc_4317_holds_and_resumes() {
    let (mut alice, mut bob) = (negotiator(), negotiator());
    let codecs = [CodecKind::Pcmu];
    let first = parsed(&alice.offer(&codecs, Direction::SendRecv));
    bob.answer(&first, &codecs, Direction::SendRecv).unwrap();

    let hold = parsed(&bob.offer(&codecs, Direction::SendOnly));
    let (answer, at_alice) = alice.answer(&hold, &codecs, Direction::SendRecv).unwrap();
    let at_bob = bob.accept(&parsed(&answer)).unwrap();

    assert_eq!(
        (at_alice.direction, at_alice.held_by_peer),
        (Direction::RecvOnly, true)
    );
    assert_eq!(
        (at_bob.direction, at_bob.held_by_peer),
        (Direction::SendOnly, false)
    );
    assert!(text(&answer).contains("a=recvonly\r\n"));

    let resume = parsed(&bob.offer(&codecs, Direction::SendRecv));
    let (answer, at_alice) = alice.answer(&resume, &codecs, Direction::SendRecv).unwrap();
    let at_bob = bob.accept(&parsed(&answer)).unwrap();

    for agreed in [at_alice, at_bob] {
        assert_eq!(
            (agreed.direction, agreed.held_by_peer),
            (Direction::SendRecv, false)
        );
    }
}

/// RFC 4317 §2.4: keys have a stream of their own, which we refuse.
#[test]
fn a_second_stream_for_keys_alone_is_refused_and_the_first_is_taken() {
    let mut ours = negotiator();
    let offer = offer(
        "m=audio 49170 RTP/AVP 0 97\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:97 iLBC/8000\r\n\
         m=audio 49172 RTP/AVP 98\r\na=rtpmap:98 telephone-event/8000\r\na=sendonly\r\n",
    );

    let (answer, agreed) = ours.answer(&offer, &ALL, Direction::SendRecv).unwrap();

    assert_eq!(agreed.codec.kind, CodecKind::Pcmu);
    assert_eq!(agreed.telephone_event, None);
    assert!(text(&answer).contains("m=audio 16384 RTP/AVP 0\r\n"));
    assert!(text(&answer).ends_with("m=audio 0 RTP/AVP 98\r\n"));
}

#[test]
fn our_own_hold_and_resume_are_offers_with_rising_versions() {
    let mut ours = negotiator();
    let codecs = [CodecKind::Pcma];
    ours.offer(&codecs, Direction::SendRecv);

    let hold = ours.offer(&codecs, Direction::SendOnly);
    let peer = offer("m=audio 4000 RTP/AVP 8\r\na=recvonly\r\n");
    let on_hold = ours.accept(&peer).unwrap();
    let same = ours.offer(&codecs, Direction::SendOnly);
    let resumed = ours.offer(&codecs, Direction::SendRecv);

    assert!(text(&hold).contains("o=- 7 8 IN") && text(&hold).contains("a=sendonly\r\n"));
    assert_eq!(on_hold.direction, Direction::SendOnly);
    assert!(!on_hold.held_by_peer);
    assert_eq!(hold, same, "an unchanged description keeps its version");
    assert!(text(&resumed).contains("o=- 7 9 IN"));
}

#[test]
fn a_peer_that_is_held_by_us_does_not_hold_us() {
    let mut ours = negotiator();
    ours.offer(&[CodecKind::Pcma], Direction::Inactive);

    let agreed = ours
        .accept(&offer("m=audio 4000 RTP/AVP 8\r\na=inactive\r\n"))
        .unwrap();

    assert_eq!(agreed.direction, Direction::Inactive);
    assert!(!agreed.held_by_peer);
}

#[test]
fn numbers_keep_their_meaning_when_the_other_side_offers() {
    let mut ours = negotiator();
    let theirs = offer(
        "m=audio 4000 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\n\
         a=rtpmap:97 telephone-event/48000\r\n",
    );
    ours.answer(&theirs, &ALL, Direction::SendRecv).unwrap();

    let again = text(&ours.offer(&[CodecKind::Opus, CodecKind::Pcma], Direction::SendOnly));

    assert!(
        again.contains("m=audio 16384 RTP/AVP 96 8 101 97\r\n"),
        "{again}"
    );
}

#[test]
fn an_answer_with_numbers_of_its_own_is_heard_under_ours_and_sent_under_theirs() {
    let mut ours = negotiator();
    ours.offer(&[CodecKind::Opus], Direction::SendRecv);

    let agreed = ours
        .accept(&offer(
            "m=audio 4000 RTP/AVP 120\r\na=rtpmap:120 opus/48000/2\r\n",
        ))
        .unwrap();

    let opus = Negotiated {
        kind: CodecKind::Opus,
        send: 120,
        receive: 111,
    };
    assert_eq!((agreed.codec, agreed.telephone_event), (opus, None));
}

#[test]
fn keys_too_are_heard_under_our_number_and_sent_under_theirs() {
    let mut ours = negotiator();
    ours.offer(&[CodecKind::Pcma], Direction::SendRecv);

    let agreed = ours
        .accept(&offer(
            "m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\n",
        ))
        .unwrap();

    assert_eq!(agreed.telephone_event, Some(events(96, 101)));
}

#[test]
fn a_separate_report_port_is_said_and_a_v6_address_is_written_as_such() {
    let address = "[2001:db8::5]:16384".parse().unwrap();
    let mut ours = Negotiator::new(LocalSide {
        address,
        rtcp_port: 20_001,
        ..local()
    });

    let text = text(&ours.offer(&[CodecKind::Pcmu], Direction::SendRecv));

    assert!(text.contains("c=IN IP6 2001:db8::5\r\n"), "{text}");
    assert!(text.contains("a=rtcp:20001\r\n"), "{text}");
}

#[test]
fn packets_are_as_long_as_the_peer_likes_and_the_codec_allows() {
    for (lines, kind, expected) in [
        ("", CodecKind::Pcma, 20),
        ("a=ptime:30\r\n", CodecKind::Pcma, 30),
        ("a=ptime:30\r\n", CodecKind::Opus, 20),
        ("a=ptime:200\r\n", CodecKind::Pcma, 60),
        ("a=ptime:5\r\n", CodecKind::Pcma, 10),
        ("a=ptime:0\r\n", CodecKind::Pcma, 20),
        ("a=ptime:40\r\na=maxptime:20\r\n", CodecKind::Pcma, 20),
    ] {
        let mut ours = negotiator();
        let offer = offer(&format!(
            "m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 opus/48000/2\r\n{lines}"
        ));

        let (_, agreed) = ours.answer(&offer, &[kind], Direction::SendRecv).unwrap();

        assert_eq!(agreed.ptime, expected, "{lines}");
    }
}

#[test]
fn nothing_in_common_is_said_with_their_names() {
    let mut ours = negotiator();
    ours.offer(&[CodecKind::Pcma], Direction::SendRecv);
    let strange = offer("m=audio 4000 RTP/AVP 3\r\na=rtpmap:3 GSM/8000\r\n");

    let refused = ours
        .answer(&strange, &ALL, Direction::SendRecv)
        .unwrap_err();
    assert_eq!(
        refused,
        SdpError::NoCodec {
            theirs: "3, 3 GSM/8000".into()
        }
    );
    assert!(matches!(
        ours.accept(&strange),
        Err(SdpError::NoCodec { .. })
    ));

    let secured = offer("m=audio 4000 RTP/SAVP 8\r\n");
    assert_eq!(
        ours.answer(&secured, &ALL, Direction::SendRecv),
        Err(SdpError::NoAudio)
    );
    let refused = offer("m=audio 0 RTP/AVP 8\r\n");
    assert_eq!(ours.accept(&refused), Err(SdpError::NoAudio));
    let more = offer("m=audio 4000 RTP/AVP 8\r\nm=video 1 RTP/AVP 9\r\n");
    assert!(matches!(ours.accept(&more), Err(SdpError::Mismatch(_))));
}

proptest! {
    #[test]
    fn no_media_section_panics_and_every_answer_can_be_read(
        formats in "[0-9 ]{0,40}", lines in "(a=[a-z]{1,8}:[0-9 /A-Za-z.]{0,30}\r\n){0,6}",
    ) {
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 8 {formats}\r\n{lines}"
        );
        let offer = Description::parse(text.as_bytes()).unwrap();
        if let Ok((answer, _)) = negotiator().answer(&offer, &ALL, Direction::SendRecv) {
            prop_assert!(Description::parse(&answer).unwrap().audio().is_some());
        }
    }
}

/// A peer's answer that takes the audio of our offer and refuses the rest.
fn events(send: u8, receive: u8) -> TelephoneEvent {
    TelephoneEvent {
        send,
        receive,
        clock_rate: 8_000,
    }
}

fn answer_of(offer: &Description) -> Description {
    let (bytes, _) = negotiator()
        .answer(offer, &ALL, Direction::SendRecv)
        .unwrap();
    Description::parse(&bytes).unwrap()
}

fn parsed(bytes: &[u8]) -> Description {
    Description::parse(bytes).unwrap()
}

fn negotiator() -> Negotiator {
    Negotiator::new(local())
}

fn local() -> LocalSide {
    LocalSide {
        address: "203.0.113.5:16384".parse().unwrap(),
        rtcp_port: 16_385,
        rtcp_mux: false,
        ptime: 20,
        session_id: 7,
    }
}

fn offer(media: &str) -> Description {
    let text = format!("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}");
    Description::parse(text.as_bytes()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
