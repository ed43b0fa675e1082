//! What the journal says of a call to a model.

use serde::{Deserialize, Serialize};

use super::calls::Ending;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Prose, from the beginning of a chapter or scene.
    Draft,
    /// More of a text that was cut or fell short.
    Continue,
    /// A chapter's synopsis and facts.
    Record,
    /// One passage in place of several.
    Fold,
}

impl Stage {
    /// All of them, in the order of a chapter's steps.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Continue, Self::Record, Self::Fold];

    /// Its name in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Continue => "continue",
            Self::Record => "record",
            Self::Fold => "fold",
        }
    }
}

/// A call to a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallNote {
    /// What tells it from every other call of the project, whatever it asks.
    pub id: String,
    /// The digest of its request, by which the reply is kept.
    pub digest: String,
    /// What it is for.
    pub stage: Stage,
    /// The id of the chapter; none for a fold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chapter: Option<String>,
    /// The model that was asked.
    pub model: String,
    /// The tokens of its prompt by our count, which is never too low.
    pub prompt: u64,
    /// The most tokens of its reply.
    pub reply: u64,
}

impl CallNote {
    /// The number of the run that made it, if its id tells.
    #[must_use]
    pub fn run(&self) -> Option<u64> {
        self.id.split('-').nth(1)?.parse().ok()
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// The model had said all.
    Stop,
    /// The token limit cut it.
    Length,
    /// A filter cut it.
    Filtered,
    /// The stream broke off.
    Interrupted,
    /// It was stopped for what it said.
    Stopped,
    /// It failed before any text of use had come.
    Failed,
    /// The user stopped it.
    Cancelled,
    /// The program was killed while it ran.
    Killed,
}

impl Ended {
    /// Its name in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::Filtered => "filtered",
            Self::Interrupted => "interrupted",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Killed => "killed",
        }
    }
}

impl From<Ending> for Ended {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Stop => Self::Stop,
            Ending::Length => Self::Length,
            Ending::Filtered => Self::Filtered,
            Ending::Interrupted => Self::Interrupted,
            Ending::Stopped => Self::Stopped,
        }
    }
}
