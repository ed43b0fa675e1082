//! A run may be killed at any moment; the next one goes on where it stopped.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::*;
use crate::support::Project;

/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `is_so`; panics when that takes too long.
pub fn await_that(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what} never came");
        // What is awaited here is a file of another process.
        std::thread::yield_now();
    }
}

/// Starts a run whose model falls silent after 150 characters of chapter 1, and
/// waits until they are kept.
pub fn start_hanging(project: &Project) -> Child {
    play(
        project,
        &[with(
            rule(&[&drafts(1)], PROSE[0]),
            json!({ "break": { "after": 150, "with": "hang" } }),
        )],
    );
    let child = project
        .command(&["draft", "chapter", "1", "--model", MODEL])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let kept: String = PROSE[0].chars().take(150).collect();
    await_that("the text", || {
        texts(project, &[".storygen/calls"]).values().any(|text| text.ends_with(&kept))
    });
    child
}

/// The entries that finish chapter 1 after [`start_hanging`].
pub fn finish_hanging() -> Vec<serde_json::Value> {
    let rest: String = PROSE[0].chars().skip(150).collect();
    vec![rule(&[&drafts(1), "breaks off here"], &rest), rule(&[&records(1)], &record(1))]
}

#[test]
fn a_reply_cut_by_a_kill_is_continued() {
    let project = small(&[]);
    let mut child = start_hanging(&project);
    child.kill().expect("a kill");
    child.wait().expect("an end");
    play(&project, &finish_hanging());
    done(&project, &["draft", "chapter", "1"]);
    assert_eq!(prose(&project, 1), PROSE[0]);
    assert_eq!(calls(&project), 3);
}

#[test]
fn a_record_cut_by_a_kill_is_asked_for_again() {
    let expected = small(&all());
    done(&expected, &["draft", "chapter", "1"]);
    let answer = record(1);
    let hang = with(
        rule(&[&records(1)], &answer),
        json!({ "break": { "after": answer.len() - 4, "with": "hang" } }),
    );
    let project = small(&[rule(&[&drafts(1)], PROSE[0]), hang]);
    let mut child = project
        .command(&["draft", "chapter", "1", "--model", MODEL])
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let kept = &answer[..answer.len() - 4];
    await_that("the record", || {
        texts(&project, &[".storygen/calls"]).values().any(|text| text.ends_with(kept))
    });
    child.kill().expect("a kill");
    child.wait().expect("an end");
    play(&project, &[rule(&[&records(1)], &record(1))]);
    done(&project, &["draft", "chapter", "1"]);
    assert_eq!(book(&project), book(&expected));
}

