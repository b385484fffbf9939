//! A connection in simulated time: what it sends, what it makes of what comes, and when it gives up.

mod coming;

use rusmpp::CommandId;
use rusmpp::pdus::{BindTransceiverResp, SubmitSm, SubmitSmResp};

use super::super::line::{Address, Joining, ReceiptIds, Secret};
use super::super::pdu::Frame;
use super::*;

/// A session, and what it has sent that nobody has read.
struct Bed {
    session: Session,
    now: Instant,
    frames: Frames,
    answers: Vec<(Ticket, Result<Answer, Error>)>,
    delivered: Vec<(Delivery, Incoming)>,
    connects: usize,
    is_connected: bool,
}

/// A line to nowhere.
pub(in super::super) fn line() -> Line {
    Line {
        host: "smsc.example".to_owned(),
        port: 2775,
        is_tls: false,
        may_be_private: false,
        if_private: String::new(),
        system_id: "acme".to_owned(),
        password: Secret("secret".to_owned()),
        system_type: String::new(),
        window: 2,
        per_second: 1_000,
        enquire_link: Duration::from_secs(30),
        timeout: Duration::from_secs(15),
        from: Address::new("10690000", None, None).unwrap(),
        to_ton: None,
        to_npi: None,
        joining: Joining::Udh,
        receipt_ids: ReceiptIds::Same,
    }
}

pub(in super::super) fn text(line: &Line, text: &str) -> Outgoing {
    let to = Address::new("13900139000", None, None).unwrap();
    Outgoing::part(line, to, text, 7, 1).unwrap()
}

impl Bed {
    fn new(line: Line) -> Self {
        let now = Instant::now();
        let mut bed = Self {
            session: Session::new(now, Arc::new(line)),
            now,
            frames: Frames::default(),
            answers: Vec::new(),
            delivered: Vec::new(),
            connects: 0,
            is_connected: false,
        };
        bed.drain();
        bed
    }

    /// One that is bound.
    fn bound(line: Line) -> Self {
        let mut bed = Self::new(line);
        bed.binds(0);
        bed
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Connect => self.connects += 1,
                Output::Send(octets) => self.frames.push(&octets),
                Output::Disconnect => self.is_connected = false,
                Output::Answered(ticket, answer) => self.answers.push((ticket, answer)),
                Output::Deliver(delivery, incoming) => self.delivered.push((delivery, incoming)),
                Output::Unreadable(_) => {}
            }
        }
    }

    /// The provider answers the connection and the login.
    fn binds(&mut self, status: u32) {
        self.is_connected = true;
        self.session.handle_connected(self.now);
        self.drain();
        let bind = self.sent().unwrap();
        assert_eq!(CommandId::from(bind.id), CommandId::BindTransceiver);
        self.says(status, bind.sequence, BindTransceiverResp::default());
    }

    fn says(&mut self, status: u32, sequence: u32, pdu: impl Into<Pdu>) {
        let octets = pdu::octets(status, sequence, pdu);
        self.session.handle_octets(self.now, &octets);
        self.drain();
    }

    /// The next that the provider gets.
    fn sent(&mut self) -> Option<Frame> {
        self.frames.next().unwrap()
    }

    fn submitted(&mut self) -> Option<(u32, SubmitSm)> {
        let frame = self.sent()?;
        match frame.pdu {
            Some(Pdu::SubmitSm(submit)) => Some((frame.sequence, submit)),
            other => panic!("{other:?}"),
        }
    }

    fn submit(&mut self, ticket: Ticket) {
        let message = text(&self.session.line.clone(), "hello");
        self.session.handle_submit(self.now, ticket, message);
        self.drain();
    }

    fn takes(&mut self, sequence: u32, id: &str) {
        let answer = SubmitSmResp::builder().message_id(id.parse().unwrap());
        self.says(0, sequence, answer.build());
    }

    fn breaks(&mut self) {
        self.is_connected = false;
        self.session.handle_lost(self.now, "broken pipe".to_owned());
        self.drain();
    }

    /// Lets time pass, with all that becomes due in it.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.session.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }
}

#[test]
fn a_message_has_its_answer_and_asks_for_a_receipt() {
    let mut bed = Bed::bound(line());

    bed.submit(1);
    let (sequence, submit) = bed.submitted().unwrap();
    bed.takes(sequence, "7A");

    assert_eq!(submit.short_message().as_ref(), b"hello");
    assert_eq!(u8::from(submit.registered_delivery), 1);
    assert_eq!(u8::from(submit.esm_class), 0);
    let answer = Answer {
        status: 0,
        id: "7A".to_owned(),
        rest: None,
    };
    assert_eq!(bed.answers, [(1, Ok(answer))]);
}

