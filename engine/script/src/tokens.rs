//! A Lua text as tokens, for what Lua itself forgets: where settings and names were written.

/// A word, text or symbol of a source.
#[derive(Debug)]
pub(crate) struct Token {
    /// From 1.
    pub(crate) line: u32,
    /// What it is.
    pub(crate) what: What,
}

/// What a token is.
#[derive(Debug, PartialEq)]
pub(crate) enum What {
    /// A name, keyword or number.
    Word(String),
    /// A string's content, escapes as written; nothing for a long one.
    Text(String),
    /// One character; `..` are two.
    Symbol(char),
}

/// Splits a source, without its comments. Whatever the text, it never fails.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (length, what) = if let Some(comment) = rest.strip_prefix("--") {
            let long = long_bracket(comment).map(|length| length + 2);
            (
                long.unwrap_or_else(|| rest.find('\n').unwrap_or(rest.len())),
                None,
            )
        } else if let Some(length) = long_bracket(rest) {
            (length, Some(What::Text(String::new())))
        } else if first == '"' || first == '\'' {
            let length = quoted(rest, first);
            let inner = rest[1..length].trim_end_matches(first);
            (length, Some(What::Text(inner.to_owned())))
        } else if first.is_alphanumeric() || first == '_' {
            let end = |c: char| !c.is_alphanumeric() && c != '_';
            let length = rest.find(end).unwrap_or(rest.len());
            (length, Some(What::Word(rest[..length].to_owned())))
        } else if first.is_whitespace() {
            (first.len_utf8(), None)
        } else {
            (first.len_utf8(), Some(What::Symbol(first)))
        };
        tokens.extend(what.map(|what| Token { line, what }));
        let (eaten, left) = rest.split_at(length);
        line += eaten.matches('\n').count() as u32;
        rest = left;
    }
    tokens
}

/// The length of `[[ ... ]]` or `[=[ ... ]=]` at the start of the text.
fn long_bracket(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let level = inner.len() - inner.trim_start_matches('=').len();
    inner[level..].strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(level));
    Some(
        text.find(&close)
            .map_or(text.len(), |start| start + close.len()),
    )
}

/// The length of a quoted string, quotes included.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return index,
            _ if c == quote => return index + 1,
            _ => {}
        }
    }
    text.len()
}
