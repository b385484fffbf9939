//! Paths that scripts serve, `/tickets/:call`, and the table of them.

use std::fmt;

use super::Guard;
use crate::Place;

/// One path, as it is declared.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Path(Vec<Part>);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Fixed(String),
    Named(String),
}

impl Path {
    /// Reads a path: parts of letters, digits, `-`, `_` and `.`, and `:name` for any one part.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "'{text}' is no path: {why}; it looks like \"/sms/incoming\" or \"/tickets/:call\""
            )
        };
        let Some(rest) = text.strip_prefix('/') else {
            return Err(wrong("it begins with a slash"));
        };
        if text.len() > LONGEST || rest.split('/').count() > MOST_PARTS {
            return Err(wrong("it is too long"));
        }
        let mut parts = Vec::new();
        for part in rest.split('/') {
            let part = match part.strip_prefix(':') {
                Some(name) if is_name(name) => Part::Named(name.to_owned()),
                Some(_) => {
                    return Err(wrong(
                        "a name after : is of lower-case letters, digits and _",
                    ));
                }
                None if is_plain(part) => Part::Fixed(part.to_owned()),
                None if part.is_empty() => return Err(wrong("a part is empty")),
                None => return Err(wrong("parts are of letters, digits, -, _ and .")),
            };
            if matches!(part, Part::Named(_)) && parts.contains(&part) {
                return Err(wrong("a name stands twice in it"));
            }
            parts.push(part);
        }
        Ok(Self(parts))
    }

    /// Whether it is a prefix's own or below it: `/sms` has `/sms` and `/sms/incoming`.
    pub(crate) fn is_below(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// Whether no request could tell the two apart.
    fn is_like(&self, other: &Self) -> bool {
        let alike = |(a, b): (&Part, &Part)| match (a, b) {
            (Part::Fixed(a), Part::Fixed(b)) => a == b,
            (Part::Named(_), Part::Named(_)) => true,
            _ => false,
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(alike)
    }

    /// What stands at the names, if this is the path.
    fn matches(&self, parts: &[String]) -> Option<Vec<(String, String)>> {
        if self.0.len() != parts.len() {
            return None;
        }
        let mut named = Vec::new();
        for (part, found) in self.0.iter().zip(parts) {
            match part {
                Part::Fixed(text) if text == found => {}
                Part::Fixed(_) => return None,
                // A part that is empty is no part.
                Part::Named(_) if found.is_empty() => return None,
                Part::Named(name) => named.push((name.clone(), found.clone())),
            }
        }
        Some(named)
    }

    /// Sorts what is written out before what is named.
    fn rank(&self) -> Vec<bool> {
        let is_named = |part: &Part| matches!(part, Part::Named(_));
        self.0.iter().map(is_named).collect()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Fixed(text) => write!(f, "/{text}"),
            Part::Named(name) => write!(f, "/:{name}"),
        })
    }
}

/// The methods that can be served.
pub(crate) const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// One route of a generation.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// One of [`METHODS`].
    pub(crate) method: &'static str,
    pub(crate) path: Path,
    pub(crate) guard: Guard,
    /// Where it is written.
    pub(crate) place: Place,
    /// Which of the declared handlers.
    pub(crate) handler: usize,
}

/// All routes of a generation, the most specific first.
#[derive(Debug, Default)]
pub(crate) struct Doors(Vec<Listed>);

/// What stands at a method and a path.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Nothing,
    /// The path is there, for these methods.
    Methods(Vec<&'static str>),
    Route(&'a Listed, Vec<(String, String)>),
}

impl Doors {
    /// Puts a route in.
    ///
    /// # Errors
    /// A sentence, when there is one already that no request could tell from it.
    pub(crate) fn insert(&mut self, route: Listed) -> Result<(), String> {
        let same = |it: &&Listed| it.method == route.method && it.path.is_like(&route.path);
        if let Some(other) = self.0.iter().find(same) {
            let Place { file, line, .. } = &other.place;
            return Err(format!(
                "http.route: \"{} {}\" is served already, by \"{} {}\" in {file}:{line}",
                route.method, route.path, other.method, other.path
            ));
        }
        self.0.push(route);
        self.0.sort_by_key(|it| it.path.rank());
        Ok(())
    }

    /// Finds the route of a path as it was sent. HEAD is answered by what answers GET.
    pub(crate) fn find(&self, method: &str, path: &str) -> Found<'_> {
        let Some(parts) = parts(path) else {
            return Found::Nothing;
        };
        let method = if method == "HEAD" { "GET" } else { method };
        let mut methods = Vec::new();
        for route in &self.0 {
            let Some(named) = route.path.matches(&parts) else {
                continue;
            };
            if route.method == method {
                return Found::Route(route, named);
            }
            methods.push(route.method);
        }
        match methods.is_empty() {
            true => Found::Nothing,
            false => Found::Methods(methods),
        }
    }
}

