//! The seam of two pieces: a text that was cut, and what a model wrote to go on.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

/// Joins a text that was cut to what a model wrote when asked to go on, so that
/// no word is repeated or lost.
///
/// A model that goes on may repeat the last words or restart the sentence; it
/// may or may not begin with a space; and the cut may stand inside a word. The
/// words that the book has used so far (`known`, in lower case) decide whether
/// two pieces of letters are one word, and `is_common` says which words its
/// language is full of, whether the book has used them or not.
#[must_use]
#[expect(clippy::implicit_hasher, reason = "the vocabulary is made here, too")]
pub fn join(
    head: &str,
    tail: &str,
    known: &HashSet<String>,
    is_common: fn(&str) -> bool,
) -> String {
    if head.trim().is_empty() {
        return tail.trim_start().to_owned();
    }
    if tail.trim().is_empty() {
        return spaced(head, tail);
    }
    if let Some(overlap) = overlap(head, tail, known) {
        let tail = &tail[overlap.tail_from..];
        return format!("{}{}", &head[..overlap.head_until], tail);
    }
    let ends_open = head.ends_with(|c: char| c.is_alphanumeric());
    let starts_open = tail.starts_with(|c: char| c.is_alphanumeric());
    if head.ends_with(char::is_whitespace) {
        return spaced(head, tail);
    }
    let is_next = starts_open && !ends_open && !is_in_number(head, tail);
    if (is_next || begins_speech(head, tail)) && !opens(head) {
        // After a full stop, a comma, a closing quote.
        return format!("{head} {tail}");
    }
    if !(ends_open && starts_open) {
        return format!("{head}{tail}");
    }
    let (first, second) = (last_word(head), first_word(tail));
    let is_cut = second.len() == tail.len();
    if one_word(first, second, is_cut, known, is_common) {
        format!("{head}{tail}")
    } else {
        format!("{head} {tail}")
    }
}

/// A text and what a model went on with, token by token: nothing is guessed, but a
/// template that trims what it is given makes the model say the blanks again.
#[must_use]
pub fn continued(head: &str, tail: &str) -> String {
    if head.ends_with(char::is_whitespace) && tail.starts_with(char::is_whitespace) {
        spaced(head, tail)
    } else {
        format!("{head}{tail}")
    }
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
    const OPENING: [char; 25] = [
        '“', '‘', '„', '‚', '«', '‹', '(', '[', '{', '—', '-', '–', '\'', '’', '¿', '¡', '「',
        '『', '/', '#', '@', '$', '£', '€', '~',
    ];
    // These open what they stand before, and close what they stand behind.
    const EITHER: [char; 3] = ['"', '*', '_'];
    let before = head.trim_end_matches(EITHER);
    let is_mark = before.len() < head.len();
    head.ends_with(OPENING)
        || is_mark && (before.is_empty() || before.ends_with(char::is_whitespace))
        || is_mark && before.ends_with(OPENING)
}

