//! Holds a YAML file against its shape's JSON Schema and says all that is wrong.
//!
//! One schema serves three readers: the editor that completes the YAML, this
//! check, and the documentation. Only the part of JSON Schema that our shapes
//! use is understood: types, properties, required keys, items, enumerations,
//! references and `null` alternatives.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use super::schema;

mod faults;
mod sieve;

pub use sieve::{Lost, sift};

/// The schema of one kind of file.
#[derive(Clone, Copy, Debug)]
pub struct FileSchema {
    /// The name of the kind, and of the schema's own file.
    pub name: &'static str,
    /// The schema.
    pub schema: fn() -> Json,
}

/// The kinds of file an author writes.
pub const SCHEMAS: &[FileSchema] = &[
    FileSchema { name: "storygen", schema: schema_of::<schema::BookFile> },
    FileSchema { name: "premise", schema: schema_of::<schema::PremiseFile> },
    FileSchema { name: "characters", schema: schema_of::<schema::CharactersFile> },
    FileSchema { name: "world", schema: schema_of::<schema::WorldFile> },
    FileSchema { name: "arcs", schema: schema_of::<schema::ArcsFile> },
    FileSchema { name: "threads", schema: schema_of::<schema::ThreadsFile> },
    FileSchema { name: "outline", schema: schema_of::<schema::OutlineFile> },
];

/// A schema as it stands in its file.
#[must_use]
pub fn schema_text(kind: &FileSchema) -> String {
    let mut schema = (kind.schema)();
    if let Some(keys) = schema.as_object_mut() {
        keys.insert("$id".to_owned(), format!("storygen:{}.json", kind.name).into());
        keys.insert("title".to_owned(), format!("storygen: {}", kind.name).into());
    }
    format!("{schema:#}\n")
}

/// The JSON Schema (draft 7) of a shape. As in the check below, a key that may
/// be left out may also be left empty.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> Json {
    let mut schema =
        SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value();
    admit_empty(&mut schema);
    if let Some(definitions) = schema.get_mut("definitions").and_then(Json::as_object_mut) {
        definitions.values_mut().for_each(admit_empty);
    }
    schema
}

/// Lets the optional lists of an object schema be `null`; the other optional
/// keys may be already.
fn admit_empty(object: &mut Json) {
    let required: Vec<String> =
        object.get("required").into_iter().flat_map(strings).map(str::to_owned).collect();
    let properties = object.get_mut("properties").and_then(Json::as_object_mut);
    for (key, property) in properties.into_iter().flatten() {
        if !required.contains(key) && property.get("type").is_some_and(|kind| kind == "array") {
            property["type"] = serde_json::json!(["array", "null"]);
        }
    }
}

fn strings(list: &Json) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str)
}

/// The required keys of an object schema, as a phrase.
fn required(schema: &Json) -> Option<String> {
    let keys: Vec<String> =
        strings(schema.get("required")?).map(|key| format!("`{key}`")).collect();
    (!keys.is_empty()).then(|| keys.join(", "))
}

fn is_required(schema: &Json, key: &str) -> bool {
    schema.get("required").into_iter().flat_map(strings).any(|one| one == key)
}

fn phrase(kind: &str) -> &str {
    match kind {
        "object" => "keys with values",
        "array" => "a list",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        _ => "text",
    }
}

/// The one type of a schema; `null` alternatives do not count.
fn kind(schema: &Json) -> &str {
    match schema.get("type") {
        Some(Json::String(kind)) => kind,
        Some(Json::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Json::as_str).filter(|kind| *kind != "null");
            match (kinds.next(), kinds.next()) {
                (Some(kind), None) => kind,
                _ => "scalar",
            }
        }
        _ => "any",
    }
}

/// The allowed values of an enumeration.
fn choices(schema: &Json) -> Option<Vec<&str>> {
    if let Some(values) = schema.get("enum") {
        return Some(strings(values).collect());
    }
    let one_of = schema.get("oneOf")?.as_array()?;
    Some(
        one_of
            .iter()
            .flat_map(|one| {
                one.get("const")
                    .and_then(Json::as_str)
                    .into_iter()
                    .chain(one.get("enum").into_iter().flat_map(strings))
            })
            .collect(),
    )
}
