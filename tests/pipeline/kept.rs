//! What is kept: calls that are under way while their run is, or altered; and a book
//! that can be made again though the file that says how it was asked was lost.

use serde_json::Value;

use crate::common::*;
use crate::counting::{Answer, Counting};
use crate::money::{PRICE, configure, well};
use crate::replay::{elsewhere, offline};
use crate::support::Project;

fn json(project: &Project, arguments: &[&str]) -> Value {
    let output = project.run(arguments);
    serde_json::from_str(output.stdout.lines().next().expect("a line")).expect("JSON")
}

#[test]
fn a_call_is_under_way_while_its_run_is() {
    for price in [PRICE, "price: {prompt: 0, reply: 0}"] {
        let project = small(&[]);
        let server = Counting::start(|asked| Answer::Hang(well(asked)));
        configure(&project, &server, price);
        for (run, others) in [("1", 0), ("2", 1)] {
            let mut child = project
                .command(&["draft", "chapter", "1", "--seed", run])
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("the program runs");
            server.await_requests(others + 1);
            let list = project.run(&["calls"]);
            let rows: Vec<&str> = list.stdout.lines().collect();
            assert_eq!(rows.len(), others + 1, "{list}");
            let count = |word: &str| list.stdout.matches(&format!("  {word}  ")).count();
            // One of a run before was cut off by its kill.
            assert_eq!((count("under way"), count("killed")), (1, others), "{list}");
            let row = rows.iter().find(|row| row.contains("  under way  ")).expect("a row");
            let shown = json(&project, &["calls", "show", &row[..12], "--json"]);
            assert_eq!((&shown["ended"], &shown["altered"]), (&"under way".into(), &false.into()));
            let shown = project.run(&["calls", "show", &row[..12]]);
            assert!(shown.stdout.contains("\nwhat it took is not known yet, and "), "{shown}");
            let status = project.run(&["status"]);
            let at_work = format!(
                "\nanother run (process {}) is at work on it; `storygen calls` shows what it asks\n",
                child.id()
            );
            assert!(status.stdout.ends_with(&at_work), "{status}");
            assert!(!status.stdout.contains("\nnext: "), "{status}");
            let is_paid = price == PRICE;
            let says = |words: &str| status.stdout.contains(words);
            assert_eq!(says(" at most for what is under way"), is_paid, "{status}");
            assert_eq!(says(" cut off by a kill"), is_paid && others > 0, "{status}");
            child.kill().expect("a kill");
            child.wait().expect("an end");
            let list = project.run(&["calls"]).stdout;
            assert_eq!(list.matches("  killed  ").count(), others + 1, "{list}");
            let status = project.run(&["status"]);
            assert!(status.stdout.ends_with("\nnext: storygen draft chapter 1\n"), "{status}");
        }
    }
}

#[test]
fn a_file_that_is_not_what_came_is_called_altered() {
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Reply(well(asked)));
    configure(&project, &server, PRICE);
    assert_eq!(project.run(&["draft", "chapter", "1"]).code, 0);
    let list = project.run(&["calls"]).stdout;
    let row = list.lines().find(|row| row.contains("  draft  ")).expect("a draft");
    let id = &row[..12];
    let file = project.files().into_iter().find(|name| name.contains(id)).expect("its file");
    let text = project.read(&file);
    let (head, reply) = text.split_once('\n').expect("a head");
    let windows = format!("{head}\r\n{}", reply.replace('\n', "\r\n"));
    for (name, changed, is_altered) in [
        ("as it was", text.clone(), false),
        ("other line ends", windows, false),
        ("a letter", text.replace("Mara held", "Mara hold"), true),
        ("cut in the reply", text[..head.len() + 80].to_owned(), true),
        ("cut in its end", text[..text.len() - 30].to_owned(), true),
        ("cut in the head", text[..40].to_owned(), true),
    ] {
        project.write(&file, changed);
        let list = project.run(&["calls"]).stdout;
        let row = list.lines().find(|row| row.starts_with(id)).expect("its row");
        assert_eq!(row.contains("  altered  "), is_altered, "{name}: {list}");
        assert_eq!(row.contains("  stop  "), !is_altered, "{name}: {list}");
        let rows = project.run(&["calls", "--json"]).stdout;
        let flags = rows.matches("\"altered\":true").count();
        assert_eq!(flags, usize::from(is_altered), "{name}: {rows}");
        let shown = project.run(&["calls", "show", id]);
        if name == "cut in the head" {
            assert!(shown.stderr.contains("says nothing: it was cut at its start"), "{shown}");
            continue;
        }
        let told = "its file was altered: part of what was written there is changed or missing";
        assert_eq!(shown.stdout.contains(told), is_altered, "{name}: {shown}");
        assert!(!shown.stdout.contains("is not known"), "{name}: {shown}");
        let shown = json(&project, &["calls", "show", id, "--json"]);
        assert_eq!(shown["altered"], is_altered, "{name}: {shown:#}");
        assert_eq!(shown["ended"], "stop", "{name}: {shown:#}");
        assert!(shown["cost"].as_f64() > Some(0.0), "{name}: {shown:#}");
    }
}

/// Who removes a damaged `models.json`, as its help advises, gets it again.
#[test]
fn what_a_replay_needs_is_written_anew() {
    let damaged = "remove it: where the journal and the takes are, `storygen draft` without `--offline` writes it anew";
    for (then, is_told) in [
        (&["draft"][..], false),
        (&["draft", "chapter", "1", "--redo", "--seed", "4"], true),
        (&["draft", "chapter", "3", "--redo", "--window", "9000"], true),
    ] {
        let project = small(&[]);
        let server = Counting::start(|asked| Answer::Reply(well(asked)));
        configure(&project, &server, PRICE);
        assert_eq!(project.run(&["draft"]).code, 0);
        let models = project.path().join(".storygen/models.json");
        project.write(".storygen/models.json", "{");
        let output = offline(&project, &["chapter", "1", "--redo"]);
        assert!(output.stderr.contains(damaged), "{output}");
        std::fs::remove_file(&models).expect("a file");
        let output = project.run(then);
        assert_eq!(output.code, 0, "{output}");
        assert!(models.is_file(), "{then:?}");
        let other = elsewhere(&project);
        let output = offline(&other, &[]);
        assert_eq!(output.code, 0, "{then:?}: {output}");
        let told = "`.storygen/models.json` lacks how ";
        assert_eq!(output.stderr.contains(told), is_told, "{then:?}: {output}");
        let folders = ["manuscript", "canon"];
        assert_eq!(texts(&other, &folders), texts(&project, &folders), "{then:?}");
    }
}
