//! Reading the author's YAML, every value with its place.
//!
//! A file is first read into plain [`Node`]s by serde-saphyr, which bounds
//! aliases, depth and size and knows lines and columns. They are held against
//! the shape's JSON Schema so that *all* faults of a file come at once
//! (see [`super::shape`]), and what is faulty is taken out; the shape is then
//! made from the nodes that are left, so that one slip does not hide the rest.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_saphyr::Options;
use serde_saphyr::options::DuplicateKeyPolicy;

use super::shape;
pub use super::shape::Lost;
use crate::diagnostic::{Finding, Place, Spot};

pub mod key_shaped;
mod node;
pub mod secret;
mod shaped;

pub use node::{Node, Value};
pub use shaped::{Pairs, Placed};

/// The most bytes of one file of the project.
pub const FILE_LIMIT: usize = 4 * 1024 * 1024;

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
/// `findings`. Gives nothing if there is any.
pub fn read<T>(file: &str, text: &str, findings: &mut Vec<Finding>) -> Option<T>
where
    T: DeserializeOwned + JsonSchema,
{
    let before = findings.len();
    let shape = salvage(file, text, findings, &mut Lost::default());
    shape.filter(|_| findings.len() == before)
}

/// As [`read`], but leaves out what is faulty and gives the rest; says in
/// `lost` what is missing then.
pub fn salvage<T>(file: &str, text: &str, findings: &mut Vec<Finding>, lost: &mut Lost) -> Option<T>
where
    T: DeserializeOwned + JsonSchema,
{
    let mut node: Node = match serde_saphyr::from_str_with_options(text, options()) {
        Ok(node) => node,
        Err(error) => {
            findings.push(syntax(file, &error));
            return None;
        }
    };
    if !shape::sift(file, &mut node, &shape::schema_of::<T>(), findings, lost) {
        return None;
    }
    match shaped::from_node(&node, text) {
        Ok(shape) => Some(shape),
        Err(error) => {
            // The schema is made from the shape: what the one lets pass the other takes.
            let finding = Finding::error("yaml", Place::file(file), error.to_string());
            findings.push(finding.hint("write the file as `storygen init` does in a new folder"));
            None
        }
    }
}

/// Where the value stands that these keys lead to, from the top of a file that
/// was read before; where a key is not there, the value that lacks it.
#[must_use]
pub fn spot_of(text: &str, path: &[String]) -> Option<Spot> {
    let node: Node = serde_saphyr::from_str_with_options(text, options()).ok()?;
    let mut node = &node;
    for key in path {
        let Value::Map(entries) = &node.value else { break };
        let Some((_, inner)) = entries.iter().find(|(one, _)| one.value == *key) else { break };
        node = inner;
    }
    Some(node.spot)
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
    ("recursive references", "a value repeats itself by `*name` inside its own `&name`", WRITE_OUT),
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
