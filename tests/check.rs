//! `storygen check`, whole: every kind of finding as the author sees it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use storygen::check::CHECKS;

mod support;
use support::Project;

const BROKEN: &str = "tests/broken";

/// The folders of `tests/broken`: each named after the code it shows, perhaps
/// with `.` and a word after it.
fn broken() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(BROKEN);
    let entries = fs::read_dir(root).expect("tests/broken");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The codes that the sources give to findings.
fn codes_in_sources(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            codes_in_sources(&path, codes);
            continue;
        }
        let source = fs::read_to_string(&path).expect("a source");
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        for call in ["Finding::error(", "Finding::warning("] {
            for after in source.split(call).skip(1) {
                if let Some(quoted) = after.trim_start().strip_prefix('"') {
                    codes.extend(quoted.split('"').next().map(str::to_owned));
                }
            }
        }
    }
}

#[test]
fn the_base_project_is_clean() {
    let output = Project::copy("tests/base").run(&["check", "--fail-on", "note"]);
    assert_eq!(
        output.to_string(),
        "exit 0\n--- stdout\nThe Ferry Bell: 2 chapters, 2 characters, 1 arc, 1 thread; nothing to mend\n--- stderr\n"
    );
}

#[test]
fn broken_projects_say_what_is_expected() {
    let mut faults = Vec::new();
    for name in broken() {
        let project = Project::copy("tests/base");
        project.overlay(&format!("{BROKEN}/{name}"));
        let _ = fs::remove_file(project.path().join("expected.txt"));
        let output = project.run(&["check"]).to_string();
        let code = name.split('.').next().unwrap_or_default();
        if code != "many" && !output.contains(&format!("[{code}]")) {
            faults.push(format!("{name} does not show `{code}`:\n{output}"));
        }
        let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), BROKEN, &name, "expected.txt"].iter().collect();
        faults.extend(support::compare(&output, &file).err());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn every_code_has_a_broken_project() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/project");
    let mut codes: BTreeSet<String> = CHECKS.iter().map(|check| check.code.to_owned()).collect();
    codes_in_sources(&sources, &mut codes);
    // Needs a pipe, a folder or a link: see `what_cannot_be_read_is_one_finding`.
    codes.remove("unreadable");
    let shown: BTreeSet<String> = broken()
        .iter()
        .filter_map(|name| Some(name.split('.').next()?.to_owned()))
        .collect();
    let missing: Vec<_> = codes.difference(&shown).collect();
    assert!(missing.is_empty(), "no project in {BROKEN} shows {missing:?}");
}

#[test]
fn codes_are_unique_and_kebab_case() {
    let mut seen = BTreeSet::new();
    for check in CHECKS {
        assert!(seen.insert(check.code), "{} stands twice in the table", check.code);
        assert!(check.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", check.code);
        assert!(!check.about.ends_with('.') && !check.about.is_empty(), "{}", check.code);
    }
}
