//! Secrets that an endpoint repeats in a page or a message, in whatever guise.
//!
//! A list of models is kept on the disk and shown for months, and what it says may
//! be lower-cased, percent-encoded or escaped on the way: each such form of a key
//! tells it to whoever reads it. Pure.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// What stands in place of a secret.
pub const BLOT: &str = "[key]";

/// The page without these secrets, in its values and in its keys.
pub(super) fn page(page: Value, secrets: &[impl AsRef<str>]) -> Value {
    match page {
        Value::String(text) => match blotted(&text, secrets) {
            Cow::Borrowed(_) => Value::String(text),
            Cow::Owned(clean) => Value::String(clean),
        },
        Value::Array(items) => items.into_iter().map(|item| self::page(item, secrets)).collect(),
        Value::Object(fields) => Value::Object(object(fields, secrets)),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}

fn object(fields: Map<String, Value>, secrets: &[impl AsRef<str>]) -> Map<String, Value> {
    let clean =
        |(key, value): (String, Value)| (blotted(&key, secrets).into_owned(), page(value, secrets));
    fields.into_iter().map(clean).collect()
}

/// The text without these secrets, however they are written there.
pub(super) fn blotted<'a>(text: &'a str, secrets: &[impl AsRef<str>]) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for secret in secrets {
        if let Cow::Owned(clean) = without(&text, secret.as_ref().as_bytes()) {
            text = Cow::Owned(clean);
        }
    }
    text
}

/// The text without one secret.
fn without<'a>(text: &'a str, secret: &[u8]) -> Cow<'a, str> {
    let (mut clean, mut kept, mut at) = (String::new(), 0, 0);
    while at < text.len() {
        match length(&text.as_bytes()[at..], secret).filter(|end| text.is_char_boundary(at + end)) {
            Some(end) if text.is_char_boundary(at) => {
                clean.push_str(&text[kept..at]);
                clean.push_str(BLOT);
                at += end;
                kept = at;
            }
            _ => at += 1,
        }
    }
    if kept == 0 { Cow::Borrowed(text) } else { Cow::Owned(clean + &text[kept..]) }
}

/// The bytes that a secret takes at the beginning of a text, where it stands there.
fn length(text: &[u8], secret: &[u8]) -> Option<usize> {
    // Most texts hold no secret, and a page may have 16 MiB.
    steps(text, *secret.first()?).next()?;
    let mut ends = vec![0];
    for &byte in secret {
        let all =
            ends.iter().flat_map(|&end| steps(&text[end..], byte).map(move |step| end + step));
        let mut next: Vec<usize> = all.collect();
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.pop()
}

/// The bytes that one byte of a secret may take at the beginning of a text: as it is,
/// in the other case, as `%6B`, as `\u006B`, and behind a backslash.
fn steps(text: &[u8], byte: u8) -> impl Iterator<Item = usize> + use<> {
    let is_it = |at: usize| text.get(at).is_some_and(|one| one.eq_ignore_ascii_case(&byte));
    let is_code = |mark: &[u8], digits: usize| {
        let code = text.strip_prefix(mark).and_then(|rest| rest.get(..digits));
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u32::from_str_radix(code, 16).ok());
        code.and_then(|code| u8::try_from(code).ok())
            .is_some_and(|code| code.eq_ignore_ascii_case(&byte))
    };
    let forms = [
        (1, is_it(0)),
        (2, text.first() == Some(&b'\\') && is_it(1)),
        (3, is_code(b"%", 2)),
        (6, is_code(b"\\u", 4)),
    ];
    forms.into_iter().filter(|(_, is_so)| *is_so).map(|(step, _)| step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const KEY: &str = "sk-Or/é%2B-7f3a";

    #[test]
    fn a_key_is_found_in_every_guise() {
        for (text, expected) in [
            ("a/sk-Or/é%2B-7f3a", "a/[key]"),
            ("SK-OR/é%2b-7F3A and sk-or/é%2b-7f3a.", "[key] and [key]."),
            ("sk-Or%2F%c3%A9%252B-7f3a", "[key]"),
            ("%73%6B-Or/é%2B-7f3a", "[key]"),
            ("sk-Or\\/é%2B-7f3a", "[key]"),
            ("\\u0073k-Or\\u002fé%2B-7f3a!", "[key]!"),
            ("sk-Or/é%2B-7f3", "sk-Or/é%2B-7f3"),
            ("sk-sk-Or/é%2B-7f3aé", "sk-[key]é"),
            ("", ""),
        ] {
            assert_eq!(blotted(text, &[KEY]), expected, "{text}");
        }
    }

    #[test]
    fn a_page_holds_it_nowhere() {
        let told =
            json!({"data": [{"id": KEY.to_uppercase(), KEY: [KEY, 1, true, null]}], "n": 1.5});
        let clean = json!({"data": [{"id": "SK-OR/É%2B-7F3A", "[key]": ["[key]", 1, true, null]}], "n": 1.5});
        assert_eq!(page(told, &[KEY]), clean);
    }

    proptest! {
        #[test]
        fn no_guise_is_left(before in "[a-c%\\\\é]{0,6}", after in "[a-c%\\\\é]{0,6}", forms in prop::collection::vec(0_u8..5, 9)) {
            let key = "ab%c\\dcab";
            let guise: String = key.chars().zip(forms).map(|(c, form)| match form {
                0 => c.to_string(),
                1 => c.to_ascii_uppercase().to_string(),
                2 => format!("%{:02X}", u32::from(c)),
                3 => format!("\\u{:04x}", u32::from(c)),
                _ => format!("\\{c}"),
            }).collect();
            let clean = blotted(&format!("{before}{guise}{after}"), &[key]).into_owned();
            prop_assert!(clean.contains(BLOT));
            prop_assert!(!clean.contains(&guise));
        }
    }
}
