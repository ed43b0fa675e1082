//! Every exit code that a drafting author can meet.

use serde_json::json;

use crate::common::*;
use crate::support::Project;

/// A code, the name of the case, its project, and the command.
type Case = (i32, &'static str, fn() -> Project, &'static [&'static str]);

const CASES: &[Case] = &[
    (0, "done", || small(&once(&[1])), &["draft", "chapter", "1"]),
    (0, "help", Project::empty, &["--help"]),
    (0, "help of a command", Project::empty, &["help", "models", "info"]),
    (0, "version", Project::empty, &["--version"]),
    (1, "something failed", || small(&[]), &["draft", "chapter", "2"]),
    (1, "nothing to undo", || small(&[]), &["undo"]),
    (2, "no such command", || small(&[]), &["write"]),
    (2, "help of no command", Project::empty, &["help", "write"]),
    (2, "no book at a time", || small(&[]), &["batch", ".", "--books", "0"]),
    (2, "no model named", || small(&[]), &["draft", "--model", "record="]),
    (2, "no such flag", || small(&[]), &["draft", "--sped", "1"]),
    (2, "no such chapter", || small(&[]), &["draft", "chapter", "9"]),
    (2, "no such take", || small(&[]), &["select", "1@1"]),
    (2, "no take at all", || small(&[]), &["select", "1"]),
    (3, "never accepted", || small(&[with(rule(&[], ""), json!({ "times": 4 }))]), &["draft"]),
    (
        4,
        "findings",
        || {
            let project = small(&[]);
            project.write("bible/outline.yaml", "chapters: []\n");
            project
        },
        &["draft"],
    ),
    (6, "the model failed", || small(&[]), &["draft"]),
    (10, "no project", Project::empty, &["draft"]),
    (10, "no project", Project::empty, &["status"]),
    (
        12,
        "untrusted",
        || {
            let project = small(&[]);
            project.write(
                "storygen.yaml",
                format!("model: scripted/x\n{}", project.read("storygen.yaml")),
            );
            project
        },
        &["draft"],
    ),
    (
        12,
        "endpoints in a project",
        || {
            let project = small(&[]);
            let book = project.read("storygen.yaml");
            project
                .write("storygen.yaml", format!("{book}\nendpoints: {{openai: {{tries: 1}}}}\n"));
            project
        },
        &["draft"],
    ),
];

/// The codes with a test of their own: locked and cancelled need another process.
const ELSEWHERE: [i32; 2] = [11, 130];

#[test]
fn every_code_is_reached() {
    for (code, name, project, arguments) in CASES {
        let project = project();
        let output = if *code == 12 { project.run(arguments) } else { run(&project, arguments) };
        assert_eq!(output.code, *code, "{name}: {output}");
        let errors = output.stderr.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(errors, usize::from(*code != 0), "{name}: {output}");
    }
    let mut codes: Vec<i32> = CASES.iter().map(|case| case.0).chain(ELSEWHERE).collect();
    codes.sort_unstable();
    codes.dedup();
    // 5, the budget, cannot be reached yet.
    assert_eq!(codes, [0, 1, 2, 3, 4, 6, 10, 11, 12, 130]);
}

#[test]
fn messages_are_written_in_one_style() {
    for (_, name, project, arguments) in CASES {
        let output = run(&project(), arguments);
        for line in output.stderr.lines() {
            let Some(said) = line.strip_prefix("error: ").or_else(|| line.strip_prefix("help: "))
            else {
                continue;
            };
            assert!(!said.ends_with('.'), "{name}: {said}");
            assert!(!said.starts_with(char::is_uppercase), "{name}: {said}");
        }
    }
}
