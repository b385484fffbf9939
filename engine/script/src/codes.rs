//! The table of codes that a dialplan declares: what phones dial, what users type in conversations, and
//! the lamps of both.

use std::collections::{BTreeMap, BTreeSet};

use call::desk::Deed;
use call::number::EMERGENCY;
use call::route::{Pattern, PatternError};
use call::{Codes, CodesError};

use crate::Place;
use crate::suggest::did_you_mean;

/// What files declare by `codes`.
#[derive(Debug, Default)]
pub(crate) struct DeclaredCodes {
    /// What is dialled, in the order written.
    pub(crate) idle: Vec<IdleCode>,
    /// What is typed in conversations; `None` when no table says anything of it.
    pub(crate) in_call: Option<Vec<InCallCode>>,
}

/// A code that a phone dials.
#[derive(Clone, Debug)]
pub(crate) struct IdleCode {
    pub(crate) context: String,
    pub(crate) keys: CodeKeys,
    /// The row that it stands in, in words.
    pub(crate) name: String,
    /// `dnd-<me>`.
    pub(crate) lamp: Option<String>,
    pub(crate) place: Place,
}

/// What is typed in a conversation.
#[derive(Clone, Debug)]
pub(crate) struct InCallCode {
    /// `*2<number>#`.
    pub(crate) code: String,
    /// The word of a deed.
    pub(crate) word: String,
    pub(crate) name: String,
    pub(crate) lamp: Option<String>,
    pub(crate) place: Place,
}

/// `*24<X>`: keys, and behind them what a pattern allows.
#[derive(Clone, Debug)]
pub(crate) struct CodeKeys {
    pub(crate) written: String,
    /// `*24`.
    pub(crate) keys: String,
    pub(crate) pattern: Pattern,
}

impl CodeKeys {
    /// Reads a code.
    ///
    /// # Errors
    /// With what to write instead.
    pub(crate) fn read(written: &str) -> Result<Self, String> {
        let malformed = || {
            format!(
                "'{written}' is no code: write keys, and in <> what may follow them, as in \"*24<X>\" or \"*33<10XX>\""
            )
        };
        let (keys, argument) = match written.split_once('<') {
            None => (written, None),
            Some((keys, rest)) => {
                let argument = rest.strip_suffix('>').filter(|it| !it.is_empty());
                (keys, Some(argument.ok_or_else(malformed)?))
            }
        };
        let is_key = |key: char| "0123456789*#".contains(key);
        if keys.is_empty() || !keys.chars().all(is_key) {
            return Err(malformed());
        }
        if argument.is_none() && keys.ends_with('#') {
            return Err(format!(
                "code '{written}' cannot end with #: that key ends whatever is dialled; leave it away"
            ));
        }
        let pattern = match argument {
            None => Pattern::parse(keys),
            Some(argument) => Pattern::parse(&format!("_{keys}{argument}")),
        };
        Ok(Self {
            written: written.to_owned(),
            keys: keys.to_owned(),
            pattern: pattern.map_err(|error: PatternError| error.to_string())?,
        })
    }
}

/// The lamps of codes, and what is typed, as the exchange asks for them.
#[derive(Debug, Default)]
pub(crate) struct CodeTable {
    /// By context and pattern: the lamp, and how many keys stand before what follows.
    lamps: BTreeMap<(String, String), (String, usize)>,
    /// By what is typed: the lamp.
    typed_lamps: BTreeMap<String, Option<String>>,
    /// What is typed in conversations; `None`: as `config.lua` says.
    pub(crate) in_call: Option<Codes>,
}

impl CodeTable {
    /// The lamp behind what a phone's key dials, for whoever watches it; `route` is where that leads.
    pub(crate) fn lamp(
        &self,
        context: &str,
        route: Option<&Pattern>,
        (dialled, me): (&str, &str),
    ) -> Option<String> {
        let filled =
            |lamp: &str, number: &str| lamp.replace("<me>", me).replace("<number>", number);
        if let Some(route) = route {
            let key = (context.to_owned(), route.to_string());
            let (lamp, keys) = self.lamps.get(&key)?;
            let number = dialled.get(*keys..).unwrap_or_default();
            return Some(filled(lamp, number.trim_end_matches('#')));
        }
        let lamp = self.typed_lamps.get(dialled)?.as_deref()?;
        Some(filled(lamp, ""))
    }

    /// Whether this is typed in conversations.
    pub(crate) fn is_typed(&self, keys: &str) -> bool {
        self.typed_lamps.contains_key(keys)
    }
}

