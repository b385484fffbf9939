//! Pieces of SIP messages: RFC 3420, as far as RFC 3515 §2.4.5 needs them. A transfer's news are
//! status lines.

use bytes::Bytes;

use crate::reason_phrase;
use crate::text::number;

/// Writes a status line: how far a transfer is.
pub fn status_line(status: u16) -> Bytes {
    let status = status.clamp(100, 699);
    Bytes::from(format!("SIP/2.0 {status} {}\r\n", reason_phrase(status)))
}

/// Reads the status out of a status line, whatever follows it.
pub fn read_status(body: &[u8]) -> Option<u16> {
    let line = body.trim_ascii_start();
    let version = line.get(..VERSION.len())?;
    if !version.eq_ignore_ascii_case(VERSION) {
        return None;
    }
    let rest = line.get(VERSION.len()..)?.trim_ascii_start();
    let end = rest.iter().position(|octet| !octet.is_ascii_digit());
    let status = number(rest.get(..end.unwrap_or(rest.len()))?)?;
    (100..700).contains(&status).then_some(status)
}

const VERSION: &[u8] = b"SIP/2.0 ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_survives_its_line() {
        for status in [100, 180, 200, 486, 603] {
            assert_eq!(read_status(&status_line(status)), Some(status));
        }
    }

    #[test]
    fn lines_are_read_as_phones_write_them() {
        for (body, status) in [
            ("SIP/2.0 200 OK\r\nContact: <sip:a@b>\r\n", Some(200)),
            ("\r\nsip/2.0 180 Ringing", Some(180)),
            ("SIP/2.0 503", Some(503)),
            ("SIP/2.0 99 Low", None),
            ("SIP/2.0 70000 High", None),
            ("SIP/2.0", None),
            ("INVITE sip:a@b SIP/2.0", None),
            ("", None),
        ] {
            assert_eq!(read_status(body.as_bytes()), status, "{body}");
        }
    }
}
