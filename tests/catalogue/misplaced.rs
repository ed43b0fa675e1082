//! A key that was put where a name belongs is found before anything is asked, and
//! stands in nothing that is shown or kept.

use std::fs;
use std::path::Path;

use crate::support::Project;

const KEY: &str = "sk-or-v1-0123456789abcdef0123456789abcdef0123456789abcdef";

/// Whether a file below a folder holds the key; where, if so.
fn keeps_key(folder: &Path) -> Option<String> {
    fs::read_dir(folder).expect("a folder").flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return keeps_key(&path);
        }
        let bytes = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        text.contains(&KEY[9..40]).then(|| path.display().to_string())
    })
}

#[test]
fn a_key_in_the_wrong_field_is_refused_and_not_shown() {
    let project = Project::copy("tests/tiny");
    let at = |rest: &str| {
        format!(
            "model: openai/m\nendpoints: {{openai: {{base_url: 'https://nosuch.invalid/v1', {rest}}}}}\n"
        )
    };
    let table = [
        (at("api_key_env: KEY"), "a key stands where the name of its variable belongs"),
        (at("api_key_file: KEY"), "a key stands where the path of its file belongs"),
        (at("api_key_command: [KEY]"), "a key stands where the program that prints it belongs"),
        (at("api_key_keyring: KEY"), "a key stands where its name in your keyring belongs"),
        ("model: KEY\n".to_owned(), "a key stands where the name of a model belongs"),
        ("model: openai/KEY\n".to_owned(), "a key stands where the name of a model belongs"),
        (
            "endpoints: {openai: {base_url: 'me:KEY@127.0.0.1:9/v1'}}\n".to_owned(),
            "`base_url` holds a user name or a password",
        ),
        (
            "endpoints: {openai: {base_url: 'me:hunter2@127.0.0.1:9/v1'}}\n".to_owned(),
            "`base_url` holds a user name or a password",
        ),
    ];
    for (config, words) in table {
        let own = project.path().join("../home/config/storygen/config.yaml");
        project.write("../home/config/storygen/config.yaml", config.replace("KEY", KEY));
        for command in [
            &["draft", "chapter", "1", "--no-input"][..],
            &["draft", "chapter", "1", "--no-input", "--json"],
            &["batch", ".", "--report", "report.json"],
            &["models", "test", "--json"],
            &["models", "refresh", "openai", "--json"],
            &["status"],
            &["check"],
        ] {
            let output = project.run(command);
            assert_eq!(output.code, 2, "{config} {command:?}: {output}");
            let said = output.to_string();
            assert!(said.contains(words) && said.contains("config.yaml:"), "{config}: {said}");
            assert!(!said.contains(&KEY[9..40]), "{config} {command:?}: {said}");
            assert!(!said.contains("hunter2"), "{config} {command:?}: {said}");
        }
        fs::remove_file(own).expect("the configuration goes");
        let root = project.path().join("..");
        assert_eq!(keeps_key(&root), None, "{config}");
    }
}

/// The arguments and the model of the environment.
type Case = (&'static [&'static str], Option<&'static str>);

#[test]
fn a_key_on_the_command_line_is_not_repeated() {
    let project = Project::copy("tests/tiny");
    let table: [Case; 9] = [
        (&["models", "info", "KEY"], None),
        (&["models", "refresh", "KEY"], None),
        (&["models", "--host", "KEY"], None),
        (&["models", "test", "KEY"], None),
        (&["models", "test", "openai/KEY", "--json"], None),
        (&["draft", "--dry-run", "--model", "openai/KEY"], None),
        (&["batch", ".", "--model", "openai/KEY", "--report", "report.json"], None),
        (&["draft", "--dry-run"], Some("KEY")),
        (&["status"], Some("openai/KEY")),
    ];
    for (command, model) in table {
        let command: Vec<String> = command.iter().map(|word| word.replace("KEY", KEY)).collect();
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let model = model.map(|model| model.replace("KEY", KEY));
        let variables: Vec<(&str, &str)> =
            model.iter().map(|model| ("STORYGEN_MODEL", model.as_str())).collect();
        let output = project.run_with(&command, &variables);
        let said = output.to_string();
        let code = if command[0] == "status" { 0 } else { 2 };
        assert_eq!(output.code, code, "{said}");
        assert!(!said.contains(&KEY[9..40]), "{command:?}: {said}");
        let is_told = said.contains("sk-…") || said.contains("a key stands where the name of a");
        assert!(is_told, "{command:?}: {said}");
        assert_eq!(keeps_key(&project.path()), None, "{command:?}");
    }
}
