//! The house rules of `src/lib.rs`, held against the source itself.
//!
//! A rule is a row: who it binds, what may not stand there, and why. The text
//! is read line by line, without comments and without test modules.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A file of the source: its path from `src/`, and its lines as they count.
struct Source {
    path: String,
    /// Line numbers and code, tests and comments left out.
    code: Vec<(usize, String)>,
    /// All its lines.
    lines: usize,
}

/// Names in code that a set of files may not hold.
struct Rule {
    why: &'static str,
    /// Files and folders that the rule binds; the empty text binds all.
    binds: &'static [&'static str],
    /// Files and folders among them that it does not bind.
    but: &'static [&'static str],
    names: &'static [&'static str],
}

/// What needs nothing but its arguments.
const PURE: &[&str] = &[
    "story/",
    "check/",
    "prompt/",
    "export/",
    "report/",
    "talk/",
    "pipeline/plan.rs",
    "project/archive.rs",
    "project/schema/",
    "project/shape",
    "project/resolve/",
    "project/layout.rs",
    "project/canon_file.rs",
    "project/yaml",
    "project/accounts.rs",
    "project/call_note.rs",
    "project/usage.rs",
    "project/needed.rs",
    "money/",
    "date.rs",
    "diagnostic.rs",
    "chat.rs",
    "failure.rs",
    "phrases/",
];

const RULES: &[Rule] = &[
    Rule {
        why: "pure modules touch no files, network, environment, clock or terminal",
        binds: PURE,
        but: &[],
        names: &[
            "std::fs",
            "fs_err",
            "cap_std",
            "std::net",
            "reqwest",
            "std::env",
            "SystemTime",
            "Instant",
            "std::process",
            "println!",
            "print!(",
            "eprint!",
            "tokio",
            "indicatif",
            "anstream",
            "crate::cli",
            "crate::config",
        ],
    },
    Rule {
        why: "only `provider/http` and the model store use the network",
        binds: &[""],
        but: &["provider/http/", "provider/embedded/store"],
        names: &["reqwest", "std::net::", "tokio::net"],
    },
    Rule {
        why: "only `project/folder` opens the project's files",
        binds: &[""],
        but: &["project/folder"],
        names: &[
            "cap_std",
            "std::fs::read",
            "std::fs::write",
            "std::fs::OpenOptions",
            "fs::create_dir",
        ],
    },
    Rule {
        why: "the user's own files are for `config`, `ledger`, `cli` and the embedded model",
        binds: &[""],
        but: &["config/", "ledger.rs", "cli/", "provider/embedded/"],
        names: &["fs_err"],
    },
    Rule {
        why: "only `config`, `cli` and the model store read the environment",
        binds: &[""],
        but: &["config/", "cli/", "main.rs", "provider/embedded/store"],
        names: &["std::env::var", "env::args", "env::current_dir"],
    },
    Rule {
        why: "only `cli/ui` prints",
        binds: &[""],
        but: &["cli/ui"],
        names: &["println!", "print!(", "eprint!(", "indicatif", "anstream"],
    },
    Rule {
        why: "a provider does not know what a chapter is",
        binds: &["provider/"],
        but: &[],
        names: &[
            "crate::story",
            "crate::prompt::brief",
            "crate::prompt::view",
            "crate::pipeline",
            "crate::project",
            "crate::cli",
            "crate::config",
        ],
    },
    Rule {
        why: "a story knows nothing but its findings",
        binds: &["story/"],
        but: &[],
        names: &[
            "crate::prompt",
            "crate::provider",
            "crate::pipeline",
            "crate::project",
            "crate::chat",
            "crate::check",
            "crate::failure",
        ],
    },
    Rule {
        why: "a check knows the story alone",
        binds: &["check/"],
        but: &[],
        names: &[
            "crate::prompt",
            "crate::provider",
            "crate::pipeline",
            "crate::project",
            "crate::chat",
        ],
    },
    Rule {
        why: "a prompt knows no files, no model and no run",
        binds: &["prompt/"],
        but: &[],
        names: &["crate::project", "crate::provider", "crate::pipeline", "crate::cli"],
    },
    Rule {
        why: "the plan knows what was written, not how it is read or made",
        binds: &["pipeline/plan.rs"],
        but: &[],
        names: &[
            "crate::project::store",
            "crate::project::history",
            "crate::project::folder",
            "crate::project::journal",
            "crate::provider",
        ],
    },
    Rule {
        why: "the project does not know the run",
        binds: &["project/"],
        but: &[],
        names: &["crate::pipeline", "crate::cli", "crate::config"],
    },
    Rule {
        why: "findings and messages know nothing of the rest",
        binds: &["diagnostic.rs", "chat.rs", "failure.rs", "phrases/"],
        but: &[],
        names: &[
            "crate::story",
            "crate::prompt",
            "crate::provider",
            "crate::pipeline",
            "crate::project",
        ],
    },
    Rule {
        why: "an error is returned, not panicked about",
        binds: &[""],
        but: &[],
        names: &[".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!("],
    },
    Rule {
        why: "unsafe code is for the embedded model",
        binds: &[""],
        but: &["provider/embedded/"],
        names: &["unsafe {", "unsafe fn", "unsafe impl"],
    },
];

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(files.len() > 50, "the source was not found");
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<Source>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        if path.is_dir() {
            collect(root, &path, files);
        } else if name.ends_with(".rs") && !is_test(&name) {
            let text = fs::read_to_string(&path).unwrap();
            files.push(Source { path: name, code: code(&text), lines: untested(&text) });
        }
    }
}

