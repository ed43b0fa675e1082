//! `--json`: every line is of the published shape, and says what happened.

use std::path::Path;

use serde_json::Value;

use crate::common::*;
use crate::counting::{Answer, Counting};
use crate::money::{configure, well};
use crate::support::compare;

/// The published schema.
fn published() -> Value {
    let text = include_str!("../../docs/events.schema.json");
    serde_json::from_str(text).expect("JSON")
}

/// The lines of an output, each of the published shape.
pub fn lines(stdout: &str) -> Vec<Value> {
    let validator = jsonschema::validator_for(&published()).expect("a schema");
    stdout
        .lines()
        .map(|line| {
            let value: Value =
                serde_json::from_str(line).unwrap_or_else(|why| panic!("{line}: {why}"));
            let faults: Vec<String> =
                validator.iter_errors(&value).map(|one| one.to_string()).collect();
            assert!(faults.is_empty(), "{faults:?} in {line}");
            value
        })
        .collect()
}

#[test]
fn the_schema_is_published() {
    let printed = small(&[]).run(&["schema", "--print", "events"]).stdout;
    compare(&printed, &Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/events.schema.json"))
        .unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
fn a_run_tells_what_happens() {
    let mut script = vec![rule(&[&drafts(1)], "I'm sorry, but I can't help with that.")];
    script.extend(once(&[1]));
    let project = small(&script);
    let output = done(&project, &["draft", "chapter", "1", "--json"]);
    let names: Vec<String> = lines(&output.stdout)
        .iter()
        .map(|line| line["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "drafting",
            "billed",
            "rejected",
            "billed",
            "drafted",
            "recording",
            "billed",
            "recorded",
            "message",
            "ended"
        ]
    );
    let streamed = small(&once(&[1]));
    let output = done(&streamed, &["draft", "chapter", "1", "--json", "--stream", "--quiet"]);
    assert_eq!(output.stderr, "");
    let all = lines(&output.stdout);
    let text: String = all.iter().filter_map(|line| line["text"].as_str()).collect();
    assert!(text.starts_with(PROSE[0]), "{text}");
    assert_eq!(all.last().unwrap()["exit"], 0);
}

#[test]
fn a_run_that_fails_says_so_in_its_last_line() {
    let project = small(&once(&[1]));
    for (arguments, exit) in [
        (&["draft", "chapter", "3", "--json"][..], 1),
        (&["draft", "chapter", "9", "--json"], 2),
        (&["draft", "--json"], 6),
    ] {
        let output = run(&project, arguments);
        assert_eq!(output.code, exit, "{output}");
        let last = lines(&output.stdout).pop().unwrap();
        assert_eq!(
            (last["event"].as_str(), last["exit"].as_i64()),
            (Some("ended"), Some(i64::from(exit)))
        );
        assert!(last["error"].as_str().is_some_and(|error| !error.is_empty()));
        assert!(last["help"].as_array().is_some_and(|help| !help.is_empty()), "{last}");
    }
}

/// A call that waits for a limit per minute says so, and for how long.
#[test]
fn a_wait_for_a_limit_is_told() {
    use std::io::{BufRead, BufReader};
    for (limit, why) in [
        ("requests_per_minute: 1", "1 request a minute is allowed"),
        ("tokens_per_minute: 500", "500 tokens a minute are allowed"),
    ] {
        let project = small(&[]);
        let server = Counting::start(|asked| Answer::Reply(well(asked)));
        configure(&project, &server, &format!("endpoints: {{openai: {{{limit}}}}}"));
        let mut child = project
            .command(&["draft", "--json"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the program runs");
        let told = BufReader::new(child.stdout.take().expect("a pipe"))
            .lines()
            .map(|line| lines(&line.expect("a line")).remove(0))
            .find(|line| line["event"] == "waiting");
        child.kill().expect("a kill");
        child.wait().expect("an end");
        let told = told.expect("a wait");
        assert_eq!(told["why"], why);
        let seconds = told["seconds"].as_f64().expect("seconds");
        assert!((30.0..=60.0).contains(&seconds), "{told}");
        assert_eq!(server.requests(), 1, "{limit}");
    }
}

/// Calls count with what they took, not with what they might have taken: together
/// these might take about 30,000 tokens, and take 6,500.
#[test]
fn a_limit_of_tokens_counts_what_was_taken() {
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Reply(well(asked)));
    configure(&project, &server, "endpoints: {openai: {tokens_per_minute: 12000}}");
    let output = project.run(&["draft", "--json"]);
    assert_eq!((output.code, server.requests()), (0, 8), "{output}");
    assert!(lines(&output.stdout).iter().all(|line| line["event"] != "waiting"), "{output}");
}
