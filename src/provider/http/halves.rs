//! Halves of a character: JSON that was cut between the two of a surrogate pair.
//!
//! Pure. A server that counts text in UTF-16, as those in JavaScript do, may send one
//! character in two events: `"\ud83d"` and then `"\ude00"`. Neither is JSON that can be
//! read, but the text that they mean is known.

use std::borrow::Cow;

use serde_json::Value;

const LEADS: std::ops::Range<u32> = 0xD800..0xDC00;
const TRAILS: std::ops::Range<u32> = 0xDC00..0xE000;

/// Where the marks begin that stand for halves on their way through a reader: the end
/// of the last private use plane, where no font has a glyph.
const MARKS: u32 = 0x10_F800;

/// The halves of one stream's text.
#[derive(Debug, Default)]
pub(super) struct Halves {
    /// A half has come. Before that a mark is what the endpoint says.
    is_met: bool,
    /// The first half of a character whose second half may come.
    lead: Option<u32>,
}

impl Halves {
    /// An event's data with a mark for each half in it.
    pub fn marked<'a>(&mut self, json: &'a str) -> Cow<'a, str> {
        let marked = replaced(json, |half| char::from_u32(half - LEADS.start + MARKS));
        self.is_met |= matches!(marked, Cow::Owned(_));
        marked
    }

    /// A piece of text, with characters for the marks in it.
    pub fn joined(&mut self, text: String) -> String {
        if !self.is_met {
            return text;
        }
        let mut joined = String::with_capacity(text.len());
        for c in text.chars() {
            self.join(c, &mut joined);
        }
        joined
    }

    fn join(&mut self, c: char, joined: &mut String) {
        const UNKNOWN: char = char::REPLACEMENT_CHARACTER;
        let half = u32::from(c).checked_sub(MARKS).map(|half| half + LEADS.start);
        match (self.lead.take(), half.filter(|half| *half < TRAILS.end)) {
            (Some(lead), Some(trail)) if TRAILS.contains(&trail) => {
                joined.extend(whole(lead, trail));
            }
            (alone, half) => {
                joined.extend(alone.map(|_| UNKNOWN));
                self.lead = half.filter(|half| LEADS.contains(half));
                if self.lead.is_none() {
                    joined.push(half.map_or(c, |_| UNKNOWN));
                }
            }
        }
    }

    /// What is left at the end of a reply.
    pub fn end(&mut self) -> Option<char> {
        self.lead.take().map(|_| char::REPLACEMENT_CHARACTER)
    }
}

/// The JSON value of a text that comes alone: what a half of it would mean, nobody knows.
///
/// # Errors
///
/// As [`serde_json::from_slice`].
pub(super) fn value(json: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(json).or_else(|why| {
        let text = std::str::from_utf8(json).map_err(|_| why)?;
        serde_json::from_str(&replaced(text, |_| None))
    })
}

/// JSON with a character in the place of each half that is written in it: the one that
/// it is given, or U+FFFD.
fn replaced(json: &str, by: impl Fn(u32) -> Option<char>) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(slash) = json[at..].find('\\') {
        let start = at + slash;
        let lead = unit(json, start).filter(|unit| LEADS.contains(unit));
        let is_pair =
            lead.is_some() && unit(json, start + 6).is_some_and(|unit| TRAILS.contains(&unit));
        at = match unit(json, start) {
            Some(_) if is_pair => start + 12,
            Some(half) if LEADS.contains(&half) || TRAILS.contains(&half) => {
                out.push_str(&json[kept..start]);
                out.push(by(half).unwrap_or(char::REPLACEMENT_CHARACTER));
                kept = start + 6;
                kept
            }
            Some(_) => start + 6,
            // What a slash stands before is no slash of its own.
            None => json.ceil_char_boundary((start + 2).min(json.len())),
        };
    }
    if kept == 0 {
        return Cow::Borrowed(json);
    }
    out.push_str(&json[kept..]);
    Cow::Owned(out)
}

