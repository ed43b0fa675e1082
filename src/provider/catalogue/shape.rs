//! The shape of a catalogue in YAML: the built-in one's, and that of the user's
//! `catalogue.yaml`.
//!
//! Every key may be left out. A row of the user's says only what is different;
//! what it does not say stays as it is built in (see `merge`).

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::provider::sampling::{Dry, Parameter, Xtc};

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogueFile {
    /// Those who serve models, by the name that stands before the `/` of a model.
    pub vendors: BTreeMap<String, VendorShape>,
    /// Vocabularies, by the name that models give as their `tokenizer`.
    pub tokenizers: BTreeMap<String, TokenizerShape>,
    /// Models, by the name that `storygen models info` takes.
    pub models: BTreeMap<String, ModelShape>,
}

/// One who serves models, on the network or on this machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VendorShape {
    /// Its name as people write it.
    pub title: Option<String>,
    /// The wire it speaks: `openai`, `mistral`, `anthropic`, `ollama`, …
    pub dialect: Option<String>,
    /// Where it is, such as `https://host/v1`; left out where only you can say.
    pub base_url: Option<String>,
    /// The environment variable that holds its key.
    pub key: Option<String>,
    /// Whether it runs on your own machine, and so costs nothing.
    pub local: Option<bool>,
    /// Tokens asked of a local server for prompt and reply together, where no
    /// window is set.
    pub window: Option<u32>,
    /// The sampling settings that it heeds.
    pub parameters: Option<Vec<Parameter>>,
    /// The least and the most that its temperature may be.
    pub temperature: Option<[f32; 2]>,
    /// The most texts that may end a reply.
    pub most_stops: Option<u32>,
    /// Whether what is added to a token's logit has to be a whole number.
    pub whole_bias: Option<bool>,
    /// Its own words for sampling settings, such as `repetition_penalty: repeat_penalty`.
    pub names: BTreeMap<String, String>,
    /// Whether a logit bias may name its tokens by a text, in pairs.
    pub text_bias: Option<bool>,
    /// What it calls the limit of a reply.
    pub reply_field: Option<String>,
    /// Fields that every request carries.
    #[schemars(schema_with = "anything")]
    pub extra: Map<String, Value>,
    /// Fields that a request carries as well where nothing may be ignored.
    #[schemars(schema_with = "anything")]
    pub strict: Map<String, Value>,
    /// The field that takes the most that may be charged, as a path: `provider/max_price`.
    pub price_limit: Option<String>,
    /// What stands before a reply's id in the path of the page that says what it was
    /// billed with, such as `/generation?id=`: for replies that were not heard to their end.
    pub bill_page: Option<String>,
    /// The field that names the book, so that its calls reach the same cache.
    pub session: Option<String>,
    /// How its prompt cache is told what is stable.
    pub caching: Option<CachingWord>,
    /// How a reply that has begun is continued.
    pub prefill: Option<PrefillWord>,
    /// Whether a reply can be held to a JSON Schema.
    pub structured: Option<bool>,
    /// How a reply is held to a JSON Schema, where that is not the wire's own way.
    pub schema: Option<SchemaWord>,
    /// Whether it wants to be told the texts that end a turn of the template.
    pub ends: Option<bool>,
    /// Where it lists its models.
    pub listing: Option<ListingShape>,
    /// What is worth knowing of it, a sentence each.
    pub quirks: Option<Vec<String>>,
}

/// Where a vendor lists its models.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListingShape {
    /// What the list looks like.
    pub kind: ListingKind,
    /// What stands after the base URL; with a leading `//`, after its origin.
    pub path: String,
}

