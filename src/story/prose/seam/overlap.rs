//! What a model that goes on says again.

use std::collections::HashSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// Where an overlap ends in the head and what of the tail is new.
pub(super) struct Overlap {
    head_until: usize,
    tail_from: usize,
    /// Where what is said again begins in the head, and its words and letters.
    from: usize,
    words: usize,
    letters: usize,
}

impl Overlap {
    /// The two pieces, what they have in common once.
    pub fn without(&self, head: &str, tail: &str) -> String {
        let (before, rest) = (&head[..self.head_until], &tail[self.tail_from..]);
        let dropped = &tail[..self.tail_from];
        let is_quoted = head[..self.from].trim_end().ends_with(QUOTES);
        let again = &head[self.from..self.head_until.max(self.from)];
        let rest = unclosed(dropped, rest, is_quoted, (before, again));
        format!("{before}{rest}")
    }

    /// Whether what is said again begins a line of the head, or a sentence.
    pub fn begins_line(&self, head: &str) -> bool {
        let before = head[..self.from].trim_end_matches(|c: char| {
            !c.is_alphanumeric() && !c.is_whitespace() && !ENDS.contains(&c)
        });
        before.is_empty() || before.ends_with('\n') || begins_sentence(head, self.from)
    }

    /// Whether a model that was to go on with the next token has begun anew: its
    /// words make no sense where they stand, and they are more than a chance.
    pub fn is_again(&self, head: &str, tail: &str) -> bool {
        const OPENING: [char; 7] = ['“', '‘', '„', '‚', '«', '»', '"'];
        let is_over = !head.trim_end().ends_with(char::is_alphanumeric);
        // With a blank before it, a token goes on; but nobody says a whole clause twice.
        let is_apart = tail.starts_with([' ', '\u{a0}']);
        let least = match (begins_sentence(head, self.from), is_over) {
            (true, false) if is_apart => 5,
            _ if is_apart => return false,
            (true, false) => 1,
            (true, true) => 5,
            (false, false) => 4,
            (false, true) => 6,
        };
        tail.trim_start_matches([' ', '\u{a0}'])
            .starts_with(|c: char| c.is_alphanumeric() || OPENING.contains(&c))
            && self.words >= least
            && self.letters >= 4
    }
}

/// A word with its bytes in the text.
struct Word {
    text: String,
    start: usize,
    end: usize,
}

fn word_list(text: &str) -> Vec<Word> {
    let words = text.unicode_word_indices().map(|(start, word)| {
        // Marks of emphasis that cling to a word are none of it.
        let bare = word.trim_start_matches('_');
        let start = start + word.len() - bare.len();
        let bare = bare.trim_end_matches('_');
        Word { text: folded(bare), start, end: start + bare.len() }
    });
    words.filter(|word| !word.text.is_empty()).collect()
}

/// A word as words are compared: however its accents and apostrophes are written,
/// and without what cannot be seen.
fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let seen = word.chars().filter(|c| !is_unseen(*c)).map(|c| if c == '’' { '\'' } else { c });
    seen.flat_map(char::to_lowercase).nfc().collect()
}

/// What has no width: it parts no words, and joins none.
pub(super) fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The marks that open or close speech.
const QUOTES: [char; 9] = ['“', '”', '‘', '„', '‚', '«', '»', '"', '‟'];

