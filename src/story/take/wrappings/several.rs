//! The heading, or the number, that is the first of several.
//!
//! One that stands alone over a text heads the chapter, and comes off; the first of
//! several heads a part of the story. Which it is shows only when the second has come.

use super::{is_heading, is_marked_heading};
use crate::story::prose;

/// The heading or the number that [`strip`](super::strip) takes off the beginning of a text, if it
/// names neither the chapter nor a part by its number: it may be the first of several.
#[must_use]
pub fn first_heading(reply: &str, text: &str, title: &str) -> Option<String> {
    let reply = prose::clean(reply);
    let first = text.lines().next().filter(|line| !line.trim().is_empty())?;
    let before = &reply[..reply.find(first)?];
    let heading = before.lines().rev().find(|line| !line.trim().is_empty())?.trim();
    let is_of_another = || is_marked_heading(heading) && !is_heading(heading, title);
    (is_of_another() || next_number(heading).is_some()).then(|| heading.to_owned())
}

/// A text with the heading or the number that was taken off its beginning before more of
/// it came, if that was the first of several: as the whole of it would have kept it.
#[must_use]
pub fn with_heading(text: &str, heading: &str, title: &str) -> String {
    let whole = format!("{heading}\n\n{text}");
    let lines: Vec<&str> = whole.lines().collect();
    let is_first = if is_marked_heading(heading) {
        has_sisters(&lines, title)
    } else {
        next_number(heading).is_some_and(|next| has_number(&lines, &next))
    };
    if is_first { whole } else { text.to_owned() }
}

/// Whether the heading that a text begins with is the first of several of its kind, so
/// that it heads a part of the story, and not the chapter: prose stands below it, and
/// then comes another.
pub(super) fn has_sisters(lines: &[&str], title: &str) -> bool {
    let depth = |line: &str| line.trim_start().bytes().take_while(|byte| *byte == b'#').count();
    let Some((first, rest)) = lines.split_first() else { return false };
    let mut below = rest.iter().filter(|line| !line.trim().is_empty());
    below.next().is_some_and(|line| !is_marked_heading(line))
        && below.any(|line| {
            is_marked_heading(line)
                && depth(line) == depth(first)
                && !is_heading(line.trim(), title)
        })
}

/// A reply without the number that it begins with as the first of its scenes, if
/// no second follows. A `1` that a sentence goes on from is of the text.
pub(super) fn without_number(lines: &mut Vec<&str>) {
    let is_first = |line: &&&str| matches!(bare_number(line), "1" | "I" | "i");
    let is_parted = lines.get(1).is_some_and(|line| line.trim().is_empty());
    let next = lines.first().filter(|_| is_parted).filter(is_first);
    if next.and_then(|first| next_number(first)).is_some_and(|next| !has_number(lines, &next)) {
        lines.remove(0);
    }
}

/// What numbers the next part where a line numbers one: `2` behind `1`, `iii` behind `ii`.
fn next_number(line: &str) -> Option<String> {
    const ROMAN: [&str; 12] =
        ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
    let bare = bare_number(line);
    let next_of = |roman: &str| {
        let at = ROMAN.iter().position(|one| *one == roman)?;
        ROMAN.get(at + 1).map(|next| (*next).to_owned())
    };
    let in_figures = || Some((bare.parse::<u16>().ok()?.checked_add(1)?).to_string());
    let in_small = || Some(next_of(&bare.to_uppercase())?.to_lowercase());
    in_figures().or_else(|| next_of(bare)).or_else(in_small)
}

/// Whether a line is nothing but this number.
fn has_number(lines: &[&str], number: &str) -> bool {
    lines.iter().any(|line| bare_number(line) == number)
}

/// What a line says without the marks round a number.
fn bare_number(line: &str) -> &str {
    let line = line.trim().trim_matches(['*', '_', '#', ' ']);
    line.strip_suffix('.').unwrap_or(line)
}
