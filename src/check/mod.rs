//! Checks of the bible that need no model: one file a check, one table of checks.

use crate::diagnostic::Finding;
use crate::story::Story;

/// A check: its name, what it holds the story against, and itself.
pub struct Check {
    /// The code of its findings.
    pub code: &'static str,
    /// What it finds, in a sentence.
    pub about: &'static str,
    /// Everything it finds in a story.
    pub find: fn(&Story) -> Vec<Finding>,
}

/// Every check, in the order of the documentation.
pub const CHECKS: &[Check] = &[];

/// All findings of all checks.
#[must_use]
pub fn check(story: &Story) -> Vec<Finding> {
    CHECKS.iter().flat_map(|check| (check.find)(story)).collect()
}