/// What is new of a text that begins by saying something again, without the mark
/// that closes what was opened there: `*She said* it`, `"She said" it`.
fn unclosed(dropped: &str, rest: &str, is_quoted: bool, (before, again): (&str, &str)) -> String {
    let paragraph = rest.find("\n\n").unwrap_or(rest.len());
    let first_word = dropped.find(char::is_alphanumeric).unwrap_or(dropped.len());
    let mut rest = rest.to_owned();
    if dropped[..first_word].contains(QUOTES) && !is_quoted {
        let closes = rest[..paragraph].char_indices().find(|(_, c)| QUOTES.contains(c));
        let is_open = dropped[first_word..].contains(QUOTES);
        if let Some((at, mark)) = closes.filter(|(at, _)| !is_open && closes_at(&rest, *at)) {
            rest.replace_range(at..at + mark.len_utf8(), "");
        }
    }
    let line = before.rsplit("\n\n").next().unwrap_or_default();
    for mark in ['*', '_'] {
        let is_open = |text: &str| runs(text, mark).len() % 2 == 1;
        let paragraph = rest.find("\n\n").unwrap_or(rest.len());
        // A mark that the text closes there, too, has opened nothing.
        if is_open(dropped)
            && !is_open(again)
            && !is_open(line)
            && let Some(run) = runs(&rest[..paragraph], mark).first()
        {
            rest.replace_range(run.clone(), "");
        }
    }
    rest
}

/// Whether a mark stands where one closes: no blank and no beginning before it.
fn closes_at(rest: &str, at: usize) -> bool {
    at == 0 || !rest[..at].ends_with(char::is_whitespace)
}

/// Where a mark of emphasis stands, once or more times in a row.
pub(super) fn runs(text: &str, mark: char) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices(mark) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// Whether a text says nothing but what stands, word for word, in the text that it
/// is to go on from, beginning with a paragraph: a model that began all anew, and
/// did not come as far.
pub(super) fn is_told(head: &str, tail: &str) -> bool {
    const LEAST: usize = 12;
    let (told, said) = (word_list(head), word_list(tail));
    if said.len() < LEAST || said.len() > told.len() {
        return false;
    }
    let Some((last, whole)) = said.split_last() else { return false };
    let is_cut = tail.ends_with(char::is_alphanumeric);
    told.windows(said.len()).any(|words| {
        let (end, begin) = (&words[words.len() - 1], &words[..words.len() - 1]);
        let is_last = end.text == last.text || is_cut && end.text.starts_with(&last.text);
        is_last
            && begin.iter().zip(whole).all(|(a, b)| a.text == b.text)
            && begins_paragraph(head, words[0].start)
    })
}

/// Whether a text that was cut says nothing but what stands near the end of the text that
/// it is to go on from: a model that said the last words again, or its open sentence, and
/// did not come as far. What is taken for that by chance is soon said anew.
#[must_use]
pub fn is_begun_again(head: &str, tail: &str) -> bool {
    const NEAR: usize = 120;
    const LEAST: usize = 3;
    const LEAST_SOLID: usize = 6;
    let (told, said) = (word_list(head), word_list(tail));
    let Some((last, whole)) = said.split_last() else { return false };
    let is_cut = tail.ends_with(char::is_alphanumeric);
    let is_open = head.ends_with(|c: char| c.is_alphanumeric() || c == ',');
    let is_solid = said.len() == letters(&said);
    let is_enough = said.len() >= if is_solid { LEAST_SOLID } else { LEAST };
    // So few are known by where they stand: nobody begins a sentence within one.
    let is_opening = |word: &Word| {
        let (from, begun) = (&head[word.start..], &tail[said[0].start..]);
        let opens = is_open && begins_sentence(head, word.start) && !from.contains(ENDS);
        opens && begun.starts_with(char::is_uppercase)
    };
    told[told.len().saturating_sub(NEAR)..].windows(said.len()).any(|words| {
        let (end, begin) = (&words[words.len() - 1], &words[..words.len() - 1]);
        let is_last = end.text == last.text || is_cut && end.text.starts_with(&last.text);
        is_last
            && begin.iter().zip(whole).all(|(a, b)| a.text == b.text)
            && (is_enough || is_opening(&words[0]))
    })
}

fn begins_paragraph(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches(|c: char| !c.is_alphanumeric() && c != '\n');
    before.is_empty() || before.ends_with('\n')
}

