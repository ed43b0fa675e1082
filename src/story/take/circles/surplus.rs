//! What is said again, weighed against what is new between.

use std::ops::Range;

use super::{Circle, WORD};

/// Passages that had been said before, as long as they weigh more than what was new
/// among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Surplus {
    /// The first of them; none where nothing weighs.
    first: Option<Range<usize>>,
    /// How many there are.
    times: usize,
    /// What they weigh that nothing new made up for.
    weight: usize,
}

impl Surplus {
    /// A passage of this weight was said before; gives the circle that it closes, as
    /// one of so many passages that weigh at least so much.
    pub fn is_again(
        &mut self,
        passage: Range<usize>,
        weight: usize,
        times: usize,
        least: usize,
    ) -> Option<Circle> {
        let first = self.first.get_or_insert(passage).clone();
        self.times += 1;
        self.weight += weight;
        let is_circle = self.times >= times && self.weight >= least;
        is_circle.then_some(Circle { from: first.start, round: first })
    }

    /// What was not said before weighs so much.
    pub fn is_new(&mut self, weight: usize) {
        self.weight = self.weight.saturating_sub(made_up_for(weight));
        if self.weight == 0 {
            *self = Self::default();
        }
    }
}

/// What something new makes up for, of what is said again: a chorus may be twice as
/// long as its verse, and an answer as the question.
fn made_up_for(weight: usize) -> usize {
    2 * weight.max(5 * WORD)
}
