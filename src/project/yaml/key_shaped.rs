//! Words that have the shape of an endpoint's key, wherever they stand.
//!
//! A name such as `api_key` gives a key away, but a key may as well stand in a
//! note, in a comment or in a chapter's title. Vendors begin theirs alike; a run
//! of letters and digits that no writer would type is suspected without that.

use std::borrow::Cow;
use std::ops::Range;

use super::secret;
use crate::diagnostic::{Finding, Place, Spot};
use crate::project::layout;

/// How the keys of vendors begin, and how many characters follow at least.
const BEGINNINGS: [(&str, usize); 21] = [
    ("sk-", 16),
    ("sk_", 16),
    ("sess-", 20),
    ("gsk_", 16),
    ("csk-", 16),
    ("xai-", 16),
    ("nvapi-", 16),
    ("pplx-", 16),
    ("tgp_v1_", 16),
    ("rpa_", 20),
    ("hf_", 20),
    ("r8_", 20),
    ("fw_", 20),
    ("rc_", 32),
    ("AIza", 30),
    ("AKIA", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("eyJ", 30),
];

/// A run of characters that may be a key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    /// Its bytes in the text.
    bytes: Range<usize>,
    /// How it begins, if as a vendor's keys do.
    beginning: Option<&'static str>,
}

/// An error for every word of a project's file that begins like a key, and for
/// what only looks like one an error in `storygen.yaml`, a warning elsewhere: a
/// story may have its ciphers.
#[must_use]
pub fn findings(file: &str, text: &str) -> Vec<Finding> {
    runs(text).into_iter().map(|run| finding(file, text, &run)).collect()
}

fn finding(file: &str, text: &str, run: &Run) -> Finding {
    let before = text.get(..run.bytes.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let spot = Spot {
        line: before.matches('\n').count() + 1,
        column: line.chars().count() + 1,
        width: run.bytes.len(),
    };
    let place = Place::at(file, spot);
    let message = match run.beginning {
        Some(beginning) => format!("what begins with `{beginning}` here has the shape of a key"),
        None => "these letters and digits have the shape of a key".to_owned(),
    };
    let finding = if run.beginning.is_some() || file == layout::BOOK {
        Finding::error("key-in-project", place, message)
    } else {
        Finding::warning("key-in-project", place, message)
    };
    finding
        .hint("if it is one, take it out and revoke it: whoever has this file has it")
        .hint(secret::WAY_OUT)
}

/// A text with what has the shape of a key replaced, to be shown.
#[must_use]
pub fn blotted(text: &str) -> Cow<'_, str> {
    without(runs(text), text)
}

/// The same of what begins as a vendor's keys do, and of nothing else: for texts
/// that may hold numbers of calls and sums of files, which look drawn, too.
#[must_use]
pub fn blotted_vendors(text: &str) -> Cow<'_, str> {
    without(runs(text).into_iter().filter(|run| run.beginning.is_some()).collect(), text)
}

/// As [`blotted`], and without what may as well be a file's sum: some vendors' keys
/// are 64 digits of base 16. For messages, which nobody reads for such digits.
#[must_use]
pub fn blotted_strictly(text: &str) -> Cow<'_, str> {
    let sum = |bytes: Range<usize>| {
        let is_sum = is_sum(text.get(bytes.clone())?);
        is_sum.then_some(Run { bytes, beginning: None })
    };
    without(
        words(text).filter_map(|one| shape(text, one.clone()).or_else(|| sum(one))).collect(),
        text,
    )
}

/// Whether something in a text begins as a vendor's keys do.
#[must_use]
pub fn has_vendors(text: &str) -> bool {
    matches!(blotted_vendors(text), Cow::Owned(_))
}

/// A text without these runs.
fn without(runs: Vec<Run>, text: &str) -> Cow<'_, str> {
    if runs.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut shown, mut from) = (String::with_capacity(text.len()), 0);
    for Run { bytes, beginning } in runs {
        shown.push_str(text.get(from..bytes.start).unwrap_or_default());
        let beginning = beginning.unwrap_or_default();
        shown.push_str(beginning);
        // As wide as it was: places in the line stay where they are.
        shown.extend(std::iter::repeat_n('…', bytes.len() - beginning.len()));
        from = bytes.end;
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(shown)
}

/// What has the shape of a key in a text.
fn runs(text: &str) -> Vec<Run> {
    words(text).filter_map(|bytes| shape(text, bytes)).collect()
}

/// The runs of characters that keys are made of.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = None;
    // What is not ASCII ends a run, so that every end is the end of a character.
    text.bytes().chain([b'\n']).enumerate().filter_map(move |(at, byte)| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            from.get_or_insert(at);
            None
        } else {
            from.take().map(|start| start..at)
        }
    })
}

/// The key that a run of characters looks like.
fn shape(text: &str, bytes: Range<usize>) -> Option<Run> {
    const SHORTEST: usize = 20;
    if bytes.len() < SHORTEST {
        return None;
    }
    let word = text.get(bytes.clone())?;
    let places = word.match_indices(['-', '_']).map(|(at, _)| at + 1);
    let named = std::iter::once(0).chain(places).find_map(|at| Some((at, beginning(&word[at..])?)));
    if let Some((at, beginning)) = named {
        let bytes = bytes.start + at..bytes.end;
        return Some(Run { bytes, beginning: Some(beginning) });
    }
    // An address is full of such words.
    let is_of_address = text[..bytes.start].ends_with(['/', '=']);
    (!is_of_address && is_random(word)).then_some(Run { bytes, beginning: None })
}

