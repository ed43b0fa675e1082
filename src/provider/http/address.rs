//! Where requests go, and the keys that may go there.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::dialect::Auth;
use super::secret;

/// Why an endpoint's settings cannot be used.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct BadEndpoint(pub(super) String);

/// A base URL that is safe to send to: `https`, or `http` to this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct Base {
    url: Url,
}

impl Base {
    /// Checks a base URL such as `https://host/v1`, with or without a last slash.
    ///
    /// # Errors
    ///
    /// [`BadEndpoint`] for what is no URL, for user names and passwords in it,
    /// and for plain `http` to another machine, which would show the key and
    /// the manuscript to everyone on the way. No message repeats the URL.
    pub fn parse(base_url: &str) -> Result<Self, BadEndpoint> {
        Self::said_in("base_url", base_url)
    }

    /// The same of a base URL that stands in `setting`, which messages name.
    ///
    /// # Errors
    ///
    /// As [`Base::parse`].
    pub fn said_in(setting: &str, base_url: &str) -> Result<Self, BadEndpoint> {
        let bad = |why: &str| Err(BadEndpoint(format!("`{setting}` {why}")));
        if let Some(why) = lacks_scheme(base_url.trim()) {
            return bad(&why);
        }
        let mut url = match Url::parse(base_url.trim()) {
            Ok(url) => url,
            Err(why) => {
                return bad(&format!("is not a URL: {why}; write it like `https://host/v1`"));
            }
        };
        if !url.username().is_empty() || url.password().is_some() {
            return bad(USER);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return bad(&format!(
                    "is plain http to `{}`; only this machine may be reached so: use https, or a tunnel to `localhost`",
                    url.host_str().unwrap_or_default()
                ));
            }
            other => return bad(&format!("has the scheme `{other}`; use https")),
        }
        url.set_fragment(None);
        Ok(Self { url })
    }

    /// Scheme, host and port, for messages and for the binding of keys.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Where requests go, as the browser's rules for addresses spell it, in letters
    /// that look like nothing else; without a query, which may hold a secret.
    #[must_use]
    pub fn shown(&self) -> String {
        let more = if self.url.query().is_some() { "?…" } else { "" };
        format!("{}{}{more}", self.origin(), self.url.path())
    }

    /// The names and the values of its query, as they are written and as they are meant:
    /// some gateways have their keys there.
    pub(super) fn query(&self) -> Vec<(String, String)> {
        let written = self.url.query().unwrap_or_default().split('&');
        let written = written.filter_map(|pair| pair.split_once('='));
        let written = written.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let meant = self.url.query_pairs();
        written.chain(meant.map(|(name, value)| (name.into_owned(), value.into_owned()))).collect()
    }

    /// Whether there is a key in its query.
    #[must_use]
    pub fn is_keyed(&self) -> bool {
        self.query().iter().any(|(name, value)| secret::is_name(name) && !value.is_empty())
    }

    /// Whether it is plain http, and so this machine.
    pub(super) fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Whether its last segment is a version, like the `/v1` that most bases end with.
    pub(super) fn has_version(&self) -> bool {
        self.url.path().split('/').any(|segment| {
            segment
                .strip_prefix('v')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
    }

    /// The URL of a page beside the wire's own `path`, which people copy into a base
    /// whole: a list of models stands beside the chat, not below it.
    pub(super) fn join_beside(&self, own: &str, path: &str) -> Url {
        let mut url = self.url.clone();
        if let Some(base) = url.path().trim_end_matches('/').strip_suffix(own) {
            let base = base.to_owned();
            url.set_path(&base);
        }
        Self { url }.join(path)
    }

    /// The URL of `path` under this base, where it may have a query. What the
    /// base already ends with is not said twice: neither the whole path, which
    /// people copy from a vendor's page, nor the `/v1` that some paths begin
    /// with. A path that begins with `//` stands under the origin instead. A
    /// query of the base, which some gateways need, stays.
    pub(super) fn join(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let base = match path.strip_prefix("//") {
            Some(_) => "",
            None => url.path().trim_end_matches('/'),
        };
        let path = if path.starts_with("//") { &path[1..] } else { path };
        let shared = (0..=path.len())
            .rev()
            .filter(|end| *end == path.len() || path.as_bytes()[*end] == b'/')
            .find(|end| base.ends_with(&path[..*end]))
            .unwrap_or(0);
        url.set_path(&format!("{base}{}", &path[shared..]));
        if !query.is_empty() {
            let own = url.query().map(|own| format!("{own}&")).unwrap_or_default();
            url.set_query(Some(&format!("{own}{query}")));
        }
        url
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the query: some gateways have their keys there.
        write!(f, "Base({}{})", self.origin(), self.url.path())
    }
}

const USER: &str = "holds a user name or a password; take it out and set a key instead";

/// What is wrong with an address that begins with its host, where one does. What stands
/// before a `:` then would be taken for a scheme, and be a user's name perhaps. One of
/// this machine is repeated, unless there may be a secret in it.
fn lacks_scheme(address: &str) -> Option<String> {
    let is_text = address.contains(char::is_whitespace) && !address.contains([':', '@']);
    if address.is_empty() || is_text || address.contains("://") {
        return None;
    }
    if address.contains('@') {
        return Some(USER.to_owned());
    }
    let whole = Url::parse(&format!("http://{}", address.trim_start_matches('/'))).ok();
    Some(match whole.filter(|url| is_loopback(url) && url.query().is_none()) {
        Some(url) => format!("lacks its scheme; write `{url}`"),
        None => "lacks its scheme; write it like `https://host/v1`".to_owned(),
    })
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A key together with the only origin that it is ever shown to.
#[derive(Clone, Debug)]
pub struct BoundKey {
    origin: String,
    key: SecretString,
    source: Option<String>,
}

impl BoundKey {
    /// Binds a key to the origin of a base URL. White space round it (files end
    /// with a line feed) is not part of it.
    ///
    /// # Errors
    ///
    /// [`BadEndpoint`] for an empty key and for one that no header can carry.
    pub fn new(base: &Base, key: &SecretString) -> Result<Self, BadEndpoint> {
        let trimmed = key.expose_secret().trim();
        let bad = |why: &str| Err(BadEndpoint(format!("the key for {} {why}", base.origin())));
        if trimmed.is_empty() {
            return bad("is empty; leave it out for an endpoint that takes none");
        }
        let is_in = |mark: char| trimmed.starts_with(mark) || trimmed.ends_with(mark);
        if is_in('"') || is_in('\'') {
            return bad("stands in quotes; take them off");
        }
        if !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
            return bad("holds spaces, control or non-ASCII characters; copy it again");
        }
        Ok(Self { origin: base.origin(), key: SecretString::from(trimmed), source: None })
    }

    /// The same key, with the name of the place where the user has set it, for
    /// a message that it was not accepted.
    #[must_use]
    pub fn set_in(self, source: impl Into<String>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Where the user has set it.
    pub(super) fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The header for a request to `url`: none if that is another origin.
    pub(super) fn header(&self, url: &Url, auth: Auth) -> Option<(&'static str, HeaderValue)> {
        if url.origin().ascii_serialization() != self.origin {
            return None;
        }
        let key = self.key.expose_secret();
        let value = match auth {
            Auth::Bearer => HeaderValue::try_from(format!("Bearer {key}")),
            Auth::Header(_) => HeaderValue::try_from(key),
        };
        let mut value = value.ok()?;
        value.set_sensitive(true);
        Some((auth.header(), value))
    }

    /// Whether it belongs to this base.
    pub(super) fn fits(&self, base: &Base) -> bool {
        self.origin == base.origin()
    }

    /// The key itself, to find it in what an endpoint echoes.
    pub(super) fn value(&self) -> &str {
        self.key.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_bases_are_taken() {
        let table = [
            ("https://host/v1", Some("https://host/v1/chat/completions")),
            ("https://host/v1/", Some("https://host/v1/chat/completions")),
            ("https://host", Some("https://host/chat/completions")),
            ("https://host:8443/api/v1//", Some("https://host:8443/api/v1/chat/completions")),
            ("https://host/v1/chat/completions", Some("https://host/v1/chat/completions")),
            (
                "https://host/x?api-version=1#frag",
                Some("https://host/x/chat/completions?api-version=1"),
            ),
            ("http://localhost:11434/v1", Some("http://localhost:11434/v1/chat/completions")),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080/chat/completions")),
            ("http://127.8.8.8", Some("http://127.8.8.8/chat/completions")),
            ("http://[::1]:1", Some("http://[::1]:1/chat/completions")),
            ("http://192.168.1.2/v1", None),
            ("http://localhost.evil.example", None),
            ("http://127.0.0.1.evil.example", None),
            ("https://user@host/v1", None),
            ("https://user:secret-word@host/v1", None),
            ("ftp://host", None),
            ("host/v1", None),
            ("", None),
            ("me:secret-word@127.0.0.1:46001/v1", None),
            ("secret-word@127.0.0.1", None),
        ];
        for (given, joined) in table {
            match (Base::parse(given), joined) {
                (Ok(base), Some(joined)) => {
                    assert_eq!(base.join("/chat/completions").as_str(), joined);
                }
                (Err(why), None) => assert!(!why.to_string().contains("secret-word"), "{why}"),
                (seen, _) => panic!("{given}: {seen:?}"),
            }
        }
    }

    /// What is said of an address that is almost one.
    #[test]
    fn an_address_without_its_scheme_is_given_it() {
        let elsewhere = "`base_url` lacks its scheme; write it like `https://host/v1`";
        for (given, said) in [
            (
                "localhost:46001/v1",
                "`base_url` lacks its scheme; write `http://localhost:46001/v1`",
            ),
            ("127.0.0.1:8080", "`base_url` lacks its scheme; write `http://127.0.0.1:8080/`"),
            ("[::1]:1/v1", "`base_url` lacks its scheme; write `http://[::1]:1/v1`"),
            ("//localhost:1/v1", "`base_url` lacks its scheme; write `http://localhost:1/v1`"),
            ("localhost/v1?key=word", elsewhere),
            ("api.host.example/v1", elsewhere),
            ("word:of-mine", elsewhere),
            ("word: of-mine", elsewhere),
            (
                "not a url",
                "`base_url` is not a URL: relative URL without a base; write it like `https://host/v1`",
            ),
            ("ftp://host", "`base_url` has the scheme `ftp`; use https"),
            (
                "word:@127.0.0.1/v1",
                "`base_url` holds a user name or a password; take it out and set a key instead",
            ),
        ] {
            assert_eq!(Base::parse(given).unwrap_err().to_string(), said, "{given}");
        }
    }

    #[test]
    fn what_base_and_path_share_is_said_once() {
        let table = [
            ("https://host", "/v1/messages", "https://host/v1/messages"),
            ("https://host/v1", "/v1/messages", "https://host/v1/messages"),
            ("https://host/v1/messages", "/v1/messages", "https://host/v1/messages"),
            ("https://host/x1/", "/1/messages", "https://host/x1/1/messages"),
            ("https://host/api", "/api/chat", "https://host/api/chat"),
            ("https://host/v1", "/models?limit=9", "https://host/v1/models?limit=9"),
            ("https://host/v1?k=1", "/models?limit=9", "https://host/v1/models?k=1&limit=9"),
            ("https://host/v1", "//props", "https://host/props"),
            ("https://host", "/", "https://host/"),
        ];
        for (base, path, joined) in table {
            assert_eq!(Base::parse(base).unwrap().join(path).as_str(), joined, "{base} {path}");
        }
    }

    #[test]
    fn a_page_stands_beside_the_chat() {
        let chat = "/chat/completions";
        for (base, own, path, joined) in [
            ("https://host/v1/chat/completions", chat, "/models", "https://host/v1/models"),
            ("https://host/v1/chat/completions/", chat, "/models", "https://host/v1/models"),
            ("https://host/v1/chat/completions?k=1", chat, "/m?l=2", "https://host/v1/m?k=1&l=2"),
            ("https://host/v1", chat, "/models", "https://host/v1/models"),
            ("https://host/chat/completions", chat, "/models", "https://host/models"),
            ("https://host/v1/messages", "/v1/messages", "/v1/models", "https://host/v1/models"),
            ("https://host/api/chat", "/api/chat", "/api/tags", "https://host/api/tags"),
            ("https://host/api/chat", chat, "/models", "https://host/api/chat/models"),
        ] {
            let base = Base::parse(base).unwrap();
            assert_eq!(base.join_beside(own, path).as_str(), joined, "{base:?} {path}");
        }
    }

    #[test]
    fn a_key_goes_to_its_own_origin_only_and_is_never_shown() {
        let base = Base::parse("https://host/v1").unwrap();
        let key = BoundKey::new(&base, &SecretString::from("sk-word\n")).unwrap();
        let table = [
            ("https://host/v1/chat/completions", true),
            ("https://host:443/", true),
            ("https://host:8443/", false),
            ("http://host/", false),
            ("https://host.example/", false),
        ];
        for (url, sent) in table {
            let header = key.header(&Url::parse(url).unwrap(), Auth::Bearer);
            assert_eq!(header.is_some(), sent, "{url}");
            assert!(!format!("{header:?} {key:?}").contains("sk-word"));
        }
        for bad in ["\"sk-word\"", "'sk-word", "", " \n", "two words", "ключ", "a\u{7}b"] {
            assert!(BoundKey::new(&base, &SecretString::from(bad)).is_err(), "{bad:?}");
        }
        assert!(Base::parse("https://host/v1").unwrap().has_version());
        assert!(!Base::parse("https://host/vault").unwrap().has_version());
    }
}