fn parts(path: &str) -> Option<Vec<String>> {
    let rest = path.strip_prefix('/')?;
    if path.len() > LONGEST_SENT {
        return None;
    }
    rest.split('/').map(decode).collect()
}

/// Text without its percent signs; `None` when it is no text.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            octets.push(byte);
            continue;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
        octets.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(octets)
        .ok()
        .filter(|text| !text.contains('\0'))
}

fn is_plain(part: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain)
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.bytes().all(plain)
}

const LONGEST: usize = 256;
const MOST_PARTS: usize = 16;
/// Octets of a path that is asked for.
const LONGEST_SENT: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(routes: &[(&'static str, &str)]) -> Result<Doors, String> {
        let mut doors = Doors::default();
        for (handler, (method, path)) in routes.iter().enumerate() {
            let path = Path::parse(path)?;
            doors.insert(Listed {
                method,
                path,
                guard: Guard::Anybody,
                place: Place {
                    file: "a.lua".into(),
                    line: 7,
                    generation: 1,
                },
                handler,
            })?;
        }
        Ok(doors)
    }

    fn found(doors: &Doors, method: &str, path: &str) -> String {
        match doors.find(method, path) {
            Found::Nothing => "nothing".to_owned(),
            Found::Methods(methods) => methods.join(","),
            Found::Route(route, named) => format!("{}{named:?}", route.handler),
        }
    }

    #[test]
    fn what_is_written_out_wins_over_what_is_named() {
        let routes = [
            ("GET", "/tickets/:call"),
            ("GET", "/tickets/new"),
            ("POST", "/tickets/:id/close"),
        ];
        let doors = doors(&routes).unwrap();

        assert_eq!(found(&doors, "GET", "/tickets/new"), "1[]");
        assert_eq!(found(&doors, "GET", "/tickets/7"), r#"0[("call", "7")]"#);
        assert_eq!(found(&doors, "HEAD", "/tickets/7"), r#"0[("call", "7")]"#);
        assert_eq!(
            found(&doors, "POST", "/tickets/7/close"),
            r#"2[("id", "7")]"#
        );
        assert_eq!(found(&doors, "POST", "/tickets/7"), "GET");
        for path in [
            "/tickets",
            "/tickets/",
            "/tickets/7/",
            "tickets/7",
            "/",
            "",
            "/Tickets/new",
        ] {
            assert_eq!(found(&doors, "GET", path), "nothing", "{path}");
        }
    }

    #[test]
    fn what_stands_at_a_name_is_text_whatever_it_is_written_with() {
        let doors = doors(&[("GET", "/a/:x")]).unwrap();

        assert_eq!(
            found(&doors, "GET", "/a/%E7%8E%8B%2F..%2f"),
            r#"0[("x", "王/../")]"#
        );
        for path in ["/a/%ff", "/a/%0", "/a/%zz", "/a/%00"] {
            assert_eq!(found(&doors, "GET", path), "nothing", "{path}");
        }
        let long = format!("/a/{}", "x".repeat(LONGEST_SENT));
        assert_eq!(found(&doors, "GET", &long), "nothing");
    }

    #[test]
    fn two_routes_that_no_request_could_tell_apart_are_one_too_many() {
        let refused = doors(&[("GET", "/a/:x"), ("POST", "/a/:x"), ("GET", "/a/:y")]);

        assert_eq!(
            refused.unwrap_err(),
            "http.route: \"GET /a/:y\" is served already, by \"GET /a/:x\" in a.lua:7"
        );
    }

    #[test]
    fn what_is_no_path_is_refused_with_what_would_be_one() {
        for (text, why) in [
            ("sms", "begins with a slash"),
            ("/", "a part is empty"),
            ("/a//b", "a part is empty"),
            ("/a/..", "parts are of"),
            ("/a b", "parts are of"),
            ("/:", "a name after :"),
            ("/:A", "a name after :"),
            ("/:a/:a", "stands twice"),
        ] {
            let refused = Path::parse(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }

    #[test]
    fn a_prefix_has_what_is_below_it_and_nothing_that_looks_alike() {
        let below = |path: &str, prefix: &str| {
            Path::parse(path)
                .unwrap()
                .is_below(&Path::parse(prefix).unwrap())
        };

        assert!(below("/sms", "/sms") && below("/sms/:id", "/sms"));
        assert!(!below("/smsx", "/sms") && !below("/a/sms", "/sms") && !below("/:id", "/sms"));
    }
}
