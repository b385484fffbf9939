//! What a provider hands over: messages, pieces of long ones, receipts.

use rusmpp::pdus::DeliverSm;
use rusmpp::tlvs::TlvValue;

use super::alphabet;
use super::line::{Address, ReceiptIds};
use super::receipt::{self, Beside, Receipt};

/// What a provider hands over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Incoming {
    /// What has become of a message of ours.
    Receipt(Receipt),
    /// Somebody has written.
    Message(Message),
}

/// A message that came in, or a piece of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message {
    pub(crate) from: String,
    pub(crate) to: String,
    /// `data_coding`.
    pub(crate) coding: u8,
    /// What it says, without a header.
    pub(crate) data: Vec<u8>,
    /// Which piece it is; `None` when it is whole.
    pub(crate) piece: Option<Piece>,
}

impl Message {
    /// What it says; `None` when it is no text.
    pub(crate) fn text(&self) -> Option<String> {
        alphabet::decode(self.coding, &self.data)
    }
}

/// One of the messages that a long text came in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Piece {
    /// The same for all of them.
    pub(crate) reference: u16,
    pub(crate) total: u8,
    /// From 1.
    pub(crate) number: u8,
}

/// Reads what was handed over; `None` when it is a receipt that names no message.
pub(crate) fn read(deliver: &DeliverSm, ids: ReceiptIds) -> Option<Incoming> {
    let class = u8::from(deliver.esm_class);
    let coding = u8::from(deliver.data_coding);
    let parameters = Parameters::of(deliver);
    let mut data = match &parameters.payload {
        Some(payload) if deliver.short_message().is_empty() => payload.clone(),
        _ => deliver.short_message().to_vec(),
    };
    let mut piece = parameters.piece();
    if class & HAS_HEADER != 0 {
        let (found, length) = header(&data);
        piece = found.or(piece);
        data.drain(..length.min(data.len()));
    }
    let kind = class & KIND;
    if matches!(kind, RECEIPT | INTERMEDIATE) || parameters.beside.id.is_some() {
        let text = alphabet::decode(coding, &data).unwrap_or_default();
        return receipt::read(&text, &parameters.beside, ids).map(Incoming::Receipt);
    }
    let address = |ton, npi, text: &str| Address {
        ton,
        npi,
        text: text.to_owned(),
    };
    let from = address(
        u8::from(deliver.source_addr_ton),
        u8::from(deliver.source_addr_npi),
        deliver.source_addr.as_str(),
    );
    let to = address(
        u8::from(deliver.dest_addr_ton),
        u8::from(deliver.dest_addr_npi),
        deliver.destination_addr.as_str(),
    );
    Some(Incoming::Message(Message {
        from: from.written(),
        to: to.written(),
        coding,
        data,
        piece,
    }))
}

/// What stands behind the mandatory part.
#[derive(Default)]
struct Parameters {
    payload: Option<Vec<u8>>,
    beside: Beside,
    reference: Option<u16>,
    total: Option<u8>,
    number: Option<u8>,
}

impl Parameters {
    fn of(deliver: &DeliverSm) -> Self {
        let mut all = Self::default();
        for value in deliver.tlvs().iter().filter_map(|it| it.value()) {
            match value {
                TlvValue::MessagePayload(payload) => all.payload = Some(payload.value.to_vec()),
                TlvValue::ReceiptedMessageId(id) => all.beside.id = Some(id.as_str().to_owned()),
                TlvValue::MessageState(state) => all.beside.state = Some(u8::from(*state)),
                TlvValue::NetworkErrorCode(code) => all.beside.error = Some(code.error_code),
                TlvValue::SarMsgRefNum(reference) => all.reference = Some(*reference),
                TlvValue::SarTotalSegments(total) => all.total = Some(*total),
                TlvValue::SarSegmentSeqnum(number) => all.number = Some(*number),
                _ => {}
            }
        }
        all
    }

    fn piece(&self) -> Option<Piece> {
        piece(self.reference?, self.total?, self.number?)
    }
}

/// Which piece a header (GSM 03.40 §9.2.3.24) says it is, and the octets that it takes.
fn header(data: &[u8]) -> (Option<Piece>, usize) {
    let Some((length, rest)) = data.split_first() else {
        return (None, 0);
    };
    let length = usize::from(*length);
    let mut elements = rest.get(..length).unwrap_or(rest);
    let mut found = None;
    while let [name, size, behind @ ..] = elements {
        let size = usize::from(*size);
        match (name, behind.get(..size)) {
            (0x00, Some([reference, total, number])) => {
                found = piece(u16::from(*reference), *total, *number);
            }
            (0x08, Some([high, low, total, number])) => {
                found = piece(u16::from_be_bytes([*high, *low]), *total, *number);
            }
            _ => {}
        }
        elements = behind.get(size..).unwrap_or_default();
    }
    (found, length + 1)
}

