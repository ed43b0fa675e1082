//! The README's commands: each that calls storygen is one that storygen knows.

mod support;

use support::Project;

/// The lines of the README's `sh` blocks, without comments.
fn lines() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{path}: {why}"));
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .flat_map(|block| block.split("```").next().unwrap_or_default().lines())
        .map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// The words of a line, quotes taken off.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_of_the_readme_is_understood() {
    let project = Project::empty();
    let mut known = 0;
    for line in lines().iter().filter(|line| line.starts_with("storygen ")) {
        let words = words(line);
        // With `--help` at its end a command line is parsed and nothing is done.
        let mut arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        arguments.push("--help");
        let output = project.run(&arguments);
        assert_eq!(output.code, 0, "{line}\n{output}");
        known += 1;
    }
    assert!(known > 0, "the README shows no command");
}

#[test]
fn the_readme_begins_with_commands_that_are_there() {
    let scripts: Vec<String> =
        lines().into_iter().filter(|line| !line.starts_with("storygen ")).collect();
    for script in ["./demo", "tests/run"] {
        assert!(scripts.iter().any(|line| line == script), "the README does not show `{script}`");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        assert!(path.is_file(), "{script} is not there");
    }
}
