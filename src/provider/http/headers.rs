//! The user's own headers for an endpoint, and the only origin that sees them.

use std::fmt;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::address::{BadEndpoint, Base};

/// Headers that say how a body is sent, which is for the wire to say.
const OURS: [&str; 9] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
];

/// Headers together with the only origin that they are ever sent to: their
/// values may be as secret as a key.
#[derive(Clone)]
pub struct BoundHeaders {
    origin: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl BoundHeaders {
    /// Binds headers to the origin of a base URL.
    ///
    /// # Errors
    ///
    /// [`BadEndpoint`] for a name or a value that no header can have, and for
    /// the headers that the wire sets itself. No message repeats a value.
    pub fn new(base: &Base, pairs: &[(String, String)]) -> Result<Self, BadEndpoint> {
        let headers =
            pairs.iter().map(|(name, value)| header(name, value)).collect::<Result<_, _>>();
        Ok(Self { origin: base.origin(), headers: headers? })
    }

    /// Whether one header can be sent.
    ///
    /// # Errors
    ///
    /// As [`BoundHeaders::new`].
    pub fn check(name: &str, value: &str) -> Result<(), BadEndpoint> {
        header(name, value).map(|_| ())
    }

    /// The headers for a request to `url`: none if that is another origin.
    pub(super) fn to(&self, url: &Url) -> &[(HeaderName, HeaderValue)] {
        let is_home = url.origin().ascii_serialization() == self.origin;
        if is_home { &self.headers } else { &[] }
    }

    /// Their values, to find them in what an endpoint echoes. Short ones are
    /// words such as `true`, and no secrets.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        const SHORTEST: usize = 8;
        let values = self.headers.iter().filter_map(|(_, value)| value.to_str().ok());
        values.filter(|value| value.len() >= SHORTEST)
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), BadEndpoint> {
    let bad = |why: &str| BadEndpoint(format!("the header `{name}` of your configuration {why}"));
    let name: HeaderName =
        name.trim().parse().map_err(|_| bad("has a name that no header can have"))?;
    if OURS.contains(&name.as_str()) {
        return Err(bad("is set by the program itself; take it out"));
    }
    let mut value = HeaderValue::try_from(value.trim())
        .map_err(|_| bad("has a value that no header can have"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

impl fmt::Debug for BoundHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "BoundHeaders({} for {})", names.join(", "), self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_go_to_their_own_origin_only_and_are_never_shown() {
        let base = Base::parse("https://host/v1").unwrap();
        let pairs = |name: &str, value: &str| [(name.to_owned(), value.to_owned())];
        let bound = BoundHeaders::new(&base, &pairs("X-Team", "team-word ")).unwrap();
        for (url, count) in [
            ("https://host/v1/chat/completions", 1),
            ("https://host:8443/", 0),
            ("http://host/", 0),
            ("https://host.example/", 0),
        ] {
            assert_eq!(bound.to(&Url::parse(url).unwrap()).len(), count, "{url}");
        }
        assert_eq!(bound.secrets().collect::<Vec<_>>(), ["team-word"]);
        let shown = format!("{bound:?} {:?}", bound.headers);
        assert!(!shown.contains("team-word"), "{shown}");
        for (name, value) in [
            ("Host", "x"),
            ("content-length", "1"),
            ("two words", "x"),
            ("x", "line\nfeed"),
            ("", "x"),
        ] {
            let why = BoundHeaders::new(&base, &pairs(name, value)).unwrap_err().to_string();
            assert!(!why.contains("feed"), "{why}");
        }
    }
}
