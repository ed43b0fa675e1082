//! Vendors' own lists of their models, as they come over the wire.
//!
//! Pure: a page goes in, models come out. A list has no authority: what it says
//! is bounded, and what cannot be is left out.

use std::collections::BTreeSet;

use serde_json::Value;

use super::faults::is_day;
use super::shape::ListingKind;
use crate::provider::http::BLOT;
use crate::provider::sampling::Parameter;

mod deepinfra;
mod novita;
mod openrouter;
mod price;
mod together;
mod xai;

pub use price::ListedPrice;
use price::Said;

/// The most characters of a name or an id that are believed.
const NAME_LIMIT: usize = 160;

/// The most models of one list.
pub const MODEL_LIMIT: usize = 5_000;

/// Parts of names of what writes no prose, for lists that do not say what a
/// model is for, such as `OpenAI`'s own.
const NO_PROSE: [&str; 14] = [
    "audio",
    "babbage",
    "dall-e",
    "davinci",
    "embed",
    "image",
    "moderation",
    "realtime",
    "rerank",
    "sora",
    "transcribe",
    "tts",
    "whisper",
    "search-api",
];

/// A model as its vendor lists it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// The model in the vendor's words.
    pub id: String,
    /// Other words of the vendor's for it.
    pub also: Vec<String>,
    /// Its name as people write it.
    pub title: Option<String>,
    /// Tokens that it holds, prompt and reply together.
    pub window: Option<u32>,
    /// The most tokens of one reply.
    pub reply: Option<u32>,
    /// What it costs, as far as that can be.
    pub price: Option<ListedPrice>,
    /// What the list says of a price and is not believed.
    pub odd_price: Option<String>,
    /// The length in tokens past which each costs more than that.
    pub dearer_past: Option<u32>,
    /// The sampling settings it heeds; none where the list does not say, or
    /// says what cannot be.
    pub parameters: Option<Vec<Parameter>>,
    /// The day of its announced end.
    pub ends: Option<String>,
    /// The vendor's word for what takes its place.
    pub replaced_by: Option<String>,
    /// Whether it picks another model by itself, or has another end than prose:
    /// then its name alone is believed.
    pub picks_another: bool,
}

impl Listed {
    /// Whether its vendor has announced its end, or what takes its place.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.ends.is_some() || self.replaced_by.is_some()
    }

    /// The same model at the price that the row says, where that is believed.
    fn priced(self, said: Said) -> Self {
        let (price, odd_price) = price::believed(said);
        Self { price, odd_price, ..self }
    }

    /// The same model, held to the length past which each token costs more.
    fn dearer_past(self, end: Option<u32>) -> Self {
        let Some(end) = end.filter(|end| self.window.is_none_or(|window| *end < window)) else {
            return self;
        };
        Self { window: Some(end), dearer_past: Some(end), ..self }
    }
}

/// What a list names and is not taken from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Omitted {
    /// The rows past [`MODEL_LIMIT`].
    pub beyond: usize,
    /// The rows whose name for the model held the user's own key.
    pub echoed: usize,
    /// The ids that stand there again: the first row of each counts.
    pub repeated: Vec<String>,
}

/// A vendor's list.
#[derive(Clone, Debug, PartialEq)]
pub enum Listing {
    /// Its models, and what was left out of them.
    Models(Vec<Listed>, Omitted),
    /// It runs one model, whatever it is called, with this window.
    Window(u32),
}

/// What a page of a vendor says.
///
/// # Errors
///
/// When it is not of its kind: what is missing.
pub fn read(kind: ListingKind, page: &Value) -> Result<Listing, String> {
    let window = |pointer: &str| {
        let count = page.pointer(pointer).and_then(count);
        count.map(Listing::Window).ok_or_else(|| format!("it has no `{pointer}`"))
    };
    match kind {
        ListingKind::LlamaCpp => window("/default_generation_settings/n_ctx"),
        ListingKind::KoboldCpp => window("/value"),
        ListingKind::OpenRouter => models(page, openrouter::model),
        ListingKind::OpenAi => models(page, like_openai),
        ListingKind::Anthropic => models(page, anthropic),
        ListingKind::DeepInfra => models(page, deepinfra::model),
        ListingKind::Mistral => models(page, mistral),
        ListingKind::Novita => models(page, novita::model),
        ListingKind::Together => models(page, together::model),
        ListingKind::Xai => models(page, xai::model),
        ListingKind::Ollama => models(page, ollama),
    }
}