/// Runs the program under `strace` with a fault at the `when`th durable write.
pub fn run_with_fault(
    project: &Project,
    arguments: &[&str],
    calls: &str,
    fault: &str,
    when: usize,
) -> (Option<i32>, String) {
    let mut plain = project.command(arguments);
    plain.stdout(Stdio::null());
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
    traced.args(["-e", &format!("inject={calls}:{fault}:when={when}")]);
    traced.arg(plain.get_program()).args(plain.get_args());
    traced.env_clear().envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let output = traced
        .current_dir(project.path())
        .stdin(Stdio::null())
        .output()
        .expect("`strace` runs: apt install strace");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The requests kept, each by what it is about.
fn requests(project: &Project) -> BTreeMap<String, usize> {
    let mut requests = BTreeMap::new();
    for text in texts(project, &[".storygen/calls"]).values() {
        let head: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        *requests.entry(head["about"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    requests
}

/// A step of an author's day, done on `project`.
struct Scene {
    name: &'static str,
    prepare: fn() -> Project,
    arguments: &'static [&'static str],
}

fn edited() -> Project {
    let project = drafted();
    let text = project.read("manuscript/02-pans.md");
    project.write("manuscript/02-pans.md", text.replace("forty-three", "forty-four"));
    let canon = project.read("canon/02-pans.yaml");
    project.write("canon/02-pans.yaml", canon.replace("three unmarked", "three plain"));
    project
}

fn retaken() -> Project {
    let project = drafted();
    let mut script = all();
    script.insert(0, always(&[&drafts(2)], &PROSE[1].replace("white", "grey")));
    play(&project, &script);
    done(&project, &["draft", "chapter", "2", "--redo"]);
    project
}

const SCENES: [Scene; 5] = [
    Scene {
        name: "a draft",
        prepare: || small(&all()),
        arguments: &["draft", "chapters", "1-2", "--model", MODEL],
    },
    Scene { name: "an adoption", prepare: edited, arguments: &["draft", "--model", MODEL] },
    Scene {
        name: "a redo",
        prepare: drafted,
        arguments: &["draft", "chapter", "2", "--redo", "--model", MODEL],
    },
    Scene {
        name: "a fold",
        prepare: long,
        arguments: &["draft", "chapter", "5", "--window", "6500", "--model", MODEL],
    },
    Scene { name: "a selection", prepare: retaken, arguments: &["select", "2@1"] },
];

#[test]
fn a_kill_at_any_durable_write_loses_nothing() {
    for scene in SCENES {
        let prepared = (scene.prepare)();
        let expected = copy(&prepared);
        let run = expected.run(scene.arguments);
        assert_eq!(run.code, 0, "{}: {run}", scene.name);
        assert_eq!(scene.name == "a fold", run.stderr.contains("folding chapters 1 to 2"));
        let mut kills = 0;
        // A count of its own for each kind of call, so that every one has its turn.
        for call in ["fsync", "fdatasync"] {
            for when in 1.. {
                let project = copy(&prepared);
                let (code, _) =
                    run_with_fault(&project, scene.arguments, call, "signal=KILL", when);
                if code == Some(0) {
                    break;
                }
                kills += 1;
                let at = format!("{}, {call} {when}", scene.name);
                // A redo that had done all, and said so, is not to be gone on with.
                let journal =
                    std::fs::read_to_string(project.path().join(".storygen/journal.jsonl"))
                        .unwrap_or_default();
                if !journal.ends_with("\"event\":\"ended\"}\n") {
                    let again = project.run(scene.arguments);
                    assert_eq!(again.code, 0, "{at}: {again}");
                }
                assert_eq!(book(&project), book(&expected), "{at}");
                assert_eq!(requests(&project), requests(&expected), "{at}");
                let replaced = |project: &Project| texts(project, &[".storygen/replaced"]);
                assert_eq!(replaced(&project), replaced(&expected), "{at}");
                assert_eq!(states(&project), states(&expected), "{at}");
            }
        }
        assert!(kills >= 4, "{}: only {kills} durable writes", scene.name);
    }
}

#[test]
fn a_failing_disk_is_named_and_harms_nothing() {
    let expected = small(&all());
    done(&expected, &["draft", "chapters", "1-2"]);
    let arguments = ["draft", "chapters", "1-2", "--model", MODEL];
    let (fault, words) = ("error=EIO", "Input/output error");
    let mut faults = 0;
    for call in ["fsync", "fdatasync"] {
        for when in 1.. {
            let project = small(&all());
            let (code, stderr) = run_with_fault(&project, &arguments, call, fault, when);
            if code == Some(0) {
                break;
            }
            faults += 1;
            let last = stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
            assert_eq!(code, Some(1), "{fault} {call} {when}: {stderr}");
            assert!(
                last.starts_with("error: cannot ") && last.contains('`') && last.contains(words),
                "{fault} {call} {when}: {stderr}"
            );
            let files = project.files();
            assert!(
                !files.iter().any(|file| file.contains(".tmp")),
                "{fault} {call} {when}: {files:?}"
            );
            done(&project, &["draft", "chapters", "1-2"]);
            assert_eq!(book(&project), book(&expected), "{fault} {call} {when}");
        }
    }
    assert!(faults >= 10, "only {faults} durable writes");
}

#[test]
fn a_full_disk_keeps_what_came() {
    // Every write, of texts, calls and the journal: the first and some later ones.
    let expected = small(&all());
    done(&expected, &["draft", "chapter", "1"]);
    for when in [1, 2, 3, 6, 9, 14, 22, 35, 56, 71, 81, 86, 91, 96, 101] {
        let project = small(&all());
        let arguments = ["draft", "chapter", "1", "--quiet", "--model", MODEL];
        let (code, stderr) = run_with_fault(&project, &arguments, "write", "error=ENOSPC", when);
        assert!(matches!(code, Some(0 | 1)), "write {when}: {code:?} {stderr}");
        if code == Some(1) && !stderr.is_empty() {
            assert!(stderr.contains("No space left on device"), "write {when}: {stderr}");
        }
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), PROSE[0], "write {when}");
    }
}
