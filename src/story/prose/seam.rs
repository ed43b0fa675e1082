//! The seam of two pieces: a text that was cut, and what a model wrote to go on.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

mod anew;
mod dots;
mod elision;
mod lines;
mod overlap;
mod spelling;
mod words;

pub use words::{Common, Words};

pub use anew::{Retelling, is_open};
pub use overlap::is_begun_again;

use anew::{behind_paragraph, told_again};
use overlap::{is_told, is_unseen, overlap, runs};

/// Joins a text that was cut to what a model wrote when asked to go on, so that
/// no word is repeated or lost.
///
/// A model that goes on may repeat the last words or restart the sentence; it
/// may or may not begin with a space; and the cut may stand inside a word. The
/// words of the book and of its language decide whether two pieces of letters are
/// one word.
#[must_use]
pub fn join(head: &str, tail: &str, words: &Words) -> String {
    let (head, tail) = (head.trim_end_matches(is_unseen), tail.trim_start_matches(is_unseen));
    if head.trim().is_empty() {
        return tail.trim_start().to_owned();
    }
    if tail.trim().is_empty() {
        return spaced(head, tail);
    }
    if is_told(head, tail) {
        return head.to_owned();
    }
    let tail = &*dots::unmarked(head, tail);
    let rest = behind_paragraph(head, tail).or_else(|| lines::behind_dash(head, tail));
    if let Some(rest) = rest {
        return spaced(head, rest);
    }
    if let Some(rest) = lines::behind_sentence(head, tail) {
        return format!("{}\n\n{rest}", head.trim_end());
    }
    if ends_in_rule(head) && !tail.trim_start_matches(' ').starts_with(RULES) {
        return format!("{}\n\n{}", head.trim_end(), after_rule(tail));
    }
    let parted = lines::parted(head, tail);
    let is_new = parted.is_some() || tail.starts_with('\n');
    let again = overlap(head, tail, words.known());
    // A refrain is no line said again.
    if let Some(overlap) = again.filter(|overlap| !is_new || overlap.begins_line(head)) {
        return overlap.without(head, tail);
    }
    if let Some(text) = told_again(head, tail) {
        return text;
    }
    if let Some(blanks) = parted {
        return format!("{}{blanks}{}", head.trim_end(), tail.trim_start());
    }
    if begins_with_rule(head, tail) {
        return format!("{}\n\n{}", head.trim_end(), tail.trim_start());
    }
    if is_without_blanks(head, tail) {
        return format!("{head}{tail}");
    }
    let ends_open = head.ends_with(|c: char| c.is_alphanumeric());
    let starts_open = tail.starts_with(|c: char| c.is_alphanumeric());
    if lines::ends_in_half_break(head, tail) {
        return format!("{head}\n{tail}");
    }
    if head.ends_with(char::is_whitespace) {
        return spaced(head, tail);
    }
    let is_next = starts_open && !ends_open && !is_in_number(head, tail);
    if closes_speech(head) && begins_speech(head, tail) {
        // Another speaks.
        return format!("{head}\n\n{tail}");
    }
    let is_next = is_next && !ends_contraction(head, tail);
    let is_next = is_next || begins_emphasis(head, tail);
    if lines::begins_aside(head, tail) || lines::ends_in_sign(head, tail) {
        return format!("{head} {tail}");
    }
    if (is_next || begins_speech(head, tail)) && !opens(head) {
        // After a full stop, a comma, a closing quote.
        return format!("{head} {tail}");
    }
    if !(ends_open && starts_open) {
        return format!("{head}{tail}");
    }
    if !parts_number(last_word(head), first_word(tail)) && words.are_one(head, tail) {
        format!("{head}{tail}")
    } else {
        format!("{head} {tail}")
    }
}

/// A text and what a model went on with, token by token: nothing is guessed. But
/// a template that trims what it is given makes the model say the blanks again,
/// and a server that heeds no beginning makes it say the sentence again.
#[must_use]
pub fn continued(head: &str, tail: &str) -> String {
    if head.ends_with(char::is_whitespace) && tail.starts_with(char::is_whitespace) {
        return told_again(head, tail).unwrap_or_else(|| spaced(head, tail));
    }
    // One that has ended may be said twice.
    let is_inside = head.trim_end_matches([' ', '\t']).ends_with(char::is_alphanumeric);
    let may_be = is_inside || !head.ends_with(char::is_whitespace);
    if let Some(rest) = behind_paragraph(head, tail).filter(|_| may_be) {
        return spaced(head, rest);
    }
    match overlap(head, tail, &HashSet::new()).filter(|overlap| overlap.is_again(head, tail)) {
        Some(overlap) => overlap.without(head, tail),
        None => told_again(head, tail).unwrap_or_else(|| format!("{head}{tail}")),
    }
}

