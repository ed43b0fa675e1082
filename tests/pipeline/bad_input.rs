//! What is wrong with a project is said in a line or two, with the way out,
//! before it costs anything.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::common::*;
use crate::support::{Output, Project};

/// A template of loops inside loops over a list.
pub fn nested(list: &str, depth: usize) -> String {
    let mut text = String::new();
    for level in 0..depth {
        write!(text, "{{% for a{level} in {list} %}}").expect("a text takes all");
    }
    text + &"{% endfor %}".repeat(depth)
}

/// A run that fails, without any call.
fn fails(project: &Project, arguments: &[&str], code: i32) -> String {
    let calls_before = calls(project);
    let output = run(project, arguments);
    assert_eq!(output.code, code, "{output}");
    assert_eq!(calls(project), calls_before, "{output}");
    output.stderr
}

/// What is spoilt, how, and what is said of it.
type Spoilt = (&'static str, Spoil, &'static str);

/// Spoils what stands at a path.
type Spoil = fn(&Path);

#[cfg(unix)]
#[test]
fn what_stands_in_the_way_is_named() {
    use std::os::unix::fs::symlink;
    let file = |path: &Path| {
        if path.exists() {
            fs::remove_dir_all(path).expect("a folder");
        }
        fs::write(path, "a file").expect("a file");
    };
    let cases: [Spoilt; 6] = [
        (
            ".storygen",
            file,
            "`[DIR]/.storygen` is a file; storygen needs a folder there\nhelp: move it away",
        ),
        (
            "manuscript",
            file,
            "`[DIR]/manuscript` is a file; storygen needs a folder there\nhelp: move it away",
        ),
        (
            "canon",
            file,
            "`[DIR]/canon` is a file; storygen needs a folder there\nhelp: move it away",
        ),
        (
            "manuscript",
            |path| {
                let _ = fs::remove_dir_all(path);
                let elsewhere = path.with_file_name("elsewhere");
                fs::create_dir_all(&elsewhere).expect("a folder");
                symlink(elsewhere, path).expect("a link");
            },
            "`[DIR]/manuscript` is a link; storygen needs a folder there\nhelp: move it away",
        ),
        (
            "manuscript/01-ledger.md",
            |path| {
                fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                let _ = fs::remove_file(path);
                symlink("/etc/passwd", path).expect("a link");
            },
            "`[DIR]/manuscript/01-ledger.md` is a link; storygen follows none inside a project\n",
        ),
        (
            "manuscript/01-ledger.md",
            |path| {
                fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                fs::write(path, b"# The Second Hand\n\nMara held \xff\xfe it.\n").expect("a file");
            },
            "`[DIR]/manuscript/01-ledger.md` is not UTF-8 text (line 3)\nhelp: save it as UTF-8 in your editor\n",
        ),
    ];
    for (name, spoil, expected) in cases {
        let project = small(&all());
        spoil(&project.path().join(name));
        let said = fails(&project, &["draft"], 1);
        assert!(said.starts_with(&format!("error: {expected}")), "{name}: {said}");
    }
}

#[test]
fn two_files_of_one_chapter_are_named() {
    let project = drafted();
    project.write("manuscript/07-ledger.md", "# Again\n\nMara again.\n");
    assert_eq!(
        fails(&project, &["draft"], 1),
        "error: `manuscript/01-ledger.md` and `manuscript/07-ledger.md` are both the chapter `ledger`\nhelp: move one of them out of the folder\n"
    );
}

