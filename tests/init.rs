//! `storygen init` and `storygen schema`, whole: what is made is sound, and
//! nothing is ever written over.

use std::io::Write;
use std::process::Stdio;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::Value;

mod support;
use support::Project;

const FILES: [&str; 15] = [
    ".storygen/.gitignore",
    ".storygen/schemas/arcs.json",
    ".storygen/schemas/characters.json",
    ".storygen/schemas/outline.json",
    ".storygen/schemas/premise.json",
    ".storygen/schemas/storygen.json",
    ".storygen/schemas/threads.json",
    ".storygen/schemas/world.json",
    "bible/arcs.yaml",
    "bible/characters.yaml",
    "bible/outline.yaml",
    "bible/premise.yaml",
    "bible/threads.yaml",
    "bible/world.yaml",
    "storygen.yaml",
];

#[test]
fn init_says_what_it_made_and_what_comes_next() {
    let project = Project::empty();
    assert_eq!(
        project.run(&["init", "."]).to_string(),
        "exit 0\n--- stdout\n\
         next: storygen check --project .\n\
         then: storygen draft chapter 1 --project .\n\
         --- stderr\n\
         made in `.`:\n  bible/arcs.yaml\n  bible/characters.yaml\n  bible/outline.yaml\n  \
         bible/premise.yaml\n  bible/threads.yaml\n  bible/world.yaml\n  storygen.yaml\n"
    );
    assert_eq!(project.files(), FILES);
    assert_eq!(project.read(".storygen/.gitignore"), "/cache/\n/lock\n");
}

#[test]
fn every_starter_is_clean() {
    for language in ["en", "en-GB", "de", "de-CH", "fr", "es-MX", "nl", "zh-Hant", "ja"] {
        for chapters in ["1", "2", "3", "4", "9"] {
            let project = Project::empty();
            let made =
                project.run(&["init", "book", "--language", language, "--chapters", chapters]);
            assert_eq!(made.code, 0, "{made}");
            let checked = project.run(&["check", "--project", "book", "--fail-on", "note"]);
            assert_eq!(
                (checked.code, checked.stderr.as_str()),
                (0, ""),
                "{language} {chapters}: {checked}"
            );
            let counted = format!(": {chapters} chapter");
            assert!(checked.stdout.contains(&counted), "{checked}");
            for file in project.files() {
                let text = project.read(&file);
                assert!(
                    !text.contains("{{") && !text.contains("}}\n"),
                    "{file}: a slot is left:\n{text}"
                );
                if is_yaml(&file) {
                    let depth = file.matches('/').count() - 1;
                    let line = format!(
                        "# yaml-language-server: $schema={}.storygen/schemas/",
                        "../".repeat(depth)
                    );
                    assert!(text.starts_with(&line), "{file}: {text}");
                }
            }
        }
    }
}

#[test]
fn a_long_starter_is_clean() {
    let project = Project::empty();
    project.run(&["init", ".", "--chapters", "2000"]);
    let checked = project.run(&["check", "--fail-on", "note"]);
    assert_eq!(
        checked.to_string(),
        "exit 0\n--- stdout\nThe Unposted Letters: 2000 chapters, 3 characters, 1 arc, 1 thread; nothing to mend\n--- stderr\n"
    );
}

#[test]
fn a_foreign_starter_says_so() {
    let project = Project::empty();
    project.run(&["init", ".", "--language", "nl"]);
    let hint = "# This starter is in English.";
    assert!(project.read("bible/premise.yaml").contains(hint));
    assert!(project.read("storygen.yaml").contains("language: nl\n"));
    let german = Project::empty();
    german.run(&["init", ".", "--language", "de"]);
    assert!(!german.read("bible/premise.yaml").contains(hint));
    assert!(german.read("bible/premise.yaml").contains("# Wer will was"));
}

#[test]
fn nothing_is_written_over() {
    let project = Project::empty();
    project.write("bible/world.yaml", "mine\n");
    project.write("notes.txt", "mine too\n");
    assert_eq!(
        project.run(&["init", "."]).to_string(),
        "exit 1\n--- stdout\n--- stderr\n\
         error: `.` already holds `bible/world.yaml`\n\
         help: nothing was written; name a new folder, or move these away\n"
    );
    assert_eq!(project.files(), ["bible/world.yaml", "notes.txt"]);
    assert_eq!(project.read("bible/world.yaml"), "mine\n");
}

#[test]
fn other_files_are_left_alone() {
    let project = Project::empty();
    for file in ["notes.txt", ".gitignore", ".git/config", "README.md"] {
        project.write(file, "mine\n");
    }
    assert_eq!(project.run(&["init", "."]).code, 0);
    for file in ["notes.txt", ".gitignore", ".git/config", "README.md"] {
        assert_eq!(project.read(file), "mine\n");
    }
}

