//! The scripted provider: which entry answers, what it plays, what it complains of.

use storygen::chat::{Message, Role};
use storygen::provider::scripted::Scripted;
use storygen::provider::{Facts, Fault, Finish, Provider, Request, Usage};
use tokio_util::sync::CancellationToken;

use crate::common::{kind, request, run, run_with};

fn facts() -> Facts {
    Facts {
        name: "scripted/test".into(),
        window: 4_096,
        reply_limit: None,
        prefill: true,
        structured: true,
        ..Facts::plain("", 0)
    }
}

fn asking(text: &str) -> Request {
    Request { messages: vec![Message::new(Role::User, text)], ..request() }
}

/// Each answer: the text, or the kind of fault after the text.
fn play(script: &str, prompts: &[&str]) -> (Vec<String>, usize) {
    let provider = Scripted::new(script, facts()).unwrap();
    let answers = prompts
        .iter()
        .map(|prompt| match run(&provider, &asking(prompt)) {
            (text, Ok(_)) => text,
            (text, Err(fault)) => format!("{text}|{}", kind(&fault)),
        })
        .collect();
    (answers, provider.unused())
}

/// Name, script, prompts, answers, and how many are left.
type Case<'a> = (&'a str, &'a str, &'a [&'a str], &'a [&'a str], usize);

#[test]
fn the_first_fitting_entry_answers() {
    let sequence = "- reply: one\n- reply: two\n- reply: three\n";
    let rules = "- when: [\"Chapter 2\", synopsis]\n  always: true\n  reply: s2\n- when: [\"Chapter 2\"]\n  times: 2\n  reply: c2\n- reply: rest\n";
    let table: [Case; 6] = [
        ("in order", sequence, &["a", "b"], &["one", "two"], 1),
        ("run out", "- reply: one", &["a", "b"], &["one", "|script"], 0),
        (
            "rules",
            rules,
            &["Chapter 2", "Chapter 2 synopsis", "Chapter 2", "Chapter 2", "x"],
            &["c2", "s2", "c2", "rest", "|script"],
            0,
        ),
        ("rules left", rules, &["Chapter 2"], &["c2"], 2),
        (
            "JSON Lines",
            "{\"reply\": \"one\"}\n\n{\"reply\": \"two\", \"when\": [\"b\"]}\n",
            &["b", "b"],
            &["one", "two"],
            0,
        ),
        (
            "expectations",
            "- reply: one\n  expect: [lamp]\n- reply: two\n  expect: [lamp]\n",
            &["the lamp", "the sea"],
            &["one", "|script"],
            0,
        ),
    ];
    for (name, script, prompts, answers, unused) in table {
        let (seen, left) = play(script, prompts);
        assert_eq!(seen, answers, "{name}");
        assert_eq!(left, unused, "{name}");
    }
}

#[test]
fn a_break_comes_after_its_characters() {
    let table = [
        ("interrupted", "“日|interrupted"),
        ("unreachable", "“日|unreachable"),
        ("busy", "“日|busy"),
        ("server", "“日|server"),
        ("refused", "“日|refused"),
        ("key", "“日|key"),
    ];
    for (with, expected) in table {
        let script = format!("- reply: “日本”\n  break: {{ after: 2, with: {with} }}\n");
        assert_eq!(play(&script, &["a"]).0, [expected]);
    }
}

#[test]
fn replies_come_word_by_word_with_their_end_and_usage() {
    let script =
        "- reply: \"Once upon  a\\ntime\"\n  finish: length\n  usage: { prompt: 9, reply: 4 }\n";
    let provider = Scripted::new(script, facts()).unwrap();
    let mut pieces = Vec::new();
    let cancel = CancellationToken::new();
    let (_, reply) = run_with(&provider, &request(), &cancel, |piece| {
        pieces.push(piece.to_owned());
    });
    assert_eq!(pieces, ["Once ", "upon ", " ", "a\n", "time"]);
    let reply = reply.unwrap();
    assert_eq!(reply.finish, Finish::Length);
    assert_eq!(reply.usage, Some(Usage { prompt: 9, reply: 4, ..Usage::default() }));
    assert_eq!(reply.model, "scripted/test");
}

#[test]
fn a_hang_ends_by_cancel_and_so_does_a_reply() {
    for script in ["- reply: one two\n  break: { after: 3, with: hang }\n", "- reply: one two\n"] {
        let provider = Scripted::new(script, facts()).unwrap();
        let cancel = CancellationToken::new();
        let (text, reply) = run_with(&provider, &request(), &cancel, |_| cancel.cancel());
        assert_eq!(text.trim_end(), "one");
        assert!(matches!(reply, Err(Fault::Cancelled)));
    }
}

#[test]
fn complaints_name_their_place() {
    let table = [
        ("- reply: a\n- rply: b\n", "rply"),
        ("{\"reply\": \"a\"}\n{\"reply\": 7}\n", "script line 2"),
        ("reply: a", "list of entries"),
        ("- reply: a\n  times: 0\n", "script entry 1"),
        ("- reply: a\n  times: 2\n  always: true\n", "both `times` and `always`"),
        ("- reply: a\n  break: { with: fire }\n", "fire"),
    ];
    for (script, words) in table {
        let said = Scripted::new(script, facts()).unwrap_err().to_string();
        assert!(said.contains(words), "{script}: {said}");
    }
    let provider = Scripted::new("- reply: a\n- reply: b\n  expect: [lamp]\n", facts()).unwrap();
    run(&provider, &request()).1.unwrap();
    let said = run(&provider, &asking("the sea")).1.unwrap_err().to_string();
    assert!(
        said.contains("entry 2") && said.contains("`lamp`") && said.contains("the sea"),
        "{said}"
    );
    let said = run(&provider, &asking("the sea")).1.unwrap_err().to_string();
    assert!(said.contains("no answer left") && said.contains("the sea"), "{said}");
}

#[test]
fn a_script_holds_a_long_book() {
    let chapter = "Mara rows on. ".repeat(4_000);
    let yaml = format!("- reply: \"{chapter}\"\n").repeat(200);
    let lines = yaml.replace("- reply: ", "{\"reply\": ").replace("\"\n", "\"}\n");
    for script in [yaml, lines] {
        assert_eq!(Scripted::new(&script, facts()).unwrap().unused(), 200);
    }
}

#[test]
fn the_window_holds_here_too() {
    let provider = Scripted::new("- reply: a\n", facts()).unwrap();
    let reply = run(&provider, &asking(&"x".repeat(5000))).1;
    assert!(matches!(reply, Err(Fault::TooLong { .. })));
    assert_eq!(provider.unused(), 1);
    assert_eq!(provider.tokenizer().text("abc"), 4);
}