#[test]
fn templates_are_tried_before_any_call() {
    let cases: [(&str, Vec<u8>, &[&str]); 6] = [
        (
            "templates/draft.md",
            b"Write.\n\nAbout {{ bok.title }}, please.\n".to_vec(),
            &[
                "error: in the template `templates/draft.md`: ",
                "draft.md:3:10",
                "^^^",
                "help: `storygen templates show draft.md` shows",
            ],
        ),
        (
            "templates/draft.md",
            b"Write.\n{% if book %}\n".to_vec(),
            &["error: in the template `templates/draft.md`: ", "draft.md:", "help: "],
        ),
        (
            "templates/continue.md",
            b"{{ last_word }}\n".to_vec(),
            &[
                "error: in the template `templates/continue.md`: ",
                "continue.md:1:4",
                "^^^",
                "help: ",
            ],
        ),
        (
            "templates/draft.md",
            b"Write.\n\xff\n".to_vec(),
            &[
                "error: `[DIR]/templates/draft.md` is not UTF-8 text (line 2)\nhelp: save it as UTF-8 in your editor\n",
            ],
        ),
        (
            "templates/drafts.md",
            b"Write.\n".to_vec(),
            &[
                "error: `templates/drafts.md` has the name of no template\nhelp: did you mean `draft.md`?\n",
            ],
        ),
        (
            "templates/draft.md",
            b"{% for a in range(end=1000000000) %}x{% endfor %}".to_vec(),
            &[
                "error: in the template `templates/draft.md`: ",
                "`range` is not available in prompts",
            ],
        ),
    ];
    for (path, text, expected) in cases {
        for command in [&["draft"][..], &["draft", "--dry-run"], &["prompt", "chapter", "1"]] {
            let project = small(&all());
            project.write(path, &text);
            let said = fails(&project, command, 1);
            for words in expected {
                assert!(said.contains(words), "{path} {command:?}: {said}");
            }
        }
    }
}

#[test]
fn record_templates_are_tried_before_any_call_too() {
    let project = small(&all());
    project.write("templates/record.md", "{{ chapters.title }}\n");
    let said = fails(&project, &["draft"], 1);
    assert!(said.contains("in the template `templates/record.md`"), "{said}");
}

#[test]
fn a_template_that_never_ends_is_an_error() {
    let project = small(&all());
    let themes =
        project.read("bible/premise.yaml").replace("trust, accounts", &"trust, ".repeat(300));
    project.write("bible/premise.yaml", themes);
    project.write("templates/draft.md", nested("book.themes", 6));
    assert_eq!(
        fails(&project, &["draft"], 1),
        "error: the template `templates/draft.md` or `templates/draft.system.md` is not rendered after 5 seconds\n\
         help: take out loops inside loops: each runs over a whole list of the prompt's fields\n\
         help: `storygen templates show draft` shows the built-in one\n"
    );
}

#[test]
fn a_damaged_journal_is_named() {
    let project = drafted();
    let journal = project.read(".storygen/journal.jsonl");
    let lines: Vec<&str> = journal.lines().collect();
    let damage = |at: usize| {
        let mut lines = lines.clone();
        let bad = lines[at].replacen("\"run\":1", "\"run\":?", 1);
        lines[at] = &bad;
        project.write(".storygen/journal.jsonl", lines.join("\n") + "\n");
    };
    for at in [0, 3, lines.len() - 1] {
        damage(at);
        for command in
            [&["draft"][..], &["status"], &["log"], &["takes"], &["undo"], &["select", "1@1"]]
        {
            let said = fails(&project, command, 1);
            let start = format!("error: line {} of `.storygen/journal.jsonl` is damaged: ", at + 1);
            assert!(
                said.starts_with(&start) && said.contains("\nhelp: take the line out, or "),
                "{command:?}: {said}"
            );
        }
    }
}

#[test]
fn a_cut_journal_line_is_passed_over() {
    let expected = drafted();
    play(&expected, &[]);
    for bytes in [1, 2, 10, 40] {
        let project = copy(&expected);
        play(&project, &[]);
        let journal = project.read(".storygen/journal.jsonl");
        project.write(".storygen/journal.jsonl", &journal[..journal.len() - bytes]);
        for _ in 0..3 {
            done(&project, &["draft"]);
        }
        assert_eq!(book(&project), book(&expected), "{bytes}");
        assert_eq!(states(&project), states(&expected), "{bytes}");
    }
}

#[test]
fn every_cut_of_the_journal_leads_back_to_the_same_book() {
    let expected = drafted();
    let journal = expected.read(".storygen/journal.jsonl");
    let bounds: Vec<usize> =
        journal.match_indices(['}', '\n', ',']).map(|(at, _)| at + 1).step_by(41).collect();
    for at in bounds {
        let project = copy(&expected);
        play(&project, &[]);
        project.write(".storygen/journal.jsonl", &journal[..at]);
        // The texts whose takes the journal no longer knows are taken for the author's.
        done(&project, &["draft"]);
        done(&project, &["status"]);
        assert_eq!(texts(&project, &["manuscript"]), texts(&expected, &["manuscript"]), "{at}");
    }
}

