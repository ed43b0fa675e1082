//! `storygen check`, whole: every kind of finding as the author sees it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use storygen::check::CHECKS;

#[path = "support/odd_files.rs"]
mod odd_files;
mod support;

use odd_files::{large, odd_files};
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
        let file: PathBuf =
            [env!("CARGO_MANIFEST_DIR"), BROKEN, &name, "expected.txt"].iter().collect();
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
    let shown: BTreeSet<String> =
        broken().iter().filter_map(|name| Some(name.split('.').next()?.to_owned())).collect();
    let missing: Vec<_> = codes.difference(&shown).collect();
    assert!(missing.is_empty(), "no project in {BROKEN} shows {missing:?}");
}

/// Runs a check that has to end. How soon, `cargo bench --bench house -- odd` measures.
fn ended(project: &Project) -> support::Output {
    let start = Instant::now();
    let output = project.run(&["check", "--project", "."]);
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}: {output}", start.elapsed());
    output
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_one_finding() {
    use std::os::unix::fs::symlink;
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil, &str); 6] = [
        ("a folder", |path| fs::create_dir(path).expect("a folder"), "is not a regular file"),
        (
            "a pipe",
            |path| {
                assert!(
                    std::process::Command::new("mkfifo")
                        .arg(path)
                        .status()
                        .expect("mkfifo")
                        .success()
                );
            },
            "is not a regular file",
        ),
        ("a link to nowhere", |path| symlink("nowhere", path).expect("a link"), "is a link"),
        ("a link to a device", |path| symlink("/dev/zero", path).expect("a link"), "is a link"),
        ("a link to a file", |path| symlink("premise.yaml", path).expect("a link"), "is a link"),
        (
            "10 MB",
            |path| fs::write(path, large(10_000_000)).expect("a file"),
            "is larger than 4 MiB",
        ),
    ];
    for (name, spoil, expected) in cases {
        for file in
            ["storygen.yaml", "bible/premise.yaml", "bible/world.yaml", "bible/outline.yaml"]
        {
            // Links to where nothing is: then there is no project at all.
            if file == "storygen.yaml" && ["a link to nowhere", "a link to a file"].contains(&name)
            {
                continue;
            }
            let project = Project::copy("tests/base");
            let path = project.path().join(file);
            fs::remove_file(&path).expect("a file");
            spoil(&path);
            let output = ended(&project);
            assert_eq!(output.code, 4, "{name} {file}: {output}");
            assert_eq!(output.stdout, "1 error, 0 warnings\n", "{name} {file}: {output}");
            let start = format!("error[unreadable]: `./{file}` {expected}");
            assert!(output.stderr.starts_with(&start), "{name} {file}: {output}");
            assert!(
                output.stderr.contains(&format!("--> {file}\n = help: ")),
                "{name} {file}: {output}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn a_linked_folder_is_one_finding() {
    let project = Project::copy("tests/base");
    project.write("elsewhere/more.yaml", "chapters: []\n");
    fs::remove_file(project.path().join("bible/outline.yaml")).expect("a file");
    std::os::unix::fs::symlink("../elsewhere", project.path().join("bible/outline"))
        .expect("a link");
    let output = project.run(&["check"]);
    assert_eq!(output.stdout, "1 error, 0 warnings\n", "{output}");
    assert!(
        output.stderr.contains("`bible/outline` is no folder; storygen follows no links"),
        "{output}"
    );
}

#[test]
fn marks_line_ends_and_comments_change_nothing() {
    let clean = Project::copy("tests/base").run(&["check"]);
    let changes: [fn(&str) -> String; 5] = [
        |text| format!("\u{feff}{text}"),
        |text| text.replace('\n', "\r\n"),
        |text| text.replace('\n', "\r"),
        |text| format!("---\n{text}"),
        |text| format!("# a comment\n\n{text}\n\n\n# and another"),
    ];
    for (number, change) in changes.iter().enumerate() {
        let project = Project::copy("tests/base");
        for file in project.files() {
            let text = project.read(&file);
            project.write(&file, change(&text));
        }
        assert_eq!(project.run(&["check"]), clean, "change {number}");
    }
}

#[test]
fn files_of_nothing_but_comments_are_fine_where_nothing_is_required() {
    let project = Project::copy("tests/base");
    for text in ["", "# nothing yet\n", "---\n", "~\n", "{}\n"] {
        project.write("bible/threads.yaml", text);
        let output = project.run(&["check"]);
        assert_eq!(output.code, 0, "{text:?}: {output}");
    }
}

#[test]
fn large_and_odd_files_are_told_and_read_to_an_end() {
    for (name, text) in odd_files() {
        let project = Project::copy("tests/base");
        project.write("bible/arcs.yaml", text);
        let output = ended(&project);
        assert_eq!(output.code, 4, "{name}: {output}");
        assert!(output.stderr.len() < 40_000, "{name}: {} bytes of findings", output.stderr.len());
        assert!(!output.stderr.contains('\u{1b}'), "{name}: {output}");
        assert!(output.stderr.contains("--> bible/arcs.yaml"), "{name}: {output}");
    }
}

#[test]
fn without_a_project_the_code_is_10() {
    let project = Project::empty();
    assert_eq!(
        project.run(&["check"]).to_string(),
        "exit 10\n--- stdout\n--- stderr\nerror: there is no project in `[DIR]` or above it\n\
         help: `storygen init DIR` makes one; `--project DIR` names one\n"
    );
    assert_eq!(project.run(&["check", "--project", "nowhere"]).code, 10);
}

#[test]
fn a_project_is_found_from_its_folders() {
    let project = Project::copy("tests/base");
    let mut command = project.command(&["check"]);
    command.current_dir(project.path().join("bible"));
    assert!(command.status().expect("the program runs").success());
}

#[test]
fn the_asked_level_decides() {
    let project = Project::copy("tests/base");
    project.overlay("tests/broken/unused-place");
    for (level, code) in [("error", 0), ("warning", 4), ("note", 4)] {
        assert_eq!(project.run(&["check", "--fail-on", level]).code, code, "{level}");
    }
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

#[test]
fn what_stops_a_draft_beside_the_bible_is_found() {
    let long = "x\n".repeat(35_000);
    let cases: [(&str, &str, &str); 8] = [
        (
            "templates/record.md",
            "a\n{{ chapters.title }}\n",
            "error[template]: in the template `templates/record.md`: Variable `chapters` is not defined",
        ),
        (
            "templates/fold.system.md",
            "{{ x }}",
            "error[template]: in the template `templates/fold.system.md`: ",
        ),
        (
            "templates/continue.md",
            "{% if book %}",
            "error[template]: in the template `templates/continue.md`: ",
        ),
        (
            "templates/drfat.md",
            "x",
            "error[template]: `templates/drfat.md` has the name of no template\n\
             --> templates/drfat.md\n = help: did you mean `draft.md`?\n",
        ),
        (
            "templates/draft.md/x",
            "x",
            "error[template]: `./templates/draft.md` is not a regular file",
        ),
        (
            "templates/draft.md",
            &long,
            "error[template]: `./templates/draft.md` is larger than 64 KiB, the most storygen reads of such a file\n\
             --> templates/draft.md\n = help: ",
        ),
        ("canon/01-the-cut-rope.yaml", "synopsis: [\n", "error[yaml]: "),
        (
            "canon/01-the-cut-rope.yaml",
            "",
            "error[empty-file]: the file is empty\n--> canon/01-the-cut-rope.yaml\n = help: it needs `synopsis`\n",
        ),
    ];
    for (path, text, expected) in cases {
        let project = Project::copy("tests/base");
        project.write(path, text);
        let output = project.run(&["check", "--project", "."]);
        assert!(output.stderr.starts_with(expected), "{path}: {output}");
        assert_eq!(output.to_string().matches("error[").count(), 1, "{path}: {output}");
        assert_eq!(output.code, 4, "{path}: {output}");
    }
}

#[test]
fn own_templates_that_are_sound_are_passed_over() {
    let project = Project::copy("tests/base");
    project.run(&["templates", "eject"]);
    project.write("templates/README.md", "Notes {{ on }} these.\n");
    let output = project.run(&["check", "--fail-on", "note"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output}");
}

#[test]
fn a_model_that_no_project_can_name_is_found() {
    for (model, expected) in [
        ("foo", "no provider is called `foo` (`storygen.yaml` names it)"),
        ("foo/", "no provider is called `foo` (`storygen.yaml` names it)"),
        ("openai", "`openai` lacks a name"),
        ("scripted/x", "a project cannot ask for a scripted model"),
    ] {
        let project = Project::copy("tests/base");
        let book = project.read("storygen.yaml") + &format!("model: {model}\n");
        project.write("storygen.yaml", book);
        let output = project.run(&["check"]);
        assert!(output.stderr.starts_with(&format!("error[model]: {expected}")), "{output}");
        assert_eq!(output.code, 4, "{output}");
    }
}

/// The user's configuration may define its provider where the draft is made; and what
/// the environment names takes the place of what drafts.
#[test]
fn a_provider_that_only_a_configuration_can_define_is_warned_of() {
    let own = "endpoints: {attic: {base_url: 'http://127.0.0.1:9/v1'}}\n";
    let environment = [("STORYGEN_MODEL", "openrouter/x")];
    let define = "`endpoints: {attic: {base_url: …}}`";
    for (wish, config, variables, hints) in [
        ("model: attic/x", "", &[][..], &[define][..]),
        ("model: attic/x", own, &[], &[]),
        ("model: attic/x", "", &environment, &[]),
        ("models: {draft: attic/x}", "", &environment, &[]),
        ("models: {record: attic/x}", "", &environment, &[define]),
        ("models: {fallback: [attic/x]}", "", &environment, &[define]),
        ("models: {fallback: [attic/x]}", own, &environment, &[]),
        ("model: opnrouter/x", "", &[], &["did you mean `openrouter`?", "{opnrouter: {base_url"]),
    ] {
        let project = Project::copy("tests/base");
        let book = project.read("storygen.yaml") + wish + "\n";
        project.write("storygen.yaml", book);
        project.write("../home/config/storygen/config.yaml", config);
        let output = project.run_with(&["check"], variables);
        assert_eq!(output.code, 0, "{wish}: {output}");
        let warnings = output.stderr.matches("warning[model]: no provider is called `").count();
        assert_eq!(warnings, usize::from(!hints.is_empty()), "{wish}: {output}");
        for hint in hints {
            assert!(output.stderr.contains(hint), "{wish}: {output}");
        }
        if variables.is_empty() && config.is_empty() {
            let refused = project.run(&["draft"]);
            assert_eq!(refused.code, 2, "{wish}: {refused}");
            assert!(refused.stderr.contains("error: no provider is called `"), "{refused}");
        }
    }
}
