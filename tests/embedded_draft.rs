//! Drafting with the model inside the program: a real model, the real binary.
//!
//! `STORYGEN_TEST_MODEL` names the model's file; without it, it is the one that
//! `tests/run` has fetched. A missing model fails these tests.
#![cfg(feature = "embedded")]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::io::Read;
use std::process::Stdio;

use peer::model;
use serde_json::Value;
use support::{Output, Project};

/// The tiny project: a chapter of two scenes, each drafted by itself, and one more.
fn project() -> Project {
    let project = Project::copy("tests/tiny");
    let limits = "limits:\n  reply_tokens: 220\n  redraws: 6\n  continuations: 2\ntargets:\n  synopsis_words: 60\n";
    project.write("storygen.yaml", project.read("storygen.yaml") + limits);
    project
}

fn arguments(chapter: &str) -> Vec<String> {
    let model = format!("embedded/{}", model().display());
    [
        "draft",
        "chapter",
        chapter,
        "--model",
        &model,
        "--threads",
        "1",
        "--seed",
        "3",
        "--window",
        "3072",
        "--stream",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn draft(project: &Project, chapter: &str) -> Output {
    let arguments = arguments(chapter);
    let output = project.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(output.code, 0, "{output}");
    output
}

fn journal(project: &Project, event: &str) -> Vec<Value> {
    let text = project.read(".storygen/journal.jsonl");
    let entries = text.lines().map(|line| serde_json::from_str(line).expect("an entry"));
    entries.filter(|entry: &Value| entry["event"] == event).collect()
}

/// The reader's files: manuscript and canon.
fn written(project: &Project) -> Vec<(String, String)> {
    let is_the_readers =
        |file: &String| file.starts_with("manuscript/") || file.starts_with("canon/");
    let files = project.files().into_iter().filter(is_the_readers);
    files.map(|file| (file.clone(), project.read(&file))).collect()
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn chapters_are_drafted_remembered_truthfully_and_the_same_again() {
    let first = project();
    draft(&first, "1");
    let text = first.read("manuscript/01-dark.md");
    assert!(text.starts_with("# The Dark Lamp\n\n"), "{text}");
    assert_prose(&text);
    assert_eq!(text.matches("\n* * *\n").count(), 1, "two scenes: {text}");
    assert_truthful(&first, "01-dark");
    // The same again, elsewhere.
    let again = project();
    draft(&again, "1");
    assert_eq!(written(&again), written(&first));
    // And from the replies that are kept, without a model.
    let replayed = project();
    for file in first.files() {
        if file.starts_with(".storygen/calls/") || file == ".storygen/models.json" {
            replayed.write(&file, first.read(&file));
        }
    }
    let output = replayed.run(&["draft", "chapter", "1", "--offline"]);
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(written(&replayed), written(&first));
    // The next chapter begins with what the model has read before.
    draft(&first, "2");
    assert_prose(&first.read("manuscript/02-ship.md"));
    assert_truthful(&first, "02-ship");
    let takes = journal(&first, "take");
    let cached = takes[1]["tokens"]["cached"].as_u64().expect("a count");
    assert!(takes.len() == 2 && cached > 0, "{takes:?}");
}

#[test]
fn a_killed_run_goes_on_from_what_had_come() {
    let project = project();
    kill_in_mid_stream(&project);
    assert!(!project.path().join("manuscript/01-dark.md").exists(), "a part is no chapter");
    let part = partial(&project);
    draft(&project, "1");
    let text = project.read("manuscript/01-dark.md");
    assert!(flat(&text).contains(&flat(&part)), "what had come is kept: {part}\n---\n{text}");
    assert_truthful(&project, "01-dark");
}

/// English, in sentences, and no markup.
fn assert_prose(text: &str) {
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(words.len() > 60, "{text}");
    let common = words.iter().filter(|word| {
        ["the", "and", "of", "to", "a", "was", "in"].contains(&word.to_lowercase().as_str())
    });
    assert!(common.count() * 10 > words.len(), "{text}");
    for sign in ["<|", "```", "{\"", "###"] {
        assert!(!text.contains(sign), "{sign}: {text}");
    }
}

/// What is remembered of a chapter stands in its text.
fn assert_truthful(project: &Project, stem: &str) {
    let text = flat(&project.read(&format!("manuscript/{stem}.md")));
    let canon: Value =
        serde_yaml::from_str(&project.read(&format!("canon/{stem}.yaml"))).expect("YAML");
    let synopsis = canon["synopsis"].as_str().expect("a synopsis");
    match canon["synopsis_by"].as_str() {
        Some("extract") => assert_made_of(synopsis, &text),
        Some("model") => assert!(synopsis.contains("Anna") || !text.contains("Anna"), "{synopsis}"),
        other => panic!("{other:?}"),
    }
    for fact in canon["facts"].as_array().into_iter().flatten() {
        let quote = flat(fact["quote"].as_str().expect("a quote"));
        assert!(text.contains(&quote), "`{quote}` is not in: {text}");
    }
}

/// Passes if a passage is nothing but pieces of the text: its marks aside, each
/// is two words or more that follow one another there.
fn assert_made_of(passage: &str, text: &str) {
    let words = |text: &str| -> Vec<String> {
        let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        text.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect()
    };
    let (passage, text) = (words(passage), words(text));
    let mut rest = &passage[..];
    while !rest.is_empty() {
        let alike = |at: usize| {
            rest.iter().zip(&text[at..]).take_while(|(one, other)| one == other).count()
        };
        let longest = (0..text.len()).map(alike).max().unwrap_or(0);
        assert!(
            longest >= 2.min(rest.len()),
            "`{}` is not of the text: {}",
            rest.join(" "),
            text.join(" ")
        );
        rest = &rest[longest..];
    }
}

/// Drafts until some prose has come, then kills the program without warning.
fn kill_in_mid_stream(project: &Project) {
    let arguments = arguments("1");
    let mut command = project.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a start");
    let mut come = [0; 120];
    child.stdout.as_mut().expect("a pipe").read_exact(&mut come).expect("some prose");
    child.kill().expect("a kill");
    child.wait().expect("an end");
}

/// The text of the one reply that was broken off.
fn partial(project: &Project) -> String {
    let calls: Vec<String> =
        project.files().into_iter().filter(|file| file.starts_with(".storygen/calls/")).collect();
    let [call] = &calls[..] else { panic!("one call: {calls:?}") };
    let call = project.read(call);
    let (_, text) = call.split_once('\n').expect("a head");
    assert!(!text.contains('\u{1e}'), "the call has ended: {text}");
    assert!(text.len() > 60, "{text}");
    // A cut may fall into a word, whose rest is then added.
    text.rsplit_once(' ').expect("words").0.to_owned()
}
