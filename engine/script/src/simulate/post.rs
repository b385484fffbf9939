//! The mail relay, as tests let it answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::mail::{Content, Error, Letter};

/// The relay of one simulated exchange, and what it was given.
#[derive(Clone, Default)]
pub(super) struct Post(Arc<Mutex<Relay>>);

#[derive(Default)]
struct Relay {
    taken: Vec<Sent>,
    answer: Answering,
}

/// What the relay says.
#[derive(Clone, Debug, Default)]
pub(super) enum Answering {
    /// It takes every letter.
    #[default]
    Takes,
    /// It says that it never will.
    Rejects(String),
    /// Nobody is reached.
    NotAtAll,
}

/// A letter as tests look at it.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: Option<String>,
    /// Names.
    pub(super) attachments: Vec<String>,
    pub(super) id: String,
}

impl Post {
    /// What it says from now on.
    pub(super) fn answers(&self, answer: Answering) {
        self.relay().answer = answer;
    }

    /// What it has taken so far.
    pub(super) fn taken(&self) -> Vec<Sent> {
        self.relay().taken.clone()
    }

    /// Takes a letter, or not.
    pub(super) fn take(&self, letter: Letter) -> Result<(), Error> {
        let mut relay = self.relay();
        match relay.answer.clone() {
            Answering::Takes => {}
            Answering::Rejects(why) => return Err(Error::Rejected(why)),
            Answering::NotAtAll => {
                return Err(Error::NotNow {
                    host: letter.relay.host,
                    why: "so the test wants it".to_owned(),
                });
            }
        }
        for attachment in &letter.attachments {
            if let Content::File(path) = &attachment.content
                && !path.exists()
            {
                let name = &attachment.name;
                return Err(Error::Unwritable(format!("attachment '{name}': not found")));
            }
        }
        relay.taken.push(Sent {
            from: letter.relay.from,
            to: letter.to.iter().map(|it| it.email.to_string()).collect(),
            subject: letter.subject,
            text: letter.text,
            html: letter.html,
            attachments: letter.attachments.into_iter().map(|it| it.name).collect(),
            id: letter.id,
        });
        Ok(())
    }

    fn relay(&self) -> MutexGuard<'_, Relay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
