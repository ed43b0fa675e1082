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

/// Tables and lists of figures fit the terminal that they are read on.
#[test]
fn no_figures_are_wider_than_their_terminal() {
    let (blank, drafted) = (small(&[]), drafted());
    let cost: &[&str] = &["cost", "--model", "openrouter/unslopnemo-12b"];
    // The command, words of its first line in a wide terminal and in a narrow one.
    let table: [(&[&str], &str, &str); 4] = [
        (cost, "stage calls prompt as before reply cached uncached once at most", "stage calls"),
        (&["calls", "list"], " - stop scripted/", " record "),
        (
            &["usage"],
            "stage calls sent prompt cached hits written reply reasoning cost",
            "stage calls",
        ),
        (&["log"], " run 1 storygen draft", " run 1 storygen draft"),
    ];
    for (arguments, wide, narrow) in table {
        for (columns, words) in [(120, wide), (60, narrow)] {
            let project = if arguments[0] == "cost" { &blank } else { &drafted };
            let command = project.command(arguments);
            let program = command.get_program().to_string_lossy().into_owned();
            let line = format!("stty rows 24 cols {columns}; {program} {}", arguments.join(" "));
            let mut terminal = std::process::Command::new("script");
            terminal.args(["-qefc", &line, "/dev/null"]).current_dir(project.path());
            for (name, value) in command.get_envs() {
                if let Some(value) = value {
                    terminal.env(name, value);
                }
            }
            let output = terminal.stdin(Stdio::null()).output().expect("a terminal");
            let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
            // Sentences may be broken by the terminal; figures may not.
            let is_row = |line: &&str| {
                arguments[0] != "cost"
                    || ["stage ", "draft ", "record ", "all "]
                        .iter()
                        .any(|row| line.starts_with(row))
            };
            let rows: Vec<&str> =
                text.lines().filter(|line| !line.is_empty()).filter(is_row).collect();
            assert!(rows.len() > 2, "{arguments:?} {columns}: {text}");
            for row in &rows {
                assert!(row.chars().count() <= columns, "{arguments:?} {columns}: {text}");
            }
            let first = rows[0].split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(first.contains(words.trim()), "{arguments:?} {columns}: {text}");
        }
    }
}
