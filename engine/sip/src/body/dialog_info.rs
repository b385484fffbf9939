//! The calls of somebody: RFC 4235. It lights the lamp beside a colleague's key, and says what the
//! key needs to take the call over.

use bytes::Bytes;

use crate::{Text, Uri};

/// What a NOTIFY says of all calls, or of those that changed.
#[derive(Clone, Debug)]
pub struct DialogInfo {
    /// Whose calls they are.
    pub entity: Uri,
    /// One more with each NOTIFY of a subscription; the first is 0.
    pub version: u32,
    /// Whether these are all calls; otherwise those that are not named go on as they were.
    pub is_full: bool,
    /// The calls.
    pub dialogs: Vec<DialogReport>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct DialogReport {
    /// A name that stays while the call lasts; unique within the subscription.
    pub id: String,
    /// How far it is.
    pub state: DialogState,
    /// Whether the entity calls; `None` where that is nobody's business.
    pub is_caller: Option<bool>,
    /// What names the dialog to one who may take it over; `None` where nobody may.
    pub call_id: Option<Text>,
    /// The tag of the entity's end.
    pub local_tag: Option<Text>,
    /// The tag of the other end.
    pub remote_tag: Option<Text>,
    /// The entity.
    pub local: Option<DialogParty>,
    /// With whom.
    pub remote: Option<DialogParty>,
}

/// How far a call is (RFC 4235 §3.7.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DialogState {
    /// It has been sent, and nothing has been heard.
    Trying,
    /// Somebody is being asked.
    Proceeding,
    /// It rings.
    Early,
    /// They talk.
    Confirmed,
    /// It is over.
    Terminated,
}

/// One end of a call.
#[derive(Clone, Debug)]
pub struct DialogParty {
    /// Who it is.
    pub identity: Uri,
    /// The name that is shown; empty for none.
    pub display: String,
    /// Where it can be reached; the identity itself for want of anything better.
    pub target: Option<Uri>,
}

impl DialogInfo {
    /// Writes the body of a NOTIFY.
    pub fn to_bytes(&self) -> Bytes {
        let mut xml = String::from("<?xml version=\"1.0\"?>\n<dialog-info");
        attribute(&mut xml, "xmlns", "urn:ietf:params:xml:ns:dialog-info");
        attribute(&mut xml, "version", &self.version.to_string());
        attribute(
            &mut xml,
            "state",
            if self.is_full { "full" } else { "partial" },
        );
        attribute(&mut xml, "entity", &self.entity.to_string());
        xml.push_str(">\n");
        for dialog in &self.dialogs {
            dialog.write(&mut xml);
        }
        xml.push_str("</dialog-info>\n");
        Bytes::from(xml)
    }
}

impl DialogReport {
    /// A call of which nothing but its state is told: enough for a lamp.
    pub fn of(id: &str, state: DialogState) -> Self {
        Self {
            id: id.to_owned(),
            state,
            is_caller: None,
            call_id: None,
            local_tag: None,
            remote_tag: None,
            local: None,
            remote: None,
        }
    }

    fn write(&self, xml: &mut String) {
        xml.push_str("<dialog");
        attribute(xml, "id", &self.id);
        for (name, value) in [
            ("call-id", &self.call_id),
            ("local-tag", &self.local_tag),
            ("remote-tag", &self.remote_tag),
        ] {
            if let Some(value) = value {
                attribute(xml, name, &value.to_str());
            }
        }
        if let Some(is_caller) = self.is_caller {
            let direction = if is_caller { "initiator" } else { "recipient" };
            attribute(xml, "direction", direction);
        }
        xml.push_str(">\n");
        element(xml, "state", self.state.word());
        for (name, party) in [("local", &self.local), ("remote", &self.remote)] {
            if let Some(party) = party {
                party.write(xml, name);
            }
        }
        xml.push_str("</dialog>\n");
    }
}

impl DialogState {
    fn word(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Proceeding => "proceeding",
            Self::Early => "early",
            Self::Confirmed => "confirmed",
            Self::Terminated => "terminated",
        }
    }
}

impl DialogParty {
    fn write(&self, xml: &mut String, name: &str) {
        xml.push_str(&format!("<{name}>\n<identity"));
        if !self.display.is_empty() {
            attribute(xml, "display", &self.display);
        }
        xml.push('>');
        escape(&self.identity.to_string(), xml);
        xml.push_str("</identity>\n<target");
        let target = self.target.as_ref().unwrap_or(&self.identity);
        attribute(xml, "uri", &target.to_string());
        xml.push_str(&format!("/>\n</{name}>\n"));
    }
}

fn element(xml: &mut String, name: &str, content: &str) {
    xml.push_str(&format!("<{name}>"));
    escape(content, xml);
    xml.push_str(&format!("</{name}>\n"));
}

fn attribute(xml: &mut String, name: &str, value: &str) {
    xml.push_str(&format!(" {name}=\""));
    escape(value, xml);
    xml.push('"');
}

/// Writes what strangers chose so that it can end nothing; characters that XML 1.0 has not are
/// left out.
fn escape(value: &str, xml: &mut String) {
    for letter in value.chars() {
        match letter {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            '\t' | '\n' | '\r' => xml.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            letter => xml.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ringing_call_names_what_a_pick_up_needs() {
        let info = DialogInfo {
            entity: uri("sip:1049@example.com"),
            version: 3,
            is_full: false,
            dialogs: vec![DialogReport {
                is_caller: Some(false),
                call_id: Some("c@h".into()),
                local_tag: Some("l".into()),
                remote_tag: Some("r".into()),
                remote: Some(DialogParty {
                    identity: uri("sip:13800138000@example.com"),
                    display: "\u{5f20} <\"O'Neil\" & \u{1}Co>".to_owned(),
                    target: Some(uri("sip:x@192.0.2.1")),
                }),
                ..DialogReport::of("7", DialogState::Early)
            }],
        };

        let expected = "<?xml version=\"1.0\"?>\n\
            <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"3\" state=\"partial\" \
            entity=\"sip:1049@example.com\">\n\
            <dialog id=\"7\" call-id=\"c@h\" local-tag=\"l\" remote-tag=\"r\" direction=\"recipient\">\n\
            <state>early</state>\n\
            <remote>\n<identity display=\"\u{5f20} &lt;&quot;O&apos;Neil&quot; &amp; Co&gt;\">\
            sip:13800138000@example.com</identity>\n<target uri=\"sip:x@192.0.2.1\"/>\n</remote>\n\
            </dialog>\n</dialog-info>\n";
        assert_eq!(info.to_bytes(), expected);
    }

    #[test]
    fn no_calls_are_a_full_report_without_any() {
        let info = DialogInfo {
            entity: uri("sip:1049@example.com"),
            version: 0,
            is_full: true,
            dialogs: Vec::new(),
        };

        let text = String::from_utf8(info.to_bytes().to_vec()).unwrap();

        assert!(text.contains("version=\"0\" state=\"full\""));
        assert!(!text.contains("<dialog "));
    }

    #[test]
    fn a_lamp_needs_no_more_than_a_state() {
        for state in [
            DialogState::Trying,
            DialogState::Proceeding,
            DialogState::Early,
            DialogState::Confirmed,
            DialogState::Terminated,
        ] {
            let mut xml = String::new();
            DialogReport::of("a\"b", state).write(&mut xml);

            let word = state.word();
            assert_eq!(
                xml,
                format!("<dialog id=\"a&quot;b\">\n<state>{word}</state>\n</dialog>\n")
            );
        }
    }

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }
}
