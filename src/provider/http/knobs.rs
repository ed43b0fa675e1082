//! What a request's body depends on besides the request: data of a model's and
//! its vendor's rows.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::provider::sampling::{Accepts, Parameter};

/// Everything that a row can say to a body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Knobs {
    /// The model, in the endpoint's words.
    pub model: String,
    /// Tokens that prompt and reply may take together, for endpoints that have
    /// to be told.
    pub window: usize,
    /// The sampling settings that are sent; others are left out, and so are
    /// those that the wire has no word for.
    pub accepts: Accepts,
    /// What this vendor calls a setting, where that is not the dialect's word.
    /// For the two that are several fields, DRY and XTC, it is what their names
    /// begin with.
    pub names: BTreeMap<Parameter, String>,
    /// Whether a logit bias may name its tokens by a text, in pairs (llama.cpp).
    pub text_bias: bool,
    /// What this vendor calls the most tokens of a reply, where that is not the
    /// dialect's word.
    pub reply_field: Option<String>,
    /// Fields that are sent as they are: objects are joined with what the wire
    /// says there, anything else takes its place, and `null` takes a field out.
    pub extra: Map<String, Value>,
    /// The chat template, by its name, for endpoints that take raw text.
    pub template: Option<String>,
    /// Texts that end a reply of this model, beside those of the request.
    pub stops: Vec<String>,
    /// How the last message is marked as the reply's beginning.
    pub prefill: Prefill,
    /// How a reply is held to a JSON Schema.
    pub shape: Shape,
    /// How the endpoint's prompt cache is told what is stable.
    pub caching: Caching,
    /// What stands before a reply's id in the path of the page that says what it
    /// was billed with.
    pub bill_page: Option<String>,
    /// What names the book to the endpoint, so that its calls reach the same
    /// cache: the field, and the value.
    pub session: Option<(String, String)>,
}

/// How a trailing assistant message is to be continued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefill {
    /// It is not: the endpoint's facts say so, and nobody sends such a message.
    #[default]
    Never,
    /// It is continued as it stands.
    Trailing,
    /// It has to carry `prefix: true` (Mistral, `DeepSeek`).
    Prefix,
    /// The body has to say `continue_final_message` (vLLM).
    ContinueFinal,
}

/// How a reply is held to a JSON Schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// By the dialect's own field for it.
    #[default]
    Own,
    /// Only to JSON of any shape: `response_format: {type: json_object}`.
    JsonObject,
    /// By `structured_outputs: {json: …}` (vLLM, whose `guided_json` is gone).
    StructuredOutputs,
}

/// How an endpoint's prompt cache is told what is stable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// It finds out by itself, or has none.
    #[default]
    Automatic,
    /// By `cache_control` marks on parts of the content (Anthropic).
    Marks,
}
