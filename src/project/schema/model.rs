//! Which models a book wants, how they sample, and where a team has them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::list;
use crate::project::yaml::Placed;

/// Models for some of the work, where one model is not to do all of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelsShape {
    /// The model that writes the prose.
    #[serde(default)]
    pub draft: Option<Placed<String>>,
    /// The model that writes synopses, facts and folds; a small one does.
    #[serde(default)]
    pub record: Option<Placed<String>>,
    /// The model that reviews chapters.
    #[serde(default)]
    pub review: Option<Placed<String>>,
    /// The model that speaks for the characters.
    #[serde(default)]
    pub talk: Option<Placed<String>>,
    /// Models that stand in, in this order, when the one that was asked fails. Each take says which one answered.
    #[serde(default, deserialize_with = "list")]
    pub fallback: Vec<Placed<String>>,
}

impl ModelsShape {
    /// All models that are named.
    pub fn all(&self) -> impl Iterator<Item = &Placed<String>> {
        let roles = [&self.draft, &self.record, &self.review, &self.talk];
        roles.into_iter().flatten().chain(&self.fallback)
    }
}

/// How the next token is chosen. What is left out is as the model's author or storygen would have it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SamplingShape {
    /// 0 always takes the likeliest token; about 0.8 suits prose.
    #[serde(default)]
    #[schemars(range(min = 0, max = 5))]
    pub temperature: Option<Placed<f32>>,
    /// Keep the likeliest tokens up to this share of probability.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub top_p: Option<Placed<f32>>,
    /// Keep this many of the likeliest tokens.
    #[serde(default)]
    pub top_k: Option<Placed<u32>>,
    /// Drop tokens below this share of the likeliest one's probability.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub min_p: Option<Placed<f32>>,
    /// Above 1: tokens seen lately become less likely.
    #[serde(default)]
    #[schemars(range(min = 0, max = 2))]
    pub repetition_penalty: Option<Placed<f32>>,
    /// Above 0: a token becomes less likely with each time it was said.
    #[serde(default)]
    #[schemars(range(min = -2, max = 2))]
    pub frequency_penalty: Option<Placed<f32>>,
    /// Above 0: a token becomes less likely once it was said.
    #[serde(default)]
    #[schemars(range(min = -2, max = 2))]
    pub presence_penalty: Option<Placed<f32>>,
    /// Against sequences that were said before.
    #[serde(default)]
    pub dry: Option<DryShape>,
    /// Now and then leaves the likeliest tokens out.
    #[serde(default)]
    pub xtc: Option<XtcShape>,
    /// What is added to the logit of a token, by its number in the model's vocabulary.
    #[serde(default, deserialize_with = "list")]
    pub logit_bias: Vec<BiasShape>,
    /// Texts that end a reply.
    #[serde(default, deserialize_with = "list")]
    pub stop: Vec<Placed<String>>,
    /// Refuse to draft, rather than say so, when a model would not heed one of these settings.
    #[serde(default)]
    pub strict: Option<Placed<bool>>,
}

/// The DRY penalty against repeated sequences.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DryShape {
    /// Its strength; 0 is off, 0.8 is usual.
    #[schemars(range(min = 0, max = 10))]
    pub multiplier: Placed<f32>,
    /// How fast it grows with the length of the repetition (default 1.75).
    #[serde(default)]
    #[schemars(range(min = 1, max = 10))]
    pub base: Option<Placed<f32>>,
    /// The longest repetition that costs nothing, in tokens (default 2).
    #[serde(default)]
    pub allowed_length: Option<Placed<u32>>,
}

/// The XTC sampler, which leaves out the likeliest tokens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct XtcShape {
    /// How often; 0 is off, 0.5 is usual.
    #[schemars(range(min = 0, max = 1))]
    pub probability: Placed<f32>,
    /// The probability above which a token is a top choice (default 0.1).
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub threshold: Option<Placed<f32>>,
}

/// What is added to one token's logit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BiasShape {
    /// The token's number in the model's vocabulary.
    pub token: Placed<u32>,
    /// What is added: -100 all but forbids it.
    #[schemars(range(min = -100, max = 100))]
    pub bias: Placed<f32>,
}

/// Where a team's own models are. Nothing is sent there before you allow it with `storygen trust`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointShape {
    /// The address, such as `https://models.example.org/v1`. Its key stands in your own configuration.
    pub base_url: Placed<String>,
    /// What is spoken there: `openai` (the default), `mistral`, `anthropic`, `ollama`.
    #[serde(default)]
    pub dialect: Option<Placed<String>>,
}
