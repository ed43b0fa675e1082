//! The dots by which a model marks that it goes on, as the prompt marks them that quotes
//! the last words.

use std::borrow::Cow;

use super::{begins_speech, first_word};

/// What goes on from a text, without the dots or the empty line by which a model
/// only marks that it does: `he went` and `…to the door`.
///
/// Dots stay where they may be the text's own: where speech has only been opened, or
/// hesitates, where others join two words, and before the beginning of a sentence that
/// would else stand inside one.
pub(super) fn unmarked<'a>(head: &str, tail: &'a str) -> Cow<'a, str> {
    let text = tail.trim_start();
    let (before, lead) = (head.trim_end(), &tail[..tail.len() - text.len()]);
    let is_open = |head: &str| head.ends_with(|c: char| c.is_alphanumeric() || c == ',');
    if !DOTS.iter().any(|dots| text.starts_with(dots)) {
        // No paragraph begins inside a sentence.
        let goes_on =
            lead.contains("\n\n") && text.starts_with(char::is_lowercase) && is_open(before);
        let blank = if before.len() < head.len() { "" } else { " " };
        return if goes_on { Cow::Owned(format!("{blank}{text}")) } else { Cow::Borrowed(tail) };
    }
    let rest = text.trim_start_matches(['…', '.']);
    let word = rest.trim_start();
    let gap = &rest[..rest.len() - word.len()];
    if !word.starts_with(char::is_alphanumeric) && !begins_speech(before, word) {
        return Cow::Borrowed(tail);
    }
    if DOTS.iter().any(|dots| before.ends_with(dots)) {
        return Cow::Borrowed(word);
    }
    if speech(before).is_some_and(hesitates) || gap.is_empty() && joins_words(head) {
        return Cow::Borrowed(tail);
    }
    let said = before.trim_end_matches(CLOSING);
    let is_over = said.ends_with(ENDS);
    let breaks = [lead, gap].into_iter().find(|blanks| blanks.contains('\n'));
    if !is_over && (gap.contains('\n') || is_open(said) && begins_sentence(head, word)) {
        return Cow::Borrowed(tail);
    }
    let blank = if lead.is_empty() && gap.is_empty() { "" } else { " " };
    Cow::Owned(format!("{}{word}", breaks.filter(|_| is_over).unwrap_or(blank)))
}

const DOTS: [&str; 2] = ["…", "..."];
const ENDS: [char; 6] = ['.', '!', '?', '。', '！', '？'];
const DASHES: [char; 3] = ['—', '–', '-'];

/// What may close behind the end of a sentence.
const CLOSING: [char; 13] = ['”', '“', '’', '‘', '»', '«', '›', '‹', '」', '』', '"', ')', '*'];

/// Whether dots stand between two words without a blank, as some set them.
fn joins_words(text: &str) -> bool {
    let begins_word = |text: &str| text.starts_with(char::is_alphanumeric);
    DOTS.iter().any(|dots| {
        let is_between = |at: usize| {
            text[..at].ends_with(char::is_alphanumeric) && begins_word(&text[at + dots.len()..])
        };
        text.match_indices(dots).any(|(at, _)| is_between(at))
    })
}

/// Whether who speaks has not said a word, has broken off, or has used dots before.
fn hesitates(speech: &str) -> bool {
    !speech.contains(char::is_alphanumeric)
        || speech.ends_with(DASHES)
        || DOTS.iter().any(|dots| speech.contains(dots))
}

/// The speech that stands open at the end of a text.
fn speech(text: &str) -> Option<&str> {
    const QUOTES: [(char, &[char]); 6] = [
        ('“', &['”']),
        ('„', &['“', '”']),
        ('«', &['»']),
        ('»', &['«']),
        ('「', &['」']),
        ('『', &['』']),
    ];
    let paragraph = text.rsplit("\n\n").next()?;
    if paragraph.matches('"').count() % 2 == 1 {
        return paragraph.rsplit('"').next();
    }
    if paragraph.starts_with(DASHES) {
        return Some(paragraph.trim_end_matches(DASHES).trim_end());
    }
    QUOTES.iter().find_map(|(open, close)| {
        let at = paragraph.rfind(*open)?;
        let said = &paragraph[at + open.len_utf8()..];
        // The sign that opens in one language closes in another.
        (begins_speech(&text[..text.len() - said.len() - open.len_utf8()], &paragraph[at..])
            || matches!(open, '「' | '『'))
        .then_some(said)
        .filter(|said| !said.contains(*close))
    })
}

/// Whether the word that a text begins with has its capital from a sentence, and from
/// nothing else: what is written small elsewhere.
fn begins_sentence(head: &str, text: &str) -> bool {
    let word = first_word(text);
    if !word.starts_with(char::is_uppercase) || word == "I" {
        return false;
    }
    let small = word.to_lowercase();
    let mut told = head.split(|c: char| !c.is_alphanumeric()).filter(|one| !one.is_empty());
    let is_inside = |at: usize| {
        let before = head[..at].trim_end_matches(' ');
        before.len() < at
            && before.ends_with(|c: char| c.is_lowercase() || c == ',')
            && !head[at + word.len()..].starts_with(char::is_alphanumeric)
    };
    !head.match_indices(word).any(|(at, _)| is_inside(at)) && told.any(|one| one == small)
}
