//! PDUs from the octets of a connection, and back.

use bytes::{Buf, Bytes, BytesMut};
use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::Length;
use rusmpp::encode::owned::Encode;
use rusmpp::{Command, CommandStatus, Pdu};

/// The octets that came and are no PDU yet.
#[derive(Debug, Default)]
pub(super) struct Frames(BytesMut);

/// One PDU.
#[derive(Debug)]
pub(super) struct Frame {
    /// `command_id`.
    pub(super) id: u32,
    /// `command_status`.
    pub(super) status: u32,
    pub(super) sequence: u32,
    /// What is in it; `None` when nothing is, or it cannot be read.
    pub(super) pdu: Option<Pdu>,
}

impl Frames {
    /// More octets.
    pub(super) fn push(&mut self, octets: &[u8]) {
        self.0.extend_from_slice(octets);
    }

    /// Those of a connection that is gone.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The next PDU that is whole.
    ///
    /// # Errors
    /// The length that it says it has, when nothing behind it can be told apart any more.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, usize> {
        let Some(length) = self.0.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length) as usize;
        if !(HEADER..=LONGEST).contains(&length) {
            return Err(length);
        }
        if self.0.len() < length {
            return Ok(None);
        }
        // Whatever is wrong with it, the next one begins behind it.
        let mut whole = self.0.split_to(length);
        whole.advance(4);
        let number = |at: usize| {
            let octets = whole.get(at..at + 4).and_then(|it| it.first_chunk::<4>());
            octets.map_or(0, |octets| u32::from_be_bytes(*octets))
        };
        let (id, status, sequence) = (number(0), number(4), number(8));
        let read = Command::decode(&mut whole, length - 4).ok();
        Ok(Some(Frame {
            id,
            status,
            sequence,
            pdu: read.and_then(|(command, _)| command.pdu().cloned()),
        }))
    }
}

/// A PDU as it goes out.
pub(super) fn octets(status: u32, sequence: u32, pdu: impl Into<Pdu>) -> Bytes {
    let command = Command::new(CommandStatus::from(status), sequence, pdu);
    let length = command.length() + 4;
    let mut octets = BytesMut::with_capacity(length);
    // 4 GB are far.
    octets.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    command.encode(&mut octets);
    octets.freeze()
}

/// The name of a status as providers write it: `ESME_RTHROTTLED`; its number when it has none.
pub(crate) fn status_name(status: u32) -> String {
    match CommandStatus::from(status) {
        CommandStatus::Other(status) => format!("status 0x{status:08X}"),
        known => {
            let name = format!("{known:?}").to_ascii_uppercase();
            name.replacen("ESME", "ESME_", 1)
        }
    }
}

/// The status of a name, `None` when no status has it.
pub(crate) fn status_number(name: &str) -> Option<u32> {
    (0..LAST_STATUS).find(|status| status_name(*status) == name)
}

/// Behind the last status that has a name.
const LAST_STATUS: u32 = 0x113;

/// Octets of a PDU's header.
const HEADER: usize = 16;

/// Octets of the longest PDU that is read: a text of 64 KB has no place in a short message.
const LONGEST: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(octets: &[u8]) -> Vec<Result<Frame, usize>> {
        let mut frames = Frames::default();
        frames.push(octets);
        let mut all = Vec::new();
        loop {
            match frames.next() {
                Ok(Some(frame)) => all.push(Ok(frame)),
                Ok(None) => return all,
                Err(length) => {
                    all.push(Err(length));
                    return all;
                }
            }
        }
    }

    #[test]
    fn a_pdu_comes_when_its_last_octet_is_there() {
        let link = octets(0, 7, Pdu::EnquireLink);
        let mut frames = Frames::default();

        for octet in &link[..15] {
            frames.push(&[*octet]);
            assert!(frames.next().unwrap().is_none());
        }
        frames.push(&link[15..]);
        let frame = frames.next().unwrap().unwrap();

        assert_eq!((frame.id, frame.sequence), (0x15, 7));
        assert!(matches!(frame.pdu, Some(Pdu::EnquireLink)));
    }

    #[test]
    fn an_answer_without_a_body_is_read() {
        // What most providers send for a refusal: sixteen octets.
        let refusal = [0, 0, 0, 16, 0x80, 0, 0, 4, 0, 0, 0, 0x58, 0, 0, 0, 2];

        let all = frames(&refusal);

        let frame = all[0].as_ref().unwrap();
        assert_eq!((frame.id, frame.status), (0x8000_0004, 0x58));
        assert!(frame.pdu.is_none());
    }

    #[test]
    fn what_cannot_be_read_takes_nothing_of_what_follows() {
        // A submit_sm_resp whose id has no end, then a link that is asked for.
        let mut wrong = vec![
            0, 0, 0, 18, 0x80, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2, b'a', b'b',
        ];
        wrong.extend_from_slice(&octets(0, 3, Pdu::EnquireLink));

        let all = frames(&wrong);

        assert!(all[0].as_ref().unwrap().pdu.is_none());
        assert_eq!(all[1].as_ref().unwrap().sequence, 3);
    }

    #[test]
    fn a_length_that_cannot_be_ends_it() {
        assert!(matches!(frames(&[0, 0, 0, 3])[..], [Err(3)]));
        assert!(matches!(frames(&[0x7f, 0, 0, 0])[..], [Err(_)]));
    }

    #[test]
    fn statuses_have_the_names_of_the_standard() {
        assert_eq!(status_name(0), "ESME_ROK");
        assert_eq!(status_name(0x0e), "ESME_RINVPASWD");
        assert_eq!(status_name(0x58), "ESME_RTHROTTLED");
        assert_eq!(status_number("ESME_RTHROTTLED"), Some(0x58));
        assert_eq!(status_number("ESME_RTHROTTLE"), None);
        assert_eq!(status_name(0x0400), "status 0x00000400");
    }
}
