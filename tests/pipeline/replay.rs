//! A book made again from the replies that are kept, on another machine.

use std::fs;
use std::path::Path;

use crate::common::*;
use crate::counting::{Answer, Asked, Counting};
use crate::money::{configure, kill_at};
use crate::support::{Output, Project};

/// An endpoint that does everything to a stream that a run survives.
fn troubled() -> Counting {
    Counting::start(|asked| {
        let text = well(asked);
        let (head, tail) = text.split_at(text.floor_char_boundary(text.len() / 2));
        let goes_on = asked.said.contains("breaks off here");
        match asked.number {
            0 => Answer::Status(503),
            1 => Answer::Reply("I'm sorry, but I can't help with that.".to_owned()),
            2 => Answer::Length(head.to_owned()),
            5 => Answer::Cut(head.to_owned()),
            _ if goes_on => Answer::Reply(tail.to_owned()),
            _ => Answer::Reply(text),
        }
    })
}

/// The reply that belongs to a prompt; of the third chapter another every time.
fn well(asked: &Asked) -> String {
    let (number, is_record) = (1..=4)
        .find_map(|number| {
            let is_record = asked.said.contains(&records(number));
            (is_record || asked.said.contains(&drafts(number))).then_some((number, is_record))
        })
        .expect("a prompt of this book");
    match (number, is_record) {
        (_, true) => record(number),
        (3, _) => PROSE[2].replace("fourth step", &format!("step {}", asked.number)),
        _ => PROSE[number - 1].to_owned(),
    }
}

/// A book drafted over the wire: in several runs, under several settings, with
/// one chapter drawn anew, and a template of its own.
fn drafted_over_the_wire() -> (Project, Counting) {
    let project = small(&[]);
    let server = troubled();
    let config = format!("model: openai/far\nbase_url: {}\nwindow: 24000\n", server.base_url());
    project.write("../home/config/storygen/config.yaml", config);
    let ejected = project.run(&["templates", "eject", "draft.md"]);
    assert_eq!(ejected.code, 0, "{ejected}");
    let template = project.read("templates/draft.md").replace("# The book\n", "# This book\n");
    project.write("templates/draft.md", template);
    for arguments in [
        &["draft", "chapters", "1-3"][..],
        &["draft", "chapter", "3", "--redo", "--seed", "7"],
        &["draft", "chapter", "3", "--redo", "--seed", "8"],
        &["select", "3@2"],
        &["draft", "--window", "20000"],
    ] {
        let output = project.run(arguments);
        assert_eq!(output.code, 0, "{arguments:?}: {output}");
    }
    (project, server)
}

/// What is needed of a project to make its book again, in another home.
pub fn elsewhere(project: &Project) -> Project {
    let other = Project::empty();
    for path in ["storygen.yaml", "bible", "templates", ".storygen/calls", ".storygen/models.json"]
    {
        if project.path().join(path).exists() {
            copy_all(&project.path().join(path), &other.path().join(path));
        }
    }
    other
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
    if !from.is_dir() {
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        return;
    }
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        copy_all(&entry.path(), &to.join(entry.file_name()));
    }
}

pub fn offline(project: &Project, arguments: &[&str]) -> Output {
    let mut all = vec!["draft", "--offline"];
    all.extend(arguments);
    project.run(&all)
}

#[test]
fn the_same_replies_make_the_same_book_on_any_machine() {
    let (project, server) = drafted_over_the_wire();
    assert!(project.read("manuscript/03-tide.md").contains("at the step "));
    drop(server);
    let other = elsewhere(&project);
    let output = offline(&other, &[]);
    assert_eq!(output.code, 0, "{output}");
    let book = |project: &Project| texts(project, &["manuscript", "canon"]);
    assert_eq!(book(&other), book(&project));
    assert_eq!(book(&other).len(), 8);
    // It knows what its calls took, though it made none.
    let usage = |project: &Project| project.run(&["usage", "--json"]).stdout;
    let sum = |project: &Project| {
        let value: serde_json::Value = serde_json::from_str(&usage(project)).expect("JSON");
        value["stages"]["record"]["prompt"].clone()
    };
    assert!(sum(&other).as_u64() > Some(0), "{}", usage(&other));
    // What it wrote is enough for the next machine.
    let third = elsewhere(&other);
    assert_eq!(offline(&third, &["chapters", "1-2"]).code, 0);
    assert_eq!(offline(&third, &[]).code, 0);
    assert_eq!(book(&third), book(&project));
    let done = offline(&third, &[]);
    assert_eq!((done.code, done.stderr.as_str()), (0, "nothing had to be drafted\n"), "{done}");
}

