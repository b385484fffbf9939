//! How a provider is reached and what it wants to see, and a message that is ready for it.

use std::fmt;
use std::time::Duration;

use rusmpp::pdus::SubmitSm;
use rusmpp::tlvs::MessageSubmissionRequestTlvValue as Tlv;
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, Npi, RegisteredDelivery, Ton, UserMessageReference};

use super::alphabet;

/// A host, and a port where one is named: `smsc.example:2775`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    /// Lower case, without brackets.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

impl Place {
    /// Reads one; an IPv6 address with a port stands in brackets.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected a host such as \"smsc.example:2775\", got \"{text}\"");
        let (host, port) = match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') && !host.ends_with(']') => (text, None),
            Some((host, port)) => (host, Some(port.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let host = host.trim_matches(['[', ']']).trim_end_matches('.');
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        match !host.is_empty() && host.bytes().all(plain) {
            true => Ok(Self {
                host: host.to_ascii_lowercase(),
                port,
            }),
            false => Err(wrong()),
        }
    }

    /// Whether a connection there is meant; without a port any is.
    pub(crate) fn covers(&self, host: &str, port: u16) -> bool {
        self.host == host && self.port.is_none_or(|it| it == port)
    }
}

/// A connection as a plugin wants it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Line {
    /// Lower case.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_tls: bool,
    /// Whether the address may be one of this machine or of a private network.
    pub(crate) may_be_private: bool,
    /// What to do when it is one and may not be.
    pub(crate) if_private: String,
    pub(crate) system_id: String,
    pub(crate) password: Secret,
    pub(crate) system_type: String,
    /// Messages without an answer at one time.
    pub(crate) window: usize,
    /// Messages that may be sent in a second.
    pub(crate) per_second: u32,
    /// After so much silence the provider is asked whether it is there.
    pub(crate) enquire_link: Duration,
    /// How long a message waits for its turn, and then for its answer.
    pub(crate) timeout: Duration,
    /// Where messages come from; the provider knows when it is empty.
    pub(crate) from: Address,
    /// Type and plan of the numbers that messages go to; by the number when `None`.
    pub(crate) to_ton: Option<u8>,
    pub(crate) to_npi: Option<u8>,
    pub(crate) joining: Joining,
    pub(crate) receipt_ids: ReceiptIds,
}

impl Line {
    /// Where it goes, in sentences.
    pub(crate) fn place(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// A password, which no log shows.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How the messages of a long text are marked as belonging together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Joining {
    /// By a header in front of each (GSM 03.40 §9.2.3.24.1): phones know it.
    Udh,
    /// By parameters beside each (SMPP 3.4 §5.3.2.22): the provider writes the header.
    Sar,
}

/// How receipts write the ids that the provider has given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ReceiptIds {
    /// As they were given.
    Same,
    /// In hexadecimal; they were given in decimal.
    Hex,
    /// In decimal; they were given in hexadecimal.
    Decimal,
}

/// A number or name with its type and plan (SMPP 3.4 §5.2.5).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Address {
    pub(crate) ton: u8,
    pub(crate) npi: u8,
    pub(crate) text: String,
}

impl Address {
    /// Finds type and plan where they are not given: +86139… is international, 10690000 unknown,
    /// Cloud alphanumeric.
    ///
    /// # Errors
    /// A sentence, when there is no room for it, or no letter of it can be sent.
    pub(crate) fn new(text: &str, ton: Option<u8>, npi: Option<u8>) -> Result<Self, String> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let (found_ton, found_npi) = match (text.is_empty(), is_number, text.starts_with('+')) {
            (true, ..) => (UNKNOWN, UNKNOWN),
            (_, true, true) => (INTERNATIONAL, ISDN),
            (_, true, false) => (UNKNOWN, ISDN),
            (_, false, _) => (ALPHANUMERIC, UNKNOWN),
        };
        let text = if is_number { digits } else { text };
        let sendable = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if !sendable || text.len() > LONGEST_ADDRESS {
            return Err(format!(
                "'{text}' is no sender or number: {LONGEST_ADDRESS} letters of ASCII at most"
            ));
        }
        Ok(Self {
            ton: ton.unwrap_or(found_ton),
            npi: npi.unwrap_or(found_npi),
            text: text.to_owned(),
        })
    }

    /// As people write it: an international number has its plus.
    pub(crate) fn written(&self) -> String {
        match self.ton == INTERNATIONAL && !self.text.starts_with('+') {
            true => format!("+{}", self.text),
            false => self.text.clone(),
        }
    }
}

/// One message, on its own or as one of several that make a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Outgoing {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) coding: u8,
    pub(crate) data: Vec<u8>,
    /// From 1, and how many there are.
    pub(crate) number: u8,
    pub(crate) total: u8,
    /// The plugin's own number of the text.
    pub(crate) reference: u16,
    pub(crate) joining: Joining,
}

