//! What a model that goes on says again.

use std::collections::HashSet;

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
        format!("{}{}", &head[..self.head_until], &tail[self.tail_from..])
    }

    /// Whether a model that was to go on with the next token has begun anew: its
    /// words make no sense where they stand, and they are more than a chance.
    pub fn is_again(&self, head: &str, tail: &str) -> bool {
        const OPENING: [char; 7] = ['“', '‘', '„', '‚', '«', '»', '"'];
        let is_over = !head.trim_end().ends_with(char::is_alphanumeric);
        let least = match (begins_sentence(head, self.from), is_over) {
            (true, false) => 1,
            (true, true) => 5,
            (false, false) => 4,
            (false, true) => 6,
        };
        tail.starts_with(|c: char| c.is_alphanumeric() || OPENING.contains(&c))
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
    text.unicode_word_indices()
        .map(|(start, word)| Word { text: word.to_lowercase(), start, end: start + word.len() })
        .collect()
}

/// Finds the longest end of `head` that `tail` begins with. The last word of
/// the head may be the beginning of the tail's word.
pub(super) fn overlap(head: &str, tail: &str, known: &HashSet<String>) -> Option<Overlap> {
    const REACH: usize = 120;
    let window = head.char_indices().rev().nth(REACH * 12).map_or(0, |(at, _)| at);
    let ends = word_list(&head[window..]);
    let begins: Vec<Word> = word_list(&tail[..tail.floor_char_boundary(REACH * 24)]);
    let longest = ends.len().min(begins.len()).min(REACH);
    let cut_inside = head.ends_with(char::is_alphanumeric);
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
        let from = window + end[0].start;
        let met_with =
            Overlap { head_until: 0, tail_from: 0, from, words: length, letters: letters(end) };
        let is_begun_anew = begin[0].start == 0
            && length <= 2
            && (cut_inside && length == 1 || begins_sentence(head, from))
            && letters(end) >= 4;
        if last.text == met.text && (is_begun_anew || is_telling(end, tail, begin)) {
            // Whatever stands in the head after its last word is kept, and
            // taken out of the tail's beginning if it is repeated there.
            let after_head = &head[window + last.end..];
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
        let begins_it = cut_inside
            && met.text.len() > last.text.len()
            && met.text.starts_with(&last.text)
            && (length > 2 || !known.contains(&last.text));
        let is_met = || head[..window + last.start].ends_with(&tail[..begin[0].start]);
        if begins_it && (length > 1 || is_met()) {
            // The head's last, cut word gives way to the tail's whole one.
            return Some(Overlap {
                head_until: window + last.start,
                tail_from: met.start,
                ..met_with
            });
        }
    }
    None
}

fn letters(words: &[Word]) -> usize {
    words.iter().map(|word| word.text.chars().count()).sum()
}

/// Of how many words a sentence has to be told again for its first telling to go.
const RETOLD: usize = 5;

/// Whether marks end a sentence.
fn is_over(marks: &str) -> bool {
    marks.contains(['.', '!', '?', '…'])
}

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
    at_start && (end.len() >= 3 || letters >= 12 && end.len() >= 2)
}

/// How many bytes of `rest` repeat the marks and spaces that already end the head.
fn repeated_marks(after_head: &str, rest: &str) -> usize {
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