#[test]
fn no_more_than_the_window_is_without_an_answer() {
    let mut bed = Bed::bound(line());

    (1..=4).for_each(|ticket| bed.submit(ticket));
    bed.seconds(1);
    let (first, _) = bed.submitted().unwrap();
    bed.submitted().unwrap();
    assert!(bed.submitted().is_none());
    bed.takes(first, "1");
    bed.seconds(1);

    assert!(bed.submitted().is_some());
    assert!(bed.submitted().is_none());
}

#[test]
fn no_second_has_more_messages_than_the_provider_allows() {
    let mut bed = Bed::bound(Line {
        per_second: 2,
        window: 100,
        ..line()
    });
    let began = bed.now;

    (1..=10).for_each(|ticket| bed.submit(ticket));
    let mut sent = 0;
    while sent < 10 {
        sent += std::iter::from_fn(|| bed.submitted()).count();
        bed.pass(Duration::from_millis(100));
    }

    // The first goes at once.
    assert!(bed.now - began >= Duration::from_millis(4_500));
    assert!(bed.now - began <= Duration::from_millis(5_000));
}

#[test]
fn a_provider_that_has_too_much_is_left_alone_for_longer_each_time() {
    let mut bed = Bed::bound(line());
    let mut rests = Vec::new();

    for ticket in 1..=3 {
        bed.submit(ticket);
        bed.seconds(14);
        let (sequence, _) = bed.submitted().unwrap();
        // A refusal has no body.
        let throttled = [0x80, 0, 0, 4, 0, 0, 0, 0x58];
        let octets = [&[0, 0, 0, 16][..], &throttled, &sequence.to_be_bytes()].concat();
        bed.session.handle_octets(bed.now, &octets);
        bed.drain();
        let (_, answer) = bed.answers.pop().unwrap();
        let answer = answer.unwrap();
        assert!(answer.is_temporary());
        rests.push(answer.rest.unwrap().as_secs());
    }
    assert_eq!(rests, [1, 2, 4]);
    bed.submit(4);

    assert!(bed.submitted().is_none());
    bed.seconds(3);
    assert!(bed.submitted().is_none());
    bed.seconds(1);
    let (sequence, _) = bed.submitted().unwrap();
    bed.takes(sequence, "1");
    // It is well again, and begins anew.
    assert_eq!(bed.session.rest.take(), SHORTEST_REST);
}

#[test]
fn messages_that_wait_outlive_a_connection_and_those_that_were_sent_may_have_arrived() {
    let mut bed = Bed::bound(line());

    (1..=3).for_each(|ticket| bed.submit(ticket));
    bed.pass(Duration::from_millis(10));
    while bed.submitted().is_some() {}
    bed.breaks();
    bed.seconds(1);
    assert_eq!(bed.connects, 2);
    bed.binds(0);

    let lost = |answer: &Result<Answer, Error>| matches!(answer, Err(Error::Lost { .. }));
    assert_eq!(bed.answers.len(), 2);
    assert!(bed.answers.iter().all(|(_, answer)| lost(answer)));
    assert!(bed.submitted().is_some());
}

#[test]
fn a_provider_that_is_down_is_tried_less_often_and_nobody_waits_for_it() {
    let mut bed = Bed::new(line());
    let mut tries = Vec::new();
    let began = bed.now;

    bed.breaks();
    bed.submit(1);
    while bed.now - began < Duration::from_secs(600) {
        let before = bed.connects;
        bed.pass(Duration::from_millis(500));
        if bed.connects > before {
            tries.push((bed.now - began).as_secs());
            bed.breaks();
        }
    }

    assert_eq!(tries[..7], [1, 3, 7, 15, 31, 63, 123]);
    assert!(tries.windows(2).all(|pair| pair[1] - pair[0] <= 61));
    let why = bed.answers[0].1.clone().unwrap_err().to_string();
    assert_eq!(why, "smsc.example:2775 is not reached: broken pipe");
}

#[test]
fn a_wrong_password_says_what_to_do_and_is_not_tried_every_second() {
    let mut bed = Bed::new(line());

    bed.submit(1);
    bed.binds(0x0e);

    assert!(!bed.is_connected);
    let (standing, why) = bed.session.standing();
    assert_eq!(standing, Standing::Resting);
    let sentence = "smsc.example:2775 refuses the login of acme: ESME_RINVPASWD; look at system_id \
                    and password in config.lua, and ask the provider whether it lets this address in";
    assert_eq!(why.unwrap().to_string(), sentence);
    assert_eq!(bed.answers.len(), 1);
    bed.seconds(29);
    assert_eq!(bed.connects, 1);
    bed.seconds(1);
    assert_eq!(bed.connects, 2);
    bed.binds(0);
    assert_eq!(bed.session.standing(), (Standing::Bound, None));
}