/// What a vendor's list of models looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ListingKind {
    /// `{data: [{id}]}`, often with a window.
    OpenAi,
    /// The same with prices, limits and parameters.
    OpenRouter,
    /// Anthropic's: limits of prompt and reply.
    Anthropic,
    /// `DeepInfra`'s: prices and limits in `metadata`.
    DeepInfra,
    /// Mistral's: limits, aliases, the day of a retirement and what takes its place.
    Mistral,
    /// Novita's: limits, and prices in ten-thousandths of a dollar.
    Novita,
    /// Together's: a bare array, with prices and windows.
    Together,
    /// xAI's list of language models: prices in cents for a hundred million tokens.
    Xai,
    /// Ollama's list of files, each shown by a call of its own.
    Ollama,
    /// The properties of the one model that llama.cpp has loaded.
    LlamaCpp,
    /// The one model that `KoboldCpp` has loaded.
    KoboldCpp,
}

/// A vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TokenizerShape {
    /// Its name as people write it.
    pub title: Option<String>,
    /// Whether it holds the pairs and words that storygen counts prose by, and
    /// so takes fewer tokens than bytes.
    pub seen: Option<bool>,
}

/// A model, wherever it is served.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelShape {
    /// Its name as people write it.
    pub title: Option<String>,
    /// Models of one make.
    pub family: Option<String>,
    /// Other names it goes by.
    pub also: Option<Vec<String>>,
    /// Whether it can still be had.
    pub status: Option<StatusShape>,
    /// What its author allows.
    pub licence: Option<LicenceShape>,
    /// Its vocabulary.
    pub tokenizer: Option<String>,
    /// Its chat template, for endpoints that take raw text.
    pub template: Option<String>,
    /// The texts that end a turn of that template.
    pub ends: Option<Vec<String>>,
    /// Texts that it runs into and that must end a reply anywhere.
    pub stops: Option<Vec<String>>,
    /// Tokens that it holds, prompt and reply together, whoever serves it.
    pub window: Option<u32>,
    /// The most tokens of one reply, whoever serves it.
    pub reply: Option<u32>,
    /// Tokens that it may spend on thinking before it writes, beside those of its text;
    /// left out where it does not think.
    pub thinking: Option<u32>,
    /// The sampling settings it heeds, where that is less than its hosts take.
    pub parameters: Option<Vec<Parameter>>,
    /// Its author's sampling settings.
    pub sampling: Option<SamplingShape>,
    /// Parts of file names, in lower case, by which a local server's model is known.
    pub files: Option<Vec<String>>,
    /// Why nobody serves it, where nobody does.
    pub absent: Option<String>,
    /// What is worth knowing of it, a sentence each.
    pub quirks: Option<Vec<String>>,
    /// Who serves it, by the vendor's name.
    pub hosts: BTreeMap<String, HostShape>,
}

/// A model at one vendor.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HostShape {
    /// The model in the vendor's words.
    pub id: Option<String>,
    /// Other words of the vendor's for it.
    pub also: Option<Vec<String>>,
    /// Whether it can still be had there.
    pub status: Option<StatusShape>,
    /// Tokens that it holds there, prompt and reply together.
    pub window: Option<u32>,
    /// The most tokens of one reply there.
    pub reply: Option<u32>,
    /// Tokens that it may spend there on thinking before it writes; 0 where it is told not to.
    pub thinking: Option<u32>,
    /// What it costs there.
    pub price: Option<PriceShape>,
    /// The sampling settings it heeds there.
    pub parameters: Option<Vec<Parameter>>,
    /// The least and the most that its temperature may be there.
    pub temperature: Option<[f32; 2]>,
    /// The most texts that may end a reply there.
    pub most_stops: Option<u32>,
    /// What the limit of a reply is called there.
    pub reply_field: Option<String>,
    /// How the prompt cache is told there what is stable.
    pub caching: Option<CachingWord>,
    /// How a reply that has begun is continued there.
    pub prefill: Option<PrefillWord>,
    /// Whether a reply can be held to a JSON Schema there.
    pub structured: Option<bool>,
    /// Fields that every request carries.
    #[schemars(schema_with = "anything")]
    pub extra: Map<String, Value>,
    /// The day on which this row was true, as `2026-11-22`.
    pub seen: Option<String>,
    /// What is worth knowing of it there, a sentence each.
    pub quirks: Option<Vec<String>>,
}