impl Outgoing {
    /// Cuts a text, and takes one of the messages that it becomes.
    ///
    /// # Errors
    /// A sentence, when there is none of this number, or the text is too long for all.
    pub(crate) fn part(
        line: &Line,
        to: Address,
        text: &str,
        reference: u16,
        number: u8,
    ) -> Result<Self, String> {
        let (coding, mut parts) = alphabet::parts(text);
        let total = u8::try_from(parts.len()).map_err(|_| {
            format!(
                "the text is {} messages long, and 255 is the most",
                parts.len()
            )
        })?;
        let index = usize::from(number).wrapping_sub(1);
        if index >= parts.len() {
            return Err(format!(
                "part: the text is {total} messages long, there is no {number}"
            ));
        }
        Ok(Self {
            from: line.from.clone(),
            to,
            coding,
            data: parts.swap_remove(index),
            number,
            total,
            reference,
            joining: line.joining,
        })
    }

    /// What it says.
    pub(crate) fn text(&self) -> String {
        alphabet::decode(self.coding, &self.data).unwrap_or_default()
    }

    /// As it goes out. A receipt is asked for in any case, and the reference goes along as
    /// `user_message_reference`: a provider that minds it knows a message that comes twice.
    pub(super) fn submit(&self) -> SubmitSm {
        let is_headed = self.total > 1 && self.joining == Joining::Udh;
        let mut data = Vec::new();
        if is_headed {
            // The header's length, the element's name and length, and what is in it. The low octet
            // of the reference tells this text from the others to the same phone.
            let [_, low] = self.reference.to_be_bytes();
            data.extend([5, 0, 3, low, self.total, self.number]);
        }
        data.extend_from_slice(&self.data);
        let mut submit = SubmitSm::builder()
            .source_addr_ton(Ton::from(self.from.ton))
            .source_addr_npi(Npi::from(self.from.npi))
            .source_addr(c_string(&self.from.text))
            .dest_addr_ton(Ton::from(self.to.ton))
            .dest_addr_npi(Npi::from(self.to.npi))
            .destination_addr(c_string(&self.to.text))
            .esm_class(EsmClass::from(if is_headed { HAS_HEADER } else { 0 }))
            .registered_delivery(RegisteredDelivery::from(RECEIPT_WANTED))
            .data_coding(DataCoding::from(self.coding))
            // 160 octets at most.
            .short_message(OctetString::from_vec(data).unwrap_or_default())
            .push_tlv(Tlv::UserMessageReference(UserMessageReference::new(
                self.reference,
            )));
        if self.total > 1 && self.joining == Joining::Sar {
            submit = submit
                .push_tlv(Tlv::SarMsgRefNum(self.reference))
                .push_tlv(Tlv::SarTotalSegments(self.total))
                .push_tlv(Tlv::SarSegmentSeqnum(self.number));
        }
        submit.build()
    }
}

/// A text that was found to fit; what does not is left out.
pub(super) fn c_string<const MOST: usize>(text: &str) -> COctetString<1, MOST> {
    text.parse().unwrap_or_default()
}

const UNKNOWN: u8 = 0;
const INTERNATIONAL: u8 = 1;
const ALPHANUMERIC: u8 = 5;
/// E.163 and E.164.
const ISDN: u8 = 1;

const LONGEST_ADDRESS: usize = 20;
const HAS_HEADER: u8 = 0x40;
/// Whatever becomes of it.
const RECEIPT_WANTED: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_its_type_unless_it_is_said() {
        let address = |text: &str| Address::new(text, None, None).unwrap();
        let of = |it: Address| (it.ton, it.npi, it.text);

        assert_eq!(
            of(address("+8613900139000")),
            (1, 1, "8613900139000".into())
        );
        assert_eq!(of(address("10690000")), (0, 1, "10690000".into()));
        assert_eq!(of(address("Cloud")), (5, 0, "Cloud".into()));
        assert_eq!(of(address("")), (0, 0, String::new()));
        let said = Address::new("13900139000", Some(2), Some(8)).unwrap();
        assert_eq!(of(said), (2, 8, "13900139000".into()));
        assert!(Address::new("云桥", None, None).is_err());
        assert!(Address::new(&"1".repeat(21), None, None).is_err());
        assert_eq!(address("+8613900139000").written(), "+8613900139000");
    }

    #[test]
    fn places_are_hosts_with_or_without_a_port() {
        let place = |text: &str| Place::parse(text).map(|it| (it.host, it.port));

        assert_eq!(
            place("SMSC.example:2775"),
            Ok(("smsc.example".into(), Some(2775)))
        );
        assert_eq!(place("10.0.0.1"), Ok(("10.0.0.1".into(), None)));
        assert_eq!(place("[::1]:2775"), Ok(("::1".into(), Some(2775))));
        assert_eq!(place("fe80::1"), Ok(("fe80::1".into(), None)));
        for wrong in ["", "smpp://smsc.example", "a b", "smsc.example:port"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
        assert!(Place::parse("a").unwrap().covers("a", 1));
        assert!(!Place::parse("a:2").unwrap().covers("a", 1));
    }
}
