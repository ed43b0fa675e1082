//! A vendor's row, everything said.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{CachingWord, ListingShape, PrefillWord, SchemaWord, VendorShape};
use crate::provider::http::dialect::{Caching, Prefill, Shape};
use crate::provider::sampling::{Accepts, Parameter};

/// One who serves models.
#[derive(Clone, Debug, PartialEq)]
pub struct Vendor {
    /// What stands before the `/` of a model.
    pub name: String,
    /// Its name as people write it.
    pub title: String,
    /// The name of the wire it speaks.
    pub dialect: String,
    /// Where it is; none where only the user can say.
    pub base_url: Option<String>,
    /// The environment variable that holds its key.
    pub key: Option<String>,
    /// Whether it runs on the user's own machine, and so costs nothing.
    pub is_local: bool,
    /// Tokens asked of a local server where no window is set.
    pub window: Option<usize>,
    /// The sampling settings that it heeds, of any model.
    pub accepts: Accepts,
    /// Its words for sampling settings.
    pub names: BTreeMap<Parameter, String>,
    /// Whether a logit bias may name its tokens by a text, in pairs.
    pub text_bias: bool,
    /// What it calls the limit of a reply; none for the dialect's own word.
    pub reply_field: Option<String>,
    /// Fields that every request carries.
    pub extra: Map<String, Value>,
    /// Fields that a request carries as well where nothing may be ignored.
    pub strict: Map<String, Value>,
    /// The path of the field that takes the most that may be charged.
    pub price_limit: Option<String>,
    /// What stands before a reply's id in the path of the page of its bill.
    pub bill_page: Option<String>,
    /// The field that names the book.
    pub session: Option<String>,
    /// How its prompt cache is told what is stable.
    pub caching: Caching,
    /// How a reply that has begun is continued.
    pub prefill: Prefill,
    /// Whether a reply can be held to a JSON Schema.
    pub structured: bool,
    /// How a reply is held to a JSON Schema.
    pub shape: Shape,
    /// Whether it wants to be told the texts that end a turn of the template.
    pub ends: bool,
    /// Where it lists its models.
    pub listing: Option<ListingShape>,
    /// What is worth knowing of it, a sentence each.
    pub quirks: Vec<String>,
}

impl Vendor {
    /// The row that a shape makes. What it does not say is as with most
    /// endpoints that are like `OpenAI`'s.
    #[must_use]
    pub fn of(name: &str, shape: &VendorShape) -> Self {
        let shape = shape.clone();
        Self {
            name: name.to_owned(),
            title: shape.title.unwrap_or_else(|| name.to_owned()),
            dialect: shape.dialect.unwrap_or_else(|| "openai".to_owned()),
            base_url: shape.base_url,
            key: shape.key,
            is_local: shape.local.unwrap_or(false),
            window: shape.window.map(tokens),
            accepts: Accepts {
                whole_bias: shape.whole_bias.unwrap_or(false),
                ..accepts(shape.parameters, shape.temperature, shape.most_stops)
            },
            names: shape
                .names
                .into_iter()
                .filter_map(|(ours, theirs)| Some((Parameter::of_name(&ours)?, theirs)))
                .collect(),
            text_bias: shape.text_bias.unwrap_or(false),
            reply_field: shape.reply_field,
            extra: shape.extra,
            strict: shape.strict,
            price_limit: shape.price_limit,
            bill_page: shape.bill_page,
            session: shape.session,
            caching: caching(shape.caching.unwrap_or(CachingWord::Automatic)),
            prefill: prefill(shape.prefill.unwrap_or(PrefillWord::Never)),
            structured: shape.structured.unwrap_or(true),
            shape: match shape.schema {
                Some(SchemaWord::JsonObject) => Shape::JsonObject,
                Some(SchemaWord::StructuredOutputs) => Shape::StructuredOutputs,
                Some(SchemaWord::Own) | None => Shape::Own,
            },
            ends: shape.ends.unwrap_or(false),
            listing: shape.listing,
            quirks: shape.quirks.unwrap_or_default(),
        }
    }
}

/// What most endpoints that are like `OpenAI`'s take.
const USUAL: [Parameter; 7] = [
    Parameter::Temperature,
    Parameter::TopP,
    Parameter::FrequencyPenalty,
    Parameter::PresencePenalty,
    Parameter::LogitBias,
    Parameter::Seed,
    Parameter::Stop,
];

fn accepts(
    parameters: Option<Vec<Parameter>>,
    temperature: Option<[f32; 2]>,
    most_stops: Option<u32>,
) -> Accepts {
    let usual = match parameters {
        Some(parameters) => Accepts::only(parameters),
        None => Accepts::only(USUAL),
    };
    Accepts {
        temperature: temperature.map_or(usual.temperature, |[least, most]| (least, most)),
        stops: most_stops.map_or(usual.stops, tokens),
        ..usual
    }
}

/// A way of caching in the wire's words.
pub(super) fn caching(word: CachingWord) -> Caching {
    match word {
        CachingWord::Automatic => Caching::Automatic,
        CachingWord::Marks => Caching::Marks,
    }
}

/// A prefill in the wire's words.
pub(super) fn prefill(word: PrefillWord) -> Prefill {
    match word {
        PrefillWord::Never => Prefill::Never,
        PrefillWord::Trailing => Prefill::Trailing,
        PrefillWord::Prefix => Prefill::Prefix,
        PrefillWord::Final => Prefill::ContinueFinal,
    }
}

/// A count of a file as one of the program's.
pub(super) fn tokens(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