#[test]
fn a_chapter_edited_and_recorded_later_is_recorded_as_it_was() {
    let (project, server) = drafted_over_the_wire();
    let text = project.read("manuscript/02-pans.md");
    project.write("manuscript/02-pans.md", text.replace("forty-three", "forty-four"));
    // Other settings than any chapter was drawn under.
    let output = project.run(&["draft", "--window", "18000", "--seed", "5"]);
    assert_eq!(output.code, 0, "{output}");
    drop(server);
    // The edited chapter stands in the copy; the others are made again.
    let other = elsewhere(&project);
    for file in ["manuscript/02-pans.md", "manuscript/03-tide.md", "manuscript/04-weights.md"] {
        other.write(file, project.read(file));
    }
    let output = offline(&other, &[]);
    assert_eq!(output.code, 0, "{output}");
    for folder in ["manuscript", "canon"] {
        assert_eq!(texts(&other, &[folder]), texts(&project, &[folder]));
    }
}

#[test]
fn a_reply_that_is_not_kept_is_named() {
    let (project, server) = drafted_over_the_wire();
    drop(server);
    let other = elsewhere(&project);
    let of_record = texts(&other, &[".storygen/calls"])
        .into_iter()
        .find(|(_, text)| {
            text.contains("\"about\":\"record ") && text.contains(" of tide part 1 try 1")
        })
        .expect("a record")
        .0;
    // The record of another text of the chapter may be kept, too.
    for (file, text) in texts(&other, &[".storygen/calls"]) {
        if text.contains(" of tide part 1 try 1") {
            fs::remove_file(other.path().join(file)).expect("a file");
        }
    }
    let output = offline(&other, &[]);
    assert_eq!(output.code, 6, "{output}");
    let error = output.stderr.split_once("error: ").expect("an error").1;
    assert!(error.starts_with("the reply to `record ") && error.contains(" of tide part 1 try 1` is not kept, and `--offline` asks nobody\nhelp: without `--offline`, `openai/far` would be asked: "), "{output}");
    assert_eq!(prose(&other, 2), prose(&project, 2));
    assert_eq!(prose(&other, 3), prose(&project, 3));
    // Put back, it goes on.
    copy_all(&project.path().join(&of_record), &other.path().join(&of_record));
    copy_all(&project.path().join(".storygen/calls"), &other.path().join(".storygen/calls"));
    assert_eq!(offline(&other, &[]).code, 0);
    assert_eq!(texts(&other, &["canon"]), texts(&project, &["canon"]));
}

/// A call that ended before any text has left no reply, and no damage.
#[test]
fn a_call_that_failed_is_no_reply_that_is_kept() {
    let project = small(&[]);
    let config =
        "model: ollama/m\nendpoints: {ollama: {base_url: 'http://127.0.0.1:1', tries: 1}}\n";
    project.write("../home/config/storygen/config.yaml", config);
    let failed = project.run(&["draft", "chapter", "1"]);
    assert_eq!(failed.code, 6, "{failed}");
    let kept = || project.files().iter().filter(|name| name.contains("/calls/")).count();
    assert_eq!(kept(), 1, "{:?}", project.files());
    let output = offline(&project, &[]);
    assert!(output.stderr.contains("is not kept, and `--offline` asks nobody"), "{output}");
    assert!(!output.stderr.contains("damaged"), "{output}");
    let pruned = project.run(&["calls", "prune"]);
    assert!(pruned.stdout.starts_with("removed 1 call of "), "{pruned}");
    assert_eq!(kept(), 0);
}