#[test]
fn twice_is_refused() {
    let project = Project::empty();
    project.run(&["init", "book"]);
    assert_eq!(
        project.run(&["init", "book"]).to_string(),
        "exit 1\n--- stdout\n--- stderr\n\
         error: `book` already holds `storygen.yaml`, `bible/world.yaml`, `bible/threads.yaml`, \
         `bible/premise.yaml` and 11 more\n\
         help: nothing was written; name a new folder, or move these away\n"
    );
}

#[test]
fn bad_flags_are_usage() {
    for (arguments, part) in [
        (vec!["init"], "<DIR>"),
        (vec!["init", "x", "--language", "English"], "`English` is no language tag"),
        (vec!["init", "x", "--language", ""], "no language tag"),
        (vec!["init", "x", "--chapters", "0"], "from 1 to 2000"),
        (vec!["init", "x", "--chapters", "2001"], "from 1 to 2000"),
        (vec!["init", "x", "--chapters", "many"], "from 1 to 2000"),
        (vec!["init", "x", "--title", " "], "the book needs a title"),
        (vec!["schema", "--print", "charcters"], "did you mean `characters`?"),
        (vec!["schema", "--print", "zzz"], "`outline`, `events`, `batch`"),
        (vec!["schema", "--print", "event"], "did you mean `events`?"),
    ] {
        let project = Project::empty();
        let output = project.run(&arguments);
        assert_eq!(output.code, 2, "{arguments:?}: {output}");
        assert!(output.stderr.contains(part), "{arguments:?}: {output}");
        assert!(project.files().is_empty(), "{arguments:?}");
    }
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let project = Project::empty();
    let mut child = project
        .command(&["init", "."])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    // It may have ended by now, which is as good.
    let _ = child.stdin.take().expect("a pipe").write_all(b"de\nTitel\n");
    assert!(child.wait().expect("an end").success());
    assert!(project.read("storygen.yaml").contains("language: en\n"));
}