/// How a key begins that this word would be.
fn beginning(word: &str) -> Option<&'static str> {
    let named = BEGINNINGS.iter().find(|(beginning, least)| {
        word.strip_prefix(beginning).is_some_and(|rest| rest.len() >= *least && is_drawn(rest))
    });
    named.map(|(beginning, _)| *beginning)
}

/// Whether characters behind a key's beginning were drawn, and are not words
/// with hyphens between them.
fn is_drawn(rest: &str) -> bool {
    let has = |part: &str, is: fn(&char) -> bool| part.chars().filter(is).count();
    rest.split(['-', '_']).any(|part| {
        let digits = has(part, char::is_ascii_digit);
        let (small, large) =
            (has(part, char::is_ascii_lowercase), has(part, char::is_ascii_uppercase));
        digits > 0 && (digits < part.len() && part.len() >= 8 || part.len() >= 16)
            // A word has its one large letter at the beginning.
            || part.len() >= 16 && small >= 3 && large >= 3
    })
}

/// Whether nobody would write this: small and large letters and digits mixed,
/// for longer than a word.
fn is_random(word: &str) -> bool {
    const LONG: usize = 32;
    let count = |is: fn(&char) -> bool| word.chars().filter(is).count();
    word.len() >= LONG
        && word.split(['-', '_']).any(|part| part.len() >= 24)
        && count(char::is_ascii_digit) >= 3
        && count(char::is_ascii_lowercase) >= 3
        && count(char::is_ascii_uppercase) >= 3
}

/// Whether this is nothing but 48 digits of base 16 and more: some vendors' keys
/// have 64 of them, and no writer's word has.
fn is_sum(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    word.len() >= 48
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && (4..word.len() - 3).contains(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_shape() {
        for (text, expected) in [
            ("sk-or-v1-0123456789abcdef0123456789abcdef", Some("sk-")),
            ("note: “sk-ant-api03-AbCdEf0123456789_xyz”.", Some("sk-")),
            ("sk-proj-ABCdefGHIjklMNOpqrSTUvwx", Some("sk-")),
            ("my-sk-or-v1-0123456789abcdef0123456789", Some("sk-")),
            ("key_sk-or-v1-0123456789abcdef0123456789", Some("sk-")),
            ("hf_verantwortungslosigkeit", None),
            ("sk-rechtsanwaltsgehilfin", None),
            ("csk-tschechoslowakische", None),
            ("AKIATHELASTOFHERNAME", None),
            ("docs/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit", None),
            ("Bearer gsk_0123456789abcdefABCDEF", Some("gsk_")),
            ("AIzaSyA0123456789abcdefghijklmnopqrstu", Some("AIza")),
            ("hf_abcdefghijklmnopqrstuvwxyzABCD", Some("hf_")),
            // Mistral’s have no beginning.
            ("a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6", Some("")),
            ("sk-the-men-who-walked-the-dog-home", None),
            ("task-force-nineteen-and-the-rest-of-it", None),
            ("risk-0123456789abcdef0123456789", None),
            ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", None),
            ("bible/maps/Northern_Reaches_and_Isles-2024.png", None),
            ("sk-12", None),
            ("", None),
        ] {
            let found = runs(text);
            assert_eq!(
                found.first().map(|run| run.beginning.unwrap_or_default()),
                expected,
                "{text}: {found:?}"
            );
            let shown = blotted(text);
            assert!(runs(&shown).is_empty() && (shown == text) == expected.is_none(), "{shown}");
        }
    }

    #[test]
    fn how_much_is_shown_is_for_the_sink_to_say() {
        let named = "sk-or-v1-0123456789abcdef0123456789abcdef";
        let mixed = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6";
        let sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        for (text, shown) in [
            (named, [false, false, false]),
            (mixed, [true, false, false]),
            (sum, [true, true, false]),
            ("The Lamp, and 1234567890123456789012345678901234567890123456789", [true; 3]),
        ] {
            let of = [blotted_vendors(text), blotted(text), blotted_strictly(text)];
            assert_eq!(of.map(|seen| seen == text), shown, "{text}");
            assert_eq!(has_vendors(text), !shown[0], "{text}");
        }
    }

    #[test]
    fn where_it_stands_and_how_bad_it_is() {
        let text =
            "title: A\nauthor: Ü sk-0123456789abcdef0123 # a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6\n";
        for (file, second) in [("storygen.yaml", "error"), ("bible/world.yaml", "warning")] {
            let found: Vec<String> = findings(file, text)
                .iter()
                .map(|one| format!("{} {:?}", one.severity, one.place.spot))
                .collect();
            let spot = |column, width| Some(Spot { line: 2, column, width });
            assert_eq!(
                found,
                [format!("error {:?}", spot(11, 23)), format!("{second} {:?}", spot(37, 32))]
            );
        }
    }
}
