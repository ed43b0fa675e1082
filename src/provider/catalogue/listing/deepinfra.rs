//! A row of `DeepInfra`'s list: `metadata` with its limits, and its prices in dollars
//! for a million tokens. What is no language model has no metadata.

use serde_json::Value;

use super::price::Said;
use super::{Listed, count, like_openai, number};

/// The model of a row.
pub(super) fn model(row: &Value) -> Option<Listed> {
    let listed = like_openai(row)?;
    let price = |kind: &str| number(row.pointer(&format!("/metadata/pricing/{kind}"))?);
    let said = Said {
        prompt: price("input_tokens"),
        reply: price("output_tokens"),
        cached: price("cache_read_tokens"),
        ..Said::default()
    };
    let reply = row.pointer("/metadata/max_tokens").and_then(count);
    Some(Listed { reply, ..listed }.priced(said))
}
