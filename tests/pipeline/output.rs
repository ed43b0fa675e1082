//! What becomes of results that cannot be shown.
#![cfg(target_os = "linux")]

use std::fs::OpenOptions;
use std::process::Stdio;

use crate::common::*;
use crate::support::Project;

/// Every command whose result is its standard output.
const COMMANDS: &[&[&str]] = &[
    &["status", "--model", MODEL],
    &["check"],
    &["prompt", "chapter", "2", "--model", MODEL],
    &["takes", "1"],
    &["takes", "1", "--show", "1"],
    &["log"],
    &["schema", "--print", "outline"],
    &["templates", "list"],
    &["templates", "show", "draft.md"],
    &["draft", "--dry-run", "--model", MODEL],
    &["draft", "chapter", "1", "--redo", "--stream", "--model", MODEL],
    &["--help"],
    &["--version"],
];

/// The exit code, and what was said on standard error.
fn run_into(project: &Project, arguments: &[&str], stdout: impl Into<Stdio>) -> (i32, String) {
    let output = project.command(arguments).stdout(stdout).output().expect("the program runs");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_result_that_is_lost_is_a_failure() {
    let project = drafted();
    for arguments in COMMANDS {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
        let (code, said) = run_into(&project, arguments, full);
        assert_eq!(code, 1, "{arguments:?}: {said}");
        let message = "error: cannot write to standard output: No space left on device (os error 28)\n\
                       help: what it shows is not whole; send it to another place and run it again\n";
        assert!(said.ends_with(message), "{arguments:?}: {said}");
        assert_eq!(said.matches("error: ").count(), 1, "{arguments:?}: {said}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let project = drafted();
    for arguments in COMMANDS {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let (code, said) = run_into(&project, arguments, writer);
        assert_eq!((code, said.contains("error")), (0, false), "{arguments:?}: {said}");
    }
}
