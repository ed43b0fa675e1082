//! The user's own headers for an endpoint, and the only origin that sees them.

use std::fmt;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::address::{BadEndpoint, Base};
use super::dialect::Auth;
use super::secret;

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

    /// The name of the first that is secret, for requests to `base`.
    #[must_use]
    pub fn secret(&self, base: &Base) -> Option<&str> {
        let is_home = base.origin() == self.origin;
        let mut names = self.headers.iter().map(|(name, _)| name.as_str());
        names.find(|name| is_home && secret::is_name(name))
    }

    /// The name of the header that would carry the key of requests to `base`, where it is
    /// among these: the user's own word counts.
    #[must_use]
    pub fn in_place_of_key(&self, base: &Base, auth: Auth) -> Option<&str> {
        let is_home = base.origin() == self.origin;
        let mut names = self.headers.iter().map(|(name, _)| name.as_str());
        names.find(|name| is_home && *name == auth.header())
    }

    /// Each name, in small letters, with its value.
    pub(super) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| {
            Some((name.as_str(), std::str::from_utf8(value.as_bytes()).ok()?))
        })
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
        assert_eq!(bound.values().collect::<Vec<_>>(), [("x-team", "team-word")]);
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
