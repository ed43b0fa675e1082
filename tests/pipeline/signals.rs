//! Ctrl-C, SIGTERM and a closed terminal: the run stops where it is safe, and says so at once.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::common::*;
use crate::crash::{finish_hanging, start_hanging_by};
use crate::support::Project;

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill")
        .args([&format!("-{signal}"), &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(status.success());
}

/// The same command, with what a closed terminal does to it set to `default` or `ignore`,
/// whatever started the tests.
fn hearing(how: &str, project: &Project, command: &Command) -> Command {
    let mut env = Command::new("env");
    env.arg(format!("--{how}-signal=HUP")).arg(command.get_program()).args(command.get_args());
    env.env_clear().stdin(Stdio::null()).current_dir(project.path());
    env.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    env
}

#[test]
fn a_stopped_run_saves_its_text_and_goes_on_later() {
    for signal in ["INT", "TERM", "HUP"] {
        let project = small(&[]);
        let mut child =
            start_hanging_by(&project, |command| hearing("default", &project, &command));
        send(signal, &child);
        let mut said = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("words");
        assert_eq!(child.wait().expect("an end").code(), Some(130), "{signal}");
        assert_eq!(
            said,
            "chapter 1 of 4: The Second Hand\n\n\
             stopping; what has come is being saved (once more Ctrl-C leaves at once)\n\
             error: stopped; 31 words of the running reply are saved\n\
             help: the same command goes on where this one stopped\n"
        );
        let begun =
            |project: &Project| done(project, &["status"]).stdout.contains("begun: 31 words kept");
        assert!(begun(&project), "{}", done(&project, &["status"]));
        play(&project, &finish_hanging());
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), PROSE[0]);
        assert!(!begun(&project));
    }
}

/// As `nohup` starts it, a run outlives its terminal; and of one that closes a run may
/// hear twice.
#[test]
fn a_closed_terminal_alone_never_leaves_at_once() {
    for is_ignored in [true, false] {
        let project = small(&[]);
        let how = if is_ignored { "ignore" } else { "default" };
        let mut child = start_hanging_by(&project, |command| hearing(how, &project, &command));
        send("HUP", &child);
        if is_ignored {
            std::thread::sleep(std::time::Duration::from_millis(300));
            assert!(child.try_wait().expect("a state").is_none(), "it ended");
            child.kill().expect("a kill");
            child.wait().expect("an end");
            continue;
        }
        send("HUP", &child);
        let mut said = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("words");
        assert_eq!(child.wait().expect("an end").code(), Some(130));
        assert!(said.contains("31 words of the running reply are saved"), "{said}");
    }
}

/// Nobody goes on from half a record.
#[test]
fn a_stopped_record_is_not_said_to_be_saved() {
    let hangs = json!({ "break": { "after": 90, "with": "hang" } });
    let project =
        small(&[rule(&[&drafts(1)], PROSE[0]), with(rule(&[&records(1)], &record(1)), hangs)]);
    let mut child = project
        .command(&["draft", "chapter", "1", "--model", MODEL])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let begun: String = record(1).chars().take(90).collect();
    crate::crash::await_that("the record", || {
        texts(&project, &[".storygen/calls"]).values().any(|text| text.ends_with(&begun))
    });
    send("INT", &child);
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("words");
    assert_eq!(child.wait().expect("an end").code(), Some(130), "{said}");
    assert!(said.contains("error: stopped; everything finished is saved\n"), "{said}");
}

#[test]
fn a_second_signal_leaves_at_once() {
    let project = small(&[]);
    // A prompt that takes for ever keeps the run busy, so that only the signals' own thread can answer.
    let name = project
        .read("bible/premise.yaml")
        .replace("themes: [trust, accounts]", &format!("themes: [{}]", "a, ".repeat(300)));
    project.write("bible/premise.yaml", name);
    project.write("templates/draft.md", crate::bad_input::nested("book.themes", 6));
    let mut child = project
        .command(&["draft", "--model", MODEL])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    crate::crash::await_that("the run", || project.path().join(".storygen/journal.jsonl").exists());
    // The watch begins before the first prompt is rendered; the journal shortly before it.
    let watches = || {
        std::fs::read_to_string(format!("/proc/{}/status", child.id()))
            .is_ok_and(|status| catches_interrupts(&status))
    };
    crate::crash::await_that("the watch", watches);
    let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    send("INT", &child);
    let first = said
        .find(|line| line.as_ref().is_ok_and(|line| !line.is_empty()))
        .expect("a line")
        .expect("words");
    assert_eq!(first, "stopping; what has come is being saved (once more Ctrl-C leaves at once)");
    send("INT", &child);
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert_eq!(said.next().map(Result::unwrap), None);
}

/// Whether a process has set a handler for SIGINT, by its status file.
fn catches_interrupts(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 0b10 != 0)
}
