//! Messages split where an endpoint's prompt cache is to be told what is stable.
//!
//! Anthropic caches a prompt up to a `cache_control` mark on a part of its
//! content, takes at most four of them, and refuses a part without any text.

use serde_json::{Value, json};

use crate::provider::{Mark, Request};

/// The most marks that a request may carry.
pub const MOST: usize = 4;

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its text, which is never blank unless the whole message is.
    pub text: &'a str,
    /// Whether all up to its end is likely to be the same next time.
    pub is_stable: bool,
}

impl Part<'_> {
    /// The part as content of a message.
    #[must_use]
    pub fn content(&self) -> Value {
        if self.is_stable {
            json!({"type": "text", "text": self.text, "cache_control": {"type": "ephemeral"}})
        } else {
            json!({"type": "text", "text": self.text})
        }
    }
}

/// The marks of a request that are worth telling: the last [`MOST`] of them,
/// which stand for most text.
#[must_use]
pub fn told(request: &Request) -> &[Mark] {
    &request.marks[request.marks.len().saturating_sub(MOST)..]
}

/// A message's text, split behind each mark that stands in it. `message` is its
/// place in the request. A mark that would leave a blank part is moved to the
/// end of the message, or left out at its beginning.
#[must_use]
pub fn parts<'a>(text: &'a str, message: usize, marks: &[Mark]) -> Vec<Part<'a>> {
    let own = marks.iter().filter(|mark| mark.message == message);
    let mut ends: Vec<usize> = own.map(|mark| edge(text, mark.bytes)).collect();
    ends.sort_unstable();
    ends.dedup();
    let mut parts = Vec::new();
    let mut begin = 0;
    for end in ends {
        if is_said(&text[begin..end]) {
            parts.push(Part { text: &text[begin..end], is_stable: true });
            begin = end;
        }
    }
    match parts.last_mut() {
        // The blank rest is no part of its own.
        Some(last) if !is_said(&text[begin..]) => {
            last.text = &text[begin - last.text.len()..];
        }
        _ => parts.push(Part { text: &text[begin..], is_stable: false }),
    }
    parts
}

fn is_said(text: &str) -> bool {
    !text.trim().is_empty()
}

/// The place of a mark in a text, on a character's edge.
fn edge(text: &str, bytes: usize) -> usize {
    (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, ends: &[usize]) -> Vec<(String, bool)> {
        let marks: Vec<Mark> =
            ends.iter().map(|bytes| Mark { message: 1, bytes: *bytes }).collect();
        let parts = parts(text, 1, &marks);
        parts.iter().map(|part| (part.text.to_owned(), part.is_stable)).collect()
    }

    #[test]
    fn a_text_is_split_behind_its_marks() {
        type Case<'a> = (&'a str, &'a [usize], &'a [(&'a str, bool)]);
        let table: &[Case<'_>] = &[
            ("ab cd", &[], &[("ab cd", false)]),
            ("ab cd", &[3], &[("ab ", true), ("cd", false)]),
            ("ab cd", &[5], &[("ab cd", true)]),
            ("ab cd", &[99], &[("ab cd", true)]),
            ("ab cd", &[0], &[("ab cd", false)]),
            ("ab cd", &[3, 1, 3], &[("a", true), ("b ", true), ("cd", false)]),
            // A blank rest and a blank beginning are no parts.
            ("ab\n\n", &[2], &[("ab\n\n", true)]),
            ("\n ab", &[1], &[("\n ab", false)]),
            ("ab  cd", &[2, 4], &[("ab", true), ("  cd", false)]),
            // Inside a character: before it.
            ("aé b", &[2], &[("a", true), ("é b", false)]),
            ("", &[0], &[("", false)]),
        ];
        for (text, ends, expected) in table {
            let expected: Vec<(String, bool)> =
                expected.iter().map(|(text, stable)| ((*text).to_owned(), *stable)).collect();
            assert_eq!(split(text, ends), expected, "{text:?} at {ends:?}");
            let joined: String = expected.iter().map(|(text, _)| text.as_str()).collect();
            assert_eq!(joined, *text, "no word is lost");
        }
    }
}