#[test]
fn a_lost_or_damaged_take_has_a_way_out() {
    let spoils: [(Spoil, &str); 3] = [
        (|path| fs::remove_file(path).expect("a file"), "is missing"),
        (|path| fs::write(path, "nothing").expect("a file"), "has lost its header"),
        (
            |path| {
                let text = fs::read_to_string(path).expect("a take");
                fs::write(path, text.replace("forty", "fifty")).expect("a take");
            },
            "was changed; takes are not to be edited",
        ),
    ];
    let book = drafted();
    for (spoil, what) in spoils {
        let project = copy(&book);
        spoil(&project.path().join(".storygen/takes/pans/1.md"));
        let expected = format!(
            "error: the take `.storygen/takes/pans/1.md` {what}\n\
             help: put a copy of it back, or take another: `storygen takes pans` lists them, `storygen select pans@K` takes one\n\
             help: or draw a new one: `storygen draft chapter pans --redo`\n"
        );
        assert_eq!(fails(&project, &["takes", "2", "--show", "1"], 1), expected);
        // As long as the manuscript has the text, nothing is missing.
        play(&project, &[]);
        done(&project, &["draft"]);
        fs::remove_file(project.path().join("manuscript/02-pans.md")).expect("a file");
        assert_eq!(fails(&project, &["draft"], 1), expected);
        let other = PROSE[1].replace("white", "grey");
        play(&project, &[rule(&[&drafts(2)], &other), rule(&[&records(2)], &record(2))]);
        done(&project, &["draft", "chapter", "pans", "--redo"]);
        assert_eq!(prose(&project, 2), other);
    }
}

#[test]
fn a_window_that_is_too_small_is_told_before_any_call() {
    let project = small(&all());
    let said = fails(&project, &["draft", "--window", "1500"], 1);
    // The tokens of a script are a bound, which is told with the figures.
    let figures = "error: chapter 1: the indispensable parts of the prompt take up to ";
    let (total, rest) =
        said.strip_prefix(figures).and_then(|rest| rest.split_once(' ')).unwrap_or_default();
    let (_, parts) = rest
        .split_once(" are left for them in the window\nhelp: they are, largest first: ")
        .unwrap_or_default();
    let (parts, hints) = parts.split_once('\n').unwrap_or_default();
    assert!(parts.contains("instructions and labels ("), "{said}");
    let sizes: Vec<usize> = parts
        .split(", ")
        .filter_map(|part| part.split_once('(')?.1.strip_suffix(')')?.parse().ok())
        .collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{said}");
    assert_eq!(sizes.iter().sum::<usize>().to_string(), total, "{said}");
    assert_eq!(
        hints,
        "help: shorten the bible or the templates, take a model with a larger window, or set a smaller `reply_tokens` in `storygen.yaml`\n\
         help: these counts are never too low and often three times too high, since the model's vocabulary is not known; a larger window makes up for it\n"
    );
    // What can be left out is, and said so.
    let rich = project.read("bible/premise.yaml")
        + &format!("style:\n  sample: >-\n    {}\n", "The salt came in on the tide. ".repeat(40));
    project.write("bible/premise.yaml", rich);
    play(&project, &once(&[1]));
    let said = done(&project, &["draft", "chapter", "1", "--window", "4570"]).stderr;
    assert!(said.contains("(100 + 10 tokens; 1 thing left out of the prompt)"), "{said}");
}

#[test]
fn a_second_run_is_told_of_the_first() {
    let project = small(&[]);
    let mut first = crate::crash::start_hanging(&project);
    let expected = format!(
        "error: another run (process {}) is working on this project\nhelp: wait until it has ended, or stop it; what it has written is safe\n",
        first.id()
    );
    for command in [&["draft"][..], &["undo"], &["select", "1@1"]] {
        let output = run(&project, command);
        assert_eq!((output.code, output.stderr), (11, expected.clone()));
    }
    // Reading goes on.
    for command in [
        &["status"][..],
        &["log"],
        &["takes"],
        &["draft", "--dry-run"],
        &["prompt", "chapter", "1"],
    ] {
        done(&project, command);
    }
    first.kill().expect("a kill");
    first.wait().expect("an end");
    play(&project, &crate::crash::finish_hanging());
    done(&project, &["draft", "chapter", "1"]);
}

