//! Takes out of a file's nodes what its schema does not allow, and says so.
//!
//! What is left fits the shape. So that nothing said of the rest is an echo of
//! a fault already named, more goes than the fault itself: a figure or a choice
//! goes alone, anything else takes with it what its entry (a character, a
//! chapter) need not have.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::faults;
use super::{choices, is_required, kind, required, strings};
use crate::diagnostic::{Finding, Place, Spot, nearest};
use crate::project::yaml::{Node, Placed, Value};

/// What was taken out of a file, as far as others may miss it.
#[derive(Clone, Debug, Default)]
pub struct Lost {
    /// Whether anything was.
    pub any: bool,
    /// The ids of what was taken out: who refers to one of them is right.
    pub ids: Vec<String>,
    /// Whether there may have been ids that could not be made out.
    pub unnamed: bool,
}

/// Adds to `findings` everything in `node` that `schema` does not allow, and
/// takes it out. Gives whether what is left makes a file of this kind.
pub fn sift(
    file: &str,
    node: &mut Node,
    schema: &Json,
    findings: &mut Vec<Finding>,
    lost: &mut Lost,
) -> bool {
    if matches!(node.value, Value::Null) {
        let needed = required(schema);
        let is_enough = needed.is_none();
        findings.extend(needed.map(|keys| {
            Finding::error("empty-file", Place::file(file), "the file is empty")
                .hint(format!("it needs {keys}"))
        }));
        return is_enough;
    }
    let mut sieve = Sieve { file, root: schema, findings, lost };
    matches!(sieve.node(node, schema, "the file"), Fit::Sound)
}

/// How a value, or what is left of it, fits its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// It does.
    Sound,
    /// It does not, but nothing hangs on it: a figure or a choice.
    Loose,
    /// It does not, and what stands beside it may mislead without it.
    Spoilt,
}

type Entry = (Placed<String>, Node);

struct Sieve<'a> {
    file: &'a str,
    root: &'a Json,
    findings: &'a mut Vec<Finding>,
    lost: &'a mut Lost,
}

impl<'a> Sieve<'a> {
    fn node(&mut self, node: &mut Node, schema: &'a Json, name: &str) -> Fit {
        let schema = self.resolve(schema);
        if let Some(choices) = choices(schema) {
            let fault = faults::choice(self.file, node, &choices, name);
            return self.unless(fault, Fit::Loose);
        }
        let spot = node.spot;
        match (kind(schema), &mut node.value) {
            ("object", Value::Map(entries)) => self.object(spot, entries, schema, name),
            ("array", Value::List(items)) => {
                let length = faults::length(self.file, spot, items.len(), schema, name);
                if self.unless(length, Fit::Loose) == Fit::Loose {
                    return Fit::Loose;
                }
                schema.get("items").map_or(Fit::Sound, |item| self.list(items, item, name))
            }
            ("integer", Value::Integer(number)) => {
                let fault = faults::range(self.file, spot, *number, name);
                self.unless(fault, Fit::Loose)
            }
            ("integer", Value::Fraction(number)) if faults::is_huge(*number) => {
                self.findings.push(faults::huge(self.file, spot, name));
                Fit::Loose
            }
            ("number", Value::Integer(_) | Value::Fraction(_)) => {
                let fault = faults::bounds(self.file, node, schema, name);
                self.unless(fault, Fit::Loose)
            }
            (
                "string" | "scalar",
                Value::Text(_) | Value::Integer(_) | Value::Bool(_) | Value::Fraction(_),
            )
            | ("boolean", Value::Bool(_))
            | ("any", _) => Fit::Sound,
            (wanted, _) => {
                self.findings.push(faults::wrong_kind(self.file, node, wanted, name));
                self.mended(node, wanted, schema)
            }
        }
    }

    fn unless(&mut self, fault: Option<Finding>, fit: Fit) -> Fit {
        let fit = if fault.is_some() { fit } else { Fit::Sound };
        self.findings.extend(fault);
        fit
    }

