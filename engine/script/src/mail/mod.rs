//! Outgoing mail: a letter, and the way to the relay that `config.lua` names.

mod relay;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment as Part, Mailbox, MultiPart, SinglePart};

use crate::config::Smtp;

pub(crate) use relay::send;

/// Something to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) relay: Smtp,
    pub(crate) to: Vec<Mailbox>,
    pub(crate) cc: Vec<Mailbox>,
    pub(crate) reply_to: Option<Mailbox>,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    pub(crate) attachments: Vec<Attachment>,
    /// What its Message-ID begins with; the same for every attempt.
    pub(crate) id: String,
    pub(crate) at: SystemTime,
}

/// Something that goes with a letter.
#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    pub(crate) name: String,
    pub(crate) kind: ContentType,
    pub(crate) content: Content,
}

/// What is in an attachment.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// This.
    Here(Bytes),
    /// What is in a file of the exchange's.
    File(PathBuf),
}

/// Why a letter was not sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Error {
    /// The relay says that it never will be.
    #[error("{0}")]
    Rejected(String),
    /// Not now.
    #[error("{host} has not taken it: {why}")]
    NotNow {
        /// The relay.
        host: String,
        /// What it says, or what keeps it from being reached.
        why: String,
    },
    /// Too late.
    #[error("{host} has not taken it within {} s", TIMEOUT.as_secs())]
    TimedOut {
        /// The relay.
        host: String,
    },
    /// It cannot be written as a letter.
    #[error("{0}")]
    Unwritable(String),
    /// Nobody sends.
    #[error("no mail can be sent: {0}")]
    NoClient(String),
}

impl Letter {
    /// The letter as it is sent, with what its attachments hold.
    ///
    /// # Errors
    /// When it cannot be written.
    fn message(self, contents: Vec<Vec<u8>>) -> Result<Message, Error> {
        let wrong = |why: String| Error::Unwritable(why);
        let from: Mailbox = self.relay.from.parse().map_err(|_| {
            wrong(format!(
                "smtp.from '{}' is no mail address",
                self.relay.from
            ))
        })?;
        let domain = from.email.domain().to_owned();
        let mut builder = Message::builder()
            .from(from)
            .subject(self.subject)
            .date(self.at)
            .message_id(Some(format!("<{}@{domain}>", self.id)));
        for to in self.to {
            builder = builder.to(to);
        }
        for cc in self.cc {
            builder = builder.cc(cc);
        }
        if let Some(reply_to) = self.reply_to {
            builder = builder.reply_to(reply_to);
        }
        let written = match self.html {
            None if self.attachments.is_empty() => {
                return builder
                    .singlepart(SinglePart::plain(self.text))
                    .map_err(|error| wrong(error.to_string()));
            }
            None => MultiPart::mixed().singlepart(SinglePart::plain(self.text)),
            Some(html) => {
                MultiPart::mixed().multipart(MultiPart::alternative_plain_html(self.text, html))
            }
        };
        let attachments = self.attachments.into_iter().zip(contents);
        let parts = attachments.fold(written, |parts, (attachment, content)| {
            parts.singlepart(Part::new(attachment.name).body(content, attachment.kind))
        });
        builder
            .multipart(parts)
            .map_err(|error| wrong(error.to_string()))
    }
}

/// For the whole conversation with the relay.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Octets of all attachments.
pub(crate) const LARGEST: usize = 20 << 20;
