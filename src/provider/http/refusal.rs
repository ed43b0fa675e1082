//! What an endpoint says when it does not answer: JSON in many shapes, a page, or nothing.
//!
//! Pure. Nothing here is ever shown raw: a gateway's page can hold addresses,
//! and an echoed request can hold the key.

mod about;

use serde_json::Value;

use super::{echo, halves, wording};

/// The most of a message that is shown.
const SHOWN: usize = 400;

/// An error object, whatever its dialect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status it stands for, where it says so by number or by a known word.
    pub status: Option<u16>,
    /// Its type and code words, in lower case.
    pub kind: String,
    /// The field of the body that it complains of.
    pub param: Option<String>,
    /// Its words.
    pub message: String,
}

/// Words of error types, and the HTTP status they stand for. The first that the
/// type contains counts.
const KINDS: &[(&str, u16)] = &[
    ("api_key", 401),
    ("context_length", 400),
    ("exceed_context", 400),
    ("max_tokens_exceeded", 400),
    ("token_limit", 400),
    ("invalid_prompt", 400),
    ("too_large", 413),
    ("unprocessable", 422),
    ("content_policy", 403),
    ("content_filter", 400),
    ("billing", 402),
    ("invalid_request", 400),
    ("rate_limit", 429),
    ("capacity_exceeded", 429),
    ("overloaded", 529),
    ("authentication", 401),
    ("permission", 403),
    ("payment", 402),
    ("insufficient_quota", 402),
    ("current_quota", 402),
    ("not_found", 404),
    ("unavailable", 503),
    ("timeout", 504),
    ("server", 500),
    ("api_error", 500),
];

impl Refusal {
    /// Reads the error of a JSON value, or nothing if it holds none.
    ///
    /// Known shapes: `{error: {code, message, type, param, metadata: {raw}}}`
    /// (`OpenAI`, `OpenRouter`, Anthropic), `{error: "…"}` (Ollama),
    /// `{object: "error", message}` (vLLM, Mistral), `{detail: "…"}` and
    /// `{detail: [{loc, msg, type}]}` (`FastAPI`), the same within a `message` (Mistral),
    /// `{message}`, and the first in a list of `{error}` (Google).
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        if let Some(first) = value.as_array().and_then(|list| list.first()) {
            return first.get("error").and_then(|_| Self::read(first));
        }
        match value.get("error") {
            Some(error @ Value::Object(_)) => return Some(Self::object(error)),
            Some(Value::String(message)) => return Some(Self::object(value).saying(message)),
            _ => {}
        }
        let is_error = ["object", "type"]
            .iter()
            .any(|key| value.get(key).and_then(Value::as_str) == Some("error"));
        if is_error || value.get("message").is_some_and(Value::is_string) {
            return Some(Self::object(value));
        }
        // A reply of Ollama's has a `message`, too.
        if let Some(inner) = value.get("message").and_then(Self::within) {
            return Some(inner);
        }
        match value.get("detail")? {
            Value::String(message) => Some(Self::object(value).saying(message)),
            Value::Array(findings) => findings.first().map(Self::finding),
            detail @ Value::Object(_) => {
                Some(Self::read(detail).unwrap_or_else(|| Self::object(detail)))
            }
            _ => None,
        }
    }

    fn saying(self, message: &str) -> Self {
        Self { message: message.to_owned(), ..self }
    }

    fn object(error: &Value) -> Self {
        if let Some(inner) = error.get("message").and_then(Self::within) {
            return inner;
        }
        let metadata = error.get("metadata").unwrap_or(&Value::Null);
        let words = [error.get("type"), error.get("code"), metadata.get("error_type")];
        let kind = words
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        let words = text(error.get("message")).or_else(|| text(error.get("msg")));
        let mut message = words.unwrap_or_else(|| kind.clone());
        // OpenRouter says "Provider returned error" and keeps the reason here.
        if let Some(raw) = text(metadata.get("raw")) {
            message = format!("{message}: {raw}");
        }
        Self {
            status: number(error.get("code"))
                .or_else(|| number(error.get("status")))
                .or_else(|| known_kind(&kind)),
            param: text(error.get("param")),
            kind,
            message,
        }
    }

    /// The error that a message is itself, as an object or as its text.
    fn within(message: &Value) -> Option<Self> {
        match message {
            Value::Object(_) => Self::read(message),
            Value::String(text) if text.trim_start().starts_with('{') => {
                let value: Value = serde_json::from_str(text).ok()?;
                value.get("detail").and_then(|_| Self::read(&value))
            }
            _ => None,
        }
    }

    /// One entry of a `FastAPI` answer; its place ends with the field's name.
    fn finding(entry: &Value) -> Self {
        let place: Vec<&str> = entry
            .get("loc")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|part| *part != "body")
            .collect();
        let says = text(entry.get("msg")).unwrap_or_else(|| "not accepted".to_owned());
        Self {
            status: Some(422),
            kind: text(entry.get("type")).unwrap_or_default().to_lowercase(),
            param: place.first().map(|field| (*field).to_owned()),
            message: if place.is_empty() { says } else { format!("`{}`: {says}", place.join(".")) },
        }
    }

    /// The HTTP status that it stands for where it came without one: the one that it
    /// says, or the one that its words stand for.
    #[must_use]
    pub fn means(&self) -> u16 {
        // Who names a field has looked at the request, and not yet at the model.
        let named = self.param.as_ref().map(|_| 400);
        let by_words = || wording::status(&format!("{} {}", self.kind, self.message));
        self.status.or(named).unwrap_or_else(by_words)
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        _ => None,
    }
}

