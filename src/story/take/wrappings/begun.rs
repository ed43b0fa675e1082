//! A reply that was cut inside what a model wraps round its prose.

use super::{Framing, HEADS, TAGS, THOUGHTS};

/// Whether a stripped reply that was cut may have come no further than the
/// beginning of what [`strip`](super::strip) takes off: half a tag, a word to the
/// reader, a title. A story may begin with the same words, which are few.
#[must_use]
pub fn is_begun(text: &str, title: &str) -> bool {
    let line = text.trim();
    if line.is_empty() || line.contains('\n') {
        return false;
    }
    let bare = line.trim_matches(['*', '_', '#', '“', '"', ' ']).to_lowercase();
    is_tag_begun(line) || is_title_begun(line, &bare, title) || is_preamble_begun(line, &bare)
}

/// Whether a text is the beginning of a tag or of a fence, and nothing else.
#[must_use]
pub fn is_tag_begun(text: &str) -> bool {
    let line = text.trim().to_ascii_lowercase();
    if line.contains('\n') {
        return false;
    }
    let is_mark = THOUGHTS.iter().any(|(open, _)| open.starts_with(&line)) && !line.is_empty();
    let is_tag = line.strip_prefix('<').is_some_and(|tag| {
        let (name, is_named) = tag.split_once(' ').map_or((tag, false), |(name, _)| (name, true));
        let is_name = |one: &str| if is_named { one == name } else { one.starts_with(name) };
        !tag.contains('>') && (tag.starts_with('|') || TAGS.iter().any(|one| is_name(one)))
    });
    let is_fence = ["```", "\"\"\""].iter().any(|fence| line.starts_with(fence));
    is_mark || is_tag || is_fence && !line.contains(' ')
}

/// Whether a line is the beginning of the chapter's title, or of what names a chapter.
fn is_title_begun(line: &str, bare: &str, title: &str) -> bool {
    let names = |word: &&str| {
        word.starts_with(bare)
            || line.starts_with("**")
                && bare.strip_prefix(*word).is_some_and(|rest| rest.starts_with([' ', ':']))
    };
    !bare.is_empty()
        && !line.starts_with(['“', '"'])
        && (title.to_lowercase().starts_with(bare) || HEADS.iter().any(names))
}

/// Whether a line is the beginning of a word to the reader.
fn is_preamble_begun(line: &str, bare: &str) -> bool {
    const MOST: usize = 25;
    !bare.is_empty()
        && !line.starts_with(['“', '"'])
        && bare.split_whitespace().count() <= MOST
        && (Framing::Opener.opens(bare) || Framing::Opener.is_begun(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_wrapping_is_none_of_the_story() {
        for text in [
            "<",
            "<thi",
            "<think",
            "<Chapter",
            "<chapter num",
            "[TH",
            "<|chan",
            "```mark",
            "\"\"\"",
            "S",
            "Sure",
            "Sure!",
            "Sure! Here is the c",
            "Here’s the chap",
            "Of course. Here",
            "**Sure,",
            "Natürl",
            "Hier ist das Kap",
            "**The",
            "**The Mi",
            "The Mill",
            "# The M",
            "**Chap",
            "Chapter",
            "**Chapter Thr",
            "**Kapitel: Die",
        ] {
            assert!(is_begun(text, "The Mill at Low Water"), "{text}");
        }
        for text in [
            "",
            "Ann",
            "Ann went",
            "The door",
            "Theo",
            "Sur le pont",
            "Surely",
            "“Sure",
            "“Sure,” said Ann",
            "Ann <b",
            "<b",
            "Chapters of it",
            "Chapter and verse",
            "Sure, he said.\n\nAnn",
            "“The Mi",
            "Here is where the river turns, and where the boats were drawn up in the old days, by night and \
             by lamp and by hand, all of them",
        ] {
            assert!(!is_begun(text, "The Mill at Low Water"), "{text}");
        }
    }
}