fn is_test(path: &str) -> bool {
    path.ends_with("_tests.rs") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The lines before a file's test module, of which there is at most one, last.
fn untested(text: &str) -> usize {
    text.lines().position(|line| line == "#[cfg(test)]").unwrap_or_else(|| text.lines().count())
}

/// The lines of code, without comments and tests.
fn code(text: &str) -> Vec<(usize, String)> {
    text.lines()
        .take(untested(text))
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line.split(" // ").next().unwrap_or_default().to_owned()))
        .collect()
}

fn is_among(path: &str, names: &[&str]) -> bool {
    names.iter().any(|name| path.starts_with(name))
}

/// Whether a name stands in a line as a name of its own: `print!(` not in `eprint!(`.
fn holds(line: &str, name: &str) -> bool {
    let mut rest = line;
    while let Some(at) = rest.find(name) {
        let before = rest[..at].chars().next_back();
        let starts_inside = name.starts_with(char::is_alphanumeric)
            && before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let after = rest[at + name.len()..].chars().next();
        let ends_inside = name.ends_with(char::is_alphanumeric)
            && after.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if !starts_inside && !ends_inside {
            return true;
        }
        rest = &rest[at + name.len()..];
    }
    false
}

#[test]
fn every_module_keeps_to_its_side_of_the_street() {
    let mut faults = Vec::new();
    for source in sources() {
        for rule in RULES
            .iter()
            .filter(|rule| is_among(&source.path, rule.binds) && !is_among(&source.path, rule.but))
        {
            for (number, line) in &source.code {
                for name in rule.names.iter().filter(|name| holds(line, name)) {
                    faults.push(format!("src/{}:{number}: `{name}`: {}", source.path, rule.why));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every path that a rule names is there, so that a rule does not go blind
/// when a file moves. Modules still to be written are named here.
#[test]
fn every_rule_binds_something() {
    const TO_COME: [&str; 3] = ["export/", "report/", "talk/"];
    let sources = sources();
    for rule in RULES {
        for name in rule.binds.iter().chain(rule.but).filter(|name| !TO_COME.contains(name)) {
            assert!(
                sources.iter().any(|source| source.path.starts_with(name)),
                "no file of `{name}`: {}",
                rule.why
            );
        }
    }
}

#[test]
fn files_and_functions_stay_small() {
    const FILE: usize = 600;
    const FUNCTION: usize = 80;
    let mut faults = Vec::new();
    for source in sources() {
        if source.lines > FILE {
            faults
                .push(format!("src/{}: {} lines, the most are {FILE}", source.path, source.lines));
        }
        for (name, line, length) in functions(&source.code) {
            if length > FUNCTION {
                faults.push(format!(
                    "src/{}:{line}: `{name}` has {length} lines, the most are {FUNCTION}",
                    source.path
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every function: its name, its line, and how many lines of code it has. It
/// ends with the brace that stands as far in as it does itself.
fn functions(code: &[(usize, String)]) -> Vec<(String, usize, usize)> {
    let mut functions = Vec::new();
    for (index, (number, line)) in code.iter().enumerate() {
        let Some((_, rest)) = line.split_once("fn ") else { continue };
        let before = line.split("fn ").next().unwrap_or_default();
        if before.contains(['"', '(', '<', '&']) && !before.contains("pub(")
            || line.trim_end().ends_with(';')
        {
            continue;
        }
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let indent = line.len() - line.trim_start().len();
        let end = code[index..].iter().position(|(_, line)| {
            line.len() > indent
                && line[..indent].trim().is_empty()
                && line[indent..].starts_with('}')
        });
        if let Some(length) = end
            && !name.is_empty()
        {
            functions.push((name, *number, length + 1));
        }
    }
    functions
}

#[test]
fn the_reader_of_functions_reads() {
    let text = "impl A {\n    pub fn one(&self) {\n        // a comment\n        let x = 1;\n    }\n    fn two() -> u8 {\n        2\n    }\n}\n";
    let found: Vec<(String, usize)> =
        functions(&code(text)).into_iter().map(|(name, _, length)| (name, length)).collect();
    assert_eq!(found, [("one".to_owned(), 3), ("two".to_owned(), 3)]);
    assert!(
        holds("use std::fs;", "std::fs")
            && !holds("eprint!(x)", "print!(")
            && !holds("std::fsx", "std::fs")
    );
}

/// Every row of a table has its samples.
#[test]
fn every_row_has_its_samples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = Vec::new();
    for check in storygen::check::CHECKS {
        let sample = root.join("tests/broken").join(check.code);
        if !sample.is_dir() {
            missing.push(sample.display().to_string());
        }
    }
    let mut texts: BTreeMap<&str, usize> = BTreeMap::new();
    for template in storygen::prompt::templates::TEMPLATES {
        for (language, text) in template.texts {
            *texts.entry(language).or_default() += 1;
            let file = root.join("templates").join(language).join(template.name);
            if fs::read_to_string(&file).ok().as_deref() != Some(*text) {
                missing.push(file.display().to_string());
            }
        }
    }
    assert!(missing.is_empty(), "no sample:\n{}", missing.join("\n"));
    let whole = storygen::prompt::templates::TEMPLATES.len();
    assert!(texts.values().all(|count| *count == whole), "a language lacks a template: {texts:?}");
}