/// A text that ends with a sentence, and what goes on behind it without a blank.
#[must_use]
pub fn spoken_on(head: &str, tail: &str) -> String {
    let blank = if is_without_blanks(head, tail) { "" } else { " " };
    format!("{head}{blank}{tail}")
}

/// Two pieces that blanks part, of which either piece may bring them, or both:
/// one blank, one line end or one empty line.
fn spaced(head: &str, tail: &str) -> String {
    let blanks = |text: &str| text.matches('\n').count();
    let (text, rest) = (head.trim_end(), tail.trim_start());
    let (before, after) = (&head[text.len()..], &tail[..tail.len() - rest.len()]);
    match (blanks(before), blanks(after)) {
        _ if before.is_empty() => format!("{head}{tail}"),
        (0.., 0) | (2.., _) => format!("{head}{rest}"),
        (0, _) => format!("{text}{after}{rest}"),
        (1, _) => format!("{head}\n{rest}"),
    }
}

/// Whether a text ends in a mark that what follows clings to.
fn opens(head: &str) -> bool {
    // These always open; those open where a blank or nothing stands before them,
    // and elsewhere they close.
    const OPENING: [char; 16] =
        ['„', '‚', '(', '[', '{', '¿', '¡', '「', '『', '/', '#', '@', '$', '£', '€', '~'];
    const QUOTES: [char; 11] = ['“', '‘', '«', '»', '‹', '›', '’', '\'', '"', '*', '_'];
    const DASHES: [char; 3] = ['—', '–', '-'];
    let before = head.trim_end_matches(QUOTES);
    let is_quote = before.len() < head.len() && !closes_guillemets(head);
    let is_free = |text: &str| text.is_empty() || text.ends_with(char::is_whitespace);
    let line = head.rsplit('\n').next().unwrap_or_default();
    head.ends_with(OPENING)
        || is_quote && (is_free(before) || before.ends_with(OPENING) || before.ends_with(DASHES))
        || is_elision(head)
        || head.ends_with(DASHES) && dash_clings(head)
        // One between blanks wants its second, but where a line begins with it.
        || head.ends_with(DASHES) && (!is_free(line.trim_end_matches(DASHES)) || line.trim_end_matches(DASHES).is_empty())
}

/// Whether the dash that a text ends with clings to what follows, as others of the text
/// do that a blank stands before: `—dijo` in Spanish.
fn dash_clings(head: &str) -> bool {
    let Some(dash) = head.chars().next_back() else { return false };
    let is_free = |at: usize| head[..at].is_empty() || head[..at].ends_with(char::is_whitespace);
    let behind = |at: usize| head[at + dash.len_utf8()..].chars().next();
    let set_off =
        || head.match_indices(dash).filter(|(at, _)| is_free(*at)).map(|(at, _)| behind(at));
    let clinging =
        set_off().flatten().filter(|c| c.is_alphanumeric() || "¿¡«“".contains(*c)).count();
    clinging > set_off().flatten().filter(|c| c.is_whitespace()).count()
}

/// Whether a text ends with the apostrophe of a word that clings to the next, as
/// in `l’eau`, `qu’il` and `o’clock`.
fn is_elision(head: &str) -> bool {
    let Some(before) = head.strip_suffix(['’', '\'']) else { return false };
    let word = last_word(before).to_lowercase();
    let letters = word.chars().count();
    letters == 1 || word.ends_with("qu") || word == "aujourd"
}

/// Whether letters go on with a word behind its apostrophe: `don’t`, `she’s`.
fn ends_contraction(head: &str, tail: &str) -> bool {
    const ENDS: [&str; 9] = ["s", "t", "d", "m", "ll", "re", "ve", "em", "n"];
    let before = head.strip_suffix(['’', '\'']).unwrap_or_default();
    before.ends_with(char::is_alphanumeric)
        && ENDS.contains(&first_word(tail).to_lowercase().as_str())
}

/// Whether no blanks stand between the words of what meets here.
fn is_without_blanks(head: &str, tail: &str) -> bool {
    let is_solid = |c: char| matches!(u32::from(c), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3000..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0xff00..=0xffef | 0x20000..=0x3ffff);
    head.ends_with(is_solid) && tail.starts_with(is_solid)
}

/// Whether a number and letters that meet are two words.
fn parts_number(first: &str, second: &str) -> bool {
    const UNITS: [&str; 18] = [
        "st", "nd", "rd", "th", "s", "am", "pm", "h", "m", "km", "cm", "mm", "kg", "g", "lb", "ft",
        "er", "e",
    ];
    let is_digit = |c: char| c.is_ascii_digit();
    let (ends, begins) = (first.ends_with(is_digit), second.starts_with(is_digit));
    match (ends, begins) {
        (true, false) => !UNITS.contains(&second.to_lowercase().as_str()),
        (false, true) => true,
        _ => false,
    }
}

