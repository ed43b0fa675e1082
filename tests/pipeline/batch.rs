//! Several books at once: what is said of each, and what becomes of all.

use std::path::Path;

use serde_json::Value;

use crate::common::*;
use crate::support::{Project, compare};

/// Three sound copies of the small book and one that is broken, side by side.
fn shelf() -> Project {
    let shelf = Project::empty();
    play(&shelf, &all());
    for name in ["one", "two", "three", "broken"] {
        let book = small(&[]);
        for file in book.files() {
            shelf.write(&format!("{name}/{file}"), book.read(&file));
        }
    }
    shelf.write("broken/bible/outline.yaml", "chapters: 7\n");
    shelf
}

const PATHS: [&str; 4] = ["one", "broken", "two", "three"];

fn batch(shelf: &Project, more: &[&str]) -> crate::support::Output {
    let mut arguments = vec!["batch"];
    arguments.extend(PATHS);
    arguments.extend(["--model", MODEL]);
    arguments.extend(more);
    shelf.run(&arguments)
}

/// The report, of the published shape, without its seconds.
fn report(shelf: &Project) -> Value {
    let mut report: Value = serde_json::from_str(&shelf.read("report.json")).expect("JSON");
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/batch.schema.json")).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<String> = validator.iter_errors(&report).map(|one| one.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    report["seconds"].take();
    for book in report["books"].as_array_mut().expect("books") {
        book["seconds"].take();
        book["error"].take();
    }
    report
}

#[test]
fn the_schema_of_the_report_is_published() {
    let printed = small(&[]).run(&["schema", "--print", "batch"]).stdout;
    compare(&printed, &Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/batch.schema.json"))
        .unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
fn one_that_fails_holds_up_no_other() {
    let shelf = shelf();
    let output = batch(&shelf, &["--report", "report.json"]);
    assert_eq!(output.code, 3, "{output}");
    let table: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(table[0], "book    chapters      words  outcome");
    assert_eq!(table[1], "one        4 / 4        273  done");
    assert_eq!(table[2], "broken     0 / 0          0  the bible has 1 error");
    assert_eq!(table[3], "two        4 / 4        273  done");
    assert!(table[5].starts_with("3 of 4 books done, 819 words, "), "{output}");
    assert!(output.stderr.contains("broken: error[wrong-kind]"), "{output}");
    let report = report(&shelf);
    assert_eq!(report["exit"], 3);
    let codes: Vec<i64> = report["books"]
        .as_array()
        .unwrap()
        .iter()
        .map(|book| book["exit"].as_i64().unwrap())
        .collect();
    assert_eq!(codes, [0, 4, 0, 0]);
    assert_eq!(report["books"][0]["prompt_tokens"], 400);
    // Each is as if it had been drafted alone.
    let alone = drafted();
    for name in ["one", "two", "three"] {
        for file in ["manuscript/01-ledger.md", "canon/04-weights.yaml"] {
            assert_eq!(shelf.read(&format!("{name}/{file}")), alone.read(file));
        }
    }
    // The same command again has nothing left to do but the one that is broken.
    let again = batch(&shelf, &[]);
    assert!(again.stdout.contains("one        0 / 4          0  done"), "{again}");
    shelf.write("broken/bible/outline.yaml", alone.read("bible/outline.yaml"));
    assert_eq!(batch(&shelf, &["--quiet"]).code, 0);
}

#[test]
fn every_line_names_its_book() {
    let shelf = shelf();
    let output = batch(&shelf, &["--json", "--quiet"]);
    let lines: Vec<Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |name: &str, event: &str| {
        lines.iter().filter(|line| line["book"] == name && line["event"] == event).count()
    };
    assert_eq!((of("one", "drafted"), of("two", "recorded"), of("broken", "ended")), (4, 4, 1));
    let last = lines.last().unwrap();
    assert_eq!((last["event"].as_str(), last["exit"].as_i64()), (Some("ended"), Some(3)));
    assert_eq!(last.get("book"), None);
}

#[test]
fn what_cannot_be_batched_is_said() {
    let shelf = shelf();
    for (arguments, code) in [
        (&["batch"][..], 2),
        (&["batch", "one", "--project", "two"], 2),
        (&["batch", "nowhere", "--model", MODEL], 10),
        (&["batch", "one", "one", "--model", MODEL, "--books", "1"], 0),
    ] {
        let output = shelf.run(arguments);
        assert_eq!(output.code, code, "{arguments:?}: {output}");
    }
}
