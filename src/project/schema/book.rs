//! `storygen.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::project::yaml::Placed;

/// `storygen.yaml`: the book and how it is to be drafted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BookFile {
    /// The title of the book.
    pub title: Placed<String>,
    /// The author's name, as it is to stand on the book.
    #[serde(default)]
    pub author: Option<Placed<String>>,
    /// The language of the book, as a BCP-47 tag: `en-GB`, `de`, `pt-BR`.
    pub language: Placed<String>,
    /// The genre, in a word or two.
    #[serde(default)]
    pub genre: Option<Placed<String>>,
    /// The model that drafts, as `provider/name`: `embedded`, `openai/gpt-5`. Endpoints and keys stand in your own configuration, never here.
    #[serde(default)]
    pub model: Option<Placed<String>>,
    /// How long things are to be.
    #[serde(default)]
    pub targets: Option<TargetsShape>,
    /// What one run may use.
    #[serde(default)]
    pub limits: Option<LimitsShape>,
}

/// How long things are to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetsShape {
    /// Words of a chapter that names no target of its own (default 1,800).
    #[serde(default)]
    pub chapter_words: Option<Placed<u32>>,
    /// Words of the synopsis that is kept of each chapter (default 90).
    #[serde(default)]
    pub synopsis_words: Option<Placed<u32>>,
}

/// What one run may use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsShape {
    /// Tokens that prompt and reply may take together; the model's own window where it is smaller.
    #[serde(default)]
    pub window: Option<Placed<u32>>,
    /// Tokens of one reply; the model's own limit where it is smaller.
    #[serde(default)]
    pub reply_tokens: Option<Placed<u32>>,
    /// How many more times a rejected reply is drawn (default 3).
    #[serde(default)]
    pub redraws: Option<Placed<u32>>,
    /// How many times a reply that was cut, or fell short, is continued (default 8).
    #[serde(default)]
    pub continuations: Option<Placed<u32>>,
    /// Dollars that the whole book may cost; your own configuration's budget where it is smaller.
    #[serde(default)]
    pub budget: Option<Placed<f64>>,
}
