//! Words by which a line is known that a model sets round its text: data, one list
//! for all languages.

use std::sync::LazyLock;

use crate::phrases::normalised;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// With what a word to the author begins.
    Opener,
    /// With what an answer begins, and a story seldom.
    Answer,
    /// A part of a book.
    Part,
    /// What an author may be given, be it a part or not.
    Text,
    /// What somebody does whose words are told.
    Teller,
    /// What a label numbers that stands over a part of a book.
    Division,
    /// How it does, but for what a chapter is counted by.
    Ordinal,
    /// What a title page calls a book, behind an article.
    Genre,
    /// That article.
    Article,
    /// What stands before the name of an author.
    Byline,
    /// What stands before the name of whom a book is for.
    Dedication,
    /// What stands there before `mother`.
    Owner,
}

/// Each word in the normal form.
static WORDS: LazyLock<Vec<(Framing, String)>> =
    LazyLock::new(|| read(include_str!("../../../phrases/framing.txt")));

impl Framing {
    /// Whether this word is one, whatever its case and quotes.
    pub fn holds(self, word: &str) -> bool {
        let word = normalised(word);
        self.all().any(|one| *one == word)
    }

    /// Whether a text begins with one, whatever its case and quotes.
    pub fn opens(self, text: &str) -> bool {
        let text = normalised(text);
        let is_whole = |rest: &str| !rest.starts_with(char::is_alphanumeric);
        self.all().any(|one| text.strip_prefix(one.as_str()).is_some_and(is_whole))
    }

    /// Whether a text is the beginning of one, whatever its case and quotes.
    pub fn is_begun(self, text: &str) -> bool {
        let text = normalised(text);
        self.all().any(|one| one.starts_with(&text))
    }

    fn all(self) -> impl Iterator<Item = &'static String> {
        WORDS.iter().filter(move |(kind, _)| *kind == self).map(|(_, word)| word)
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "opener" => Self::Opener,
            "answer" => Self::Answer,
            "part" => Self::Part,
            "text" => Self::Text,
            "teller" => Self::Teller,
            "division" => Self::Division,
            "ordinal" => Self::Ordinal,
            "genre" => Self::Genre,
            "article" => Self::Article,
            "byline" => Self::Byline,
            "dedication" => Self::Dedication,
            "owner" => Self::Owner,
            _ => return None,
        })
    }
}

/// Whether a line says who says it, so that it is told: `…, schrieb sie`, `…, it said`.
/// One that says `I` may be a model's own.
pub(super) fn names_teller(form: &str) -> bool {
    form.split(", ").skip(1).any(|part| {
        let mut words = part.trim_end_matches(['.', '!', '?']).split(' ');
        let first = words.next().unwrap_or_default();
        let is_teller = |word: &str| Framing::Teller.holds(word);
        is_teller(first)
            || !["i", "ich", "je"].contains(&first) && words.next().is_some_and(is_teller)
    })
}

fn read(list: &str) -> Vec<(Framing, String)> {
    let sections = list.split("\n[").skip(1).filter_map(|section| section.split_once("]\n"));
    let is_word = |line: &&str| !line.is_empty() && !line.starts_with('#');
    sections
        .filter_map(|(name, lines)| Some((Framing::named(name)?, lines)))
        .flat_map(|(kind, lines)| {
            lines.lines().filter(is_word).map(move |word| (kind, normalised(word)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_and_found() {
        use Framing::{Answer, Article, Byline, Dedication, Division, Genre, Opener, Ordinal};
        use Framing::{Owner, Part, Teller, Text};
        let counts = [Opener, Answer, Part, Text, Teller].map(|kind| kind.all().count());
        assert_eq!(counts, [17, 32, 17, 14, 18]);
        let counts = [Division, Ordinal, Genre, Article, Byline, Dedication, Owner];
        assert_eq!(counts.map(|kind| kind.all().count()), [30, 28, 17, 7, 6, 9, 18]);
        assert!(Opener.opens("Sure, here") && !Opener.opens("surely"));
        assert!(Answer.opens("Très bien, je commence.") && Answer.opens("D’accord !"));
        assert!(Teller.holds("écrivait") && !Teller.holds("écrivais"));
        assert!(Opener.is_begun("certain") && !Opener.is_begun("certainty"));
    }
}
