//! The calls that something was made from.

use crate::money::Money;
use crate::provider::{Reckoning, Total};

/// The calls that something was made from, kept ones included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Used {
    /// Their digests, in the order in which they were asked.
    pub calls: Vec<String>,
    /// What they were billed.
    pub total: Total,
}

impl Used {
    /// What they cost at most; none where nobody has said, or nothing had to be
    /// paid.
    #[must_use]
    pub fn cost(&self) -> Option<Money> {
        Some(self.total.most()).filter(|cost| *cost > Money::ZERO)
    }

    pub(super) fn add(&mut self, digest: &str, took: &Reckoning) {
        if !self.calls.iter().any(|one| one == digest) {
            self.calls.push(digest.to_owned());
            self.total.extend(took.tallies());
        }
    }
}
