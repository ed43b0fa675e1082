//! A row of `OpenRouter`'s list, which says more than others do, and not all of
//! it right: what its hosts hold is smaller than what the model could.

use serde_json::Value;

use super::price::Said;
use super::{Listed, count, day, name, number};
use crate::provider::sampling::Parameter;

/// The model of a row; none for what writes no text, and for an alias that moves
/// from model to model. Of a router among models only the name is told.
pub(super) fn model(row: &Value) -> Option<Listed> {
    let id = name(row.get("id")?)?;
    if id.starts_with('~') || !writes(row) {
        return None;
    }
    let windows = ["/context_length", "/top_provider/context_length"];
    // That of a variant (`:free`, `:batch`) is the plain model's.
    let is_plain = !id.contains(':');
    let canonical = row.get("canonical_slug").and_then(name);
    let canonical = canonical.filter(|slug| is_plain && *slug != id);
    let listed = Listed {
        also: canonical.into_iter().collect(),
        title: row.get("name").and_then(name),
        window: windows.iter().filter_map(|pointer| count(row.pointer(pointer)?)).min(),
        reply: row.pointer("/top_provider/max_completion_tokens").and_then(count),
        parameters: parameters(row),
        ends: row.get("expiration_date").and_then(day),
        picks_another: is_router(row),
        id,
        ..Listed::default()
    };
    Some(if listed.picks_another { listed } else { priced(listed, row.get("pricing")) })
}

fn writes(row: &Value) -> bool {
    let modalities = row.pointer("/architecture/output_modalities").and_then(Value::as_array);
    modalities.is_none_or(|all| all.iter().any(|one| one == "text"))
}

/// A price below nothing marks what picks another model by itself.
fn is_router(row: &Value) -> bool {
    let prompt = row.pointer("/pricing/prompt").and_then(number);
    prompt.is_some_and(|price| price < 0.0)
}

/// The model at its price, which is told as dollars for one token.
fn priced(listed: Listed, pricing: Option<&Value>) -> Listed {
    let million = |field: &str| pricing?.get(field).and_then(number).map(|one| one * 1e6);
    if million("request").is_some_and(|fee| fee != 0.0) {
        let odd_price = Some("a fee for each request, whatever its tokens".to_owned());
        return Listed { odd_price, ..listed };
    }
    listed.priced(Said {
        prompt: million("prompt"),
        reply: million("completion"),
        cached: million("input_cache_read"),
        written: million("input_cache_write"),
        may_be_free: true,
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
