//! What is said of a value that its schema does not allow.

use serde_json::Value as Json;

use super::phrase;
use crate::diagnostic::{Finding, Place, Spot, UNTRUSTED, did_you_mean};
use crate::project::layout;
use crate::project::yaml::{Node, Placed, Value, secret};

pub(super) fn duplicate_key(file: &str, key: &Placed<String>, name: &str) -> Finding {
    let message = format!("`{}` is given twice in {name}", key.value);
    Finding::error("duplicate-key", Place::at(file, key.spot), message).hint("keep one of the two")
}

pub(super) fn missing_key(
    file: &str,
    spot: Spot,
    key: &str,
    property: Option<&Json>,
    name: &str,
) -> Finding {
    let message = format!("{name} lacks the key `{key}`");
    Finding::error("missing-key", Place::at(file, spot), message)
        .hint_maybe(describe(key, property))
}

/// Keys of the user's own configuration that are not the book's, with where they belong.
const ELSEWHERE: [(&str, &str); 3] = [
    (
        "budget",
        "what the book may cost stands under `limits: {budget: …}`, what you may spend in your own configuration",
    ),
    ("price", "it belongs into your own configuration, `config.yaml`"),
    ("threads", "it belongs into your own configuration, `config.yaml`"),
];

pub(super) fn unknown_key(file: &str, key: &Placed<String>, known: &[&str], name: &str) -> Finding {
    if file == layout::BOOK && (secret::is_secret(&key.value) || secret::is_reach(&key.value)) {
        return untrusted(file, key);
    }
    let message = format!("unknown key `{}` in {name}", key.value);
    let finding = Finding::error("unknown-key", Place::at(file, key.spot), message);
    if secret::is_secret(&key.value) {
        return finding.hint(secret::WAY_OUT);
    }
    let elsewhere = ELSEWHERE.iter().find(|(own, _)| file == layout::BOOK && *own == key.value);
    if let Some((_, way)) = elsewhere {
        return finding.hint(*way);
    }
    let hint = did_you_mean(&key.value, known.iter().copied()).unwrap_or_else(|| {
        let keys: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
        format!("known here are {}", keys.join(", "))
    });
    finding.hint(hint)
}

/// A setting that decides where requests go and what they carry, in a project,
/// which may come from anyone.
fn untrusted(file: &str, key: &Placed<String>) -> Finding {
    let message = format!("a project may not set `{}`", key.value);
    let finding = Finding::error(UNTRUSTED, Place::at(file, key.spot), message);
    if secret::is_secret(&key.value) {
        return finding.hint(secret::WAY_OUT);
    }
    let home = match key.value.as_str() {
        "endpoints" => "it belongs into your own configuration, `config.yaml`",
        _ => "it belongs into your own configuration, under `endpoints`",
    };
    finding.hint(home).hint(
        "a team's address may stand under `endpoint: {base_url: …}`; `storygen trust` allows it",
    )
}

pub(super) fn choice(file: &str, node: &Node, choices: &[&str], name: &str) -> Option<Finding> {
    let near = match &node.value {
        Value::Text(text) if choices.contains(&text.as_str()) => return None,
        Value::Text(text) => did_you_mean(text, choices.iter().copied()),
        _ => None,
    };
    let all: Vec<String> = choices.iter().map(|one| format!("`{one}`")).collect();
    let message = format!("{name} is one of {}", all.join(", "));
    Some(Finding::error("unknown-value", Place::at(file, node.spot), message).hint_maybe(near))
}

/// All whole numbers of our shapes are counts that fit 32 bits.
pub(super) fn range(file: &str, spot: Spot, number: i128, name: &str) -> Option<Finding> {
    u32::try_from(number).is_err().then(|| huge(file, spot, name))
}

/// A number outside the `minimum` and `maximum` of its schema.
pub(super) fn bounds(file: &str, node: &Node, schema: &Json, name: &str) -> Option<Finding> {
    #[expect(clippy::cast_precision_loss, reason = "a number so large is out of bounds anyway")]
    let number = match node.value {
        Value::Integer(number) => number as f64,
        Value::Fraction(number) => number,
        _ => return None,
    };
    let bound = |key: &str| schema.get(key).and_then(Json::as_f64);
    let (least, most) = (bound("minimum"), bound("maximum"));
    let is_within = number.is_finite()
        && least.is_none_or(|least| number >= least)
        && most.is_none_or(|most| number <= most);
    let range = match (least, most) {
        (Some(least), Some(most)) => format!("a number from {least} to {most}"),
        (Some(least), None) => format!("a number of at least {least}"),
        (None, Some(most)) => format!("a number of at most {most}"),
        (None, None) => "a number".to_owned(),
    };
    (!is_within).then(|| {
        let place = Place::at(file, node.spot);
        Finding::error("number-out-of-range", place, format!("{name} must be {range}"))
    })
}

/// A list with fewer or more items than its schema has.
pub(super) fn length(
    file: &str,
    spot: Spot,
    items: usize,
    schema: &Json,
    name: &str,
) -> Option<Finding> {
    let bound = |key: &str| schema.get(key).and_then(Json::as_u64);
    let (least, most) = (bound("minItems"), bound("maxItems"));
    let items = u64::try_from(items).ok()?;
    let wanted = match (least, most) {
        (Some(least), _) if items < least => least,
        (_, Some(most)) if items > most => most,
        _ => return None,
    };
    let message = match (least, most) {
        (Some(least), Some(most)) if least == most => format!("{name} must have {wanted} items"),
        (Some(_), _) if items < wanted => format!("{name} must have at least {wanted} items"),
        _ => format!("{name} must have at most {wanted} items"),
    };
    Some(Finding::error("wrong-kind", Place::at(file, spot), message))
}

/// Whether a number is read as a fraction only because it is so large.
pub(super) fn is_huge(number: f64) -> bool {
    number.is_finite() && number.abs() > 1e15
}

pub(super) fn huge(file: &str, spot: Spot, name: &str) -> Finding {
    Finding::error(
        "number-out-of-range",
        Place::at(file, spot),
        format!("{name} must be a whole number from 0 to {}", u32::MAX),
    )
}

pub(super) fn wrong_kind(file: &str, node: &Node, wanted: &str, name: &str) -> Finding {
    let wanted = phrase(wanted);
    let found = match node.value {
        Value::Null => "is nothing",
        Value::Bool(_) => "is `true` or `false`",
        Value::Integer(_) => "is a whole number",
        Value::Fraction(_) => "is a number with a fraction",
        Value::Text(_) => "is text",
        Value::List(_) => "is a list",
        Value::Map(_) => "are keys with values",
    };
    let hint = match (wanted, &node.value) {
        ("a list", _) => Some("write one item a line, each after `- `"),
        ("text", Value::Map(_)) => Some("put quotes round a text that contains `: `"),
        _ => None,
    };
    let message = format!("{name} must be {wanted}, here {found}");
    Finding::error("wrong-kind", Place::at(file, node.spot), message)
        .hint_maybe(hint.map(str::to_owned))
}

/// What a key is for, in the words of its doc comment.
fn describe(key: &str, property: Option<&Json>) -> Option<String> {
    let text = property?.get("description")?.as_str()?.trim_end_matches('.');
    let first = text.chars().next()?;
    Some(format!("`{key}`: {}{}", first.to_lowercase(), text.get(first.len_utf8()..)?))
}