/// Finds the longest end of `head` that `tail` begins with. The last word of
/// the head may be the beginning of the tail's word.
pub(super) fn overlap(head: &str, tail: &str, known: &HashSet<String>) -> Option<Overlap> {
    // Some models begin the whole text anew, however long it is.
    let (ends, begins) = (word_list(head), word_list(tail));
    let longest = ends.len().min(begins.len());
    let cut_inside = head.ends_with(|c: char| c.is_alphanumeric() || is_combining_mark(c));
    let may_go_on = cut_inside || is_within_word(head);
    for length in (1..=longest).rev() {
        let (end, begin) = (&ends[ends.len() - length..], &begins[..length]);
        let (Some(last), Some(met)) = (end.last(), begin.last()) else {
            continue;
        };
        let same_before =
            end[..length - 1].iter().zip(&begin[..length - 1]).all(|(a, b)| a.text == b.text);
        if !same_before {
            continue;
        }
        let from = end[0].start;
        let met_with =
            Overlap { head_until: 0, tail_from: 0, from, words: length, letters: letters(end) };
        let again = Again { head, tail, from, begin, cut_inside };
        if last.text == met.text
            && (again.is_begun_anew(end) || again.is_in_place(end) || is_telling(end, tail, begin))
        {
            // Whatever stands in the head after its last word is kept, and
            // taken out of the tail's beginning if it is repeated there.
            let after_head = &head[last.end..];
            let rest = &tail[met.end..];
            if is_over(after_head) && !rest.trim_start().starts_with(after_head.trim()) {
                // The next sentence begins like this one, or this one is told anew.
                if length < RETOLD || !begins_sentence(head, from) {
                    continue;
                }
                let (head_until, tail_from) = (from, begin[0].start);
                return Some(Overlap { head_until, tail_from, ..met_with });
            }
            let rest_from = met.end + repeated_marks(after_head, rest);
            return Some(Overlap { head_until: head.len(), tail_from: rest_from, ..met_with });
        }
        let begins_it = may_go_on
            && met.text.len() > last.text.len()
            && met.text.starts_with(&last.text)
            && (length > 2 || !known.contains(&last.text))
            // `O` and `ona` are a name of the book, and `ona` is none.
            && (known.contains(&met.text) || !known.contains(&format!("{}{}", last.text, met.text)));
        let is_met = || {
            let (before, lead) = (&head[..last.start], &tail[..begin[0].start]);
            before.ends_with(lead) || before.ends_with(QUOTES) && is_quote(lead)
        };
        if begins_it && (length > 1 || is_met()) {
            // The head's last, cut word gives way to the tail's whole one.
            return Some(Overlap { head_until: last.start, tail_from: met.start, ..met_with });
        }
    }
    None
}

/// Whether a text ends with a mark that stands inside a word or a number: `didn’`,
/// `l’`, `1,`.
fn is_within_word(text: &str) -> bool {
    let mut from_end = text.chars().rev();
    match (from_end.next(), from_end.next()) {
        (Some('’' | '\''), Some(before)) => before.is_alphabetic(),
        (Some(',' | '.'), Some(before)) => before.is_ascii_digit(),
        _ => false,
    }
}

/// Words that a text ends with, and that what goes on from it begins with.
struct Again<'a> {
    head: &'a str,
    tail: &'a str,
    /// Where they begin in the head.
    from: usize,
    begin: &'a [Word],
    /// Whether the head ends with a letter.
    cut_inside: bool,
}

