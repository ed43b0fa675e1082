//! Holds a YAML file against its shape's JSON Schema and says all that is wrong.
//!
//! One schema serves three readers: the editor that completes the YAML, this
//! check, and the documentation. Only the part of JSON Schema that our shapes
//! use is understood: types, properties, required keys, items, enumerations,
//! references and `null` alternatives.

use std::collections::HashSet;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use super::schema;
use super::yaml::{Node, Placed, Value};
use crate::diagnostic::{Finding, Place, did_you_mean, nearest};

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

/// Adds to `findings` everything in `node` that `schema` does not allow.
pub fn check(file: &str, node: &Node, schema: &Json, findings: &mut Vec<Finding>) {
    if matches!(node.value, Value::Null) {
        findings.extend(required(schema).map(|keys| {
            Finding::error("empty-file", Place::file(file), "the file is empty")
                .hint(format!("it needs {keys}"))
        }));
        return;
    }
    Walk { file, root: schema, findings }.node(node, schema, "the file");
}

/// The required keys of an object schema, as a phrase.
fn required(schema: &Json) -> Option<String> {
    let keys: Vec<String> =
        strings(schema.get("required")?).map(|key| format!("`{key}`")).collect();
    (!keys.is_empty()).then(|| keys.join(", "))
}

fn strings(list: &Json) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str)
}