/// Whether what follows begins with a quote that can only open speech, as the text
/// so far quotes.
fn begins_speech(head: &str, tail: &str) -> bool {
    match tail.chars().next() {
        // In German the same signs close.
        Some('“') => !is_unclosed(head, '„', ['“', '”']),
        Some('‘') => !is_unclosed(head, '‚', ['‘', '’']),
        Some('«') => {
            head.find('»').is_none_or(|closed| head.find('«').is_some_and(|at| at < closed))
        }
        Some('»') => {
            head.find('»').is_some_and(|at| head.find('«').is_none_or(|closed| at < closed))
        }
        Some('„' | '‚' | '¿' | '¡') => true,
        _ => false,
    }
}

/// Whether a mark stands open in the last paragraph of a text.
fn is_unclosed(head: &str, open: char, close: [char; 2]) -> bool {
    let paragraph = head.rsplit("\n\n").next().unwrap_or_default();
    paragraph.matches(open).count() > paragraph.matches(close).count()
}

/// Whether what follows a mark that ends something begins with emphasis: where none
/// is open, its sign can only open it.
fn begins_emphasis(head: &str, tail: &str) -> bool {
    let paragraph = head.rsplit("\n\n").next().unwrap_or_default();
    let is_open = |mark: char| runs(paragraph, mark).len() % 2 == 1;
    ['*', '_'].iter().any(|mark| {
        let word = tail.trim_start_matches(*mark);
        let begins = word.starts_with(|c: char| c.is_alphanumeric() || c == '(');
        word.len() < tail.len() && begins && !is_open(*mark)
    }) && head.ends_with(|c: char| c.is_alphanumeric() || ".,!?;:…”".contains(c))
}

/// The signs of which lines are made that part two scenes.
const RULES: [char; 3] = ['-', '*', '_'];

/// Whether a text ends with a line that parts two scenes.
fn ends_in_rule(text: &str) -> bool {
    let text = text.trim_end();
    text.contains('\n') && is_rule(text.rsplit('\n').next().unwrap_or_default())
}

/// Whether a line parts two scenes.
#[must_use]
pub fn is_rule(line: &str) -> bool {
    const ORNAMENTS: [char; 11] = ['⁂', '⸻', '⸺', '◆', '•', '✦', '❦', '☙', '·', '~', '#'];
    let marks: String = line.split_whitespace().collect();
    let is_of = |mark: &char| marks.chars().all(|c| c == *mark);
    marks.len() >= 3 && RULES.iter().any(is_of)
        || !marks.is_empty() && marks.chars().all(|c| ORNAMENTS.contains(&c))
}

/// Whether what follows begins with a line that parts two scenes.
fn begins_with_rule(head: &str, tail: &str) -> bool {
    let line = tail.trim_start().lines().next().unwrap_or_default();
    is_rule(line) && !head.ends_with(RULES)
}

/// What follows a rule that was said, and is perhaps said again.
fn after_rule(tail: &str) -> &str {
    let tail = tail.trim_start();
    match tail.split_once('\n') {
        Some((first, rest)) if is_rule(first) => rest.trim_start(),
        _ => tail,
    }
}

/// Whether a text ends with speech that is closed, and a sentence with it.
fn closes_speech(head: &str) -> bool {
    let said = head.strip_suffix(['”', '“', '»', '«', '’', '‘']).unwrap_or_default();
    // French sets a blank before the quote that closes.
    let said = if closes_guillemets(head) { said.trim_end() } else { said };
    said.ends_with(['.', '!', '?', '…'])
}

/// Whether a text ends with the `»` that closes what `«` opened, be there a blank
/// before it or none.
fn closes_guillemets(head: &str) -> bool {
    let paragraph = head.rsplit("\n\n").next().unwrap_or_default();
    let before = paragraph.strip_suffix('»').unwrap_or_default();
    before.matches('«').count() > before.matches('»').count()
}

/// Whether a number goes on: `3.5`, `10:30`, `1,000`.
fn is_in_number(head: &str, tail: &str) -> bool {
    let digits = head.strip_suffix(['.', ',', ':']).unwrap_or_default();
    digits.ends_with(|c: char| c.is_ascii_digit()) && tail.starts_with(|c: char| c.is_ascii_digit())
}

fn last_word(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '’' | '\''))
        .last()
        .map_or(text.len(), |(at, _)| at);
    &text[start..]
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    &text[..end]
}

/// The words of texts in lower case, for [`join`].
#[must_use]
pub fn vocabulary<'a>(texts: impl IntoIterator<Item = &'a str>) -> HashSet<String> {
    texts.into_iter().flat_map(UnicodeSegmentation::unicode_words).map(str::to_lowercase).collect()
}

/// The words of a text that was cut, without the last one, which may be cut too.
#[must_use]
pub fn vocabulary_of_cut(text: &str) -> HashSet<String> {
    let whole = match text.rfind(char::is_whitespace) {
        Some(at) => &text[..at],
        None => "",
    };
    vocabulary([whole])
}

#[cfg(test)]
mod tests;