/// Runs the program as a user who may read the project and write nothing of it;
/// as nobody where the tests run as root, to whom no permission applies.
#[cfg(unix)]
pub fn run_without_permission(project: &Project, arguments: &[&str]) -> Output {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let is_root = fs::metadata("/proc/self").is_ok_and(|of| of.uid() == 0);
    let plain = project.command(arguments);
    let mut command = if is_root { Command::new("setpriv") } else { Command::new("env") };
    if is_root {
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        // The folder above is the test's own.
        let above = project.path().parent().expect("a folder").to_owned();
        fs::set_permissions(above, fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    command.arg(plain.get_program()).args(plain.get_args());
    command.env_clear().envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let output = command
        .current_dir(project.path())
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let text = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes).replace(&project.path().display().to_string(), "[DIR]")
    };
    Output {
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
        code: output.status.code().unwrap_or(-1),
    }
}

#[cfg(unix)]
pub fn permit(project: &Project, path: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(project.path().join(path), fs::Permissions::from_mode(mode))
        .expect("permissions");
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_named_before_any_call() {
    let arguments = ["draft", "--model", MODEL];
    let cases: [(&str, u32, &str); 4] = [
        (
            ".",
            0o555,
            "error: cannot make the folder `[DIR]/.storygen`: Permission denied (os error 13)\n",
        ),
        ("canon", 0o000, "error: cannot write to `[DIR]/canon`: Permission denied (os error 13)\n"),
        (
            "manuscript",
            0o555,
            "error: cannot write to `[DIR]/manuscript`: Permission denied (os error 13)\n",
        ),
        (
            "manuscript/01-ledger.md",
            0o000,
            "error: cannot read `[DIR]/manuscript/01-ledger.md`: Permission denied (os error 13)\n",
        ),
    ];
    for (path, mode, expected) in cases {
        let project = small(&all());
        if path != "." {
            project.write("manuscript/01-ledger.md", "# One\n\nMara.\n");
            fs::create_dir_all(project.path().join("canon")).expect("a folder");
            for open in [".", "manuscript", "canon"] {
                permit(&project, open, 0o777);
            }
        }
        permit(&project, path, mode);
        let output = run_without_permission(&project, &arguments);
        permit(&project, path, 0o755);
        let expected = format!(
            "{expected}help: let your user read and write there (see `ls -ld`), or work on a copy of the project\n"
        );
        assert_eq!((output.code, output.stderr), (1, expected), "{path}");
        assert_eq!(calls(&project), 0, "{path}");
    }
}

#[test]
fn a_model_s_name_is_one_line() {
    let name = "\"openai/a\\nwords: 999999\"";
    for (setting, place) in [
        (format!("model: {name}\n"), "storygen.yaml:1:8"),
        (format!("models: {{fallback: [embedded, {name}]}}\n"), "storygen.yaml:1:31"),
    ] {
        let project = small(&[]);
        project.write("storygen.yaml", setting + &project.read("storygen.yaml"));
        for command in [&["check"][..], &["status"], &["draft"], &["cost"]] {
            let output = project.run(command).to_string();
            let words = "error[model-name]: the name of a model is not one line of plain text";
            assert!(output.contains(words) && output.contains(place), "{command:?}: {output}");
            assert!(!output.contains("\nwords"), "{output}");
        }
    }
    let project = small(&[]);
    let output = project.run(&["draft", "--model", "openai/a\nb"]);
    assert!(output.code == 2 && output.stderr.contains("(a flag names it)"), "{output}");
}

#[test]
fn a_project_cannot_ask_for_a_scripted_model() {
    let project = small(&[]);
    project.write("storygen.yaml", format!("model: scripted/x\n{}", project.read("storygen.yaml")));
    assert_eq!(
        project.run(&["draft"]).to_string(),
        "exit 12\n--- stdout\n--- stderr\nerror: a project cannot ask for a scripted model\nhelp: use `--model scripted/FILE`\n"
    );
}

#[test]
fn a_script_that_is_none_is_a_fault_of_the_model() {
    for (script, words) in [
        ("- reply: [1]\n", "the script is no list of entries"),
        ("{\"reply\": \"x\", \"wen\": []}", "script line 1"),
    ] {
        let project = small(&[]);
        project.write("../home/play", script);
        let said = fails(&project, &["draft"], 6);
        assert!(said.contains(words), "{said}");
    }
    let project = Project::copy("tests/projects/small");
    assert_eq!(
        fails(&project, &["draft"], 2),
        "error: cannot read the script `../home/play`, which is not there\nhelp: `--model scripted/FILE` names a text file with the replies\n"
    );
    // Answers that nobody asked for are a fault of the script, too.
    let project = small(&[once(&[1]), vec![rule(&["never"], "x")]].concat());
    let output = run(&project, &["draft", "chapter", "1"]);
    assert_eq!(output.code, 6, "{output}");
    assert!(output.stderr.ends_with("error: the script has 1 answer left over\n"), "{output}");
}

#[test]
fn a_fault_of_the_model_ends_the_run_and_the_next_goes_on() {
    for (with_what, words) in [
        (
            "unreachable",
            "error: cannot reach the script: entry 3 says so\nhelp: is the server running",
        ),
        (
            "busy",
            "error: the script asks to wait: entry 3 says so\nhelp: what is finished is saved",
        ),
        (
            "server",
            "error: the script failed (500): entry 3 says so\nhelp: what is finished is saved",
        ),
        (
            "refused",
            "error: the script refused the request (400): entry 3 says so\nhelp: see what the endpoint says",
        ),
        (
            "key",
            "error: the script does not accept the key: entry 3 says so\nhelp: set `STORYGEN_API_KEY`",
        ),
        (
            "interrupted",
            "error: the stream from the script broke off: entry 3 says so\nhelp: what is finished is saved",
        ),
    ] {
        let broken = with(rule(&[&drafts(2)], PROSE[1]), json!({ "break": { "with": with_what } }));
        let project = small(&[once(&[1]), vec![broken]].concat());
        let output = run(&project, &["draft", "chapters", "1-2"]);
        assert_eq!(output.code, 6, "{output}");
        assert!(output.stderr.contains(words), "{output}");
        play(&project, &once(&[2]));
        done(&project, &["draft", "chapters", "1-2"]);
        assert_eq!(prose(&project, 2), PROSE[1]);
    }
}

#[test]
fn a_key_in_canon_or_a_template_is_neither_shown_nor_sent() {
    const KEY: &str = "sk-or-v1-0123456789abcdef0123456789abcdef";
    let canon = |project: &Project| {
        let text = project.read("canon/01-ledger.yaml");
        project.write(
            "canon/01-ledger.yaml",
            text.replacen("synopsis: ", &format!("synopsis: {KEY} and "), 1),
        );
    };
    let broken = |project: &Project| {
        project.write("canon/01-ledger.yaml", format!("facts: [{KEY}\n"));
    };
    let template = |project: &Project| {
        project.write("templates/draft.md", format!("{KEY} {{{{ chapter.title }}}}\n"));
    };
    for name in ["canon", "broken canon", "template"] {
        let project = drafted();
        match name {
            "canon" => canon(&project),
            "broken canon" => broken(&project),
            _ => template(&project),
        }
        let before = calls(&project);
        for arguments in [
            &["check"][..],
            &["prompt", "chapter", "2"],
            &["draft", "chapter", "2", "--redo"],
            &["draft", "chapter", "2", "--redo", "--dry-run"],
        ] {
            let output = run(&project, arguments);
            assert_ne!(output.code, 0, "{name} {arguments:?}: {output}");
            let said = output.to_string();
            assert!(!said.contains(KEY), "{name} {arguments:?}: {said}");
            assert!(
                said.contains("`sk-` here has the shape of a key"),
                "{name} {arguments:?}: {said}"
            );
        }
        assert_eq!(calls(&project), before, "{name}");
    }
}