struct Walk<'a> {
    file: &'a str,
    root: &'a Json,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Walk<'a> {
    fn node(&mut self, node: &Node, schema: &'a Json, name: &str) {
        let schema = self.resolve(schema);
        if let Some(choices) = choices(schema) {
            self.choice(node, &choices, name);
            return;
        }
        match (kind(schema), &node.value) {
            ("object", Value::Map(entries)) => self.object(node, entries, schema, name),
            ("array", Value::List(items)) => {
                if let Some(item) = schema.get("items") {
                    let name = format!("an item of {name}");
                    for node in items {
                        self.node(node, item, &name);
                    }
                }
            }
            ("integer", Value::Integer(number)) => self.range(node, *number, name),
            (
                "string" | "scalar",
                Value::Text(_) | Value::Integer(_) | Value::Bool | Value::Fraction,
            )
            | ("boolean", Value::Bool)
            | ("any", _) => {}
            (wanted, found) => self.wrong_kind(node, wanted, found, name),
        }
    }

    /// Follows `$ref`, and `anyOf` with `null`, to the schema that counts.
    fn resolve(&self, schema: &'a Json) -> &'a Json {
        let mut schema = schema;
        loop {
            if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
                let name = reference.rsplit('/').next().unwrap_or_default();
                match self.root.get("definitions").and_then(|all| all.get(name)) {
                    Some(target) => schema = target,
                    None => return schema,
                }
            } else if let Some(inner) = ["anyOf", "allOf"]
                .iter()
                .filter_map(|key| schema.get(*key)?.as_array())
                .flatten()
                .find(|one| kind(one) != "null")
            {
                schema = inner;
            } else {
                return schema;
            }
        }
    }

    fn object(
        &mut self,
        node: &Node,
        entries: &[(Placed<String>, Node)],
        schema: &'a Json,
        name: &str,
    ) {
        let properties = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties").filter(|other| other.is_object());
        let (mut seen, mut meant) = (HashSet::new(), HashSet::new());
        for (key, value) in entries {
            if !seen.insert(key.value.as_str()) {
                self.findings.push(
                    Finding::error(
                        "duplicate-key",
                        Place::at(self.file, key.spot),
                        format!("`{}` is given twice in {name}", key.value),
                    )
                    .hint("keep one of the two"),
                );
            }
            match (properties.and_then(|all| all.get(&key.value)), others) {
                // An optional key left empty is the same as one left out.
                (Some(_), _)
                    if matches!(value.value, Value::Null) && !is_required(schema, &key.value) => {}
                (Some(property), _) | (None, Some(property)) => {
                    self.node(value, property, &format!("`{}`", key.value));
                }
                (None, None) => {
                    let known =
                        properties.into_iter().flat_map(|all| all.keys().map(String::as_str));
                    meant.extend(nearest(&key.value, known.clone()));
                    self.unknown_key(key, known, name);
                }
            }
        }
        let required = schema.get("required").into_iter().flat_map(strings);
        // A key that is there, misspelt, is not also missing.
        for key in required.filter(|key| !seen.contains(key) && !meant.contains(key)) {
            self.findings.push(
                Finding::error(
                    "missing-key",
                    Place::at(self.file, node.spot),
                    format!("{name} lacks the key `{key}`"),
                )
                .hint_maybe(describe(key, properties.and_then(|all| all.get(key)))),
            );
        }
    }

    fn unknown_key<'k>(
        &mut self,
        key: &Placed<String>,
        known: impl Iterator<Item = &'k str> + Clone,
        name: &str,
    ) {
        let hint = did_you_mean(&key.value, known.clone()).unwrap_or_else(|| {
            let keys: Vec<String> = known.map(|key| format!("`{key}`")).collect();
            format!("known here are {}", keys.join(", "))
        });
        self.findings.push(
            Finding::error(
                "unknown-key",
                Place::at(self.file, key.spot),
                format!("unknown key `{}` in {name}", key.value),
            )
            .hint(hint),
        );
    }

    fn choice(&mut self, node: &Node, choices: &[&str], name: &str) {
        if let Value::Text(text) = &node.value
            && choices.contains(&text.as_str())
        {
            return;
        }
        let all: Vec<String> = choices.iter().map(|one| format!("`{one}`")).collect();
        let near = match &node.value {
            Value::Text(text) => did_you_mean(text, choices.iter().copied()),
            _ => None,
        };
        self.findings.push(
            Finding::error(
                "unknown-value",
                Place::at(self.file, node.spot),
                format!("{name} is one of {}", all.join(", ")),
            )
            .hint_maybe(near),
        );
    }

    /// All whole numbers of our shapes are counts that fit 32 bits.
    fn range(&mut self, node: &Node, number: i128, name: &str) {
        if u32::try_from(number).is_err() {
            self.findings.push(Finding::error(
                "number-out-of-range",
                Place::at(self.file, node.spot),
                format!("{name} must be a whole number from 0 to {}", u32::MAX),
            ));
        }
    }

    fn wrong_kind(&mut self, node: &Node, wanted: &str, found: &Value, name: &str) {
        let wanted = phrase(wanted);
        let found = match found {
            Value::Null => "is nothing",
            Value::Bool => "is `true` or `false`",
            Value::Integer(_) => "is a whole number",
            Value::Fraction => "is a number with a fraction",
            Value::Text(_) => "is text",
            Value::List(_) => "is a list",
            Value::Map(_) => "are keys with values",
        };
        let hint = match (wanted, &node.value) {
            ("a list", _) => Some("write one item a line, each after `- `"),
            ("text", Value::Map(_)) => Some("put quotes round a text that contains `: `"),
            _ => None,
        };
        self.findings.push(
            Finding::error(
                "wrong-kind",
                Place::at(self.file, node.spot),
                format!("{name} must be {wanted}, here {found}"),
            )
            .hint_maybe(hint.map(str::to_owned)),
        );
    }
}

fn is_required(schema: &Json, key: &str) -> bool {
    schema.get("required").into_iter().flat_map(strings).any(|one| one == key)
}

/// What a key is for, in the words of its doc comment.
fn describe(key: &str, property: Option<&Json>) -> Option<String> {
    let text = property?.get("description")?.as_str()?.trim_end_matches('.');
    let first = text.chars().next()?;
    Some(format!("`{key}`: {}{}", first.to_lowercase(), text.get(first.len_utf8()..)?))
}

fn phrase(kind: &str) -> &str {
    match kind {
        "object" => "keys with values",
        "array" => "a list",
        "integer" => "a whole number",
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
