//! Every kind of setting, right and wrong, and the sentence for each mistake.

use serde_json::json;

use super::*;

fn schema() -> Schema {
    let server = Schema::new(vec![
        Field::new("host", Kind::List(Box::new(Kind::String)), "Where it is.").required(),
        Field::new("wait", Kind::Duration, "")
            .default("20s")
            .range(1.0, 60.0),
        Field::new("format", Kind::Enum(&["e164", "national"]), "").default("e164"),
    ]);
    Schema::new(vec![
        Field::new("name", Kind::String, "Its name.").required(),
        Field::new("memory", Kind::Size, "").default("1KB"),
        Field::new("servers", Kind::Map(Box::new(Kind::Table(server))), ""),
        Field::new("token", Kind::Secret, ""),
    ])
}

fn complaints(value: Value) -> Vec<String> {
    let complaints = schema().check(&value).err().unwrap_or_default();
    complaints
        .iter()
        .map(|it| format!("{}: {}", it.path.join("."), it.message))
        .collect()
}

#[test]
fn what_is_not_given_gets_its_default_in_the_checked_unit() {
    let checked = schema().check(&json!({ "name": "a", "servers": { "one": { "host": "h" } } }));

    let one = json!({ "host": ["h"], "wait": 20_000, "format": "e164" });
    let expected = json!({ "name": "a", "memory": 1024, "servers": { "one": one } });
    assert_eq!(checked, Ok(expected));
}

#[test]
fn an_unknown_setting_is_refused_with_a_suggestion() {
    assert_eq!(
        complaints(json!({ "name": "a", "memroy": 1 })),
        ["memroy: unknown setting 'memroy' (did you mean 'memory'?)"]
    );
}

#[test]
fn everything_wrong_is_told_at_once_with_its_path() {
    let server = json!({ "wait": 0.5, "format": "e146" });

    let complaints = complaints(json!({ "memory": "1XB", "servers": { "one": server } }));

    assert_eq!(
        complaints,
        [
            ": 'name' is missing: Its name.",
            "memory: expected bytes or a size such as \"256MB\", got \"1XB\"",
            "servers.one: 'host' is missing: Where it is.",
            "servers.one.wait: must be 1 to 60 seconds, is 0.5",
            "servers.one.format: 'e146' is none of e164, national (did you mean 'e164'?)",
        ]
    );
}

#[test]
fn a_secret_is_never_repeated_in_a_complaint() {
    assert_eq!(
        complaints(json!({ "name": "a", "token": 123_456 })),
        ["token: expected text, best from secret \"name\", got a number"]
    );
}

#[test]
fn lists_and_tables_are_told_apart() {
    assert_eq!(
        complaints(json!({ "name": "a", "servers": ["x"] })),
        ["servers: expected names: { name = ... }, got a list"]
    );
    assert_eq!(
        complaints(json!({ "name": "a", "servers": { "one": { "host": { "a": 1 } } } })),
        ["servers.one.host: expected a list { a, b }, got a table with names"]
    );
}

#[test]
fn each_kind_takes_what_is_right_and_refuses_what_is_not() {
    let cases: [(Kind, Value, Value); 9] = [
        (Kind::Integer, json!(3.0), json!(3.5)),
        (Kind::Number, json!(0.5), json!("0.5")),
        (Kind::Boolean, json!(false), json!("no")),
        (Kind::Time, json!("09:30"), json!("9:30")),
        (Kind::Url, json!("https://a.b"), json!("ftp://a.b")),
        (Kind::Email, json!("a@b.cn"), json!("a.b.cn")),
        (Kind::Phone, json!("+8613800138000"), json!("call me")),
        (Kind::Extension, json!("1049"), json!("1")),
        (Kind::Duration, json!(1.5), json!(-1)),
    ];
    for (kind, right, wrong) in cases {
        let schema = Schema::new(vec![Field::new("it", kind.clone(), "")]);

        assert!(
            schema.check(&json!({ "it": right })).is_ok(),
            "{kind:?} {right}"
        );
        assert!(
            schema.check(&json!({ "it": wrong })).is_err(),
            "{kind:?} {wrong}"
        );
    }
}
