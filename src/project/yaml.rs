//! Reading the author's YAML, every value with its place.
//!
//! A file is read twice. First into plain [`Node`]s, which can be held against
//! the shape's JSON Schema so that *all* faults of a file come at once
//! (see [`super::shape`]); only then into the shape itself, which stops
//! at its first fault. Both go through serde-saphyr, which bounds aliases,
//! depth and size and knows lines and columns.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Options, Spanned};

use super::shape;
use crate::diagnostic::{Finding, Place, Spot};

/// The most bytes of one file of the project.
pub const FILE_LIMIT: usize = 4 * 1024 * 1024;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub spot: Spot,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Self { spot: spot(spanned.referenced), value: spanned.value })
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// Names and their values, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Pairs(pub Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names and values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl JsonSchema for Pairs {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pairs".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}

/// A value of a YAML file, with its place.
#[derive(Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it starts.
    pub spot: Spot,
}

/// What a YAML value can be. Scalars keep only what a shape's check needs.
#[derive(Debug)]
pub enum Value {
    /// Nothing, or `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer(i128),
    /// A number with a fraction.
    Fraction,
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in order, repeated keys kept.
    Map(Vec<(Placed<String>, Node)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { spot: spot(spanned.referenced), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Bool)
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }
    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }
    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Integer(i128::try_from(number).unwrap_or(i128::MAX)))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Fraction)
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}

/// The text of a file's bytes, without a byte-order mark and with `\n` line ends.
///
/// # Errors
///
/// When the bytes are not UTF-8: adds the finding that says where, and gives
/// the text with what is none of it replaced, to be shown only.
pub fn decode(file: &str, bytes: &[u8], findings: &mut Vec<Finding>) -> Result<String, String> {
    let plain = |text: &str| {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        text.replace("\r\n", "\n").replace('\r', "\n")
    };
    let fault = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(plain(text)),
        Err(fault) => fault,
    };
    let valid = bytes.get(..fault.valid_up_to()).unwrap_or_default();
    let valid = plain(&String::from_utf8_lossy(valid));
    let line = valid.rsplit('\n').next().unwrap_or_default();
    let spot =
        Spot { line: valid.matches('\n').count() + 1, column: line.chars().count() + 1, width: 1 };
    findings.push(
        Finding::error("not-utf-8", Place::at(file, spot), "the file is not UTF-8 text")
            .hint("save it as UTF-8 in your editor"),
    );
    Err(plain(&String::from_utf8_lossy(bytes)))
}

/// Reads `text`, the content of `file`, into a shape; adds every fault to
/// `findings`. Gives nothing if the file cannot be used.
pub fn read<T>(file: &str, text: &str, findings: &mut Vec<Finding>) -> Option<T>
where
    T: DeserializeOwned + JsonSchema,
{
    let node: Node = match serde_saphyr::from_str_with_options(text, options()) {
        Ok(node) => node,
        Err(error) => {
            findings.push(syntax(file, &error));
            return None;
        }
    };
    let before = findings.len();
    shape::check(file, &node, &shape::schema_of::<T>(), findings);
    if findings.len() > before {
        return None;
    }
    // A file of comments says nothing, which is enough where nothing is required.
    let text = if matches!(node.value, Value::Null) { "{}" } else { text };
    match serde_saphyr::from_str_with_options(text, options()) {
        Ok(shape) => Some(shape),
        Err(error) => {
            findings.push(syntax(file, &error));
            None
        }
    }
}

/// How files are read: strict booleans, every duplicate handed on, and bounds
/// that a real bible does not reach.
fn options() -> Options {
    serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: 64,
            max_aliases: 1_000,
            max_anchors: 200,
            max_nodes: 400_000,
            max_events: 1_000_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 8,
        },
    }
}

/// A fault of the YAML itself.
fn syntax(file: &str, error: &serde_saphyr::Error) -> Finding {
    let whole = error.without_snippet().to_string();
    let given = whole
        .split(" at line ")
        .next()
        .and_then(|message| message.lines().next())
        .unwrap_or_default();
    let place = match error.location() {
        Some(location) => Place::at(file, spot(location)),
        None => Place::file(file),
    };
    match FAULTS.iter().find(|(part, ..)| whole.contains(part)) {
        Some((_, ours, hint)) => {
            let message = if ours.is_empty() { given } else { ours };
            Finding::error("yaml", place, message).hint(*hint)
        }
        None => Finding::error("yaml", place, given)
            .hint("YAML reads the file up to here; look at this line and the one before it"),
    }
}

const REPEATS: &str = "the file repeats itself by `&name` and `*name` more often than is read";
const WRITE_OUT: &str = "write the values out instead of repeating them";

/// What the parser says, what we say instead (nothing: its own words), and
/// what usually helps. The first that fits counts.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "mapping values are not allowed",
        "a second `: ` in one line",
        "put quotes round a text that contains `: `, or write it below after `>-`",
    ),
    (
        "illegal placement of ':'",
        "a key where a list or a value goes on",
        "close the `[`, `{` or quote that is open above",
    ),
    (
        "multiline quoted scalar",
        "a text in quotes goes on into this line, which is not indented",
        "close the quote above, or indent the lines that belong to the text",
    ),
    ("quote", "", "close the quote, or write the text below after `>-`"),
    ("quoted scalar", "", "close the quote, or write the text below after `>-`"),
    (
        "found a tab",
        "a tab indents the line after this one",
        "indent with spaces; YAML takes no tabs there",
    ),
    ("tab", "", "indent with spaces; YAML takes no tabs there"),
    (
        "Documents",
        "a second document starts here",
        "keep one document in a file: take out the `---`",
    ),
    (
        "unknown anchor",
        "nothing is named for this `*` to repeat",
        "put quotes round a text that starts with `*`",
    ),
    ("replay", REPEATS, WRITE_OUT),
    (
        "recursion limit",
        "lists and keys are nested too deeply",
        "close the `[` or `{` that is open above; a bible needs only a few levels",
    ),
    (
        "Depth",
        "lists and keys are nested too deeply",
        "close the `[` or `{` that is open above; a bible needs only a few levels",
    ),
    ("Anchors", REPEATS, WRITE_OUT),
    ("Aliases", REPEATS, WRITE_OUT),
    ("MergeKeys", REPEATS, WRITE_OUT),
    (
        "budget breached",
        "the file holds more values than are read of one file",
        "split it: put several smaller files into a folder of its name",
    ),
    (
        "block mapping",
        "",
        "give the keys of one thing the same indentation, each with a `:` after it",
    ),
    ("block collection", "", "give the items of one list the same indentation, each after `- `"),
];

fn spot(location: serde_saphyr::Location) -> Spot {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    Spot {
        line: number(location.line()).max(1),
        column: number(location.column()).max(1),
        width: number(location.span().len()).max(1),
    }
}

#[cfg(test)]
mod tests;
