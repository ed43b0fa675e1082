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

/// The README's files of the user's own, by their names: each begins with its place.
fn own_files() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{path}: {why}"));
    let blocks = text.split("```yaml\n# ~/.config/storygen/").skip(1);
    blocks
        .map(|block| {
            let block = block.split("```").next().unwrap_or_default();
            let (name, text) = block.split_once('\n').expect("a name");
            (name.to_owned(), text.to_owned())
        })
        .collect()
}

/// What stands in the README as a file of the user's own is read as one, means what
/// is said beside it, and is of the schema that can be printed.
#[test]
fn the_readme_s_files_of_one_s_own_are_sound() {
    let project = Project::empty();
    let files = own_files();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["config.yaml", "catalogue.yaml"]);
    for (name, text) in &files {
        project.write(&format!("../home/config/storygen/{name}"), text);
        let schema = project.run(&["schema", "--print", name.trim_end_matches(".yaml")]);
        let schema = serde_json::from_str(&schema.stdout).expect("a schema");
        let validator = jsonschema::validator_for(&schema).expect("a sound schema");
        let value: serde_json::Value = serde_yaml::from_str(text).expect("YAML");
        let faults: Vec<String> =
            validator.iter_errors(&value).map(|one| one.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        let wrong = serde_json::json!({"nonsense": 1});
        assert!(!validator.is_valid(&wrong), "{name}: the schema takes anything");
    }
    for (model, words) in [
        (
            "tide-9b",
            "attic/lab/tide-9b\nstatus      active\nlimits      window 32768, reply 4096\n",
        ),
        (
            "deepinfra/mythomax-13b",
            "price       prompt 0.09, reply 0.10 (dollars for a million tokens,",
        ),
    ] {
        let info = project.run(&["models", "info", model]);
        assert!(info.code == 0 && info.stdout.contains(words), "{model}: {info}");
    }
}
