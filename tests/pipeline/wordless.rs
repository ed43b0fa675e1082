//! Records whose model spends its whole reply on thinking: told, paid for once, and
//! played again as what they were.

use std::collections::BTreeMap;

use crate::common::*;
use crate::counting::{Answer, Asked, Counting};
use crate::events::lines;
use crate::money::{PRICE, configure, well};
use crate::replay::{elsewhere, offline};
use crate::support::Project;

/// An endpoint whose records of these chapters end at their limit without a word.
fn thinker(chapters: &'static [usize]) -> Counting {
    Counting::start(move |asked: &Asked| {
        let is_thought = chapters.iter().any(|number| asked.said.contains(&records(*number)));
        if is_thought { Answer::Length(String::new()) } else { Answer::Reply(well(asked)) }
    })
}

/// Takes away all that was made of the replies that are kept.
fn lose(project: &Project) {
    for folder in ["manuscript", "canon", ".storygen/takes"] {
        std::fs::remove_dir_all(project.path().join(folder)).expect("a folder");
    }
    std::fs::remove_file(project.path().join(".storygen/journal.jsonl")).expect("a file");
}

fn made(project: &Project) -> BTreeMap<String, String> {
    texts(project, &["manuscript", "canon"])
}

#[test]
fn a_record_without_a_word_is_told_paid_for_once_and_played_again() {
    for (chapters, drafted) in [(&[1][..], "1-2"), (&[2], "1-3"), (&[1, 2, 3], "1-3")] {
        let project = small(&[]);
        let server = thinker(chapters);
        configure(&project, &server, PRICE);
        let output = project.run(&["draft", "chapters", drafted]);
        assert_eq!(output.code, 0, "{output}");
        for number in chapters {
            let told = format!(
                "\n  chapter {number}: `openai/counted` reached the limit of its reply before it had written a word of the record, and is not asked for it again\n"
            );
            assert!(output.stderr.contains(&told), "{output}");
        }
        let way_out = "`thinking: TOKENS` for its endpoint in your configuration";
        assert_eq!(output.stderr.matches(way_out).count(), 1, "{output}");
        // One draft and one record a chapter, whatever comes of the record.
        let asked = 2 * drafted[2..].parse::<usize>().expect("a number");
        assert_eq!(server.requests(), asked, "{output}");
        let book = made(&project);
        let other = elsewhere(&project);
        let again = offline(&other, &["chapters", drafted]);
        assert_eq!(again.code, 0, "{again}");
        assert!(!again.stderr.contains(way_out), "{again}");
        assert_eq!(made(&other), book);
        // What is kept is not paid for again.
        lose(&project);
        let again = project.run(&["draft", "chapters", drafted]);
        assert_eq!((again.code, server.requests()), (0, asked), "{again}");
        assert_eq!(made(&project), book);
    }
}

#[test]
fn with_more_room_a_record_without_a_word_is_asked_for_anew() {
    let project = small(&[]);
    let server = thinker(&[1]);
    configure(&project, &server, PRICE);
    assert_eq!(project.run(&["draft", "chapter", "1"]).code, 0);
    for (thinking, asked) in [("", 2), ("endpoints: {openai: {thinking: 300}}", 3)] {
        configure(&project, &server, &format!("{PRICE}\n{thinking}"));
        lose(&project);
        let output = project.run(&["draft", "chapter", "1"]);
        assert_eq!((output.code, server.requests()), (0, asked), "{thinking}: {output}");
    }
}

#[test]
fn events_tell_of_a_record_without_a_word() {
    let project = small(&[]);
    let server = thinker(&[1]);
    configure(&project, &server, PRICE);
    let output = project.run(&["draft", "chapter", "1", "--json"]);
    let told: Vec<_> =
        lines(&output.stdout).into_iter().filter(|line| line["event"] == "wordless").collect();
    let [told] = &told[..] else { panic!("{output}") };
    assert_eq!((&told["stage"], &told["chapter"]), (&"record".into(), &1.into()), "{told}");
    assert_eq!(told["model"], "openai/counted");
    assert!(told["help"].as_str().unwrap().contains("(it has none now)"), "{told}");
}

/// An empty reply that somebody emptied is none.
#[test]
fn a_reply_that_was_emptied_is_no_reply_without_a_word() {
    let project = small(&[]);
    let server = Counting::start(|asked| match well(asked) {
        text if asked.said.contains(&records(1)) => Answer::Length(text),
        text => Answer::Reply(text),
    });
    configure(&project, &server, PRICE);
    assert_eq!(project.run(&["draft", "chapter", "1"]).code, 0);
    let other = elsewhere(&project);
    let file = other
        .files()
        .into_iter()
        .find(|name| name.contains("/calls/") && other.read(name).contains("\"about\":\"record "));
    let file = file.expect("a record that is kept");
    let text = other.read(&file);
    let (head, rest) = text.split_once('\n').expect("a head");
    let (_, end) = rest.split_once('\u{1e}').expect("an end");
    other.write(&file, format!("{head}\n\u{1e}{end}"));
    let output = offline(&other, &["chapter", "1"]);
    assert_eq!(output.code, 6, "{output}");
    assert!(output.stderr.contains("is damaged"), "{output}");
}

/// A host limits the whole reply, thinking included.
#[test]
fn thinking_gives_way_where_a_host_limits_the_reply() {
    const QWEN: &str = "openrouter/qwen/qwen-2.5-72b-instruct";
    for (thinking, most, is_cut) in [("4000", 5_000, false), ("20000", 5_000, true)] {
        let project = small(&[]);
        let server = Counting::start(move |asked| {
            let tokens = asked.body["max_tokens"].as_u64().expect("a limit");
            assert!(tokens <= most, "{tokens}");
            Answer::Reply(well(asked))
        });
        let config = format!(
            "model: {QWEN}\nendpoints: {{openrouter: {{base_url: '{}', {PRICE}, thinking: {thinking}}}}}\n",
            server.base_url()
        );
        project.write("../home/config/storygen/config.yaml", config);
        let output =
            project.run_with(&["draft", "chapter", "1"], &[("OPENROUTER_API_KEY", "sk-or-test")]);
        assert_eq!((output.code, server.requests()), (0, 2), "{output}");
        let told = format!(
            "`{QWEN}` may think 4096 tokens a reply, not 20000: its reply of 8192 tokens has to hold the text as well\n"
        );
        assert_eq!(output.stderr.contains(&told), is_cut, "{output}");
    }
}
