//! Where a request goes, and the beginnings of URLs that permissions name.

use std::fmt;

use hyper::Uri;

/// A URL that can be asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Url {
    pub(crate) is_tls: bool,
    /// A name or an address, lower case, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `/a/b`.
    path: String,
    query: Option<String>,
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// A sentence that says what is wrong, without the URL.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = "expected an address that begins with http:// or https://";
        let uri: Uri = text.parse().map_err(|_| wrong.to_owned())?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong.to_owned()),
        };
        let authority = uri.authority().ok_or(wrong)?;
        if authority.as_str().contains('@') {
            return Err("a name or password in an address is not sent: use `bearer`".to_owned());
        }
        let host = authority.host().trim_matches(['[', ']']);
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host.is_empty() {
            return Err(wrong.to_owned());
        }
        let path = uri.path().to_owned();
        if path.split('/').any(is_dots) {
            return Err("the path goes up (..): write the address that is meant".to_owned());
        }
        Ok(Self {
            is_tls,
            host,
            port: authority
                .port_u16()
                .unwrap_or(if is_tls { 443 } else { 80 }),
            path,
            query: uri.query().map(str::to_owned),
        })
    }

    /// All of it, for who may know what is secret in it.
    pub(crate) fn whole(&self) -> String {
        format!("{self}{}", self.path_and_query())
    }

    /// What goes into the request line.
    pub(super) fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// What goes into `Host`.
    pub(super) fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match (self.is_tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for Url {
    /// Scheme and host only: a path or query may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

/// The beginning of URLs that may be asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Pattern(Url);

impl Pattern {
    /// Reads one: `https://api.example.com/v1`.
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Url::parse(text).map(Self)
    }

    /// The host that it names.
    pub(crate) fn host(&self) -> &str {
        &self.0.host
    }

    /// Whether a URL begins so: the same scheme, host and port, and a path below this one.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        let same = (self.0.is_tls, &self.0.host, self.0.port) == (url.is_tls, &url.host, url.port);
        let above = self.0.path.trim_end_matches('/');
        let below = url.path.strip_prefix(above);
        same && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// `.` or `..`, written in any way.
fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_its_parts() {
        let url = Url::parse("HTTPS://API.Example.com./v1/send?a=b#c").unwrap();

        assert_eq!(
            (url.host.as_str(), url.port, url.is_tls),
            ("api.example.com", 443, true)
        );
        assert_eq!(url.path_and_query(), "/v1/send?a=b");
        assert_eq!(
            url.to_string(),
            "https://api.example.com",
            "no path in a log"
        );
        let url = Url::parse("http://[::1]:8080").unwrap();
        assert_eq!(
            (url.host.as_str(), url.path_and_query().as_str()),
            ("::1", "/")
        );
        assert_eq!(url.authority(), "[::1]:8080");
    }

    #[test]
    fn what_is_no_such_url_is_refused() {
        for text in [
            "",
            "example.com",
            "/path",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://",
            "http://a b/",
            "https://api.example.com@evil.example/",
            "https://user:word@example.com",
            "https://example.com/a/../b",
            "https://example.com/%2e%2E/b",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_covers_what_is_below_it_and_nothing_that_looks_alike() {
        let covers = |pattern: &str, url: &str| {
            Pattern::parse(pattern)
                .unwrap()
                .covers(&Url::parse(url).unwrap())
        };

        assert!(covers("https://a.example/v1", "https://a.example/v1"));
        assert!(covers(
            "https://a.example/v1",
            "https://A.example:443/v1/x?y"
        ));
        assert!(covers("https://a.example", "https://a.example/any"));
        assert!(!covers("https://a.example/v1", "https://a.example/v10"));
        assert!(!covers("https://a.example/v1", "https://a.example/"));
        assert!(!covers(
            "https://a.example",
            "https://a.example.evil.example/"
        ));
        assert!(!covers("https://a.example", "http://a.example/"));
        assert!(!covers("https://a.example", "https://a.example:444/"));
    }
}