/// Whether what follows begins with a quote that can only open speech, as the text
/// so far quotes.
fn begins_speech(head: &str, tail: &str) -> bool {
    match tail.chars().next() {
        // In German the same signs close.
        Some('“' | '‘') => !head.contains(['„', '‚']),
        Some('«') => {
            head.find('»').is_none_or(|closed| head.find('«').is_some_and(|at| at < closed))
        }
        Some('¿' | '¡') => true,
        _ => false,
    }
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

/// Whether two pieces of letters that meet at a seam are one word; `is_cut` says
/// that the word may not have ended with the second.
fn one_word(
    first: &str,
    second: &str,
    is_cut: bool,
    known: &HashSet<String>,
    is_common: fn(&str) -> bool,
) -> bool {
    let (first, second) = (first.to_lowercase(), second.to_lowercase());
    let whole = format!("{first}{second}");
    // The short words of a language are soon known; an unknown letter or two
    // are a piece of a word.
    let is_word = |half: &str| known.contains(half) || is_common(half);
    let is_piece = |half: &str| half.chars().count() <= 2 && !is_word(half);
    if is_piece(&first) || is_piece(&second) {
        return true;
    }
    let (lower_first, lower_second) = (first, second);
    let (first, second) = (known.contains(&lower_first), known.contains(&lower_second));
    let begins_known = || is_cut && known.iter().any(|word| word.starts_with(&whole));
    if known.contains(&whole) || begins_known() {
        // Two known words are taken for two: a model drops a space more often
        // than a token ends inside `into`.
        !(first && second)
    } else {
        let (first, second) = (is_word(&lower_first), is_word(&lower_second));
        // What is like the end of a word is one.
        is_common(&whole) || !second && (!first || is_ending(&lower_second))
    }
}

/// Whether letters can end an English word, and begin none.
fn is_ending(letters: &str) -> bool {
    const ENDINGS: [&str; 18] = [
        "ing", "ings", "ened", "ening", "ered", "ering", "ness", "less", "lessly", "ment", "ments",
        "fully", "able", "ably", "tion", "tions", "ions", "ously",
    ];
    ENDINGS.contains(&letters)
}

/// Where an overlap ends in the head and what of the tail is new.
struct Overlap {
    head_until: usize,
    tail_from: usize,
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
fn overlap(head: &str, tail: &str, known: &HashSet<String>) -> Option<Overlap> {
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
        let is_begun_anew = begin[0].start == 0
            && length <= 2
            && (cut_inside && length == 1 || begins_sentence(head, from))
            && letters(end) >= 4;
        if last.text == met.text && (is_begun_anew || is_telling(end, tail, begin)) {
            // Whatever stands in the head after its last word is kept, and
            // taken out of the tail's beginning if it is repeated there.
            let after_head = &head[window + last.end..];
            let rest = &tail[met.end..];
            let rest_from = met.end + repeated_marks(after_head, rest);
            return Some(Overlap { head_until: head.len(), tail_from: rest_from });
        }
        let begins_it = cut_inside
            && met.text.len() > last.text.len()
            && met.text.starts_with(&last.text)
            && (length > 2 || !known.contains(&last.text));
        let is_met = || head[..window + last.start].ends_with(&tail[..begin[0].start]);
        if begins_it && (length > 1 || is_met()) {
            // The head's last, cut word gives way to the tail's whole one.
            return Some(Overlap { head_until: window + last.start, tail_from: met.start });
        }
    }
    None
}

fn letters(words: &[Word]) -> usize {
    words.iter().map(|word| word.text.chars().count()).sum()
}

/// Whether a sentence begins at this byte.
fn begins_sentence(text: &str, at: usize) -> bool {
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
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn seams() {
        let known =
            vocabulary(["the harbour and the old woman sat in a boat she walked to then door on"]);
        for (head, tail, expected) in [
            // No blank, and words of which one is new to the book.
            ("She sat in the", "rainstorm.", "She sat in the rainstorm."),
            ("She harbour", "ing sat.", "She harbouring sat."),
            // Speech that begins.
            ("She sat.", "“Now,” he said.", "She sat. “Now,” he said."),
            ("„Komm“, sagte sie. „Nun", "“, sagte er.", "„Komm“, sagte sie. „Nun“, sagte er."),
            ("“Come,” she said, ‘", "“Now.”", "“Come,” she said, ‘“Now.”"),
            // The last word, or a beginning, said again.
            ("She sat in silence", "silence.", "She sat in silence."),
            ("She sat in a", "She sat in an armchair.", "She sat in an armchair."),
            ("She sat. “Twel", "“Twelve,” she said.", "She sat. “Twelve,” she said."),
            ("She sat. There were £", "There were £5,000.", "She sat. There were £5,000."),
            ("She sat. The kettle ", "The kettle sang.", "She sat. The kettle sang."),
            // Exactly where it stopped.
            ("She walked to the har", "bour and sat.", "She walked to the harbour and sat."),
            ("She walked to the", " harbour and sat.", "She walked to the harbour and sat."),
            ("She walked to the ", "harbour and sat.", "She walked to the harbour and sat."),
            ("She walked to the ", " harbour and sat.", "She walked to the harbour and sat."),
            ("She gave him a h", "and and sat.", "She gave him a hand and sat."),
            ("She walk", "ed to the boat.", "She walked to the boat."),
            // No space, whole words.
            ("She walked to the", "door.", "She walked to the door."),
            ("She sat.", "Then she rose.", "She sat. Then she rose."),
            ("“Come,” she said. “", "Now.”", "“Come,” she said. “Now.”"),
            // The cut word written anew.
            ("She walked to the har", "harbour and sat.", "She walked to the harbour and sat."),
            // The sentence begun anew.
            (
                "It rained. She walked to the har",
                "She walked to the harbour and sat.",
                "It rained. She walked to the harbour and sat.",
            ),
            // The last words repeated.
            (
                "She walked to the harbour and",
                "to the harbour and sat down.",
                "She walked to the harbour and sat down.",
            ),
            (
                "She walked to the harbour.",
                "She walked to the harbour. A boat lay there.",
                "She walked to the harbour. A boat lay there.",
            ),
            ("She walked to the ", "She walked to the boat.", "She walked to the boat."),
            (
                "She sat in a boat.\n\n",
                "She sat in a boat.\n\nThe door shut.",
                "She sat in a boat.\n\nThe door shut.",
            ),
            // A new paragraph.
            ("She sat.", "\n\nThe boat came.", "She sat.\n\nThe boat came."),
            ("She sat.\n\n", "The boat came.", "She sat.\n\nThe boat came."),
            ("She sat.", "\n\n", "She sat.\n\n"),
            ("She sat.\n", "\nThe boat came.", "She sat.\n\nThe boat came."),
            ("She sat. ", "\n\nThe boat came.", "She sat.\n\nThe boat came."),
            ("She sat.\n\n", "\n\nThe boat came.", "She sat.\n\nThe boat came."),
            ("She sat.\n", "The boat came.", "She sat.\nThe boat came."),
            // Marks that cling to what follows, or do not.
            ("She *", "sat* there.", "She *sat* there."),
            ("She *sat*", "there.", "She *sat* there."),
            ("“*", "Now*”", "“*Now*”"),
            ("She said, \"", "Now.\"", "She said, \"Now.\""),
            ("\"Now.\"", "She sat.", "\"Now.\" She sat."),
            ("It was 10:", "30 and £", "It was 10:30 and £"),
            ("It was 10:", "the boat came.", "It was 10: the boat came."),
            // Punctuation first.
            ("She sat", ", and the boat came.", "She sat, and the boat came."),
            // One equal word is a coincidence, not an overlap.
            ("and on and on", "on she went", "and on and on on she went"),
            ("", "The boat.", "The boat."),
            ("The boat.", "", "The boat."),
        ] {
            assert_eq!(join(head, tail, &known, |_| false), expected, "{head:?} + {tail:?}");
        }
    }

    #[test]
    fn common_words_are_known_from_the_first_chapter() {
        let is_common = |word: &str| {
            ["all", "winter", "was", "damp", "is", "into", "some", "thing", "something", "cart"]
                .contains(&word)
        };
        for (head, tail, expected) in [
            ("It had hung all", "winter there.", "It had hung all winter there."),
            ("The paper was", "damp.", "The paper was damp."),
            ("It is", "damp.", "It is damp."),
            ("The company’s", "cart.", "The company’s cart."),
            ("There was some", "thing.", "There was something."),
            ("The theodo", "lite was.", "The theodolite was."),
        ] {
            assert_eq!(join(head, tail, &HashSet::new(), is_common), expected);
        }
    }

    /// Written with whatever stands at a seam.
    const TEXT: &str = "She walked to the harbour, where the old boat lay, and sat down on a coil of wet rope. “You *came*,” \
        said the woman; “at half-past four—or 4:30?”\n\nNothing moved on the water but the light of the lamp.\n\n* * *\n\n\
        By £5,000 she was the poorer, or 3.5 stone of silver. \"Never,\" he said, \"not _ever_.\"\nIt didn’t rain.";

    proptest! {
        // A text cut anywhere, however often, and continued exactly there comes
        // out whole, to the last blank.
        #[test]
        fn exact_continuations_are_whole(cuts in prop::collection::btree_set(1..TEXT.len(), 1..6)) {
            let bounds: BTreeSet<usize> =
                cuts.into_iter().map(|cut| TEXT.floor_char_boundary(cut)).collect();
            let known = vocabulary([TEXT]);
            let (mut joined, mut from) = (String::new(), 0);
            for until in bounds.into_iter().chain([TEXT.len()]) {
                joined = if from == 0 {
                    TEXT[..until].to_owned()
                } else {
                    join(&joined, &TEXT[from..until], &known, |_| false)
                };
                from = until;
            }
            prop_assert_eq!(joined, TEXT);
        }
    }
}