fn models(page: &Value, model: fn(&Value) -> Option<Listed>) -> Result<Listing, String> {
    let list = page
        .as_array()
        .or_else(|| page.get("data").and_then(Value::as_array))
        .or_else(|| page.get("models").and_then(Value::as_array))
        .ok_or("it has no list `data`")?;
    let rows = || list.iter().take(MODEL_LIMIT);
    let echoed = rows().filter(|row| is_echo(row)).count();
    let mut omitted =
        Omitted { beyond: list.len().saturating_sub(MODEL_LIMIT), echoed, repeated: Vec::new() };
    let (mut models, mut ids) = (Vec::new(), BTreeSet::new());
    for listed in rows().filter_map(model) {
        if ids.insert(listed.id.clone()) {
            models.push(listed);
        } else {
            omitted.repeated.push(listed.id);
        }
    }
    match (models.is_empty(), echoed) {
        (false, _) => Ok(Listing::Models(models, omitted)),
        (true, 0) => Err("it lists no model".to_owned()),
        (true, _) => Err("it lists no model but names that hold your key".to_owned()),
    }
}

/// Whether a row calls its model by a name that held the user's key.
fn is_echo(row: &Value) -> bool {
    let names = ["id", "model", "name"].iter().filter_map(|field| row.get(*field)?.as_str());
    names.take(1).any(|name| name.contains(BLOT))
}

/// A row of a list like `OpenAI`'s, with what others add to it.
fn like_openai(row: &Value) -> Option<Listed> {
    // One name a vendor: vLLM, Groq, Together, Novita, DeepInfra, LM Studio, Anthropic.
    const WINDOWS: [&str; 8] = [
        "/max_model_len",
        "/context_window",
        "/context_length",
        "/context_size",
        "/metadata/context_length",
        "/loaded_context_length",
        "/max_context_length",
        "/max_input_tokens",
    ];
    let is_chat = row.get("type").and_then(Value::as_str).is_none_or(|kind| {
        !["embedding", "embeddings", "image", "rerank", "moderation", "audio", "video"]
            .contains(&kind)
    }) && row.get("id").and_then(Value::as_str).is_none_or(|id| {
        let id = id.to_lowercase();
        !NO_PROSE.iter().any(|part| id.contains(part))
    });
    Some(Listed {
        id: name(row.get("id")?).filter(|_| is_chat)?,
        title: row.get("display_name").and_then(name),
        window: WINDOWS.iter().filter_map(|pointer| count(row.pointer(pointer)?)).min(),
        ..Listed::default()
    })
}

/// A row of Anthropic's list: what a prompt may take, and what a reply may.
fn anthropic(row: &Value) -> Option<Listed> {
    let reply = row.get("max_tokens").and_then(count);
    Some(Listed { reply, ..like_openai(row)? })
}

/// A row of Mistral's list, which has no prices.
fn mistral(row: &Value) -> Option<Listed> {
    let can_chat = row.pointer("/capabilities/completion_chat").and_then(Value::as_bool);
    if can_chat == Some(false) {
        return None;
    }
    let also = row.get("aliases").and_then(Value::as_array).into_iter().flatten();
    Some(Listed {
        id: name(row.get("id")?)?,
        also: also.filter_map(name).collect(),
        title: row.get("name").and_then(name),
        window: row.get("max_context_length").and_then(count),
        ends: row.get("deprecation").and_then(day),
        replaced_by: row.get("deprecation_replacement_model").and_then(name),
        ..Listed::default()
    })
}

fn ollama(row: &Value) -> Option<Listed> {
    let id = row.get("model").or_else(|| row.get("name")).and_then(name)?;
    let family = row.pointer("/details/family").and_then(Value::as_str).unwrap_or_default();
    (!family.contains("bert")).then(|| Listed { id, ..Listed::default() })
}

/// What Ollama's page about one model says that it could hold at most.
#[must_use]
pub fn ollama_window(page: &Value) -> Option<u32> {
    let facts = page.get("model_info")?.as_object()?;
    facts
        .iter()
        .find(|(key, _)| key.ends_with(".context_length"))
        .and_then(|(_, value)| count(value))
}

/// Whether Ollama's page about one model leaves open that it writes text.
#[must_use]
pub fn ollama_writes(page: &Value) -> bool {
    let can = page.get("capabilities").and_then(Value::as_array);
    can.is_none_or(|all| all.iter().any(|one| one == "completion"))
}

/// A name fit to be shown and stored; none that held the user's key.
fn name(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let is_plain = text.chars().all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c));
    let is_name = !text.is_empty() && text.chars().count() <= NAME_LIMIT && !text.contains(BLOT);
    (is_name && is_plain).then(|| text.to_owned())
}

/// A count of tokens; nothing for none and for more than can be.
fn count(value: &Value) -> Option<u32> {
    let count = value.as_u64()?;
    u32::try_from(count).ok().filter(|count| *count > 0)
}

/// A number, written as one or as text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    }
}

/// The day of a date or a time.
fn day(value: &Value) -> Option<String> {
    let day = value.as_str()?.get(..10)?;
    is_day(day).then(|| day.to_owned())
}

#[cfg(test)]
mod tests;
