//! A row of xAI's list of language models. Its prices are cents for a hundred million
//! tokens (12500 is $1.25 for a million); it does not say what a model holds.

use serde_json::Value;

use super::price::Said;
use super::{Listed, count, like_openai, name, number};

/// What xAI's prices are counted in, to a dollar for a million tokens.
const UNITS: f64 = 10_000.0;

/// The model of a row; none for what writes no text.
pub(super) fn model(row: &Value) -> Option<Listed> {
    let modalities = row.get("output_modalities").and_then(Value::as_array);
    if modalities.is_some_and(|all| !all.iter().any(|one| one == "text")) {
        return None;
    }
    let listed = like_openai(row)?;
    let also = row.get("aliases").and_then(Value::as_array).into_iter().flatten();
    let also = also.filter_map(name).filter(|other| *other != listed.id).collect();
    let price = |field: &str| row.get(field).and_then(number).map(|units| units / UNITS);
    // Past this length each token costs more; without it, any may.
    let end = row.get("long_context_threshold").and_then(count);
    let most = |field: &str| {
        let long = price(&format!("{field}_long_context")).filter(|_| end.is_none());
        price(field).map(|short| long.map_or(short, |long| long.max(short)))
    };
    let said = Said {
        prompt: most("prompt_text_token_price"),
        reply: most("completion_text_token_price"),
        cached: price("cached_prompt_text_token_price"),
        ..Said::default()
    };
    Some(Listed { also, ..listed }.dearer_past(end).priced(said))
}
