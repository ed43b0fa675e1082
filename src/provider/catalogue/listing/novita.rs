//! A row of Novita's list. Its prices are ten-thousandths of a dollar for a million
//! tokens (700 is $0.07), in newer rows in plain dollars beside them.

use serde_json::Value;

use super::price::Said;
use super::{Listed, count, like_openai, number};

/// What Novita's prices are counted in, to a dollar.
const UNITS: f64 = 10_000.0;

/// The model of a row; none for what writes no prose, or is served no more.
pub(super) fn model(row: &Value) -> Option<Listed> {
    let is_served = row.get("status").and_then(Value::as_u64).is_none_or(|status| status == 1);
    let kind = row.get("model_type").and_then(Value::as_str);
    if !is_served || kind.is_some_and(|kind| !["chat", "completion"].contains(&kind)) {
        return None;
    }
    let listed = like_openai(row)?;
    let (first, end) = match tiers(row) {
        [first, _, ..] => (first.get("pricing"), first.get("max_tokens").and_then(count)),
        _ => (None, None),
    };
    let price =
        |part: &str| first.or_else(|| row.get("pricing")).and_then(|all| dollars(all, part));
    let flat = |field: &str| row.get(field).and_then(number).map(|units| units / UNITS);
    let said = Said {
        prompt: price("prompt").or_else(|| flat("input_token_price_per_m")),
        reply: price("completion").or_else(|| flat("output_token_price_per_m")),
        cached: price("input_cache_read"),
        ..Said::default()
    };
    let reply = row.get("max_output_tokens").and_then(count);
    Some(Listed { reply, ..listed }.dearer_past(end).priced(said))
}

/// Prices that rise with the length of a prompt, the shortest first.
fn tiers(row: &Value) -> &[Value] {
    let is_tiered = row.get("is_tiered_billing").and_then(Value::as_bool) == Some(true);
    let tiers = row.get("tiered_billing_configs").and_then(Value::as_array);
    tiers.filter(|_| is_tiered).map(Vec::as_slice).unwrap_or_default()
}

/// The price of one kind of token.
fn dollars(pricing: &Value, part: &str) -> Option<f64> {
    let part = pricing.get(part)?;
    let plain = part.get("price_per_m_decimal").and_then(number);
    plain.or_else(|| Some(number(part.get("price_per_m")?)? / UNITS))
}
