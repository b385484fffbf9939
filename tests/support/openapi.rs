//! What an OpenAPI 3.1 document says of an answer, as far as ours uses JSON Schema.

use serde_json::Value;

/// Fails unless an answer is as the document has it: the path as a template, the method, the
/// status, the body.
pub(crate) fn assert_fits(document: &Value, path: &str, method: &str, status: u16, body: &Value) {
    let operation = &document["paths"][path][method];
    assert!(operation.is_object(), "no {method} {path} in the document");
    let answer = resolved(document, &operation["responses"][status.to_string()]);
    assert!(
        answer.is_object(),
        "{method} {path} says nothing of {status}"
    );
    let kind = match status {
        200..=299 => "application/json",
        _ => "application/problem+json",
    };
    let schema = &answer["content"][kind]["schema"];
    assert!(schema.is_object(), "{method} {path} {status}: no {kind}");
    let mut faults = Vec::new();
    check(document, schema, body, "body", &mut faults);
    assert!(
        faults.is_empty(),
        "{method} {path} {status}: {faults:#?}\n{body:#}"
    );
}

/// Fails unless a value is as a named schema has it.
pub(crate) fn assert_is(document: &Value, name: &str, value: &Value) {
    let schema = &document["components"]["schemas"][name];
    assert!(schema.is_object(), "no schema {name}");
    let mut faults = Vec::new();
    check(document, schema, value, name, &mut faults);
    assert!(faults.is_empty(), "{faults:#?}\n{value:#}");
}

/// The path of the document that a request's path is one of: `/api/v1/calls/{id}` of
/// `/api/v1/calls/0193…?limit=1`.
pub(crate) fn template(document: &Value, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let paths = document["paths"].as_object().into_iter().flatten();
    let fits = |pattern: &&String| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        let mut pairs = pattern.iter().zip(&parts);
        pattern.len() == parts.len()
            && pairs.all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    // One that is written out goes before one with a name in it.
    let names = |pattern: &&String| pattern.matches('{').count();
    let found = paths
        .map(|(pattern, _)| pattern)
        .filter(fits)
        .min_by_key(names);
    found.cloned().unwrap_or_else(|| path.to_owned())
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let schema = resolved(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = choices.iter().filter(|choice| {
            let mut faults = Vec::new();
            check(document, choice, value, at, &mut faults);
            faults.is_empty()
        });
        if fits.count() != 1 {
            faults.push(format!("{at} is not one of {} kinds", choices.len()));
        }
    }
    if let Some(wanted) = schema.get("const")
        && wanted != value
    {
        faults.push(format!("{at} is {value} and not {wanted}"));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        faults.push(format!("{at} is {value}"));
    }
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_a(value, kind)) {
        faults.push(format!("{at} is {value} and not {kinds:?}"));
    }
    if let (Some("uuid"), Some(text)) = (schema["format"].as_str(), value.as_str())
        && uuid::Uuid::parse_str(text).is_err()
    {
        faults.push(format!("{at} is no id: {text}"));
    }
    if let (Some("date-time"), Some(text)) = (schema["format"].as_str(), value.as_str())
        && text.parse::<jiff::Timestamp>().is_err()
    {
        faults.push(format!("{at} is no time: {text}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        check(
            document,
            &schema["items"],
            item,
            &format!("{at}[{index}]"),
            faults,
        );
    }
    let Some(fields) = value.as_object() else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap_or_default()) {
            faults.push(format!("{at} lacks {name}"));
        }
    }
    for (name, inside) in fields {
        match schema["properties"].get(name) {
            Some(known) => check(document, known, inside, &format!("{at}.{name}"), faults),
            None if schema["additionalProperties"] == false => {
                faults.push(format!("{at} has a {name}"));
            }
            None => {}
        }
    }
}

fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(name) => {
            let found = document.pointer(name.trim_start_matches('#'));
            found.unwrap_or_else(|| panic!("{name} leads nowhere"))
        }
        None => schema,
    }
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}