fn number(value: Option<&Value>) -> Option<u16> {
    let number = match value? {
        Value::String(digits) => digits.parse().ok()?,
        other => other.as_u64()?,
    };
    u16::try_from(number).ok().filter(|status| (400..600).contains(status))
}

fn known_kind(kind: &str) -> Option<u16> {
    KINDS.iter().find(|(word, _)| kind.contains(word)).map(|(_, status)| *status)
}

/// What a body says that is no reply: the words of a JSON error, or what the
/// answer is instead.
#[must_use]
pub fn of_body(body: &[u8]) -> Refusal {
    if let Some(packing) = packing(body) {
        return saying(&format!("it answered with {packing}, which was not asked for"));
    }
    let is_json = || halves::value(body).is_ok();
    read_body(body).unwrap_or_else(|| match body.trim_ascii() {
        b"" => saying("it said nothing"),
        _ if is_json() => saying("it answered with JSON that is neither a reply nor an error"),
        _ => saying("it answered with text that is no JSON"),
    })
}

/// How bytes are compressed, by how they begin.
#[must_use]
pub fn packing(body: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 3] =
        [(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x78\x9c", "deflate")];
    let found = BEGINNINGS.iter().find(|(beginning, _)| body.starts_with(beginning));
    found.map(|(_, name)| *name)
}

/// The error that a body is, if it is JSON and says so.
#[must_use]
pub(super) fn error(body: &[u8]) -> Option<Refusal> {
    Refusal::read(&halves::value(body).ok()?)
}

/// A JSON error, or that it is a page, if the body is one of these.
#[must_use]
pub fn read_body(body: &[u8]) -> Option<Refusal> {
    if let Ok(value) = halves::value(body) {
        return Refusal::read(&value);
    }
    let page = String::from_utf8_lossy(body);
    let title = title(&page).map(|title| format!(" titled `{title}`"));
    (title.is_some() || is_html(&page))
        .then(|| saying(&format!("{AN_HTML_PAGE}{}", title.unwrap_or_default())))
}

/// What a page is called, with or without its title.
const AN_HTML_PAGE: &str = "it answered with an HTML page";

/// Whether a text begins as pages do: with a tag, and not as other XML.
fn is_html(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.strip_prefix('<')
        .is_some_and(|rest| rest.starts_with(|c: char| c == '!' || c.is_ascii_alphabetic()))
}

fn saying(message: &str) -> Refusal {
    Refusal::default().saying(message)
}

/// The text of a page's `<title>`.
fn title(page: &str) -> Option<String> {
    // Lower-casing ASCII only keeps every offset in place.
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = page[start..end].trim();
    (!title.is_empty()).then(|| title.to_owned())
}

/// Foreign words made fit to be shown: one line, no control characters, the
/// `secrets` blotted out, and not too long.
#[must_use]
pub fn shown(words: &str, secrets: &[impl AsRef<str>]) -> String {
    let line = words
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    // Only now, so that the cut cannot leave a part of the secret behind.
    let line = echo::blotted(&line, secrets).into_owned();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests;
