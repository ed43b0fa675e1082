//! Facts that a prompt has no room for: which go, and how they are told of.

use super::{FACTS, Omission, omission};
use crate::prompt::view::{DraftView, StateView};

/// Facts of a subject, beside those that never change, that are left before anything
/// else goes.
const LEFT: usize = 3;

impl DraftView {
    /// Leaves out the least useful fact of whom most is told that can be spared.
    pub(super) fn shed_fact(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        let spare = |state: &StateView| state.facts.len().saturating_sub(state.sure + LEFT);
        let most = self.states.iter_mut().max_by_key(|state| spare(state))?;
        if spare(most) == 0 {
            return None;
        }
        let fact = most.facts.remove(0);
        Some(omission(FACTS, format!("{}: {fact}", most.name), &fact, size))
    }

    /// The facts that are left out in one line, those among them that never had room:
    /// one for each would be a list as long as the book.
    pub(super) fn with_untold(&self, shed: Vec<Omission>) -> Vec<Omission> {
        let (facts, others): (Vec<_>, Vec<_>) =
            shed.into_iter().partition(|one| one.section == FACTS);
        let told = self.states.iter().filter(|state| !state.initial);
        let (shown, standing) = told.fold((0, 0), |(shown, standing), state| {
            (shown + state.facts.len(), standing + state.standing.min(state.facts.len()))
        });
        let left = self.untold.known.saturating_sub(shown);
        if left == 0 {
            return others;
        }
        let fixed = match self.untold.standing.saturating_sub(standing) {
            0 => String::new(),
            fixed => format!(", {fixed} of them fixed"),
        };
        let one = Omission {
            section: FACTS.to_owned(),
            what: format!("{left} of {}{fixed}", self.untold.known),
            tokens: self.untold.tokens + facts.iter().map(|one| one.tokens).sum::<usize>(),
        };
        std::iter::once(one).chain(others).collect()
    }
}
