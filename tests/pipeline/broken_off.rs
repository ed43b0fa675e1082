//! Records and folds whose stream breaks off: asked for again, and never taken for whole.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::common::*;
use crate::counting::{Answer, Counting};
use crate::events::lines;
use crate::money::{PRICE, configure, well};
use crate::replay::{elsewhere, offline};
use crate::support::Project;

/// The most streams that may break off for one answer.
const MOST: usize = 5;

/// An endpoint whose first records of chapter 1 break off behind these words.
fn breaking(times: usize, behind: &'static str) -> Counting {
    let broken = AtomicUsize::new(0);
    Counting::start(move |asked| {
        let text = well(asked);
        let breaks =
            asked.said.contains(&records(1)) && broken.fetch_add(1, Ordering::SeqCst) < times;
        assert!(!asked.said.contains("was not accepted"), "{}", asked.said);
        let at = text.find(behind).filter(|_| breaks).map(|at| at + behind.len());
        at.map_or(Answer::Reply(text.clone()), |at| Answer::Cut(text[..at].to_owned()))
    })
}

fn made(project: &Project) -> std::collections::BTreeMap<String, String> {
    texts(project, &["manuscript", "canon"])
}

#[test]
fn a_record_that_breaks_off_is_asked_for_again_and_played_so() {
    // In the synopsis, in the facts, and behind the end of all.
    for (times, behind, asked_again) in [
        (1, "leaning hand", 1),
        (2, "\"kind\"", 2),
        (MOST - 1, "\"facts\":[", MOST - 1),
        (1, "}]}", 0),
    ] {
        let project = small(&[]);
        let server = breaking(times, behind);
        configure(&project, &server, PRICE);
        let output = project.run(&["draft", "chapters", "1-2"]);
        assert_eq!((output.code, server.requests()), (0, 4 + asked_again), "{output}");
        assert_eq!(output.stderr.matches("; asking anew\n").count(), asked_again, "{output}");
        assert!(!output.stderr.contains("going on"), "{output}");
        assert!(output.stderr.contains("chapter 1: synopsis, 1 fact\n"), "{output}");
        let other = elsewhere(&project);
        let again = offline(&other, &["chapters", "1-2"]);
        assert_eq!(again.code, 0, "{again}");
        assert_eq!(made(&other), made(&project));
    }
}

#[test]
fn a_record_that_breaks_off_each_time_ends_the_run_and_the_next_goes_on() {
    let project = small(&[]);
    let server = breaking(MOST + 1, "leaning hand");
    configure(&project, &server, PRICE);
    let output = project.run(&["draft", "chapter", "1", "--json"]);
    assert_eq!((output.code, server.requests()), (6, 1 + MOST), "{output}");
    let told: Vec<Value> =
        lines(&output.stdout).into_iter().filter(|line| line["event"] == "interrupted").collect();
    assert_eq!(told.len(), MOST - 1, "{output}");
    assert!(told.iter().all(|line| line["anew"] == true), "{output}");
    assert!(
        output.stderr.contains(
            "error: no record of `ledger` came whole in 5 tries; the last time the stream from "
        ) && output.stderr.ends_with("the same command goes on where this one stopped\n"),
        "{output}"
    );
    assert!(texts(&project, &["canon"]).is_empty());
    // Before, what broke off was taken for whole: such a book is still made again.
    let other = elsewhere(&project);
    for name in other.files() {
        if name.contains("/calls/") && other.read(&name).contains(" again ") {
            std::fs::remove_file(other.path().join(&name)).expect("a file");
        }
    }
    let missing = offline(&other, &["chapter", "1"]);
    assert_eq!(missing.code, 6, "{missing}");
    assert!(missing.stderr.contains(" try 2` is not kept"), "{missing}");
    // What broke off is neither counted again nor asked for again.
    let output = project.run(&["draft", "chapter", "1"]);
    assert_eq!((output.code, server.requests()), (0, 1 + MOST + 2), "{output}");
    assert_eq!(output.stderr.matches("; asking anew\n").count(), 1, "{output}");
    assert!(output.stderr.contains("chapter 1: synopsis, 1 fact\n"), "{output}");
}

#[test]
fn a_fold_that_breaks_off_is_asked_for_again() {
    for times in [0, 1, 2] {
        let project = long();
        let broken = json!({ "times": times, "break": { "after": 90, "with": "interrupted" } });
        let mut script = all();
        if times > 0 {
            script.insert(0, with(rule(&[FOLDS], FOLD), broken));
        }
        script.push(rule(&[FOLDS], FOLD));
        script.push(rule(&[&drafts(5), FOLD], PROSE[0]));
        script.push(rule(&[&records(5)], &record(1)));
        play(&project, &script);
        let output = done(&project, &["draft", "chapter", "5", "--window", "6500"]);
        let again = "broke off: entry 1 says so; asking anew\n";
        assert_eq!(output.stderr.matches(again).count(), times, "{output}");
        let other = elsewhere(&project);
        assert_eq!(offline(&other, &["chapters", "1-5"]).code, 0);
        assert_eq!(made(&other), made(&project));
    }
}

#[test]
fn a_fold_that_breaks_off_each_time_ends_the_run() {
    let project = long();
    let mut script = all();
    let broken = json!({ "times": MOST, "break": { "after": 90, "with": "interrupted" } });
    script.insert(0, with(rule(&[FOLDS], FOLD), broken));
    play(&project, &script);
    let output = run(&project, &["draft", "chapter", "5", "--window", "6500"]);
    assert_eq!(output.code, 6, "{output}");
    assert!(output.stderr.contains("error: no fold came whole in 5 tries; "), "{output}");
    let script = [
        rule(&[FOLDS], FOLD),
        rule(&[&drafts(5), FOLD], PROSE[0]),
        rule(&[&records(5)], &record(1)),
    ];
    play(&project, &script);
    done(&project, &["draft", "chapter", "5", "--window", "6500"]);
}
