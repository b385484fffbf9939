//! What a message is, at a glance: for those who keep a log of messages and read none of them.

use crate::{Method, Text};

/// What stands in a message's first line, and in the two fields that say what it belongs to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Glance<'m> {
    /// The status, of a response.
    pub status: Option<u16>,
    /// The method; of a response, that of its request.
    pub method: Method,
    /// The number in CSeq.
    pub number: u32,
    /// The Call-ID.
    pub call_id: &'m [u8],
    /// Whether it describes sound.
    pub has_sdp: bool,
}

impl<'m> Glance<'m> {
    /// Looks at a message as it stands on the wire. It does not judge: a message that is refused
    /// may be looked at, and one without Call-ID or CSeq is `None`.
    pub fn at(message: &'m [u8]) -> Option<Self> {
        let mut lines = message.split(|octet| *octet == b'\n').take(MOST_LINES);
        let first = lines.next()?;
        let status = match first.strip_prefix(b"SIP/2.0 ") {
            Some(rest) => Some(digits(rest)?.0),
            None => None,
        };
        let (mut call_id, mut cseq, mut has_sdp) = (None, None, false);
        for line in lines.map(<[u8]>::trim_ascii) {
            if line.is_empty() {
                break;
            }
            let Some(colon) = line.iter().position(|octet| *octet == b':') else {
                continue;
            };
            let (name, value) = line.split_at(colon);
            let (name, value) = (name.trim_ascii(), value[1..].trim_ascii());
            let is = |long: &str, short: &str| {
                name.eq_ignore_ascii_case(long.as_bytes())
                    || (!short.is_empty() && name.eq_ignore_ascii_case(short.as_bytes()))
            };
            match name.len() {
                1 | 7 if call_id.is_none() && is("call-id", "i") => call_id = Some(value),
                4 if cseq.is_none() && is("cseq", "") => cseq = Some(value),
                1 | 12 if is("content-type", "c") => {
                    let kind = value.get(..SDP.len());
                    has_sdp = kind.is_some_and(|kind| kind.eq_ignore_ascii_case(SDP));
                }
                _ => {}
            }
        }
        let cseq = cseq?;
        let (number, rest) = digits::<u32>(cseq)?;
        let name = rest.trim_ascii();
        let other = || Method::of(&Text::from(std::str::from_utf8(name).ok()?));
        Some(Self {
            status,
            method: Method::known(name).or_else(other)?,
            number,
            call_id: call_id?,
            has_sdp,
        })
    }
}

/// A number at the beginning, and what follows it.
fn digits<T: std::str::FromStr>(octets: &[u8]) -> Option<(T, &[u8])> {
    let end = octets.iter().position(|octet| !octet.is_ascii_digit());
    let (number, rest) = octets.split_at(end.unwrap_or(octets.len()));
    Some((std::str::from_utf8(number).ok()?.parse().ok()?, rest))
}

const SDP: &[u8] = b"application/sdp";
/// Lines that are looked at: more than a message that is let in may have.
const MOST_LINES: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_responses_are_known_by_their_first_lines() {
        let invite = b"INVITE sip:1050@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\ni: a@b\r\n\
            CSeq: 7 INVITE\r\nc: Application/SDP;x=1\r\n\r\nCall-ID: not this\r\n";
        let glance = Glance::at(invite).unwrap();
        assert_eq!(
            (glance.status, glance.method, glance.number),
            (None, Method::Invite, 7)
        );
        assert_eq!((glance.call_id, glance.has_sdp), (&b"a@b"[..], true));

        let ringing = b"SIP/2.0 180 Ringing\r\nCALL-ID :  x \r\ncseq:1\tINVITE\r\n\r\n";
        let glance = Glance::at(ringing).unwrap();
        assert_eq!((glance.status, glance.method), (Some(180), Method::Invite));
        assert_eq!((glance.call_id, glance.has_sdp), (&b"x"[..], false));
    }

    #[test]
    fn what_is_no_message_is_none() {
        for octets in [
            &b""[..],
            b"\r\n\r\n",
            b"SIP/2.0 abc\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n\r\n",
            b"SIP/2.0 99999999 X\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n\r\n",
            b"INVITE\r\nCall-ID: a\r\n\r\n",
            b"INVITE\r\nCSeq: 1 INVITE\r\n\r\n",
            b"INVITE\r\nCall-ID: a\r\nCSeq: INVITE\r\n\r\n",
            b"INVITE\r\nCall-ID: a\r\nCSeq: 99999999999 INVITE\r\n\r\n",
            b"INVITE\r\nCall-ID: a\r\nCSeq: 1 \xff\xfe\r\n\r\n",
            b":\n:\n:",
        ] {
            assert_eq!(
                Glance::at(octets),
                None,
                "{}",
                String::from_utf8_lossy(octets)
            );
        }
    }
}
