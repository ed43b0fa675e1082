//! A line that says the title, and may be of the text all the same.

use super::{is_count, is_marked_heading, is_underline, names};

/// Whether the title that a text begins with is of the text: the first line of a poem,
/// or what somebody asks.
pub(super) fn is_of_text(lines: &[&str], title: &str) -> bool {
    let Some((first, below)) = lines.split_first() else { return false };
    let line = first.trim();
    let is_set = line.starts_with("**") || is_marked_heading(line);
    names(line, title) && (is_asked(line) || !is_set && !is_parted(below.first().copied()))
}

/// Whether a line is a sentence in quotation marks.
pub fn is_asked(line: &str) -> bool {
    const OPEN: [char; 6] = ['“', '"', '„', '«', '»', '‘'];
    const CLOSE: [char; 6] = ['”', '"', '“', '»', '«', '’'];
    let said = line.trim_end_matches(CLOSE);
    line.starts_with(OPEN) && said.len() < line.len() && said.ends_with(['.', '!', '?', '…'])
}

/// Whether what stands below a title parts it from the text.
pub fn is_parted(below: Option<&str>) -> bool {
    below.map(str::trim).is_none_or(|line| {
        line.is_empty() || is_underline(line) || is_count(line) || is_marked_heading(line)
    })
}
