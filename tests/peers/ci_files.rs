//! The files of `docs/ci` follow the public schemas of GitHub's workflows and
//! of GitLab's pipelines.

use std::path::Path;
use std::process::Command;

use crate::peer::installed;

/// What check-jsonschema says of a text, by one of the schemas it comes with.
fn faults(schema: &str, text: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file.yml");
    std::fs::write(&file, text).expect("a file");
    let mut command = Command::new(installed("python/bin/check-jsonschema"));
    let output = command.args(["--builtin-schema", schema]).arg(&file).output().expect("a check");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => None,
        Some(1) if said.contains("Schema validation errors") => Some(said),
        _ => panic!("{output:?}"),
    }
}

#[test]
fn both_files_follow_the_public_schemas() {
    for (name, schemas, fault) in [
        (
            "github.yml",
            &["vendor.github-workflows", "custom.github-workflows-require-timeout"][..],
            ["timeout-minutes: 30", "time-out: 30"],
        ),
        ("gitlab.yml", &["vendor.gitlab-ci"], ["policy: pull", "policy: tug"]),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci").join(name);
        let text = std::fs::read_to_string(&path).expect("the file");
        for schema in schemas {
            assert_eq!(faults(schema, &text), None, "{name} by {schema}");
        }
        // A file with a fault is found out.
        let spoilt = text.replace(fault[0], fault[1]);
        assert!(faults(schemas[0], &spoilt).is_some(), "{name}: {}", fault[1]);
    }
}