/// Dollars for a million tokens, on a day.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceShape {
    /// Of the prompt.
    pub prompt: f64,
    /// Of the reply, reasoning included.
    pub reply: f64,
    /// Of the prompt, read from the vendor's cache; else as the prompt.
    #[serde(default)]
    pub cached: Option<f64>,
    /// Of the prompt, written to the vendor's cache; else as the prompt.
    #[serde(default)]
    pub written: Option<f64>,
    /// The day on which that was the price, as `2026-11-22`.
    pub date: String,
    /// Who says so.
    #[serde(default)]
    pub source: Option<String>,
}

/// Whether a model can still be had.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusShape {
    /// What it is now.
    pub is: StatusWord,
    /// The day since when, as `2026-11-22`.
    #[serde(default)]
    pub since: Option<String>,
    /// The day of its announced end.
    #[serde(default)]
    pub until: Option<String>,
    /// Models of the catalogue that take its place, the nearest first.
    #[serde(default)]
    pub replaced_by: Vec<String>,
    /// Who says so, and when.
    #[serde(default)]
    pub source: Option<String>,
    /// The address of the gateway whose list says so, such as `https://host:8443`, and for which alone it holds; none for the vendor itself.
    #[serde(default)]
    pub at: Option<String>,
}

/// Whether a model can still be had, in one word.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum StatusWord {
    /// It is served.
    #[default]
    Active,
    /// It is served, and its end is announced.
    Deprecated,
    /// Its host lists it no more; whether it serves it, only asking tells.
    Unlisted,
    /// It is served no more.
    Retired,
}

/// What an author allows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenceShape {
    /// Its name.
    pub name: String,
    /// Whether what it writes may be sold, as far as the licence says.
    pub commercial: Commercial,
    /// What else to mind.
    #[serde(default)]
    pub note: Option<String>,
}

/// Whether a licence allows commercial use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Commercial {
    /// It does.
    Allowed,
    /// It does under conditions.
    Conditions,
    /// It does not.
    Forbidden,
    /// It does not say, or could not be read.
    Unclear,
}

/// An author's sampling settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SamplingShape {
    /// 0 always takes the likeliest token.
    #[schemars(range(min = 0, max = 5))]
    pub temperature: Option<f32>,
    /// The likeliest tokens up to this share of probability.
    #[schemars(range(min = 0, max = 1))]
    pub top_p: Option<f32>,
    /// So many of the likeliest tokens.
    pub top_k: Option<u32>,
    /// No token below this share of the likeliest one's probability.
    #[schemars(range(min = 0, max = 1))]
    pub min_p: Option<f32>,
    /// Above 1: against tokens seen lately, by division.
    #[schemars(range(min = 0, max = 2))]
    pub repetition_penalty: Option<f32>,
    /// Above 0: against tokens each time they were said.
    #[schemars(range(min = -2, max = 2))]
    pub frequency_penalty: Option<f32>,
    /// Above 0: against tokens that were said.
    #[schemars(range(min = -2, max = 2))]
    pub presence_penalty: Option<f32>,
    /// Against sequences that were said.
    pub dry: Option<Dry>,
    /// Now and then without the likeliest tokens.
    pub xtc: Option<Xtc>,
    /// Who says so.
    pub source: Option<String>,
}

/// How a reply is held to a JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaWord {
    /// As the wire has it.
    Own,
    /// To JSON of any shape.
    JsonObject,
    /// By vLLM's `structured_outputs`.
    StructuredOutputs,
}

/// How a prompt cache is told what is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CachingWord {
    /// It finds out by itself, or there is none.
    Automatic,
    /// By `cache_control` marks.
    Marks,
}

/// How a reply that has begun is continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PrefillWord {
    /// Only by asking for it in a new turn.
    Never,
    /// A trailing assistant message is continued as it stands.
    Trailing,
    /// A trailing assistant message is continued where it says `prefix: true`.
    Prefix,
    /// A trailing assistant message is continued where the request says
    /// `continue_final_message`.
    Final,
}

/// Keys with whatever values.
fn anything(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": {} })
}
