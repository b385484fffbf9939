//! What waits in a mailbox: RFC 3842. It lights the lamp of a phone.

use bytes::Bytes;

use crate::Uri;

/// The state of one mailbox.
#[derive(Clone, Debug)]
pub struct MessageSummary {
    /// What the phone's key for messages dials, where it should not be what it was set up with.
    pub account: Option<Uri>,
    /// Messages that were spoken.
    pub voice: MessageCounts,
}

/// How many messages there are of one kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MessageCounts {
    /// Not heard yet, the urgent ones included.
    pub new: u32,
    /// Heard and kept, the urgent ones included.
    pub old: u32,
    /// Of the new ones.
    pub urgent_new: u32,
    /// Of the old ones.
    pub urgent_old: u32,
}

impl MessageSummary {
    /// Whether the lamp is to burn.
    pub fn is_waiting(&self) -> bool {
        self.voice.new > 0
    }

    /// Writes the body of a NOTIFY.
    pub fn to_bytes(&self) -> Bytes {
        let waiting = if self.is_waiting() { "yes" } else { "no" };
        let mut text = format!("Messages-Waiting: {waiting}\r\n");
        if let Some(account) = &self.account {
            text.push_str(&format!("Message-Account: {account}\r\n"));
        }
        let MessageCounts {
            new,
            old,
            urgent_new,
            urgent_old,
        } = self.voice;
        text.push_str(&format!(
            "Voice-Message: {new}/{old} ({urgent_new}/{urgent_old})\r\n"
        ));
        Bytes::from(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lamp_burns_for_new_messages_only() {
        for (new, old, waiting) in [(0, 0, "no"), (0, 3, "no"), (2, 8, "yes")] {
            let summary = MessageSummary {
                account: None,
                voice: MessageCounts {
                    new,
                    old,
                    ..MessageCounts::default()
                },
            };

            let expected =
                format!("Messages-Waiting: {waiting}\r\nVoice-Message: {new}/{old} (0/0)\r\n");
            assert_eq!(summary.to_bytes(), expected);
        }
    }

    #[test]
    fn the_account_is_named_where_there_is_one() {
        let summary = MessageSummary {
            account: Some(Uri::parse("sip:*97@example.com").unwrap()),
            voice: MessageCounts {
                new: 2,
                old: 8,
                urgent_new: 1,
                urgent_old: 2,
            },
        };

        assert_eq!(
            summary.to_bytes(),
            "Messages-Waiting: yes\r\nMessage-Account: sip:*97@example.com\r\n\
             Voice-Message: 2/8 (1/2)\r\n"
        );
    }
}
