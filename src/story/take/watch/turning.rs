//! Where a text turns to another language.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;
use whatlang::Lang;

use crate::story::take::language::{
    common_of, count_letters, is_rather, lang_named, tongue, words,
};

/// What one common word weighs against the letters that the detector has read.
const WORD: i64 = 12;

/// Two languages that meet in a text.
#[derive(Debug)]
pub struct Sides<'a> {
    foreign: Lang,
    language: &'a str,
    theirs: &'static HashSet<&'static str>,
    own: &'static HashSet<&'static str>,
}

impl<'a> Sides<'a> {
    /// The language of a book, by its tag, and another one, by its English name; none
    /// where one of them is not known.
    #[must_use]
    pub fn new(foreign: &str, language: &'a str) -> Option<Self> {
        let (foreign, wanted) = lang_named(foreign).zip(tongue(language))?;
        Some(Self { foreign, language, theirs: common_of(foreign), own: common_of(wanted) })
    }

    /// How much a text is in the other language rather than in that of the book: by
    /// its common words and, however short, by what the detector takes it for. More
    /// than 0 where it is.
    #[must_use]
    pub fn weigh(&self, text: &str) -> i64 {
        const MOST: usize = 60;
        let letters = i64::try_from(count_letters(text).min(MOST)).unwrap_or_default();
        let detected = match is_rather(text, self.foreign, self.language) {
            Some(true) => letters,
            Some(false) => -letters,
            None => 0,
        };
        detected + self.weigh_words(text)
    }

    /// Of a language without a list it counts what the other one has not.
    fn weigh_words(&self, text: &str) -> i64 {
        let weigh = |word: String| {
            let is_in = |list: &HashSet<&str>| list.contains(word.as_str());
            match (is_in(self.theirs), is_in(self.own)) {
                (true, false) => WORD,
                (false, true) => -WORD,
                (false, false) if self.own.is_empty() && !self.theirs.is_empty() => -WORD / 2,
                (false, false) if self.theirs.is_empty() && !self.own.is_empty() => WORD / 2,
                _ => 0,
            }
        };
        words(text).map(weigh).sum()
    }
}

/// Where a text turns that is foreign from about a place on: the sentence from which
/// on most speaks for the other language. What is clearly of the book's own language
/// before that place ends the search.
#[must_use]
pub fn turn(text: &str, from: usize, foreign: &str, language: &str) -> usize {
    const REACH: usize = 6_000;
    const CLEAR: i64 = 3 * WORD;
    let Some(sides) = Sides::new(foreign, language) else { return from };
    let near = text.floor_char_boundary(from.saturating_sub(REACH));
    let sentences: Vec<(usize, &str)> =
        text[near..].split_sentence_bound_indices().map(|(at, said)| (near + at, said)).collect();
    let (mut sum, mut best, mut turn) = (0, 0, from);
    for (at, said) in sentences.iter().rev() {
        sum += sides.weigh(said);
        if sum > best {
            (best, turn) = (sum, *at);
        } else if *at < from && best - sum > CLEAR {
            break;
        }
    }
    let before = sentences.iter().rev().find(|(at, said)| at + said.len() <= turn);
    before.filter(|(_, said)| sides.turns_inside(said)).map_or(turn, |(at, _)| *at)
}

impl Sides<'_> {
    /// Whether a sentence ends in the other language.
    fn turns_inside(&self, sentence: &str) -> bool {
        const LEAST: usize = 24;
        let end = &sentence[sentence.floor_char_boundary(sentence.len() / 2)..];
        count_letters(end) >= LEAST && self.weigh(end) > WORD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "The rain had stopped before dawn, and the gutter went on dripping into the pail that somebody \
        had put there in summer. Martha opened the kitchen window and looked out at the yard.";
    const GERMAN: &str = "Da schob er das Blatt mit einem Finger zu ihr hin, wie man einem Gast, den man nicht kennt, einen \
        Teller hinschiebt, und ging ohne Hut auf den Hof hinaus.";
    const FRENCH: &str = "Alors il poussa la feuille vers elle d’un doigt, comme on pousse une assiette vers un hôte que \
        l’on ne connaît pas, et sortit dans la cour sans prendre son chapeau.";
    const TURKISH: &str = "Hiçbir şey söylemedi. Masaya ekmeği, bıçağı ve dörde katlanmış bir kâğıdı koydu, sonra dilimleri \
        öyle yavaş kesmeye başladı ki Marta bunu neredeyse hakaret saydı.";
    const HINDI: &str = "Phir usne ek ungli se kaagaz uski taraf khiskaya, jaise koi anjaan mehmaan ki taraf thaali \
        khiskata hai, aur bina topi ke aangan mein nikal gaya.";

    #[test]
    fn nothing_foreign_stays_where_a_text_turns_and_nothing_of_its_own_goes() {
        for (language, own, foreign, turned) in [
            (
                "de",
                GERMAN,
                "English",
                "“No,” she said.\n\nHe shrugged. He went out.\n\n“Go home,” said Thomas.\n\n",
            ),
            (
                "fr",
                FRENCH,
                "English",
                "“No,” she said.\n\nHe shrugged. He went out.\n\n“Go home,” said Thomas.\n\n",
            ),
            (
                "tr",
                TURKISH,
                "English",
                "“No,” she said.\n\nHe shrugged. He went out.\n\n“Go home,” said Thomas.\n\n",
            ),
            ("hi-Latn", HINDI, "English", "“No,” she said.\n\nHe shrugged. He went out.\n\n"),
            ("fr", FRENCH, "English", "He shrugged. Snow fell. He went out. She sat. "),
            ("en", ENGLISH, "German", "„Nein“, sagte sie.\n\nEr ging hinaus. Es war kalt. "),
            ("en", ENGLISH, "Mandarin", "他什么也没说。“不。”"),
            (
                "ru",
                "Он ничего не сказал. Положил на стол хлеб, нож и лист.",
                "English",
                "“No,” she said. He went. ",
            ),
        ] {
            let rest = match foreign {
                "German" => GERMAN.to_owned(),
                "Mandarin" => {
                    "他把面包、刀和一张折成四折的纸放在桌上，开始慢慢地切面包。".to_owned()
                }
                _ => ENGLISH.to_owned(),
            };
            // Short ones of its own stand before it, too.
            let short = match language {
                "de" => "„Nein“, sagte er.\n\n„Doch.“",
                "fr" => "— Non, dit-elle.\n\n— Mais si.",
                "en" => "“No,” he said.\n\n“You must.”",
                "ru" => "— Нет, — сказал он.",
                _ => "",
            };
            let own = format!("{own}\n\n{short}\n\n");
            let text = format!("{own}{turned}{rest} {rest}");
            for from in [own.len() + turned.len(), own.len(), own.len() - 3, 0] {
                let from = text.floor_char_boundary(from);
                let at = turn(&text, from, foreign, language);
                assert_eq!(&text[at..], &text[own.len()..], "{language} {foreign} from {from}");
            }
        }
    }

    #[test]
    fn what_somebody_says_in_another_language_is_not_where_a_text_turns() {
        let own = format!(
            "{GERMAN}\n\n“Go home,” sagte der Engländer, “and tell nobody.”\n\n{GERMAN}\n\n"
        );
        let text = format!("{own}{ENGLISH} {ENGLISH}");
        assert_eq!(turn(&text, own.len() + 40, "English", "de"), own.len());
    }
}
