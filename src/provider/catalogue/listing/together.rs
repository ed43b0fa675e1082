//! A row of Together's list, which is a bare array. Its prices are dollars for a
//! million tokens; what is rented by the hour has none.

use serde_json::Value;

use super::price::Said;
use super::{Listed, like_openai, number};

/// The model of a row; none for what writes no prose.
pub(super) fn model(row: &Value) -> Option<Listed> {
    let kind = row.get("type").and_then(Value::as_str);
    if kind.is_some_and(|kind| !["chat", "language", "code"].contains(&kind)) {
        return None;
    }
    let listed = like_openai(row)?;
    let price = |kind: &str| number(row.pointer(&format!("/pricing/{kind}"))?);
    let said = Said {
        prompt: price("input"),
        reply: price("output"),
        cached: price("cached_input"),
        written: None,
        may_be_free: listed.id.to_lowercase().ends_with("-free"),
    };
    Some(listed.priced(said))
}