#[test]
fn a_login_that_another_connection_has_is_tried_soon() {
    let mut bed = Bed::new(line());

    bed.binds(0x05);
    bed.seconds(1);

    assert_eq!(bed.connects, 2);
}

#[test]
fn silence_is_asked_about_and_given_up_when_nobody_answers() {
    let mut bed = Bed::bound(line());

    bed.seconds(30);
    let asked = bed.sent().unwrap();
    assert_eq!(CommandId::from(asked.id), CommandId::EnquireLink);
    bed.says(0, asked.sequence, Pdu::EnquireLinkResp);
    bed.seconds(29);
    assert!(bed.sent().is_none());
    bed.seconds(1);
    assert!(bed.sent().is_some());
    bed.seconds(14);
    assert!(bed.is_connected);
    bed.seconds(1);

    assert!(!bed.is_connected);
    assert_eq!(bed.session.standing().0, Standing::Resting);
}

#[test]
fn the_provider_is_told_that_we_are_there() {
    let mut bed = Bed::bound(line());

    bed.says(0, 99, Pdu::EnquireLink);

    let answer = bed.sent().unwrap();
    assert_eq!(
        (CommandId::from(answer.id), answer.sequence),
        (CommandId::EnquireLinkResp, 99)
    );
}

#[test]
fn a_message_without_an_answer_may_have_arrived() {
    let mut bed = Bed::bound(line());

    bed.submit(1);
    let (sequence, _) = bed.submitted().unwrap();
    bed.seconds(15);
    bed.takes(sequence, "too late");

    assert!(matches!(
        bed.answers[..],
        [(1, Err(Error::NoAnswer { .. }))]
    ));
}

#[test]
fn a_provider_that_takes_leave_is_called_again() {
    let mut bed = Bed::bound(line());

    bed.says(0, 77, Pdu::Unbind);
    let farewell = bed.sent().unwrap();
    bed.seconds(1);

    assert_eq!(CommandId::from(farewell.id), CommandId::UnbindResp);
    assert_eq!(bed.connects, 2);
}

#[test]
fn who_is_not_wanted_any_more_takes_leave() {
    let mut bed = Bed::bound(line());

    bed.session.handle_leave(bed.now);
    bed.drain();
    let unbind = bed.sent().unwrap();
    bed.submit(1);
    assert!(!bed.session.is_over());
    bed.says(0, unbind.sequence, Pdu::UnbindResp);

    assert_eq!(CommandId::from(unbind.id), CommandId::Unbind);
    assert!(bed.session.is_over() && !bed.is_connected);
    assert!(matches!(bed.answers[..], [(1, Err(Error::NoLine))]));
}

#[test]
fn a_message_waits_for_the_first_connection_and_no_longer_than_it_may() {
    let mut bed = Bed::new(Line {
        timeout: Duration::from_secs(5),
        ..line()
    });

    bed.submit(1);
    bed.seconds(4);
    bed.binds(0);
    assert!(bed.submitted().is_some());
    bed.submit(2);
    bed.submit(3);
    bed.seconds(5);

    let no_turn = bed.answers.iter();
    let no_turn = no_turn.filter(|(_, it)| matches!(it, Err(Error::NoTurn { .. })));
    assert_eq!(no_turn.count(), 1);
}

#[test]
fn long_texts_are_joined_by_a_header_or_by_parameters() {
    let long = "字".repeat(71);
    let to = || Address::new("+8613900139000", None, None).unwrap();
    let part = |line: &Line, number| {
        let message = Outgoing::part(line, to(), &long, 0x0107, number).unwrap();
        message.submit()
    };
    let sar = Line {
        joining: Joining::Sar,
        ..line()
    };

    let headed = part(&line(), 2);
    let beside = part(&sar, 2);

    assert_eq!(u8::from(headed.esm_class), 0x40);
    assert_eq!(headed.short_message()[..6], [5, 0, 3, 0x07, 2, 2]);
    assert_eq!(headed.short_message().len(), 6 + 8);
    assert_eq!(u8::from(headed.data_coding), 8);
    assert_eq!(headed.destination_addr.as_str(), "8613900139000");
    assert_eq!(u8::from(beside.esm_class), 0);
    assert_eq!((beside.short_message().len(), beside.tlvs().len()), (8, 4));
    assert!(Outgoing::part(&line(), to(), &long, 1, 3).is_err());
}