/// Makes the table of what was declared; sentences about what is wrong go into `faults`. `is_configured`: config.lua
/// says what is typed, too.
pub(crate) fn table(
    declared: &DeclaredCodes,
    is_configured: bool,
    users: &BTreeSet<String>,
    faults: &mut Vec<(Place, String)>,
) -> CodeTable {
    for (at, code) in declared.idle.iter().enumerate() {
        faults.extend(swallows(code, users).map(|why| (code.place.clone(), why)));
        let before = declared.idle.iter().take(at);
        faults.extend(before.filter_map(|other| collide(other, code)));
    }
    let mut table = CodeTable::default();
    for code in &declared.idle {
        if let Some(lamp) = &code.lamp {
            let key = (code.context.clone(), code.keys.pattern.to_string());
            table
                .lamps
                .insert(key, (lamp.clone(), code.keys.keys.len()));
        }
    }
    let Some(typed) = &declared.in_call else {
        return table;
    };
    if let Some(code) = typed.first().filter(|_| is_configured) {
        let why = "in_call: config.lua has in_call_codes, too: take them out there, or here";
        faults.push((code.place.clone(), why.to_owned()));
    }
    faults.extend(typed.iter().filter_map(does_nothing));
    for code in typed {
        let keys = code
            .code
            .split_once("<number>")
            .map_or(&*code.code, |it| it.0);
        table.typed_lamps.insert(keys.to_owned(), code.lamp.clone());
    }
    let pairs = typed.iter().map(|code| (&*code.code, &*code.word));
    match Codes::new(pairs) {
        Ok(codes) => table.in_call = Some(codes),
        Err(error) => faults.push(typed_wrongly(typed, &error)),
    }
    table
}

/// A number of this tenant's that would lead to the code, and not to whom it belongs.
fn swallows(code: &IdleCode, users: &BTreeSet<String>) -> Option<String> {
    let IdleCode { name, keys, .. } = code;
    let written = &keys.written;
    if let Some(number) = EMERGENCY.iter().find(|it| keys.pattern.matches(it)) {
        return Some(format!(
            "codes: '{written}' ({name}) would swallow {number}, an emergency number: give it other keys"
        ));
    }
    let user = users.iter().find(|it| keys.pattern.matches(it))?;
    Some(format!(
        "codes: '{written}' ({name}) would swallow the extension {user}: give it other keys, such as ones that begin with *"
    ))
}

/// What is said of two codes that the same number would lead to.
fn collide(one: &IdleCode, other: &IdleCode) -> Option<(Place, String)> {
    if one.context != other.context || !one.keys.pattern.meets(&other.keys.pattern) {
        return None;
    }
    let named = |code: &IdleCode| format!("'{}' ({})", code.keys.written, code.name);
    let why = format!(
        "codes: the same may be dialled for {} and for {}: give one of them other keys",
        named(one),
        named(other)
    );
    Some((other.place.clone(), why))
}

fn does_nothing(code: &InCallCode) -> Option<(Place, String)> {
    let takes_number = code.code.contains("<number>");
    let number = takes_number.then(String::new);
    if Deed::typed(&code.word, number).is_some() {
        return None;
    }
    let hint = did_you_mean(&code.word, Deed::TYPED.iter().copied());
    let what = match takes_number {
        true => "no command that takes a number",
        false => "no command that is complete without a number",
    };
    let why = format!(
        "codes: '{}' ({}): '{}' is {what}{hint}",
        code.code, code.name, code.word
    );
    Some((code.place.clone(), why))
}

fn typed_wrongly(typed: &[InCallCode], error: &CodesError) -> (Place, String) {
    let find = |code: &str| typed.iter().find(|it| it.code == code);
    match error {
        CodesError::Conflict { shorter, longer } => {
            let name = |code: &str| find(code).map_or("", |it| &*it.name);
            let place = find(longer).map(|it| it.place.clone()).unwrap_or_default();
            let why = format!(
                "codes: in a call, '{shorter}' ({}) is the beginning of '{longer}' ({}), which nobody could type then: \
                 give one of them other keys",
                name(shorter),
                name(longer)
            );
            (place, why)
        }
        CodesError::Start(code) | CodesError::Malformed(code) => {
            let place = find(code).map(|it| it.place.clone()).unwrap_or_default();
            (place, format!("codes: {error}"))
        }
    }
}

#[cfg(test)]
mod tests;
