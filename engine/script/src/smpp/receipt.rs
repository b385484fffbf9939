//! Receipts: what has become of a message that was sent (SMPP 3.4 appendix B, which everybody
//! follows and nobody has to).

use super::line::ReceiptIds;

/// What a provider tells of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Receipt {
    /// The provider's id of it, as the answer to it gave it.
    pub(crate) id: String,
    pub(crate) fate: Fate,
    /// As it was written: `UNDELIV`.
    pub(crate) word: String,
    /// The network's error, when one is told that is not 0.
    pub(crate) error: Option<String>,
}

/// What has become of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// Nothing yet.
    UnderWay,
    /// The phone has it.
    Delivered,
    /// The phone will not have it.
    Failed,
}

impl Fate {
    /// As scripts see it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::UnderWay => "under_way",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// By the word of a receipt's text; who is not sure has not delivered.
    pub(crate) fn of_word(word: &str) -> Self {
        match word.to_ascii_uppercase().as_str() {
            "DELIVRD" | "DELIVERED" => Self::Delivered,
            "ENROUTE" | "ACCEPTD" | "ACCEPTED" | "SCHEDULED" | "BUFFRED" | "" => Self::UnderWay,
            _ => Self::Failed,
        }
    }

    /// By `message_state` (§5.2.28).
    fn of_state(state: u8) -> Self {
        match state {
            2 => Self::Delivered,
            0 | 1 | 6 => Self::UnderWay,
            _ => Self::Failed,
        }
    }
}

/// The parameters beside a receipt's text; they count where they are there.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// `receipted_message_id`.
    pub(super) id: Option<String>,
    /// `message_state`.
    pub(super) state: Option<u8>,
    /// `network_error_code`.
    pub(super) error: Option<u16>,
}

/// Reads a receipt; `None` when it names no message.
pub(super) fn read(text: &str, beside: &Beside, ids: ReceiptIds) -> Option<Receipt> {
    let written = field(text, "id:").map(|id| as_given(id, ids));
    let id = beside.id.clone().or(written)?;
    let word = field(text, "stat:").unwrap_or_default();
    let fate = match (beside.state, word) {
        (Some(state), _) => Fate::of_state(state),
        (None, word) => Fate::of_word(word),
    };
    let told = field(text, "err:").map(str::to_owned);
    let error = told.or_else(|| beside.error.map(|code| code.to_string()));
    Some(Receipt {
        id,
        fate,
        word: match word {
            "" => fate.word().to_owned(),
            word => word.to_owned(),
        },
        error: error.filter(|error| error.bytes().any(|byte| byte != b'0')),
    })
}

/// `id:` of `id:123 sub:001 … stat:DELIVRD err:000 text:…`, in capitals or not. What was sent is
/// quoted behind `text:`, and is no field.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let lower = text.to_ascii_lowercase();
    let end = lower.find("text:").unwrap_or(text.len());
    let mut from = 0;
    while let Some(found) = lower.get(from..end)?.find(name) {
        let at = from + found;
        let begins = at == 0 || lower.as_bytes().get(at - 1) == Some(&b' ');
        if begins {
            let value = text.get(at + name.len()..end)?.split(' ').next();
            return value.filter(|value| !value.is_empty());
        }
        from = at + name.len();
    }
    None
}

/// An id of a receipt in the form in which the provider gave it.
fn as_given(id: &str, ids: ReceiptIds) -> String {
    let other = match ids {
        ReceiptIds::Same => None,
        ReceiptIds::Hex => u128::from_str_radix(id, 16).ok().map(|it| it.to_string()),
        ReceiptIds::Decimal => id.parse::<u128>().ok().map(|it| format!("{it:x}")),
    };
    other.unwrap_or_else(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: &str = "id:0123456789 sub:001 dlvrd:001 submit date:2611300110 done date:2611300111 \
                         stat:UNDELIV err:012 Text:id:7 stat:DELIVRD";

    fn read(text: &str) -> Option<Receipt> {
        super::read(text, &Beside::default(), ReceiptIds::Same)
    }

    #[test]
    fn a_receipt_is_read_from_its_text_and_not_from_the_text_it_quotes() {
        let receipt = read(USUAL).unwrap();

        assert_eq!(receipt.id, "0123456789");
        assert_eq!(
            (receipt.fate, receipt.word.as_str()),
            (Fate::Failed, "UNDELIV")
        );
        assert_eq!(receipt.error.as_deref(), Some("012"));
        assert_eq!(read("hello"), None);
        assert_eq!(read("text:id:1"), None);
        let capitals = read("ID:abc STAT:DELIVRD ERR:000").unwrap();
        assert_eq!((capitals.fate, capitals.error), (Fate::Delivered, None));
        assert_eq!(read("id:1 stat:ACCEPTD").unwrap().fate, Fate::UnderWay);
    }

    #[test]
    fn what_stands_beside_the_text_counts() {
        let beside = Beside {
            id: Some("7a".to_owned()),
            state: Some(2),
            error: Some(0),
        };

        let receipt = super::read(USUAL, &beside, ReceiptIds::Hex).unwrap();

        assert_eq!((receipt.id.as_str(), receipt.fate), ("7a", Fate::Delivered));
    }

    #[test]
    fn ids_in_the_other_writing_are_turned_back() {
        let id = |text: &str, ids| super::read(text, &Beside::default(), ids).unwrap().id;

        assert_eq!(id("id:7B stat:DELIVRD", ReceiptIds::Hex), "123");
        assert_eq!(id("id:0000000123 stat:DELIVRD", ReceiptIds::Decimal), "7b");
        assert_eq!(
            id("id:no-number stat:DELIVRD", ReceiptIds::Decimal),
            "no-number"
        );
    }
}
