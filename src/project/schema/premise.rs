//! `bible/premise.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::list;
use crate::project::yaml::Placed;

/// `bible/premise.yaml`: what the book is about and how it sounds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PremiseFile {
    /// The story in a paragraph: who wants what, what stands in the way, what is at stake.
    pub premise: Placed<String>,
    /// What the book turns over in its mind, a phrase each.
    #[serde(default, deserialize_with = "list")]
    pub themes: Vec<String>,
    /// The tone, in a few words.
    #[serde(default)]
    pub tone: Option<String>,
    /// Who it is for.
    #[serde(default)]
    pub audience: Option<String>,
    /// Who tells it, and from where.
    #[serde(default)]
    pub point_of_view: Option<PointOfViewShape>,
    /// The tense of the narration.
    #[serde(default)]
    pub tense: Option<TenseShape>,
    /// How the prose is to be written.
    #[serde(default)]
    pub style: Option<StyleShape>,
}

/// Who tells the story, and from where.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PointOfViewShape {
    /// `I`, the scene's point-of-view character.
    First,
    /// `you`.
    Second,
    /// `he`, `she`, `they`, inside the scene's point-of-view character.
    ThirdLimited,
    /// `he`, `she`, `they`, seeing into everyone.
    ThirdOmniscient,
}

/// The tense of the narration.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TenseShape {
    /// She went.
    Past,
    /// She goes.
    Present,
}

/// How the prose is to be written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StyleShape {
    /// Spelling and typography: `British`, `Swiss, no ß`.
    #[serde(default)]
    pub spelling: Option<String>,
    /// Notes to the writer, one rule each.
    #[serde(default, deserialize_with = "list")]
    pub notes: Vec<String>,
    /// A paragraph that sounds as the book should.
    #[serde(default)]
    pub sample: Option<String>,
    /// Phrases that must not appear.
    #[serde(default, deserialize_with = "list")]
    pub avoid: Vec<Placed<String>>,
    /// Whether the worn phrases of storygen's own list may appear (default false).
    #[serde(default)]
    pub allow_worn_phrases: Option<bool>,
}