#[test]
fn what_a_replay_lacks_is_said() {
    let (project, server) = drafted_over_the_wire();
    drop(server);
    let changed = elsewhere(&project);
    let bible = changed.read("bible/premise.yaml");
    changed.write("bible/premise.yaml", bible.replacen("premise: ", "premise: Once, ", 1));
    assert_ne!(changed.read("bible/premise.yaml"), bible);
    let output = offline(&changed, &[]);
    assert_eq!(output.code, 6, "{output}");
    assert!(
        output.stderr.contains("\nhelp: the nearest one that is kept was asked otherwise: line ")
            && output.stderr.contains("message was “")
            && output.stderr.contains("”, and is “Once, "),
        "{output}"
    );
    let bare = elsewhere(&project);
    fs::remove_file(bare.path().join(".storygen/models.json")).expect("a file");
    let output = offline(&bare, &[]);
    assert_eq!(output.code, 6, "{output}");
    assert!(
        output.stderr.contains(
            "error: there is no `.storygen/models.json`, so nobody knows how the calls were made\n"
        ),
        "{output}"
    );
    // A vocabulary that this machine lacks.
    let other = elsewhere(&project);
    let text = other.read(".storygen/models.json");
    let counted: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut counted = counted;
    for conditions in counted["conditions"].as_object_mut().expect("a map").values_mut() {
        conditions["counting"] = "vocabulary".into();
        conditions["named"] = "embedded/none.gguf".into();
        conditions["model"] = "embedded/none".into();
    }
    other.write(".storygen/models.json", counted.to_string());
    let output = offline(&other, &[]);
    assert_eq!(output.code, 6, "{output}");
    assert!(
        output.stderr.contains(
            "error: the tokens of `embedded/none` were counted by its own vocabulary, which "
        ),
        "{output}"
    );
}

/// The small book, drafted over the wire at once, as its replies are kept.
fn kept() -> Project {
    kept_by("")
}

/// The same, with these lines in the user's configuration.
fn kept_by(lines: &str) -> Project {
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Reply(well(asked)));
    let config = format!("model: openai/far\nbase_url: {}\n{lines}\n", server.base_url());
    project.write("../home/config/storygen/config.yaml", config);
    let output = project.run(&["draft"]);
    assert_eq!(output.code, 0, "{output}");
    elsewhere(&project)
}

/// A replay goes by the settings of then; what `storygen.yaml` says otherwise now is said.
#[test]
fn settings_that_a_replay_ignores_are_named() {
    let kept = kept();
    let yaml = kept.read("storygen.yaml");
    for (lines, ignored) in [
        ("", ""),
        ("model: openai/far\n", ""),
        ("model: openai/other\n", "`model`"),
        ("models: {record: openai/other}\n", "`models: {record}`"),
        ("sampling: {temperature: 0.8}\n", ""),
        (
            "sampling: {temperature: 0.3, top_k: 40}\n",
            "`sampling: {temperature}`, `sampling: {top_k}`",
        ),
        ("limits: {window: 9000, redraws: 0}\n", "`limits: {window}`, `limits: {redraws}`"),
        ("limits: {reply_tokens: 700}\n", "`limits: {reply_tokens}`"),
        ("limits: {reply_tokens: 90000}\n", ""),
        ("limits: {reply_tokens: 90000, window: 9000}\n", "`limits: {window}`"),
        (
            "limits: {reply_tokens: 700, window: 9000}\n",
            "`limits: {window}`, `limits: {reply_tokens}`",
        ),
        ("synopsis_words", "`targets: {synopsis_words}`"),
    ] {
        let other = elsewhere(&kept);
        let yaml = match lines {
            "synopsis_words" => yaml.replace("synopsis_words: 40", "synopsis_words: 50"),
            lines => format!("{yaml}{lines}"),
        };
        other.write("storygen.yaml", yaml);
        let output = offline(&other, &[]);
        assert_eq!(output.code, 0, "{lines}: {output}");
        let said = format!(
            "`--offline` goes by the settings of then: what `storygen.yaml` says of {ignored} now changes nothing\n"
        );
        assert_eq!(
            output.stderr.contains("goes by the settings"),
            !ignored.is_empty(),
            "{lines}: {output}"
        );
        assert!(ignored.is_empty() || output.stderr.contains(&said), "{lines}: {output}");
    }
}

/// What the user's own configuration set then is no word of the book.
#[test]
fn settings_of_the_user_are_not_told_as_the_books() {
    for lines in ["window: 9000", "window: 9000\nendpoints: {openai: {thinking: 500}}"] {
        let output = offline(&kept_by(lines), &[]);
        assert_eq!(output.code, 0, "{lines}: {output}");
        assert!(!output.stderr.contains("goes by the settings"), "{lines}: {output}");
    }
}

