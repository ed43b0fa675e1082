//! Files of the user's own that are no files, or have no end: each is named with its
//! place and the way out, and nothing waits for it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::Project;

/// What stands in the file's place.
#[derive(Clone, Copy, Debug)]
enum Odd {
    Fifo,
    Zeros,
    Folder,
    NotText,
    Endless,
}

fn put(odd: Odd, path: &Path) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    match odd {
        Odd::Fifo => {
            let made = Command::new("mkfifo").arg(path).status().expect("mkfifo");
            assert!(made.success());
        }
        Odd::Zeros => symlink("/dev/zero", path).expect("a link"),
        Odd::Folder => fs::create_dir(path).expect("a folder"),
        Odd::NotText => fs::write(path, b"caf\xe9").expect("a file"),
        Odd::Endless => {
            fs::File::create(path).and_then(|file| file.set_len(1 << 42)).expect("a sparse file");
        }
    }
}

/// What a command says within a minute, and its exit code.
fn said(project: &Project, arguments: &[&str]) -> (i32, String) {
    let mut command = project.command(arguments);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn().expect("the program runs");
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(Duration::from_mins(1)) else {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        panic!("{arguments:?} waits");
    };
    let output = output.expect("its end");
    let text = String::from_utf8_lossy(&output.stderr)
        .replace(&project.path().parent().expect("the root").display().to_string(), "[ROOT]");
    (output.status.code().unwrap_or(-1), text.replace("project/../", ""))
}

fn ledger() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    format!("../home/data/storygen/ledger/{}.jsonl", storygen::date::month(now))
}

#[test]
fn no_command_waits_for_a_file_that_is_none() {
    let ledger = ledger();
    let script: &[&str] = &["draft", "chapter", "1", "--model", "scripted/script.json"];
    let mistral: &[&str] = &["prompt", "chapter", "1", "--model", "mistral/ministral-3-8b"];
    // The file, the command, its exit code, what is said of it, the way out.
    let table: [(&str, &[&str], i32, &str, &str); 8] = [
        (
            "../home/config/storygen/config.yaml",
            &["models"],
            2,
            "cannot read your configuration: it is looked for in `[ROOT]/home/config/storygen/config.yaml`, ",
            "put a text file there",
        ),
        (
            "../home/config/storygen/catalogue.yaml",
            &["models"],
            2,
            "cannot read your catalogue: it is looked for in `[ROOT]/home/config/storygen/catalogue.yaml`, ",
            "put a text file there",
        ),
        (
            "../home/data/storygen/catalogue/novita.yaml",
            &["models"],
            2,
            "cannot read the list `[ROOT]/home/data/storygen/catalogue/novita.yaml`, ",
            "move it away; `storygen models refresh` writes it anew",
        ),
        (
            "../home/data/storygen/trusted.json",
            &["trust", "--list"],
            1,
            "cannot read the permissions of your projects: they are looked for in `[ROOT]/home/data/storygen/trusted.json`, ",
            "trust anew",
        ),
        (
            "../home/data/storygen/tokenizers/tekken.json",
            mistral,
            2,
            "cannot read the vocabulary `[ROOT]/home/data/storygen/tokenizers/tekken.json`, ",
            "or take the file away",
        ),
        (&ledger, &["usage"], 1, "your ledger `[ROOT]/home/data/storygen/ledger/", "help: "),
        (
            "../home/data/storygen/ledger/lock",
            &["usage"],
            1,
            "cannot read your ledger `[ROOT]/home/data/storygen/ledger/lock`, ",
            "move it away",
        ),
        (
            "script.json",
            script,
            2,
            "cannot read the script `script.json`, ",
            "`--model scripted/FILE` names a text file",
        ),
    ];
    for (file, arguments, code, words, way_out) in table {
        for odd in [Odd::Fifo, Odd::Zeros, Odd::Folder, Odd::NotText, Odd::Endless] {
            let is_text = !file.contains("/ledger/") && !file.contains("/tokenizers/");
            if matches!(odd, Odd::NotText) && !is_text
                || matches!(odd, Odd::Endless) && file.ends_with("lock")
            {
                continue;
            }
            let project = Project::copy("tests/tiny");
            put(odd, &project.path().join(file));
            let (came, text) = said(&project, arguments);
            let what = match odd {
                Odd::Fifo | Odd::Zeros => "which is not a regular file",
                Odd::Folder => "which is a folder",
                Odd::NotText => "which is not UTF-8 text",
                Odd::Endless => "is larger than ",
            };
            assert_eq!(came, code, "{file} {odd:?}: {text}");
            for part in [words, what, way_out] {
                assert!(text.contains(part), "{file} {odd:?}: {part}: {text}");
            }
        }
    }
}

/// The project's own files, where a run appends and locks.
#[test]
fn no_run_waits_for_a_file_of_the_project_that_is_none() {
    let script = "[{\"when\": [\"never\"], \"reply\": \"never\"}]";
    for file in [".storygen/lock", ".storygen/journal.jsonl"] {
        let project = Project::copy("tests/tiny");
        project.write("script.json", script);
        put(Odd::Fifo, &project.path().join(file));
        let (code, text) =
            said(&project, &["draft", "chapter", "1", "--model", "scripted/script.json"]);
        let words = format!("{file}` is not a regular file");
        assert!(code == 1 && text.contains(&words), "{file}: {text}");
    }
}
