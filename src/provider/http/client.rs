//! The one place that touches the network: one request and its answer, piece by piece.
//!
//! Every wait has a limit of its own and none spans a whole stream: a slow reply
//! is a reply. No redirect is followed, nothing is compressed (compression holds
//! events back), and this machine is never reached through a proxy.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER,
};
use reqwest::{RequestBuilder, Response, Url};
use serde_json::Value;
use tokio::time::timeout;

use super::Endpoint;
use super::address::{BadEndpoint, Base, BoundKey};
use super::dialect::{Dialect, Framing};
use super::headers::BoundHeaders;
use super::patience::{Patience, retry_after};

/// A connection pool for one endpoint.
pub(super) struct Client {
    inner: reqwest::Client,
    base: Base,
    dialect: &'static Dialect,
    key: Option<BoundKey>,
    headers: Option<BoundHeaders>,
    patience: Patience,
}

/// What went wrong below HTTP.
#[derive(Debug)]
pub(super) enum Broken {
    /// No connection.
    Unreachable(String),
    /// A connection to what cannot be talked to, and its last word.
    Foreign(Foreign, String),
    /// Nothing came for this long.
    Silent(Duration),
    /// The connection broke.
    Lost(String),
}

/// What makes talking to the other side impossible, however often it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// Its first bytes are none of TLS.
    NoTls,
    /// Its first line is none of HTTP.
    NoHttp,
    /// Its certificate is signed by nobody whom this machine trusts, or not valid.
    Untrusted,
    /// A proxy on the way wants to know who asks.
    ProxyKey,
}

impl Foreign {
    /// What a connection's last word says of that: the libraries below give it in words
    /// alone.
    fn of(words: &str) -> Option<Self> {
        const NO_HTTP: [&str; 2] =
            ["invalid HTTP version parsed", "invalid HTTP status-code parsed"];
        if words.contains("InvalidContentType") {
            return Some(Self::NoTls);
        }
        if words.starts_with("invalid peer certificate") {
            return Some(Self::Untrusted);
        }
        if words.ends_with("proxy authorization required") {
            return Some(Self::ProxyKey);
        }
        NO_HTTP.iter().any(|said| words.starts_with(said)).then_some(Self::NoHttp)
    }
}

/// What kind of body an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A stream, cut in this way.
    Stream(Framing),
    /// JSON.
    Json,
    /// It does not say, or says no more than text: the first bytes tell.
    Unsaid,
    /// Anything else, such as a web page.
    Other,
}

/// An answer whose body is still to come.
pub(super) struct Answer {
    response: Response,
    /// The HTTP status.
    pub status: u16,
    /// What its content type says.
    pub kind: Kind,
    /// The endpoint's own name for the reply, where a header gives one.
    pub id: Option<String>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
    /// The origin that it points to instead, for a redirect.
    pub elsewhere: Option<String>,
    /// How its body is compressed, though that was not asked for.
    pub packing: Option<String>,
}

impl Client {
    pub fn new(endpoint: &Endpoint) -> Result<Self, BadEndpoint> {
        let Endpoint { base, dialect, key, headers, patience, .. } = endpoint;
        Ok(Self {
            inner: endpoint.connections.to(base, patience.connect)?,
            base: base.clone(),
            dialect,
            key: key.clone(),
            headers: headers.clone(),
            patience: *patience,
        })
    }

    /// Sends a body to the wire's own path and waits for the head of the answer.
    pub async fn post(&self, body: &Value) -> Result<Answer, Broken> {
        let url = self.base.join(self.dialect.path);
        let request = self.inner.post(url.clone()).json(body);
        self.send(request.header(ACCEPT, self.dialect.framing.accepts()), url).await
    }

    /// Asks for a page under the base URL and waits for the head of the answer:
    /// by POST where there is a body, else by GET.
    pub async fn page(&self, path: &str, body: Option<&Value>) -> Result<Answer, Broken> {
        let url = self.base.join_beside(self.dialect.path, path);
        let request = match body {
            Some(body) => self.inner.post(url.clone()).json(body),
            None => self.inner.get(url.clone()),
        };
        self.send(request.header(ACCEPT, "application/json"), url).await
    }

