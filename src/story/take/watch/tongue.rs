//! When a text turns to another language.

use super::turning::Sides;
use crate::story::take::foreign_language;

/// The letters of narration that are judged together: about sixty words. Of
/// fewer, the detector is not sure.
const LETTERS: usize = 300;

/// How many foreign stretches in a row are no letter any more with which a chapter
/// opens, about three hundred words; and how many are a turn, once it has begun.
const OPENING: usize = 4;
const TURN: usize = 2;

/// Follows the language of what is told; what is said may be in any.
#[derive(Clone, Debug, Default)]
pub struct Tongue {
    told: String,
    letters: usize,
    from: usize,
    /// Whether the text has begun, in its own language.
    is_begun: bool,
    /// Whether anything was judged.
    is_judged: bool,
    /// Where the foreign stretches before this one began, what they are in, and how
    /// many they are.
    before: Option<(usize, String, usize)>,
}

impl Tongue {
    /// At the beginning of a reply, which may go on from a text.
    #[must_use]
    pub fn new(begun: &str) -> Self {
        Self { is_begun: !begun.is_empty(), ..Self::default() }
    }

    /// Reads the character at this place. Once enough stretches in a row are
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
        self.is_judged = true;
        let Some(foreign) = foreign else {
            self.before = None;
            self.is_begun = true;
            return None;
        };
        let (from, _, count) = self.before.take().unwrap_or((self.from, String::new(), 0));
        let enough = if self.is_begun { TURN } else { OPENING };
        self.before = Some((from, foreign.clone(), count + 1));
        (count + 1 >= enough).then_some((from, foreign))
    }

    /// The text ends here: then one stretch is enough, where nothing of the right
    /// language follows it, or most of one that has only begun, or all that goes on
    /// from a text (`is_rest`), however short.
    #[must_use]
    pub fn end(&self, language: &str, is_rest: bool) -> Option<(usize, String)> {
        const MOST: usize = LETTERS * 2 / 3;
        let least = if is_rest && !self.is_judged { 0 } else { MOST };
        let rest = foreign_language(&self.told, language);
        let is_rather = |foreign: &str| {
            Sides::new(foreign, language).is_some_and(|sides| sides.weigh(&self.told) > 0)
        };
        match &self.before {
            Some((from, foreign, _))
                if rest.is_some() || self.letters < MOST / 2 || is_rather(foreign) =>
            {
                Some((*from, foreign.clone()))
            }
            _ => rest.filter(|_| self.letters >= least).map(|foreign| (self.from, foreign)),
        }
    }
}