/// A setting that was taken out since is one that was other then; one that the model's
/// author wants, or that is usual, is not.
#[test]
fn settings_that_were_taken_out_are_named() {
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Reply(well(asked)));
    let config = format!("endpoints: {{openrouter: {{base_url: '{}'}}}}\n", server.base_url());
    project.write("../home/config/storygen/config.yaml", config);
    let yaml = project.read("storygen.yaml") + "model: openrouter/qwen/qwen-2.5-72b-instruct\n";
    let said = "sampling: {temperature: 0.3, xtc: {probability: 0.5}, min_p: 0.05}\n";
    project.write("storygen.yaml", format!("{yaml}{said}"));
    let key = [("OPENROUTER_API_KEY", "sk-or-test")];
    let output = project.run_with(&["draft"], &key);
    assert_eq!(output.code, 0, "{output}");
    let kept = elsewhere(&project);
    let (no_more, other) = ("(set no more)", "`sampling: {temperature}`");
    for (lines, ignored) in [
        (said, String::new()),
        ("", format!("{other} {no_more}, `sampling: {{xtc}}` {no_more}")),
        ("sampling: {xtc: {probability: 0.5}}\n", format!("{other} {no_more}")),
        ("sampling: {temperature: 0.4}\n", format!("{other}, `sampling: {{xtc}}` {no_more}")),
    ] {
        let other = elsewhere(&kept);
        other.write("storygen.yaml", format!("{yaml}{lines}"));
        let output = offline(&other, &[]);
        assert_eq!(output.code, 0, "{lines}: {output}");
        let is_told = output.stderr.contains(&format!("says of {ignored} now changes nothing\n"));
        let is_silent = !output.stderr.contains("goes by the settings");
        assert_eq!((is_told, is_silent), (!ignored.is_empty(), ignored.is_empty()), "{output}");
        // What an older version has kept does not say whose word a setting was.
        let models = other.read(".storygen/models.json");
        let mut models: serde_json::Value = serde_json::from_str(&models).expect("JSON");
        for one in models["conditions"].as_object_mut().expect("conditions").values_mut() {
            assert!(one.as_object_mut().expect("keys").remove("author").is_some());
        }
        let old = elsewhere(&kept);
        old.write(".storygen/models.json", models.to_string());
        old.write("storygen.yaml", format!("{yaml}{lines}"));
        let output = offline(&old, &[]);
        assert_eq!(output.code, 0, "{lines}: {output}");
        assert!(!output.stderr.contains("set no more"), "{output}");
    }
}

/// What is done to a project.
type Change<'a> = Box<dyn Fn(&Project) + 'a>;

/// What keeps a kept reply from being used is named, with the file or the place.
#[test]
fn a_reply_that_does_not_fit_is_told_from_one_that_is_damaged() {
    let kept = kept();
    let of = |about: &str| {
        let calls = texts(&kept, &[".storygen/calls"]);
        let found = calls.into_iter().find(|(_, text)| text.contains(about));
        found.expect("a call").0
    };
    let (draft, record) =
        (of("\"stage\":\"draft\",\"chapter\":\"pans\""), of("of tide part 1 try 1"));
    let text = |path: &str| kept.read(path);
    let body = |path: &str| text(path).lines().next().unwrap().len() + 1;
    let cut = |path: &str, at: usize| -> Change<'_> {
        let (path, short) = (path.to_owned(), text(path)[..at].to_owned());
        Box::new(move |project| project.write(&path, short.clone()))
    };
    let damaged = |path: &str| format!("kept in `{path}`, but that file is damaged");
    let table: [(&str, Change<'_>, String); 8] = [
        ("an empty file", cut(&draft, 0), damaged(&draft)),
        ("half a head", cut(&record, 40), damaged(&record)),
        ("no end of a record", cut(&record, body(&record) + 20), damaged(&record)),
        ("half an end of prose", cut(&draft, text(&draft).len() - 30), damaged(&draft)),
        (
            "half of the prose",
            cut(&draft, body(&draft) + 60),
            format!("help: the reply before it, in `{draft}`, has no end: the file is damaged"),
        ),
        (
            "another template",
            Box::new(|project| {
                let ejected = project.run(&["templates", "eject", "draft.md"]);
                assert_eq!(ejected.code, 0, "{ejected}");
                let path = "templates/draft.md";
                project.write(path, project.read(path) + "Be brief.\n");
            }),
            "message was “”, and is “Be brief.”".to_owned(),
        ),
        (
            "another letter",
            Box::new(|project| {
                project.write(&draft, text(&draft).replacen("plank", "blank", 1));
            }),
            damaged(&draft),
        ),
        (
            "the file of another call",
            Box::new(|project| project.write(&draft, text(&record))),
            damaged(&draft),
        ),
    ];
    for (name, change, words) in table {
        let other = elsewhere(&kept);
        change(&other);
        let output = offline(&other, &[]);
        assert_eq!(output.code, 6, "{name}: {output}");
        assert!(output.stderr.contains(&words), "{name}: {words}: {output}");
        let is_damage = words.contains("damaged");
        assert_eq!(output.stderr.contains("damaged"), is_damage, "{name}: {output}");
    }
}