#[cfg(unix)]
#[test]
fn a_file_in_the_way_is_an_error() {
    let project = Project::empty();
    project.write("book", "a file\n");
    std::os::unix::fs::symlink("nowhere", project.path().join("link")).expect("a link");
    for (folder, other) in [("book", "book"), ("book/one/two", "book"), ("link/one", "link")] {
        let output = project.run(&["init", folder]);
        let expected = format!(
            "exit 1\n--- stdout\n--- stderr\nerror: cannot make the folder `{folder}`: `{other}` stands there, and is none\nhelp: name another folder, or move that away\n"
        );
        assert_eq!(output.to_string(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_text_makes_a_sound_project(
        title in "[^\\p{Cc}]{0,20}[^\\p{Cc}\\s][^\\p{Cc}]{0,20}",
        author in "[^\\p{Cc}]{0,20}",
        genre in "[^\\p{Cc}]{0,20}",
    ) {
        let project = Project::empty();
        let flags = [format!("--title={title}"), format!("--author={author}"), format!("--genre={genre}")];
        let made = project.run(&["init", ".", &flags[0], &flags[1], &flags[2]]);
        prop_assert_eq!(made.code, 0, "{}", made);
        let checked = project.run(&["check", "--fail-on", "note"]);
        prop_assert_eq!(checked.code, 0, "{}", checked);
        let book: Value = serde_saphyr::from_str(&project.read("storygen.yaml"))
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(book["title"].as_str(), Some(title.as_str()));
        let given = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
        prop_assert_eq!(book["author"].as_str().map(str::to_owned), given(&author));
        if let Some(genre) = given(&genre) {
            prop_assert_eq!(book["genre"].as_str(), Some(genre.as_str()));
        }
    }
}

/// The validator of a kind of file, from what the program prints.
fn validator(name: &str) -> Validator {
    let output = Project::empty().run(&["schema", "--print", name]);
    assert_eq!(output.code, 0, "{output}");
    let schema: Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#", "{name}");
    jsonschema::draft7::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn json(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}"))
}

fn is_yaml(file: &str) -> bool {
    std::path::Path::new(file).extension().is_some_and(|extension| extension == "yaml")
}

/// The kind of an author's file.
fn kind(file: &str) -> &str {
    let path = file.trim_end_matches(".yaml").trim_start_matches("bible/");
    path.split('/').next().unwrap_or_default()
}

#[test]
fn samples_are_valid_against_the_schemas() {
    let samples = [Project::copy("tests/base"), Project::empty()];
    samples[1].run(&["init", ".", "--chapters", "5"]);
    for project in samples {
        for file in project.files().iter().filter(|file| is_yaml(file)) {
            let value = json(&project.read(file));
            let faults: Vec<String> =
                validator(kind(file)).iter_errors(&value).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{file}: {faults:?}");
        }
    }
}

#[test]
fn the_schemas_refuse_what_check_refuses() {
    for (name, yaml, is_valid) in [
        ("storygen", "{title: T, language: en}", true),
        ("storygen", "{title: T, language: en, titel: x}", false),
        ("storygen", "{title: T}", false),
        ("storygen", "{title: T, language: en, targets: {chapter_wrods: 3}}", false),
        ("storygen", "{title: T, language: en, targets: {chapter_words: -3}}", false),
        ("premise", "{premise: P, themes: , style: , tense: }", true),
        ("premise", "{premise: P, tense: future}", false),
        (
            "characters",
            "{characters: [{id: a, name: A, aliases: , appearance: , age: , born: }]}",
            true,
        ),
        ("characters", "{characters: [{id: a, name: A, eyes: blue}]}", false),
        ("characters", "{characters: }", false),
        ("threads", "{threads: [{id: a, thread: A, planted: 1, paid_off_by: the-end}]}", true),
        ("threads", "{threads: [{id: a, thread: A, planted: [1], paid_off_by: 2}]}", false),
        ("outline", "{chapters: [{title: A, scenes: [{summary: S, sumary: T}]}]}", false),
    ] {
        assert_eq!(validator(name).is_valid(&json(yaml)), is_valid, "{name}: {yaml}");
    }
}

#[test]
fn schemas_are_written_only_when_they_differ() {
    let project = Project::copy("tests/base");
    for (expected, broken) in [
        ("7 schemas in `.storygen/schemas`, 7 written", true),
        ("7 schemas in `.storygen/schemas`, 1 written", false),
        ("7 schemas in `.storygen/schemas`, all up to date", false),
    ] {
        let output = project.run(&["schema"]);
        assert_eq!(output.to_string(), format!("exit 0\n--- stdout\n{expected}\n--- stderr\n"));
        if broken {
            project.write(".storygen/schemas/world.json", "{}");
        }
    }
    assert_eq!(
        project.read(".storygen/schemas/arcs.json"),
        project.run(&["schema", "--print", "arcs"]).stdout
    );
}

#[test]
fn schema_needs_a_project() {
    assert_eq!(
        Project::empty().run(&["schema", "--project", "."]).to_string(),
        "exit 10\n--- stdout\n--- stderr\n\
         error: `.` is no project: it has no `storygen.yaml`\n\
         help: `storygen init DIR` makes one; `--project DIR` names one\n"
    );
}

#[test]
fn the_samples_bring_their_schemas() {
    for sample in ["projects/a-quarter-turn", "projects/ein-fuenftel-schwund"] {
        let project = Project::copy(sample);
        let said = project.run(&["schema"]).stdout;
        assert!(said.ends_with(", all up to date\n"), "{sample}: {said}");
    }
}

#[test]
fn another_title_loses_no_text() {
    let project = Project::empty();
    project.run(&["init", ".", "--chapters", "5"]);
    let outline = project.read("bible/outline.yaml");
    assert_eq!(outline.matches("\n  - id: ").count(), 5, "{outline}");
    assert_eq!(outline.matches("\n    title: ").count(), 5, "{outline}");
}

#[test]
fn texts_of_several_lines_are_refused() {
    for flag in ["--title", "--author", "--genre"] {
        for text in ["a\nb", "a\tb", "a\u{1b}[31mb"] {
            let project = Project::empty();
            let output = project.run(&["init", ".", flag, text]);
            assert_eq!(output.code, 2, "{flag} {text:?}: {output}");
            let said = format!(
                "error: `{flag}` is not one line of text\n\
                 help: write it in one line, without tabs and other control characters\n"
            );
            assert_eq!(output.stderr, said);
            assert!(project.files().is_empty(), "{output}");
        }
    }
}

/// What is shown to be typed can be typed, whatever the folder is called.
#[test]
fn the_next_command_leads_to_the_same_project() {
    for (folder, shown) in [("book", "book"), ("My Book", "'My Book'"), ("it's", r"'it'\''s'")] {
        let project = Project::empty();
        project.run(&["init", folder, "--yes"]);
        let status = project.run(&["status", "--project", folder]);
        let next = format!("next: storygen draft chapter 1 --project {shown}\n");
        assert!(status.stdout.ends_with(&next), "{status}");
        project.write(&format!("{folder}/bible/outline.yaml"), "chapters: []\n");
        let draft = project.run(&["draft", "--project", folder]);
        let way = format!("; `storygen check --project {shown}` shows all findings\n");
        assert!(draft.stderr.ends_with(&way), "{draft}");
    }
}

/// A file that is called almost as it should be is told of, not passed over in silence.
#[test]
fn a_file_with_another_ending_is_told_of() {
    let project = Project::empty();
    project.write("storygen.yml", "title: Yes\n");
    let output = project.run(&["check"]);
    let way = "help: rename `[DIR]/storygen.yml` to `storygen.yaml`\n";
    assert!(output.code == 10 && output.stderr.ends_with(way), "{output}");
    let other = project.run(&["check", "--project", "."]);
    assert!(other.stderr.contains("help: rename `./storygen.yml`"), "{other}");
    project.write("../home/config/storygen/config.yml", "budget: {month: 5}\n");
    let output = project.run(&["models"]);
    assert!(output.code == 2 && output.stderr.contains("called `config.yaml`"), "{output}");
    project.write("../home/config/storygen/config.yaml", "budget: {month: 5}\n");
    assert_eq!(project.run(&["models"]).code, 0);
}
