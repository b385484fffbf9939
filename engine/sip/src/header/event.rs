//! What is subscribed to, and how the subscription stands: RFC 6665 §8.2.

use bytes::BytesMut;

use crate::header::scan::Scan;
use crate::header::{Name, Params};
use crate::text::number;
use crate::{Encode, Error, Text};

/// An event package and, where one dialog holds several subscriptions to it, which: `refer;id=93809`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventPackage {
    /// The package with its templates: `dialog`, `presence.winfo`.
    pub package: Text,
    /// Which of several.
    pub id: Option<Text>,
}

impl EventPackage {
    /// Names a package.
    pub fn of(package: &str) -> Self {
        Self {
            package: Text::from(package),
            id: None,
        }
    }

    /// Reads a value; parameters that only the package knows are left out.
    pub fn parse(text: &Text) -> Result<Self, Error> {
        let (package, params) = token_and_params(text).ok_or(Error::Malformed(Name::Event))?;
        let id = params.value("id");
        Ok(Self { package, id })
    }

    /// Returns the value with buffers of its own, which keep no message alive.
    pub fn detach(&self) -> Self {
        Self {
            package: self.package.detach(),
            id: self.id.as_ref().map(Text::detach),
        }
    }
}

/// How a subscription stands, as a NOTIFY says (RFC 6665 §4.1.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubscriptionState {
    /// In short.
    pub substate: Substate,
    /// Seconds that it still lasts.
    pub expires: Option<u32>,
    /// Why it is over, where the notifier says so.
    pub reason: Option<Text>,
    /// Seconds to wait before a new one.
    pub retry_after: Option<u32>,
}

/// Whether notifications come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Substate {
    /// They come.
    Active,
    /// Somebody has yet to allow them.
    Pending,
    /// None will come any more.
    Terminated,
    /// A word that is not known here; the subscription goes on.
    Other,
}

impl SubscriptionState {
    /// Reads a value; numbers that are none are left out.
    pub fn parse(text: &Text) -> Result<Self, Error> {
        let name = Name::SubscriptionState;
        let (word, params) = token_and_params(text).ok_or(Error::Malformed(name))?;
        let substate = match word {
            word if word.eq_ignore_case("active") => Substate::Active,
            word if word.eq_ignore_case("pending") => Substate::Pending,
            word if word.eq_ignore_case("terminated") => Substate::Terminated,
            _ => Substate::Other,
        };
        let seconds = |name| {
            let value: Text = params.value(name)?;
            let digits = value.as_bytes();
            let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
            is_number.then(|| number(digits).unwrap_or(u32::MAX))
        };
        Ok(Self {
            substate,
            expires: seconds("expires"),
            reason: params.value("reason"),
            retry_after: seconds("retry-after"),
        })
    }
}

/// Reads `token *( ";" parameter )`.
fn token_and_params(text: &Text) -> Option<(Text, Params)> {
    let mut scan = Scan::new(text.as_bytes(), 0);
    scan.skip_space();
    let token = scan.token()?;
    let params = scan.parameters()?;
    Some((text.part(token), Params::new(text, params)))
}

impl Encode for EventPackage {
    fn encode(&self, out: &mut BytesMut) {
        self.package.encode(out);
        if let Some(id) = &self.id {
            out.extend_from_slice(b";id=");
            super::encode_param_value(id, out);
        }
    }
}

impl Encode for SubscriptionState {
    fn encode(&self, out: &mut BytesMut) {
        let word: &[u8] = match self.substate {
            Substate::Active | Substate::Other => b"active",
            Substate::Pending => b"pending",
            Substate::Terminated => b"terminated",
        };
        out.extend_from_slice(word);
        if let Some(expires) = self.expires {
            out.extend_from_slice(b";expires=");
            expires.encode(out);
        }
        if let Some(reason) = &self.reason {
            out.extend_from_slice(b";reason=");
            super::encode_param_value(reason, out);
        }
        if let Some(retry_after) = self.retry_after {
            out.extend_from_slice(b";retry-after=");
            retry_after.encode(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_and_id_are_read_and_other_parameters_left_out() {
        let event = EventPackage::parse(&"dialog;sla;id=\"7\" ;ma".into()).unwrap();

        assert_eq!(event.package, "dialog");
        assert_eq!(event.id, Some(Text::from("7")));
        assert_eq!(written(&event), "dialog;id=7");
        for text in ["", ";id=1", "dialog x", "dialog;=1", "<dialog>"] {
            assert!(EventPackage::parse(&text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_state_is_read_with_its_times_and_its_reason() {
        let text = "Terminated ; reason=probation;retry-after=120;expires=soon";

        let state = SubscriptionState::parse(&text.into()).unwrap();

        assert_eq!(state.substate, Substate::Terminated);
        assert_eq!(state.reason, Some(Text::from("probation")));
        assert_eq!((state.retry_after, state.expires), (Some(120), None));
        let written = written(&state);
        assert_eq!(written, "terminated;reason=probation;retry-after=120");
    }

    #[test]
    fn an_unknown_state_goes_on_and_a_large_number_is_the_largest() {
        let text = "waiting;expires=99999999999";

        let state = SubscriptionState::parse(&text.into()).unwrap();

        assert_eq!(state.substate, Substate::Other);
        assert_eq!(state.expires, Some(u32::MAX));
    }

    fn written(value: &impl Encode) -> String {
        let mut out = BytesMut::new();
        value.encode(&mut out);
        Text::from(out).to_string()
    }
}
