//! What counts as a secret that is looked for in what an endpoint says.
//!
//! An endpoint may repeat whatever it was shown, and what it says stands in the
//! manuscript. So what is blotted out must never be a word of prose: servers on one's
//! own machine are given words for keys (`ollama`, `not-needed`), and most headers hold
//! plain words. A real key is long, and no word. Pure.

use super::address::{Base, BoundKey};
use super::headers::BoundHeaders;

/// The fewest bytes of a secret.
const SHORTEST: usize = 8;

/// The fewest bytes of a secret that is letters alone, as a word is.
const SHORTEST_OF_LETTERS: usize = 16;

/// All secrets that requests to an endpoint carry, the longest first, so that none is
/// cut apart by another that is a part of it.
pub(super) fn all(
    key: Option<&BoundKey>,
    headers: Option<&BoundHeaders>,
    base: &Base,
) -> Vec<String> {
    let headers = headers.into_iter().flat_map(BoundHeaders::values);
    let headers = headers.filter(|(name, _)| is_name(name)).map(|(_, value)| value.to_owned());
    let query = base.query().into_iter().filter(|(name, _)| is_name(name));
    let key = key.map(|key| key.value().to_owned());
    let values = key.into_iter().chain(headers).chain(query.map(|(_, value)| value));
    let mut all: Vec<String> = values.flat_map(|value| parts(&value)).collect();
    all.retain(|part| is_one(part));
    all.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    all.dedup();
    all
}

/// Whether what stands under this name, of a header or of a field in an address's
/// query, is secret: `authorization`, `x-api-key`, `cookie`, `access_token`.
pub(super) fn is_name(name: &str) -> bool {
    const ANYWHERE: [&str; 7] =
        ["key", "token", "secret", "passw", "cookie", "credential", "signature"];
    // Of an address's query alone: Azure's and Amazon's.
    const WHOLE: [&str; 2] = ["code", "sig"];
    let name = name.trim().to_ascii_lowercase();
    // An `author` is none.
    let is_of_author = |part: &str| {
        part.starts_with("author") && !["authoriz", "authoris"].iter().any(|one| part.contains(one))
    };
    let is_auth = |part: &str| part.contains("auth") && !is_of_author(part);
    WHOLE.contains(&name.as_str())
        || ANYWHERE.iter().any(|one| name.contains(one))
        || name.split(['-', '_', '.']).any(is_auth)
}

/// A value, and what of it may be repeated alone: the key behind `Bearer`, what a
/// cookie holds.
fn parts(value: &str) -> Vec<String> {
    let is_edge = |c: char| c.is_whitespace() || ",;\"".contains(c);
    let mut parts = vec![value.trim().to_owned()];
    for part in value.split(is_edge) {
        parts.push(part.to_owned());
        parts.extend(part.split_once('=').map(|(_, value)| value.to_owned()));
    }
    parts
}

/// Whether a value can be looked for in texts: it is as long as a secret, and cannot
/// be a word, or a few, of prose.
fn is_one(value: &str) -> bool {
    let least = if is_of_words(value) { SHORTEST_OF_LETTERS } else { SHORTEST };
    value.len() >= least
}

/// Whether a text is letters, and what stands between words.
fn is_of_words(text: &str) -> bool {
    let is_between = |c: char| c.is_whitespace() || "-_='’.,:;!?\"()…–—".contains(c);
    // A name may have one large letter inside: `MacGregor`.
    let is_drawn = |word: &str| {
        let letters: Vec<char> = word.chars().collect();
        let is_inner = |two: &&[char]| two[0].is_lowercase() && two[1].is_uppercase();
        letters.windows(2).filter(is_inner).count() > 1
    };
    text.chars().all(|c| c.is_alphabetic() || is_between(c))
        && !text.split(is_between).any(is_drawn)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn words_are_no_secrets_and_keys_are() {
        for word in [
            "",
            "x",
            "her",
            "lantern",
            "Lighthouse",
            "ollama",
            "lm-studio",
            "not-needed",
            "no_key_required",
            "her brother",
            "MacGregor",
            "Küstennebel",
            "sk-1234",
            "x0",
        ] {
            assert!(!is_one(word), "{word}");
        }
        for key in [
            "sk-test-4711",
            "sk-or-v1-abcdefabcdef12345678",
            "Zq7canaryKEY9xW2vB4nM8",
            "a1B2c3D4",
            "abcdefghijklmnopqrstuvwx",
            "KxQvZpLmTr",
            "9f86d081884c7d65",
            "dXNlcjpwYXNz==",
            "correct-horse-battery-staple",
        ] {
            assert!(is_one(key), "{key}");
        }
    }

    #[test]
    fn names_tell_what_is_secret() {
        for name in [
            "authorization",
            "Proxy-Authorization",
            "cookie",
            "x-api-key",
            "apikey",
            "X-Access-Token",
            "CF-Access-Client-Secret",
            "Helicone-Auth",
            "x-authentication",
            "xauth",
            "password",
            "key",
            "subscription-key",
            "code",
        ] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "x-title",
            "http-referer",
            "X-OpenRouter-Categories",
            "anthropic-version",
            "OpenAI-Organization",
            "x-author",
            "authority",
            "X-Team",
            "x-country-code",
            "api-version",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    /// The key, a header's name and value, the query; what is looked for.
    #[test]
    fn all_that_goes_with_a_request_is_known() {
        const KEY: &str = "Zq7canaryKEY9xW2vB4nM8";
        let bearer = &format!("Bearer {KEY}");
        let cookie = &format!("session={KEY}; theme=dark");
        let table: [(&str, [&str; 2], &str, &[&str]); 8] = [
            (KEY, ["x-title", "her brother's lantern"], "", &[KEY]),
            ("lantern", ["http-referer", "https://example.org/2026"], "", &[]),
            ("", ["Authorization", bearer], "", &[bearer, KEY]),
            ("", ["Authorization", "Bearer lantern"], "", &[]),
            ("", ["cookie", cookie], "", &[cookie, "session=Zq7canaryKEY9xW2vB4nM8", KEY]),
            ("", ["x-api-key", KEY], "", &[KEY]),
            ("", ["x", "y"], "?api-version=2026-11-23&key=Zq7canaryKEY9xW2vB4nM8", &[KEY]),
            ("", ["x", "y"], "?api_key=Zq%2F7canary", &["Zq%2F7canary", "Zq/7canary"]),
        ];
        for (key, [name, value], query, expected) in table {
            let base = Base::parse(&format!("https://host/v1{query}")).unwrap();
            let key = BoundKey::new(&base, &SecretString::from(key)).ok();
            let pairs = [(name.to_owned(), value.to_owned())];
            let headers = BoundHeaders::new(&base, &pairs).unwrap();
            assert_eq!(all(key.as_ref(), Some(&headers), &base), expected, "{name} {query}");
        }
    }
}
