//! Whether letters that meet at a seam are one word or two.

use std::collections::HashSet;

use super::spelling::Spelling;
use super::{elision, first_word, last_word};

/// What is known of a book's words.
pub struct Words {
    known: HashSet<String>,
    common: Common,
    /// Words before their apostrophe that the next one clings to.
    elided: &'static [&'static str],
}

/// The words that a language is full of, whether the book has used them or not.
#[derive(Clone, Copy)]
pub enum Common {
    /// So many that a word which is none of them is rare.
    Asked(fn(&str) -> bool),
    /// A list of some, in lower case, or of none: how the words that are known are
    /// spelt has to tell the rest.
    Listed(&'static HashSet<&'static str>),
}

impl Words {
    /// The words that a book has used so far, in lower case, and those of its language.
    #[must_use]
    pub fn new(known: HashSet<String>, common: Common) -> Self {
        Self { known, common, elided: &[] }
    }

    /// The same, of a book in this language, by its primary subtag.
    #[must_use]
    pub fn of_language(self, language: &str) -> Self {
        Self { elided: elision::elided(language), ..self }
    }

    pub(super) fn known(&self) -> &HashSet<String> {
        &self.known
    }

    /// Whether the letters at the end of one text and at the beginning of another are
    /// one word.
    pub(super) fn are_one(&self, head: &str, tail: &str) -> bool {
        let (first, second) = (last_word(head), first_word(tail));
        let is_cut = second.len() == tail.len();
        // What stands before an apostrophe is a word by itself.
        let bare = first.rsplit(['’', '\'']).next().unwrap_or_default();
        if let Some(are_one) = elision::are_one(bare, tail, self.elided) {
            return are_one;
        }
        match self.common {
            _ if begins_word(first, second, &self.known) => false,
            Common::Asked(is_common) => one_word(first, second, is_cut, &self.known, is_common),
            Common::Listed(list) => self.is_one_as_spelt(bare, second, list),
        }
    }

    fn is_one_as_spelt(&self, first: &str, second: &str, list: &HashSet<&str>) -> bool {
        let (first, second) = (first.to_lowercase(), second.to_lowercase());
        let whole = format!("{first}{second}");
        let is_long = |half: &str| half.chars().nth(1).is_some();
        let is_known = |half: &str| is_long(half) && self.known.contains(half);
        let is_word = |half: &str| list.contains(half) || is_known(half);
        if is_word(&whole) {
            return !(is_known(&first) && is_known(&second));
        }
        if is_long(&first) && is_long(&second) && is_word(&first) && is_word(&second) {
            return false;
        }
        let spelling =
            Spelling::of(self.known.iter().map(String::as_str).chain(list.iter().copied()));
        let weigh = |half: &str, long: f64, short: f64| match (is_word(half), is_long(half)) {
            (true, true) => long,
            (true, false) => short,
            (false, _) if half.chars().nth(2).is_none() => UNKNOWN_PIECE,
            (false, _) => 0.0,
        };
        let weight = weigh(&first, 3.0, 1.0) + weigh(&second, 3.0, 2.0) + MORE_OFTEN_PARTED;
        spelling.parts(&first, &second) + weight <= 0.0
    }
}

/// What an unknown letter or two say, on the scale of [`Spelling::parts`]. These
/// weights, and those of the words that are known, are the ones with the fewest
/// faults in 1001 cuts of German, French and Russian prose.
const UNKNOWN_PIECE: f64 = -4.0;

/// A limit falls between words more often than within one.
const MORE_OFTEN_PARTED: f64 = 1.0;

/// Whether a capital begins a word behind a small letter: `to` and `Boston`, and not
/// `Mc` and `Gregor`.
fn begins_word(first: &str, second: &str, known: &HashSet<String>) -> bool {
    let is_capital = second.starts_with(char::is_uppercase)
        && second.chars().nth(1).is_none_or(char::is_lowercase);
    let whole = || format!("{first}{second}").to_lowercase();
    first.ends_with(char::is_lowercase)
        && is_capital
        && !matches!(first, "Mc" | "Mac")
        && !known.contains(&whole())
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
    let is_word =
        |half: &str| is_common(half) || half.chars().nth(1).is_some() && known.contains(half);
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
