//! The calls that a step was made from then, to be played again.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The calls that the step at hand was made from when it was done, by digest and in
/// their order.
///
/// Much that a prompt says may have changed since without making a chapter stale, and
/// then its requests cannot be made again; their replies are found by what they were
/// then. Empty where nobody noted that, and in every run that asks somebody.
#[derive(Debug, Default)]
pub struct Reel(Mutex<VecDeque<String>>);

impl Reel {
    /// Lays in the calls of the step that comes next, in place of what was left over.
    pub fn lay_in(&self, calls: &[String]) {
        *self.calls() = calls.iter().cloned().collect();
    }

    /// The digest under which the next call is kept, if it is known.
    pub(super) fn next(&self) -> Option<String> {
        self.calls().pop_front()
    }

    /// The same, left where it is.
    pub(super) fn peek(&self) -> Option<String> {
        self.calls().front().cloned()
    }

    /// Whether the step was made from more calls than were played by now.
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.calls().is_empty()
    }

    fn calls(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