/// Of a call that was killed nobody knows what it took; what was reserved for it is said,
/// the same in every place.
#[test]
fn a_call_that_was_killed_is_shown_with_what_was_reserved() {
    for (price, is_paid) in
        [("{prompt: 0.123457, reply: 8.000001}", true), ("{prompt: 0, reply: 0}", false)]
    {
        let project = small(&[]);
        let server = Counting::start(|asked| Answer::Hang(well(asked)));
        let config =
            format!("model: openai/far\nbase_url: {}\nprice: {price}\n", server.base_url());
        project.write("../home/config/storygen/config.yaml", config);
        for seed in ["1", "2"] {
            let before = server.requests();
            let mut child = project
                .command(&["draft", "chapter", "1", "--seed", seed])
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("the program runs");
            server.await_requests(before + 1);
            child.kill().expect("a kill");
            child.wait().expect("an end");
        }
        let list = project.run(&["calls"]);
        let row = list.stdout.lines().next().expect("a call");
        assert!(row.contains("  no figures  ") && row.contains("  killed  "), "{list}");
        let shown = project.run(&["calls", "show", &row[..12]]);
        let mut lines = shown.stdout.lines().rev();
        let said = lines.next().expect("a line");
        assert_eq!(lines.next().map(|line| &line[..12]), Some(&row[..12]), "{shown}");
        let json = |arguments: &[&str]| -> serde_json::Value {
            let output = project.run(arguments);
            serde_json::from_str(output.stdout.lines().next().expect("JSON")).expect("JSON")
        };
        let call = json(&["calls", "show", &row[..12], "--json"]);
        let one = json(&["calls", "list", "--json"])["unsaid_at_most"].clone();
        assert_eq!((&call["usage"], &call["cost"]), (&().into(), &().into()), "{call:#}");
        assert_eq!((&call["unsaid"], &call["unsaid_at_most"]), (&1.into(), &one), "{call:#}");
        assert_eq!(one.as_f64() > Some(0.0), is_paid);
        if is_paid {
            let (_, most) = row.split_once("≤ ").expect("an amount");
            let most = most.split_whitespace().next().expect("an amount");
            assert_eq!(
                said,
                format!(
                    "what it took is not known, and {most} was reserved for it, which the budgets count"
                )
            );
        } else {
            assert_eq!(said, "what it took is not known, and nothing was reserved for it");
        }
        let usage = json(&["usage", "--json"]);
        assert_eq!(usage["all"]["unsaid_at_most"], usage["month"]["spent"], "{usage:#}");
    }
}

