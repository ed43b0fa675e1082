//! What is said again, weighed against what is new between.

use std::ops::Range;

use super::Circle;

/// Passages that had been said before, as long as they weigh more than what was new
/// among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Surplus {
    /// The first of them; none where nothing weighs.
    first: Option<Range<usize>>,
    /// How many there are.
    times: usize,
    /// How many words they have that nothing new made up for.
    words: usize,
}

impl Surplus {
    /// A passage of so many words was said before; gives the circle that it closes,
    /// as one of so many passages that weigh so many words.
    pub fn is_again(
        &mut self,
        passage: Range<usize>,
        words: usize,
        times: usize,
        weight: usize,
    ) -> Option<Circle> {
        let first = self.first.get_or_insert(passage).clone();
        self.times += 1;
        self.words += words;
        let is_circle = self.times >= times && self.words >= weight;
        is_circle.then_some(Circle { from: first.start, round: first })
    }

    /// So many words were said that were not said before.
    pub fn is_new(&mut self, words: usize) {
        self.words = self.words.saturating_sub(made_up_for(words));
        if self.words == 0 {
            *self = Self::default();
        }
    }
}

/// How many words said again so many new ones make up for: a chorus may be twice as
/// long as its verse, and an answer as the question.
fn made_up_for(words: usize) -> usize {
    2 * words.max(5)
}
