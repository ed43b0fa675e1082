//! When a text turns to another language.

use unicode_segmentation::UnicodeSegmentation;

use crate::story::take::foreign_language;
use crate::story::take::language::is_rather;

/// The letters of narration that are judged together: about sixty words. Of
/// fewer, the detector is not sure.
const LETTERS: usize = 300;

/// Follows the language of what is told; what is said may be in any.
#[derive(Clone, Debug, Default)]
pub struct Tongue {
    told: String,
    letters: usize,
    from: usize,
    /// How many stretches were judged.
    judged: usize,
    /// Where the stretch before this one began and what it was in, if it was foreign.
    before: Option<(usize, String)>,
}

impl Tongue {
    /// Reads the character at this place. Once two stretches in a row are
    /// foreign, gives where the first began and the language.
    pub fn read(
        &mut self,
        c: char,
        at: usize,
        is_said: bool,
        language: &str,
    ) -> Option<(usize, String)> {
        if is_said {
            return None;
        }
        if self.told.is_empty() {
            self.from = at;
        }
        self.told.push(c);
        self.letters += usize::from(c.is_alphabetic());
        if self.letters < LETTERS || c.is_alphanumeric() {
            return None;
        }
        let foreign = foreign_language(&self.told, language);
        self.told.clear();
        self.letters = 0;
        self.judged += 1;
        let Some(foreign) = foreign else {
            self.before = None;
            return None;
        };
        self.before.replace((self.from, foreign))
    }

    /// The text ends here: then one stretch is enough, where nothing of the right
    /// language follows it, or most of one that has only begun, or all that goes on
    /// from a text (`is_rest`), however short.
    #[must_use]
    pub fn end(&self, language: &str, is_rest: bool) -> Option<(usize, String)> {
        const MOST: usize = LETTERS * 2 / 3;
        let least = if is_rest && self.judged == 0 { 0 } else { MOST };
        let rest = foreign_language(&self.told, language);
        match &self.before {
            Some((from, foreign))
                if rest.is_some()
                    || self.letters < MOST / 2
                    || is_rather(&self.told, foreign, language) =>
            {
                Some((*from, foreign.clone()))
            }
            _ => rest.filter(|_| self.letters >= least).map(|foreign| (self.from, foreign)),
        }
    }
}

/// Where a text turns that is foreign from about a place on: at the first line
/// that is foreign by itself, if there is one, and else at the sentence with which
/// it turned.
#[must_use]
pub fn turn(text: &str, from: usize, foreign: &str, language: &str) -> usize {
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        if foreign_language(line, language).is_some() {
            break;
        }
        at += line.len();
    }
    let at = if at < text.len() { at } else { from };
    let sentences = Sentences { text, foreign, language };
    sentences.back_from(at).unwrap_or_else(|| sentences.on_from(at))
}

/// The sentences of a text in which two languages meet.
struct Sentences<'a> {
    text: &'a str,
    foreign: &'a str,
    language: &'a str,
}

impl Sentences<'_> {
    /// Goes back from a place over what is foreign; none where nothing is.
    fn back_from(&self, from: usize) -> Option<usize> {
        const REACH: usize = 1_200;
        let near = self.text.floor_char_boundary(from.saturating_sub(REACH));
        let (mut turn, mut until) = (None, from);
        let starts: Vec<usize> =
            self.text[near..from].split_sentence_bound_indices().map(|(at, _)| near + at).collect();
        for at in starts.into_iter().rev() {
            match self.is_foreign(&self.text[at..until]) {
                Some(false) => break,
                Some(true) => turn = Some(at),
                None => {}
            }
            until = at;
        }
        turn
    }

    /// Goes on from a place over what is not foreign.
    fn on_from(&self, from: usize) -> usize {
        let mut sentences = self.text[from..].split_sentence_bound_indices();
        let first = sentences.find(|(_, sentence)| self.is_foreign(sentence) == Some(true));
        first.map_or(from, |(at, _)| from + at)
    }

    /// Whether a sentence is foreign, or ends so; none of one that is too short to tell.
    fn is_foreign(&self, sentence: &str) -> Option<bool> {
        const LEAST: usize = 24;
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
        let is_foreign =
            |part: &str| letters(part) >= LEAST && is_rather(part, self.foreign, self.language);
        let end = &sentence[sentence.floor_char_boundary(sentence.len() / 2)..];
        (letters(sentence) >= LEAST).then(|| is_foreign(sentence) || is_foreign(end))
    }
}