/// The number of the UTF-16 unit that an escape at this place stands for.
fn unit(json: &str, at: usize) -> Option<u32> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    // A sign is no digit.
    let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_number)
}

/// The character of two halves.
fn whole(lead: u32, trail: u32) -> Option<char> {
    char::from_u32(0x1_0000 + ((lead - LEADS.start) << 10) + (trail - TRAILS.start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text of a stream whose events are these JSON strings.
    fn heard(events: &[&str]) -> String {
        let mut halves = Halves::default();
        let mut text = String::new();
        for event in events {
            let piece: String = serde_json::from_str(&halves.marked(event)).unwrap();
            text += &halves.joined(piece);
        }
        text.extend(halves.end());
        text
    }

    #[test]
    fn two_halves_are_one_character_and_one_is_none() {
        let table: &[(&[&str], &str)] = &[
            (&[r#""a\ud83d""#, r#""\ude00b""#], "a😀b"),
            (&[r#""a\uD83D""#, r#""""#, r#""\uDE00b""#], "a😀b"),
            (&[r#""\ud83d""#, r#""\ude00\ud83d""#, r#""\ude00""#], "😀😀"),
            (&[r#""\ud83d\ude00""#], "😀"),
            (&[r#""😀\ud83d\ude00""#], "😀😀"),
            (&[r#""a\ud83d""#], "a\u{fffd}"),
            (&[r#""a\ud83d""#, r#""b""#], "a\u{fffd}b"),
            (&[r#""a\ud83d""#, r#""\n""#], "a\u{fffd}\n"),
            (&[r#""a\ud83d""#, r#""\ud83d""#, r#""\ude00""#], "a\u{fffd}😀"),
            (&[r#""\ude00a""#], "\u{fffd}a"),
            (&[r#""\ude00""#, r#""\ud83d""#], "\u{fffd}\u{fffd}"),
            (&[r#""\ud83da\ude00""#], "\u{fffd}a\u{fffd}"),
            // An escaped slash, and a letter after it.
            (&[r#""\\ud83d""#], r"\ud83d"),
            (&[r#""\\\ud83d""#, r#""\ude00""#], "\\😀"),
            (&["\"\u{10ffff}\u{10f800}\""], "\u{10ffff}\u{10f800}"),
        ];
        for (events, text) in table {
            assert_eq!(heard(events), *text, "{events:?}");
        }
    }

    #[test]
    fn what_comes_alone_is_read_as_far_as_it_can_be() {
        let table = [
            (r#"["\ud83d"]"#, Some("\u{fffd}")),
            (r#"["\ud83d\ude00"]"#, Some("😀")),
            (r#"["\\ud83d"]"#, Some(r"\ud83d")),
            (r#"["\ud83d]"#, None),
            (r#"["\u+12a"]"#, None),
            (r#"["\ud8"]"#, None),
            (r#"["\"#, None),
            (r#"["\é"]"#, None),
        ];
        for (json, text) in table {
            let seen = value(json.as_bytes()).ok();
            assert_eq!(seen.as_ref().and_then(|seen| seen[0].as_str()), text, "{json}");
        }
        assert!(value(b"[\"\xff\"]").is_err());
    }

    proptest! {
        #[test]
        fn text_may_be_cut_between_any_two_units(text in "[^\u{10f800}-\u{10ffff}]*", cuts in prop::collection::vec(0..40_usize, 0..6)) {
            let units: Vec<u16> = text.encode_utf16().collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(units.len())).collect();
            cuts.extend([0, units.len()]);
            cuts.sort_unstable();
            let events: Vec<String> = cuts
                .windows(2)
                .map(|ends| units[ends[0]..ends[1]].iter().map(|unit| format!("\\u{unit:04x}")).collect())
                .map(|said: String| format!("\"{said}\""))
                .collect();
            let events: Vec<&str> = events.iter().map(String::as_str).collect();
            prop_assert_eq!(heard(&events), text);
        }
    }
}
