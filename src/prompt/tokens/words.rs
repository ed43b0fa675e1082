//! The common words that every seen vocabulary holds with a space before them.
//!
//! Tokenizers cut a text at the spaces before words, or hold no token that
//! reaches over such a place; so ` lighthouse` is encoded by itself, and where
//! the vocabulary holds it as one token, it is one. The list is what the seen
//! vocabularies have in common; each word was tried in each of them, between
//! spaces, commas, quotes and line ends.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::pairs;

/// The words, one a line.
const WORDS: &str = include_str!("../../../catalogue/words.txt");

/// The most tokens that a text takes in a seen vocabulary.
pub(super) fn most_tokens(text: &str) -> usize {
    let mut tokens = 0;
    // What has been counted ends here.
    let mut end = 0;
    for (space, _) in text.match_indices(' ') {
        let Some(word) = common_word(text, space).filter(|_| space >= end) else { continue };
        tokens += pairs::most_tokens(text.get(end..space).unwrap_or_default()) + 1;
        end = space + 1 + word.len();
    }
    tokens + pairs::most_tokens(text.get(end..).unwrap_or_default())
}

/// The common word after the space at this place, if the space is its own and
/// what follows cannot be taken for a part of it.
fn common_word(text: &str, space: usize) -> Option<&str> {
    let before = text.get(..space)?.chars().next_back()?;
    let rest = text.get(space + 1..)?;
    let length = rest.bytes().position(|byte| !byte.is_ascii_alphabetic())?;
    let (word, after) = rest.split_at(length);
    let follows = after.chars().next()?;
    (!before.is_whitespace() && ends_words(follows) && is_listed(word)).then_some(word)
}

/// Whether no tokenizer ties this character to the letters before it. The ASCII
/// apostrophe is not among them: `don't` is one word to some.
fn ends_words(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\t' | '\r' | '.' | ',' | ';' | ':' | '!' | '?' | ')' | '-' | '"')
        || matches!(c, '“' | '”' | '‘' | '’' | '—' | '–' | '…')
}

/// Whether a word, in lower case, is a common one of English. Of the letters and
/// pairs of the list most are no words.
#[must_use]
pub fn is_common(word: &str) -> bool {
    const SHORT: [&str; 33] = [
        "a", "i", "o", "ah", "am", "an", "as", "at", "be", "by", "do", "go", "he", "hi", "if",
        "in", "is", "it", "me", "my", "no", "of", "oh", "on", "or", "ox", "so", "to", "up", "us",
        "we", "ye", "ha",
    ];
    SHORT.contains(&word) || word.len() > 2 && is_listed(word)
}

/// Whether a word is in the list. The list is made ready when it is first asked,
/// in less than a millisecond; a long prompt asks it thousands of times.
fn is_listed(word: &str) -> bool {
    static LISTED: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.lines().collect());
    LISTED.contains(word)
}
