//! What the provider says while the connection stands.

use std::time::{Duration, Instant};

use rusmpp::pdus::{DeliverSm, DeliverSmResp};
use rusmpp::{CommandId, Pdu};

use super::super::pdu::{self, Frame};
use super::super::{Answer, Error, QUEUE_FULL, THROTTLED, incoming, status_name};
use super::{MOST_TOLD, Output, Session, State, Told};

impl Session {
    pub(super) fn handle_frame(&mut self, now: Instant, frame: Frame) {
        match (CommandId::from(frame.id), frame.pdu) {
            (CommandId::BindTransceiverResp, _) => {
                self.handle_bound(now, frame.sequence, frame.status);
            }
            (CommandId::SubmitSmResp, pdu) => {
                let id = match &pdu {
                    Some(Pdu::SubmitSmResp(answer)) => answer.message_id().as_str(),
                    _ => "",
                };
                self.handle_answer(now, frame.sequence, frame.status, id.to_owned());
            }
            (CommandId::GenericNack, _) => {
                // A zero would be no answer to anything.
                let status = if frame.status == 0 {
                    SYSTEM_ERROR
                } else {
                    frame.status
                };
                self.handle_bound(now, frame.sequence, status);
                self.handle_answer(now, frame.sequence, status, String::new());
            }
            (CommandId::DeliverSm, Some(Pdu::DeliverSm(deliver))) => {
                self.handle_delivery(now, frame.sequence, &deliver);
            }
            (CommandId::DeliverSm, _) => {
                let why = "a message that the provider hands over cannot be read".to_owned();
                self.outputs.push_back(Output::Unreadable(why));
                self.acknowledge(NEVER, frame.sequence);
            }
            (CommandId::EnquireLink, _) => {
                self.send(pdu::octets(0, frame.sequence, Pdu::EnquireLinkResp));
            }
            (CommandId::Unbind, _) => {
                self.send(pdu::octets(0, frame.sequence, Pdu::UnbindResp));
                self.outputs.push_back(Output::Disconnect);
                self.handle_lost(now, "it has taken leave".to_owned());
            }
            (CommandId::UnbindResp, _) if matches!(self.state, State::Leaving { .. }) => self.end(),
            // Neither needs an answer, and what answers nothing of ours either (§4.6, §4.12).
            (CommandId::AlertNotification | CommandId::Outbind, _) => {}
            _ if frame.id & IS_ANSWER != 0 => {}
            _ => {
                let refusal = pdu::octets(UNKNOWN_COMMAND, frame.sequence, Pdu::GenericNack);
                self.send(refusal);
            }
        }
    }

    /// What becomes of the login.
    fn handle_bound(&mut self, now: Instant, answered: u32, status: u32) {
        let State::Binding { sequence, .. } = self.state else {
            return;
        };
        if sequence != answered {
            return;
        }
        if status != 0 {
            let failure = Error::Refused {
                place: self.line.place(),
                user: self.line.system_id.clone(),
                name: status_name(status),
                advice: Error::advice(status),
            };
            self.outputs.push_back(Output::Disconnect);
            // The one before us may have to be missed first.
            let wait = match status {
                ALREADY_BOUND => self.again.take(),
                _ => self.refused.take(),
            };
            return self.rest_until(now + wait, failure);
        }
        self.refused.reset();
        self.failure = None;
        self.state = State::Bound {
            since: now,
            enquire_at: now + self.line.enquire_link,
            answer_by: None,
        };
        self.send_what_may(now);
    }

    fn handle_answer(&mut self, now: Instant, sequence: u32, status: u32, id: String) {
        let Some(sent) = self.sent.remove(&sequence) else {
            return;
        };
        let rest = matches!(status, THROTTLED | QUEUE_FULL).then(|| self.rest.take());
        match rest {
            Some(rest) => self.pace.rests_until(now + rest),
            None if status == 0 => self.rest.reset(),
            None => {}
        }
        self.answered(sent.ticket, Ok(Answer { status, id, rest }));
        self.send_what_may(now);
    }

    fn handle_delivery(&mut self, now: Instant, sequence: u32, deliver: &DeliverSm) {
        if self.told.len() >= MOST_TOLD {
            return self.acknowledge(QUEUE_FULL, sequence);
        }
        match incoming::read(deliver, self.line.receipt_ids) {
            Some(incoming) => {
                self.delivery += 1;
                let until = now + LONGEST_TOLD;
                self.told.insert(self.delivery, Told { sequence, until });
                self.outputs
                    .push_back(Output::Deliver(self.delivery, incoming));
            }
            None => {
                let why = "a receipt that the provider hands over names no message".to_owned();
                self.outputs.push_back(Output::Unreadable(why));
                self.acknowledge(0, sequence);
            }
        }
    }

    /// §4.6.2.
    pub(super) fn acknowledge(&mut self, status: u32, sequence: u32) {
        self.send(pdu::octets(status, sequence, DeliverSmResp::default()));
    }
}

/// The first bit of `command_id`.
const IS_ANSWER: u32 = 0x8000_0000;
/// ESME_RALYBND.
const ALREADY_BOUND: u32 = 0x05;
/// ESME_RSYSERR.
const SYSTEM_ERROR: u32 = 0x08;
/// ESME_RINVCMDID.
const UNKNOWN_COMMAND: u32 = 0x03;
/// ESME_RX_P_APPN: it would be the same again.
const NEVER: u32 = 0x65;

/// Scripts that have not taken something by then never will.
const LONGEST_TOLD: Duration = Duration::from_secs(30);
