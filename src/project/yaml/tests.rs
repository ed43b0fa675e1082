//! Whatever the bytes, a file reads or is refused; empty keys are absent keys.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::project::schema::{
    ArcsFile, BookFile, CharactersFile, OutlineFile, PremiseFile, ThreadsFile, WorldFile,
};
use crate::project::shape::schema_of;

const BASE: [&str; 7] = [
    include_str!("../../../tests/base/storygen.yaml"),
    include_str!("../../../tests/base/bible/premise.yaml"),
    include_str!("../../../tests/base/bible/characters.yaml"),
    include_str!("../../../tests/base/bible/world.yaml"),
    include_str!("../../../tests/base/bible/arcs.yaml"),
    include_str!("../../../tests/base/bible/threads.yaml"),
    include_str!("../../../tests/base/bible/outline.yaml"),
];

/// Reads bytes as every kind of file; each either reads or has a finding,
/// and every finding can be shown.
fn read_as_all(bytes: &[u8]) {
    fn one<T: DeserializeOwned + JsonSchema>(text: &str) {
        let mut findings = Vec::new();
        let shape = read::<T>("x.yaml", text, &mut findings);
        assert_eq!(shape.is_none(), !findings.is_empty(), "{text:?}: {findings:?}");
        let (mut again, mut lost) = (Vec::new(), Lost::default());
        salvage::<T>("x.yaml", text, &mut again, &mut lost);
        // What the sieve lets through makes a shape.
        let is_made = |finding: &Finding| finding.code != "yaml" || finding.place.spot.is_some();
        assert!(again.iter().all(is_made), "{text:?}: {again:?}");
        for finding in &findings {
            assert!(!crate::diagnostic::render(finding, Some(text), false).is_empty());
        }
    }
    let mut findings = Vec::new();
    let Ok(text) = decode("x.yaml", bytes, &mut findings) else {
        assert_eq!(findings.len(), 1);
        return;
    };
    one::<BookFile>(&text);
    one::<PremiseFile>(&text);
    one::<CharactersFile>(&text);
    one::<WorldFile>(&text);
    one::<ArcsFile>(&text);
    one::<ThreadsFile>(&text);
    one::<OutlineFile>(&text);
}

/// A change to a valid file: at which character, how many go, what comes.
fn mutation() -> impl Strategy<Value = (usize, usize, String)> {
    let pieces = prop::sample::select(vec![
        "",
        "\n",
        "\t",
        ": ",
        "- ",
        "\"",
        "'",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!str ",
        "|",
        ">-",
        "#",
        "~",
        "---\n",
        "null",
        "-1",
        "1.5",
        "true",
        "<<: *a",
        "?",
        "%",
        "@",
        "\u{feff}",
        "\u{85}",
        "🎹",
        "99999999999999999999",
    ]);
    (0..2_000_usize, 0..12_usize, pieces.prop_map(str::to_owned))
}

proptest! {
    #[test]
    fn any_bytes_read_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_as_all(&bytes);
    }

    #[test]
    fn any_text_reads_or_is_refused(text in "[ \\n\\t:#&*!|>'\"{}\\[\\],?%@a-z0-9~.-]{0,120}") {
        read_as_all(text.as_bytes());
    }

    #[test]
    fn changed_files_read_or_are_refused(
        file in 0..BASE.len(),
        changes in prop::collection::vec(mutation(), 1..5),
    ) {
        let mut text: Vec<char> = BASE[file].chars().collect();
        for (at, gone, comes) in changes {
            let at = at % (text.len() + 1);
            let end = (at + gone).min(text.len());
            text.splice(at..end, comes.chars());
        }
        read_as_all(text.into_iter().collect::<String>().as_bytes());
    }
}

/// A minimal value of a schema: every required key, the optional ones empty.
fn sparse(schema: &Json, root: &Json, indent: usize, out: &mut String) {
    let schema = match schema.get("$ref").and_then(Json::as_str) {
        Some(reference) => &root["definitions"][reference.rsplit('/').next().unwrap()],
        None => schema,
    };
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let margin = " ".repeat(indent);
        if !required.contains(&key.as_str()) {
            writeln!(out, "{margin}{key}:").unwrap();
        } else if property["type"] == "array" {
            write!(out, "{margin}{key}:\n{margin}  -\n").unwrap();
            sparse(&property["items"], root, indent + 4, out);
        } else if key == "kind" {
            writeln!(out, "{margin}{key}: invariant").unwrap();
        } else {
            writeln!(out, "{margin}{key}: 3").unwrap();
        }
    }
}

#[test]
fn keys_left_empty_are_keys_left_out() {
    fn one<T: DeserializeOwned + JsonSchema>() {
        let schema = schema_of::<T>();
        let mut text = String::new();
        sparse(&schema, &schema, 0, &mut text);
        let mut findings = Vec::new();
        assert!(read::<T>("x.yaml", &text, &mut findings).is_some(), "{text}\n{findings:?}");
    }
    one::<BookFile>();
    one::<PremiseFile>();
    one::<CharactersFile>();
    one::<WorldFile>();
    one::<ArcsFile>();
    one::<ThreadsFile>();
    one::<OutlineFile>();
    // Shapes that only optional keys lead to.
    for text in [
        "{places: [{id: a, name: A, travel: , description: }], rules: , calendar: {starts: , lifespan: , months: , week: }}",
        "{places: [{id: a, name: A, travel: [{to: a, takes: 1 h, by: }]}]}",
    ] {
        assert!(read::<WorldFile>("x.yaml", text, &mut Vec::new()).is_some(), "{text}");
    }
    let text = "{chapters: [{title: A, scenes: [{cast: , beats: , happens: , words: , flashback: , pov: , time: }]}]}";
    assert!(read::<OutlineFile>("x.yaml", text, &mut Vec::new()).is_some(), "{text}");
    let text = "{characters: [{id: a, name: A, voice: {register: , habits: , lines: }, starts: {place: , state: }}]}";
    assert!(read::<CharactersFile>("x.yaml", text, &mut Vec::new()).is_some(), "{text}");
    let text = "{premise: P, style: {spelling: , notes: , sample: , avoid: }}";
    assert!(read::<PremiseFile>("x.yaml", text, &mut Vec::new()).is_some(), "{text}");
}

#[test]
fn a_text_is_read_as_it_is_written() {
    let text = "title: &t 1.10\nauthor: 0x10\ngenre: *t\nlanguage: \"no\"\nmodel: true\n";
    let book: BookFile = read("x.yaml", text, &mut Vec::new()).unwrap();
    assert_eq!(book.title.value, "1.10");
    assert_eq!(book.author.unwrap().value, "0x10");
    assert_eq!(book.genre.unwrap().value, "1.10");
    assert_eq!(book.language.value, "no");
    assert_eq!(book.model.unwrap().value, "true");
}