    /// A single text where a list of texts belongs is meant as a list of one.
    fn mended(&self, node: &mut Node, wanted: &str, schema: &'a Json) -> Fit {
        let holds_texts =
            schema.get("items").is_some_and(|item| kind(self.resolve(item)) == "string");
        match node.value {
            Value::Text(_) if wanted == "array" && holds_texts => {
                let value = std::mem::replace(&mut node.value, Value::Null);
                let (spot, written) = (node.spot, node.written);
                node.value = Value::List(vec![Node { value, spot, written }]);
                Fit::Sound
            }
            _ if matches!(wanted, "integer" | "number") => Fit::Loose,
            _ => Fit::Spoilt,
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

    fn list(&mut self, items: &mut Vec<Node>, schema: &'a Json, name: &str) -> Fit {
        let name = format!("an item of {name}");
        let schema = self.resolve(schema);
        let mut fit = Fit::Sound;
        items.retain_mut(|item| {
            if self.node(item, schema, &name) == Fit::Sound {
                return true;
            }
            self.lost.any = true;
            if is_entry(schema) {
                self.lose(item, schema);
            } else if kind(schema) != "string" {
                fit = Fit::Spoilt;
            }
            false
        });
        fit
    }

    fn object(
        &mut self,
        spot: Spot,
        entries: &mut Vec<Entry>,
        schema: &'a Json,
        name: &str,
    ) -> Fit {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties").filter(|other| other.is_object());
        let known: Vec<&str> = properties.unwrap_or(&none).keys().map(String::as_str).collect();
        let mut given: HashSet<String> = entries.iter().map(|(key, _)| key.value.clone()).collect();
        let (mut seen, mut kept) = (HashSet::new(), Vec::<Entry>::new());
        let mut fit = Fit::Sound;
        for (mut key, mut value) in std::mem::take(entries) {
            let is_first = seen.insert(key.value.clone());
            if !is_first {
                self.findings.push(faults::duplicate_key(self.file, &key, name));
            }
            let is_known = others.is_some() || known.contains(&key.value.as_str());
            if !is_known {
                self.findings.push(faults::unknown_key(self.file, &key, &known, name));
                // A key that is there, misspelt, is not also missing.
                let meant = nearest(&key.value, known.iter().copied())
                    .filter(|meant| given.insert((*meant).to_owned()));
                let Some(meant) = meant else {
                    let absent: Vec<&'a Json> = properties
                        .into_iter()
                        .flatten()
                        .filter(|(key, _)| !given.contains(*key))
                        .map(|(_, property)| property)
                        .collect();
                    if self.leaves_a_gap(&value, &absent, std::ptr::eq(schema, self.root)) {
                        fit = Fit::Spoilt;
                    }
                    continue;
                };
                meant.clone_into(&mut key.value);
            }
            let Some(property) = properties.and_then(|all| all.get(&key.value)).or(others) else {
                continue;
            };
            let is_required = is_required(schema, &key.value);
            // An optional key left empty is the same as one left out.
            if matches!(value.value, Value::Null) && !is_required {
                continue;
            }
            let before = self.findings.len();
            let found = self.node(&mut value, property, &format!("`{}`", key.value));
            if !is_known {
                // Of a guess nothing more is said.
                self.findings.truncate(before);
            }
            match found {
                Fit::Sound if is_first => kept.push((key, value)),
                Fit::Sound => self.join(&mut kept, &key.value, value),
                Fit::Loose if !is_required => self.lost.any = true,
                Fit::Loose | Fit::Spoilt => {
                    fit = Fit::Spoilt;
                    self.lose(&value, property);
                }
            }
        }
        for key in schema.get("required").into_iter().flat_map(strings) {
            if !given.contains(key) {
                fit = Fit::Spoilt;
                let property = properties.and_then(|all| all.get(key));
                self.findings.push(faults::missing_key(self.file, spot, key, property, name));
            }
        }
        *entries = kept;
        if fit == Fit::Spoilt && is_entry(schema) { self.pare(entries, schema) } else { fit }
    }

    /// Leaves of an entry only what it must have, if it has that.
    fn pare(&mut self, entries: &mut Vec<Entry>, schema: &'a Json) -> Fit {
        let has = |key: &str| entries.iter().any(|(one, _)| one.value == key);
        if !schema.get("required").into_iter().flat_map(strings).all(has) {
            return Fit::Spoilt;
        }
        entries.retain(|(key, value)| {
            let stays = key.value == "id" || is_required(schema, &key.value);
            if !stays && let Some(property) = schema["properties"].get(&key.value) {
                self.lose(value, property);
            }
            stays
        });
        Fit::Sound
    }

    /// Of a key given twice: two lists are one, of anything else the first counts.
    fn join(&mut self, kept: &mut [Entry], key: &str, second: Node) {
        let first = kept.iter_mut().find(|(one, _)| one.value == key).map(|(_, first)| first);
        match (first.map(|first| &mut first.value), second.value) {
            (Some(Value::List(first)), Value::List(mut second)) => first.append(&mut second),
            _ => self.lost.any = true,
        }
    }

    /// Whether, without an unknown key, what stands beside it may mislead:
    /// where it holds what a key that is absent would.
    fn leaves_a_gap(&mut self, value: &Node, absent: &[&'a Json], at_root: bool) -> bool {
        let mut meant = absent.iter().filter(|property| {
            matches!(
                (kind(self.resolve(property)), &value.value),
                ("array", Value::List(_)) | ("object", Value::Map(_))
            ) || !matches!(kind(self.resolve(property)), "array" | "object")
                && !matches!(value.value, Value::List(_) | Value::Map(_))
        });
        let Some(first) = meant.next() else { return false };
        let declaring = std::iter::once(first).chain(meant).find(|one| self.declares(one));
        match (&value.value, declaring) {
            (Value::List(_) | Value::Map(_), Some(property)) if at_root => {
                self.lose(value, property);
                false
            }
            (Value::List(_) | Value::Map(_), _) if !at_root => true,
            _ => {
                self.lost.any = true;
                false
            }
        }
    }

    /// Notes what goes with a value.
    fn lose(&mut self, value: &Node, schema: &'a Json) {
        self.lost.any = true;
        let before = self.lost.ids.len();
        ids(value, &mut self.lost.ids);
        self.lost.unnamed |= self.lost.ids.len() == before && self.declares(schema);
    }

    /// Whether what fits a schema gives ids to things.
    fn declares(&self, schema: &'a Json) -> bool {
        let schema = self.resolve(schema);
        if let Some(item) = schema.get("items") {
            return self.declares(item);
        }
        let properties = schema.get("properties").and_then(Json::as_object);
        properties
            .is_some_and(|all| all.contains_key("id") || all.values().any(|one| self.declares(one)))
    }
}

/// Whether an object stands for itself: others may refer to it.
fn is_entry(schema: &Json) -> bool {
    let has_id = schema.get("properties").is_some_and(|all| all.get("id").is_some());
    has_id && required(schema).is_some()
}

/// The ids that a value gives.
fn ids(node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| ids(item, found)),
        Value::Map(entries) => {
            for (key, value) in entries {
                match &value.value {
                    Value::Text(id) if key.value == "id" => found.push(id.clone()),
                    _ => ids(value, found),
                }
            }
        }
        _ => {}
    }
}