    async fn send(&self, request: RequestBuilder, url: Url) -> Result<Answer, Broken> {
        let mut request = request.header(ACCEPT_ENCODING, "identity");
        for (name, value) in self.dialect.headers {
            request = request.header(*name, *value);
        }
        // `BoundKey` gives its header for its own origin only.
        let key = self.key.as_ref();
        if let Some((name, value)) = key.and_then(|key| key.header(&url, self.dialect.auth)) {
            request = request.header(name, value);
        }
        let own = self.headers.as_ref().map(|headers| headers.to(&url));
        for (name, value) in own.unwrap_or_default() {
            request = request.header(name, value);
        }
        let limit = self.patience.connect + self.patience.idle;
        match timeout(limit, request.send()).await {
            Err(_) => Err(Broken::Silent(self.patience.idle)),
            Ok(Err(why)) if let Some(foreign) = Foreign::of(&innermost(&why)) => {
                Err(Broken::Foreign(foreign, innermost(&why)))
            }
            Ok(Err(why)) if why.is_connect() || why.is_timeout() => {
                Err(Broken::Unreachable(innermost(&why)))
            }
            Ok(Err(why)) => Err(Broken::Lost(innermost(&why))),
            Ok(Ok(response)) => Ok(Answer::new(response, &url)),
        }
    }
}

impl Answer {
    fn new(response: Response, url: &Url) -> Self {
        let header = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let status = response.status();
        let elsewhere = header(LOCATION)
            .filter(|_| status.is_redirection())
            .and_then(|location| url.join(&location).ok())
            .map(|target| target.origin().ascii_serialization());
        let packing = header(CONTENT_ENCODING)
            .filter(|packing| !packing.trim().is_empty() && packing.trim() != "identity");
        Self {
            id: header(HeaderName::from_static("x-generation-id")),
            packing,
            status: status.as_u16(),
            kind: kind(&header(CONTENT_TYPE).unwrap_or_default()),
            retry_after: longest_wait(&response),
            elsewhere,
            response,
        }
    }

    /// The next bytes of the body, within `limit`; `None` at its end.
    pub async fn next(
        &mut self,
        limit: Duration,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>, Broken> {
        match timeout(limit, self.response.chunk()).await {
            Err(_) => Err(Broken::Silent(limit)),
            Ok(Err(why)) => Err(Broken::Lost(innermost(&why))),
            Ok(Ok(chunk)) => Ok(chunk),
        }
    }

    /// The rest of the body, up to `most` bytes, after what has been read
    /// already; and what cut it short, if anything did.
    pub async fn rest(
        &mut self,
        mut body: Vec<u8>,
        most: usize,
        limit: Duration,
    ) -> (Vec<u8>, Option<Broken>) {
        while body.len() < most {
            match self.next(limit).await {
                Ok(Some(chunk)) => body.extend_from_slice(chunk.as_ref()),
                Ok(None) => break,
                Err(broken) => return (body, Some(broken)),
            }
        }
        body.truncate(most);
        (body, None)
    }
}

/// The longest wait that the answer asks for: the header may stand in it twice.
fn longest_wait(response: &Response) -> Option<Duration> {
    let values = response.headers().get_all(RETRY_AFTER).into_iter();
    let now = SystemTime::now();
    values.filter_map(|value| retry_after(value.to_str().ok()?, now)).max()
}

fn kind(content_type: &str) -> Kind {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "text/event-stream" => Kind::Stream(Framing::Events),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
            Kind::Stream(Framing::Lines)
        }
        "" | "text/plain" | "application/octet-stream" => Kind::Unsaid,
        json if json == "application/json" || json.ends_with("+json") => Kind::Json,
        _ => Kind::Other,
    }
}

/// The cause at the bottom: the layers above it repeat the URL and say nothing.
pub(super) fn innermost(why: &reqwest::Error) -> String {
    let mut cause = why.source();
    let mut words = None;
    while let Some(inner) = cause {
        words = Some(inner.to_string());
        cause = inner.source();
    }
    words.unwrap_or_else(|| "the connection failed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asking_again_cannot_help_is_known_by_its_words() {
        for (words, expected) in [
            ("received corrupt message of type InvalidContentType", Some(Foreign::NoTls)),
            ("invalid HTTP version parsed", Some(Foreign::NoHttp)),
            ("invalid peer certificate: UnknownIssuer", Some(Foreign::Untrusted)),
            (
                "invalid peer certificate: certificate not valid for name \"a\"",
                Some(Foreign::Untrusted),
            ),
            ("tunnel error: proxy authorization required", Some(Foreign::ProxyKey)),
            ("Connection refused (os error 111)", None),
        ] {
            assert_eq!(Foreign::of(words), expected, "{words}");
        }
    }
}