impl Again<'_> {
    /// Whether a sentence, or the last word, was begun anew.
    fn is_begun_anew(&self, end: &[Word]) -> bool {
        self.begin[0].start == 0
            && end.len() <= 2
            && (self.cut_inside && end.len() == 1 || begins_sentence(self.head, self.from))
            && (letters(end) >= 4 || self.is_same_beginning())
    }

    /// Whether a sentence has but begun, and is begun again to the letter: `He` and
    /// `He did not answer`.
    fn is_same_beginning(&self) -> bool {
        let begun = self.head[self.from..].trim_end();
        begun.ends_with(char::is_alphanumeric)
            && begins_sentence(self.head, self.from)
            && self.tail.strip_prefix(begun).is_some_and(|rest| rest.starts_with([' ', ',']))
    }

    /// Whether so few words are the same again by what stands about them: nobody
    /// says `the the`, opens a speech within a speech, or begins a sentence within
    /// one.
    fn is_in_place(&self, end: &[Word]) -> bool {
        let (before, lead) = (&self.head[..self.from], &self.tail[..self.begin[0].start]);
        let after = &self.head[self.from..];
        let is_again_opened = before.ends_with(QUOTES) && is_quote(lead);
        let is_bare = lead.is_empty();
        let has_hyphen = after.ends_with('-') && self.tail[self.begin[0].end..].starts_with('-');
        let is_capital = after.starts_with(char::is_lowercase)
            && self.tail.starts_with(char::is_uppercase)
            && end.len() >= 2;
        let is_single = end.iter().any(|word| SINGLE.contains(&word.text.as_str()));
        let is_once =
            end.len() == 1 && ONCE.contains(&end[0].text.as_str()) && self.tail.starts_with(after);
        self.cut_inside
            && (is_again_opened
                || is_bare && (is_capital || is_single && end.len() <= 2 || is_once))
            || is_bare && has_hyphen && end.len() == 1 && letters(end) >= 4
    }
}

/// Words that nobody says twice in a row, or twice around another.
const SINGLE: [&str; 11] =
    ["the", "a", "an", "of", "my", "your", "their", "our", "its", "than", "toward"];

/// Words that nobody says twice in a row, though perhaps around another.
const ONCE: [&str; 21] = [
    "he", "she", "we", "i", "his", "and", "or", "but", "who", "as", "if", "to", "nor", "und",
    "oder", "ein", "eine", "er", "wir", "ich", "et",
];

/// Whether marks are a quote, and nothing else but marks of emphasis.
fn is_quote(marks: &str) -> bool {
    let marks = marks.trim_start().trim_matches(['*', '_']);
    !marks.is_empty() && marks.chars().all(|c| QUOTES.contains(&c))
}

fn letters(words: &[Word]) -> usize {
    words.iter().map(|word| word.text.chars().count()).sum()
}

/// Of how many words a sentence has to be told again for its first telling to go.
const RETOLD: usize = 5;

/// Whether marks end a sentence.
fn is_over(marks: &str) -> bool {
    marks.contains(ENDS)
}

/// What ends a sentence.
const ENDS: [char; 4] = ['.', '!', '?', '…'];

/// Whether a sentence begins at this byte.
pub(super) fn begins_sentence(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches(|c: char| c.is_whitespace() || "“‘\"«„»".contains(c));
    text[at..].starts_with(char::is_uppercase)
        && (before.is_empty() || before.ends_with(['.', '!', '?', '…', '”', '’', '»', '*']))
}

/// Whether a run of equal words is a repetition and not a coincidence.
fn is_telling(end: &[Word], tail: &str, begin: &[Word]) -> bool {
    let letters = letters(end);
    let at_start =
        begin.first().is_some_and(|word| tail[..word.start].chars().all(|c| !c.is_alphanumeric()));
    // Of letters that are words each, some are soon the same.
    let is_solid = end.len() == letters;
    at_start && (end.len() >= if is_solid { 6 } else { 3 } || letters >= 12 && end.len() >= 2)
}

/// How many bytes of `rest` repeat the marks and spaces that already end the head.
pub(super) fn repeated_marks(after_head: &str, rest: &str) -> usize {
    let marks = after_head.trim();
    let lead = rest.len() - rest.trim_start().len();
    let upto = match marks {
        "" => 0,
        marks if rest[lead..].starts_with(marks) => lead + marks.len(),
        _ => return 0,
    };
    let more = &rest[upto..];
    let beyond = if after_head.ends_with('\n') {
        more.trim_start()
    } else if after_head.ends_with(char::is_whitespace) {
        more.trim_start_matches([' ', '\t'])
    } else {
        more
    };
    rest.len() - beyond.len()
}
