//! `storygen models`, on a machine with an empty home and no way out.
#![cfg(feature = "embedded")]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::fs;

use support::{Output, Project};

const FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// Nothing of the network can be reached, and no pip is found.
fn run(project: &Project, arguments: &[&str]) -> Output {
    project.run_with(arguments, &[("HF_ENDPOINT", "http://127.0.0.1:9"), ("PATH", "")])
}

/// The model folder of the project's own home.
fn folder(project: &Project) -> std::path::PathBuf {
    let folder = project.path().join("../home/data/storygen/models");
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn an_empty_home_has_no_model_and_is_told_how_to_get_one() {
    let project = Project::copy("tests/tiny");
    let output = run(&project, &["models", "list"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stdout.contains("`storygen models pull` fetches it"), "{output}");
    for arguments in [&["models", "pull"][..], &["draft", "--model", "embedded"]] {
        let output = run(&project, arguments);
        assert_eq!(output.code, 6, "{output}");
        for words in ["cannot be fetched", "127.0.0.1:9", "pip", "put the file into"] {
            assert!(output.stderr.contains(words), "{words}: {output}");
        }
    }
    let output = run(&project, &["draft", "--model", "embedded/no-such-model"]);
    assert_eq!(output.code, 6, "{output}");
    assert!(output.stderr.contains("there is no model `no-such-model`"), "{output}");
    assert!(project.files().iter().all(|file| !file.starts_with("manuscript/")));
}

#[test]
fn a_model_that_is_here_is_listed_and_not_fetched_again() {
    let project = Project::copy("tests/tiny");
    let place = folder(&project).join(FILE);
    fs::copy(peer::model(), &place).expect("a copy");
    let output = run(&project, &["models", "list"]);
    assert!(output.stdout.contains("embedded/SmolLM2-135M-Instruct.Q4_1  98 MB"), "{output}");
    let output = run(&project, &["models", "pull"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stdout.contains(FILE), "{output}");
}

#[test]
fn what_is_no_model_is_refused_by_its_name() {
    let project = Project::copy("tests/tiny");
    for (name, bytes) in
        [("empty", &b""[..]), ("page", b"<html>not found</html>"), ("cut", b"GGUF\x03\0\0\0")]
    {
        fs::write(folder(&project).join(format!("{name}.gguf")), bytes).expect("a file");
        let model = format!("embedded/{name}");
        let output = run(&project, &["draft", "--model", &model]);
        assert_eq!(output.code, 6, "{output}");
        assert!(output.stderr.contains(name), "{output}");
    }
}
