//! What one call took, told apart by the model that was asked.

use serde::{Deserialize, Serialize};

use super::tally::{Tally, Total};

/// What the tries with one model of a call took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The model that was asked, as `endpoint/model`.
    pub model: String,
    /// What its tries took.
    pub tally: Tally,
}

/// What a call took: each try belongs to the model that was asked with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reckoning {
    /// That of the model which was asked last. The call goes by its name.
    pub tally: Tally,
    /// Those of the models that were asked before it and failed, in their order; none
    /// where nobody stood in, and in files of before this was told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Tried>,
}

impl Reckoning {
    /// What all models of the call took together.
    #[must_use]
    pub fn total(&self) -> Total {
        self.tallies().collect()
    }

    /// What each of its models took.
    pub fn tallies(&self) -> impl Iterator<Item = &Tally> {
        self.before.iter().map(|tried| &tried.tally).chain([&self.tally])
    }
}

impl From<Tally> for Reckoning {
    /// Of a call for which nobody stood in.
    fn from(tally: Tally) -> Self {
        Self { tally, before: Vec::new() }
    }
}
