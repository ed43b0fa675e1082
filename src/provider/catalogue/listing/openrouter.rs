//! A row of `OpenRouter`'s list, which says more than others do, and not all of
//! it right: what its hosts hold is smaller than what the model could.

use serde_json::Value;

use super::{Listed, ListedPrice, count, day, name};
use crate::provider::sampling::Parameter;

/// The model of a row; none for what writes no text, and for an alias that moves
/// from model to model. Of a router among models only the name is told.
pub(super) fn model(row: &Value) -> Option<Listed> {
    let id = name(row.get("id")?)?;
    if id.starts_with('~') || !writes(row) {
        return None;
    }
    let windows = ["/context_length", "/top_provider/context_length"];
    let canonical = row.get("canonical_slug").and_then(name).filter(|slug| *slug != id);
    Some(Listed {
        also: canonical.into_iter().collect(),
        title: row.get("name").and_then(name),
        window: windows.iter().filter_map(|pointer| count(row.pointer(pointer)?)).min(),
        reply: row.pointer("/top_provider/max_completion_tokens").and_then(count),
        price: row.get("pricing").and_then(price),
        parameters: parameters(row),
        ends: row.get("expiration_date").and_then(day),
        picks_another: is_router(row),
        id,
    })
}

fn writes(row: &Value) -> bool {
    let modalities = row.pointer("/architecture/output_modalities").and_then(Value::as_array);
    modalities.is_none_or(|all| all.iter().any(|one| one == "text"))
}

/// A price below nothing marks what picks another model by itself.
fn is_router(row: &Value) -> bool {
    let prompt = row.pointer("/pricing/prompt").and_then(dollars);
    prompt.is_some_and(|price| price < 0.0)
}

/// Dollars a token, written as text or as a number.
fn dollars(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    }
    // A dollar for a token is no price of this world.
    .filter(|price: &f64| price.is_finite() && *price < 1.0)
}

fn price(pricing: &Value) -> Option<ListedPrice> {
    let million = |field: &str| {
        let price = dollars(pricing.get(field)?)?;
        // To the sixth figure: what is behind it is the noise of a float.
        (price >= 0.0).then(|| (price * 1e12).round() / 1e6)
    };
    // A fee for each request cannot be told in prices of tokens.
    if million("request").is_some_and(|fee| fee > 0.0) {
        return None;
    }
    let prompt = million("prompt")?;
    Some(ListedPrice {
        prompt,
        reply: million("completion")?,
        cached: million("input_cache_read").filter(|price| *price > 0.0),
        // Some hosts ask for storage by the hour here, which is no price of tokens.
        written: million("input_cache_write").filter(|price| *price >= prompt && *price > 0.0),
    })
}

/// The sampling settings of the row. A list that does not even hold the limit
/// of a reply was not filled in.
fn parameters(row: &Value) -> Option<Vec<Parameter>> {
    let list = row.get("supported_parameters")?.as_array()?;
    let holds = |name: &str| list.iter().any(|one| one == name);
    if !holds("max_tokens") && !holds("max_completion_tokens") {
        return None;
    }
    Some(Parameter::ALL.into_iter().filter(|parameter| holds(parameter.name())).collect())
}
