//! When a text turns to another language.

use crate::story::take::foreign_language;

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
            Some((from, foreign)) if rest.is_some() || self.letters < MOST / 2 => {
                Some((*from, foreign.clone()))
            }
            _ => rest.filter(|_| self.letters >= least).map(|foreign| (self.from, foreign)),
        }
    }
}

/// Where a text turns that is foreign from about a place on: at the first line
/// that is foreign by itself, if there is one.
#[must_use]
pub fn turn(text: &str, from: usize, language: &str) -> usize {
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        if foreign_language(line, language).is_some() {
            return at;
        }
        at += line.len();
    }
    from
}