#[test]
fn calls_are_listed_shown_and_pruned() {
    let project = small(&[]);
    let no = "I'm sorry, but I can't help with that.";
    let server = Counting::start(move |asked| {
        if asked.number < 4 { Answer::Reply(no.to_owned()) } else { Answer::Reply(well(asked)) }
    });
    let config = format!(
        "model: openai/far\nbase_url: {}\nprice: {{prompt: 2, reply: 8}}\n",
        server.base_url()
    );
    project.write("../home/config/storygen/config.yaml", config);
    assert_eq!(project.run(&["calls"]).stderr, "no call has been made for this project\n");
    let rejected = project.run(&["draft", "chapter", "1", "--seed", "1"]);
    assert_eq!(rejected.code, 3, "{rejected}");
    // They may still be of use: another run with this seed would ask the same.
    let kept = project.run(&["calls", "prune", "--dry-run"]);
    assert_eq!(kept.stdout, "would remove 0 calls of 0 bytes; 4 are needed\n");
    let output = project.run(&["draft", "chapters", "1-2"]);
    assert_eq!(output.code, 0, "{output}");
    let list = project.run(&["calls"]);
    let rows: Vec<&str> = list.stdout.lines().collect();
    assert_eq!(rows.len(), 8, "{list}");
    let words = |row: &str| row.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (newest, oldest) = (words(rows[0]), words(rows[7]));
    assert_eq!(newest[3..5], ["record", "pans"], "{list}");
    assert_eq!(oldest[3..5], ["draft", "ledger"], "{list}");
    assert_eq!(newest[9..], ["stop", "openai/far"], "{list}");
    assert!(newest[8].starts_with("$0.00"), "{list}");
    let short = project.run(&["calls", "-n", "2"]);
    assert_eq!(
        (short.stdout.lines().count(), short.stderr.as_str()),
        (2, "of 8 calls; `-n` shows more\n")
    );
    let json = project.run(&["calls", "list", "--json"]);
    let one: serde_json::Value = serde_json::from_str(json.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((one["stage"].as_str(), one["tries"].as_u64()), (Some("record"), Some(1)), "{json}");
    let shown = project.run(&["calls", "show", &oldest[0]]);
    assert!(
        shown.stdout.contains("--- system\n")
            && shown.stdout.contains(&format!("--- reply\n{no}\n")),
        "{shown}"
    );
    let unknown = project.run(&["calls", "show", "zz"]);
    assert_eq!(unknown.code, 2, "{unknown}");
    // The rejected ones are no part of any take.
    let before = calls(&project);
    let dry = project.run(&["calls", "prune", "--dry-run"]);
    assert!(
        dry.stdout.starts_with("would remove 4 calls of ")
            && dry.stdout.ends_with("; 4 are needed\n"),
        "{dry}"
    );
    assert_eq!(calls(&project), before);
    let pruned = project.run(&["calls", "prune"]);
    assert_eq!(pruned.stdout, dry.stdout.replace("would remove", "removed"));
    assert_eq!(calls(&project), before - 4);
    // They were paid for, so they are listed, as what they are.
    let list = project.run(&["calls"]).stdout;
    let is_marked: Vec<bool> = list.lines().map(|line| line.ends_with("  (pruned)")).collect();
    assert_eq!(is_marked, [false, false, false, false, true, true, true, true], "{list}");
    let json = project.run(&["calls", "list", "--json"]).stdout;
    assert_eq!(json.matches("\"kept\":false").count(), 4, "{json}");
    let other = elsewhere(&project);
    assert_eq!(offline(&other, &["chapters", "1-2"]).code, 0);
    assert_eq!(texts(&other, &["manuscript", "canon"]), texts(&project, &["manuscript", "canon"]));
    // Nothing that is needed is ever dropped, whatever a journal does not tell.
    assert_eq!(other.run(&["calls", "prune"]).stdout, "removed 0 calls of 0 bytes; 4 are needed\n");
    let fresh = elsewhere(&project);
    assert_eq!(fresh.run(&["calls", "prune"]).stdout, "removed 0 calls of 0 bytes; 4 are needed\n");
}

/// A run that was killed leaves nothing behind that a replay would take for the book.
#[test]
fn a_run_that_was_killed_is_made_again_as_far_as_it_came() {
    // The second chapter is drawn anew when the run is killed.
    let server = Counting::start(|asked| match asked.number {
        10 => Answer::Hang(String::new()),
        number => {
            let text = well(asked);
            let anew = if number > 7 { text.replacen("the ", "her ", 1) } else { text };
            Answer::Reply(anew)
        }
    });
    let project = small(&[]);
    configure(&project, &server, "");
    done_by(&project, &["draft"]);
    let before = project.read(".storygen/models.json");
    kill_at(&project, &server, 11, &["draft", "chapters", "1-2", "--redo"]);
    let is_made_again = |name: &str| {
        let other = elsewhere(&project);
        let output = offline(&other, &[]);
        assert_eq!(output.code, 0, "{name}: {output}");
        let book = |project: &Project| texts(project, &["manuscript", "canon"]);
        assert_eq!(book(&other), book(&project), "{name}");
    };
    is_made_again("killed in the next chapter");
    // As if it was killed before it could write that down.
    project.write(".storygen/models.json", &before);
    let output = done_by(&project, &["draft"]);
    assert!(output.stderr.contains("nothing to draft"), "{output}");
    assert_ne!(project.read(".storygen/models.json"), before);
    is_made_again("looked at again");
}

fn done_by(project: &Project, arguments: &[&str]) -> Output {
    let output = project.run(arguments);
    assert_eq!(output.code, 0, "{arguments:?}: {output}");
    output
}
