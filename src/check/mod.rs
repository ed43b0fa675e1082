//! Checks of the bible that need no model: one file a check, one table of checks.
//!
//! Every check is a pure function of the [`Story`]. To add one: write its file,
//! add its row to [`CHECKS`], and put a small project that it complains about
//! into `tests/broken/CODE/`; a test walks the table and fails without it.

use crate::diagnostic::Finding;
use crate::story::Story;

mod age_disagrees;
mod age_over_lifespan;
mod beat_missing;
mod beat_order;
mod beat_repeated;
mod date_order;
mod invariant_range;
mod not_yet_born;
mod ordering_broken;
mod payoff_order;
mod pov_not_in_cast;
mod shared_name;
mod told;
mod travel_time;
mod two_places;
mod unused_character;
mod unused_place;
mod way_differs;

/// A check: its name, what it holds the story against, and itself.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The code of its findings.
    pub code: &'static str,
    /// What it finds, in a sentence.
    pub about: &'static str,
    /// Everything it finds in a story.
    pub find: fn(&Story) -> Vec<Finding>,
}

/// Every check, in the order of the documentation.
pub const CHECKS: &[Check] = &[
    beat_missing::CHECK,
    beat_repeated::CHECK,
    beat_order::CHECK,
    ordering_broken::CHECK,
    invariant_range::CHECK,
    payoff_order::CHECK,
    pov_not_in_cast::CHECK,
    date_order::CHECK,
    travel_time::CHECK,
    two_places::CHECK,
    way_differs::CHECK,
    not_yet_born::CHECK,
    age_disagrees::CHECK,
    age_over_lifespan::CHECK,
    shared_name::CHECK,
    unused_character::CHECK,
    unused_place::CHECK,
];

/// All findings of all checks.
#[must_use]
pub fn check(story: &Story) -> Vec<Finding> {
    CHECKS.iter().flat_map(|check| (check.find)(story)).collect()
}