/// A piece; one of one is a whole message, and one that cannot be is none.
fn piece(reference: u16, total: u8, number: u8) -> Option<Piece> {
    let piece = Piece {
        reference,
        total,
        number,
    };
    (total > 1 && (1..=total).contains(&number)).then_some(piece)
}

const HAS_HEADER: u8 = 0x40;
/// Bits 5 to 2 of `esm_class` (SMPP 3.4 §5.2.12).
const KIND: u8 = 0x3c;
const RECEIPT: u8 = 0x04;
const INTERMEDIATE: u8 = 0x20;

#[cfg(test)]
mod tests {
    use rusmpp::tlvs::MessageDeliveryRequestTlvValue as Tlv;
    use rusmpp::types::{AnyOctetString, COctetString, OctetString};
    use rusmpp::values::{DataCoding, EsmClass, MessagePayload, Npi, Ton};

    use super::*;

    fn deliver(class: u8, coding: u8, data: &[u8], tlvs: Vec<Tlv>) -> DeliverSm {
        DeliverSm::builder()
            .source_addr_ton(Ton::International)
            .source_addr_npi(Npi::Isdn)
            .source_addr("8613900139000".parse().unwrap())
            .destination_addr("10690000".parse().unwrap())
            .esm_class(EsmClass::from(class))
            .data_coding(DataCoding::from(coding))
            .short_message(OctetString::from_slice(data).unwrap())
            .tlvs(tlvs)
            .build()
    }

    fn message(deliver: &DeliverSm) -> Message {
        match read(deliver, ReceiptIds::Same) {
            Some(Incoming::Message(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_says_from_whom_to_whom_and_what() {
        let message = message(&deliver(0, 8, &[0x60, 0xa8, 0x59, 0x7d], vec![]));

        assert_eq!(
            (message.from.as_str(), message.to.as_str()),
            ("+8613900139000", "10690000")
        );
        assert_eq!(message.text().as_deref(), Some("您好"));
        assert_eq!(message.piece, None);
    }

    #[test]
    fn pieces_are_told_by_either_header_and_by_parameters() {
        let eight = message(&deliver(0x40, 0, b"\x05\x00\x03\x2a\x02\x01hello", vec![]));
        let sixteen = message(&deliver(
            0x40,
            0,
            b"\x06\x08\x04\x01\x2a\x03\x03there",
            vec![],
        ));
        // Ports first.
        let second = b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x07\x02\x02x";
        let second = message(&deliver(0x40, 0, second, vec![]));
        let sar = vec![
            Tlv::SarMsgRefNum(300),
            Tlv::SarTotalSegments(2),
            Tlv::SarSegmentSeqnum(2),
        ];
        let sar = message(&deliver(0, 0, b"again", sar));

        let of = |it: &Message| it.piece.map(|it| (it.reference, it.total, it.number));
        assert_eq!(
            (of(&eight), eight.text().unwrap().as_str()),
            (Some((42, 2, 1)), "hello")
        );
        assert_eq!(
            (of(&sixteen), sixteen.text().unwrap().as_str()),
            (Some((298, 3, 3)), "there")
        );
        assert_eq!(
            (of(&second), second.text().unwrap().as_str()),
            (Some((7, 2, 2)), "x")
        );
        assert_eq!(
            (of(&sar), sar.text().unwrap().as_str()),
            (Some((300, 2, 2)), "again")
        );
    }

    #[test]
    fn headers_that_are_wrong_make_a_message_without_one() {
        for data in [
            &b"\x05\x00\x03\x2a\x02\x09hi"[..],
            b"\xff\x00",
            b"\x00hi",
            b"",
            b"\x02\x00\x03hi",
        ] {
            assert_eq!(
                message(&deliver(0x40, 0, data, vec![])).piece,
                None,
                "{data:?}"
            );
        }
    }

    #[test]
    fn a_long_text_may_stand_beside() {
        let payload = MessagePayload::new(AnyOctetString::from_slice(b"a long text"));

        let message = message(&deliver(0, 0, b"", vec![Tlv::MessagePayload(payload)]));

        assert_eq!(message.text().as_deref(), Some("a long text"));
    }

    #[test]
    fn receipts_are_told_by_their_class_or_by_naming_a_message() {
        let text = b"id:12 sub:001 dlvrd:001 stat:DELIVRD err:000 text:";
        let id: COctetString<1, 65> = "0c".parse().unwrap();
        let beside = vec![Tlv::ReceiptedMessageId(id)];
        let id = |deliver: &DeliverSm| match read(deliver, ReceiptIds::Same) {
            Some(Incoming::Receipt(receipt)) => receipt.id,
            other => panic!("{other:?}"),
        };

        assert_eq!(id(&deliver(4, 0, text, vec![])), "12");
        assert_eq!(id(&deliver(0x20, 0, text, vec![])), "12");
        assert_eq!(id(&deliver(0, 0, text, beside)), "0c");
        assert_eq!(
            read(&deliver(4, 0, b"what?", vec![]), ReceiptIds::Same),
            None
        );
    }
}
