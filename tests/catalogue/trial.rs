//! `storygen models test`, against a server that does all that servers do.

use serde_json::{Value, json};

use crate::byte_server::{ByteServer, Step, answer, stream_head};
use crate::home;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

fn event(value: &Value) -> Step {
    Step::Send(format!("data: {value}\n\n").into_bytes())
}

fn says(text: &str) -> Step {
    said_by("TheDrummer/UnslopNemo-12B-v4.1", text)
}

fn said_by(model: &str, text: &str) -> Step {
    event(&json!({"model": model, "choices": [{"index": 0, "delta": {"content": text}}]}))
}

fn good() -> Vec<Step> {
    vec![
        stream_head(),
        says("The lamp "),
        says("went out "),
        says("at six."),
        event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})),
        event(
            &json!({"choices": [], "usage": {"prompt_tokens": 31, "completion_tokens": 9, "cost": 0.000_02}}),
        ),
        Step::Send(b"data: [DONE]\n\n".to_vec()),
    ]
}

fn list(window: u32) -> Vec<Step> {
    let list = json!({"data": [{"id": "thedrummer/unslopnemo-12b", "context_length": window,
        "top_provider": {"context_length": window}, "pricing": {"prompt": "0.0000004", "completion": "0.0000004"}}]});
    vec![answer(200, &JSON, list.to_string().as_bytes())]
}

/// The output of a test of `UnslopNemo` at a server that serves these lists of steps.
fn test(scripts: Vec<Vec<Step>>) -> (i32, String) {
    let server = ByteServer::start(scripts);
    let project = home::at(&[("openrouter", format!("{}/api/v1", server.origin()))]);
    project.write("../home/config/storygen/config.yaml", "endpoints: {openrouter: {tries: 1}}\n");
    let output = project.run_with(
        &["models", "test", "openrouter/unslopnemo-12b"],
        &[("OPENROUTER_API_KEY", "sk-or-secret")],
    );
    assert!(!output.to_string().contains("sk-or-secret"), "{output}");
    // Who answers is one of the checks, and is told by nothing else.
    assert!(!output.stderr.contains("` answers"), "{output}");
    let sent = server.requests();
    if let Some(first) = sent.first() {
        let body = first.json();
        assert_eq!(body["model"], "thedrummer/unslopnemo-12b");
        assert_eq!(body["plugins"][0]["enabled"], false, "nothing is left out in silence");
        assert!(body["provider"]["max_price"]["prompt"].is_string(), "{body}");
    }
    (output.code, output.stdout.replace(&server.origin(), "[SERVER]"))
}

#[test]
fn a_model_that_works_is_shown_to() {
    let (code, said) = test(vec![good(), list(32_768)]);
    assert_eq!(code, 0, "{said}");
    let lines: Vec<String> = said
        .lines()
        .map(|line| line.split(" after ").next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "openrouter/thedrummer/unslopnemo-12b",
            "  reachable  ok    it answers",
            "  key        ok    accepted, or none is wanted",
            "  model      ok    `TheDrummer/UnslopNemo-12B-v4.1` answers",
            "  streams    ok    6 words in 3 pieces, the first",
            "  usage      ok    31 tokens of prompt, 9 of reply, <$0.0001",
            "  window     ok    32768 tokens are used, its list says 32768",
        ]
    );
}

#[test]
fn every_failure_is_named_with_its_way_out() {
    let error = |status, message: &str| {
        vec![answer(status, &JSON, json!({"error": {"message": message}}).to_string().as_bytes())]
    };
    let empty = vec![
        stream_head(),
        event(
            &json!({"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "length"}]}),
        ),
        Step::Send(b"data: [DONE]\n\n".to_vec()),
    ];
    let broken = vec![stream_head(), says("The lamp went"), Step::Reset];
    let table: Vec<(Vec<Vec<Step>>, &str, &str)> = vec![
        (vec![error(401, "bad key")], "key        fails", "`OPENROUTER_API_KEY`"),
        (
            vec![vec![answer(302, &[("location", "https://else.example/v1")], b"")]],
            "reachable  fails",
            "no redirect is ever followed",
        ),
        (vec![error(402, "no credit")], "model      fails", "no credit"),
        (vec![error(404, "No endpoints found")], "model      fails", "No endpoints found"),
        (
            vec![error(404, "No endpoints found that match your max price")],
            "model      fails",
            "(`max_price`): if that has risen, `storygen models refresh openrouter` takes the new one",
        ),
        (
            vec![vec![answer(200, &[("content-type", "text/html")], b"<title>Hello</title>")]],
            "reachable  fails",
            "Hello",
        ),
        (vec![empty], "streams    fails", "thinking"),
        (vec![error(429, "slow down")], "answers    fails", "test again in a minute"),
        (vec![error(500, "no luck")], "answers    fails", "models that stand in"),
        (vec![vec![stream_head()]], "answers    fails", "what stands between"),
        (vec![broken], "streams    fails", "broke off"),
        (vec![good(), list(8_192)], "window     fails", "storygen models refresh openrouter"),
    ];
    for (scripts, check, words) in table {
        let (code, said) = test(scripts);
        assert_eq!(code, 6, "{check}: {said}");
        assert!(said.contains(check) && said.contains(words), "{check} {words}: {said}");
        // Who is not reached has looked at no key.
        let is_unseen = check.contains("reachable") || check.contains("key");
        assert!(!is_unseen || !said.contains("key        ok"), "{check}: {said}");
        assert!(!said.contains("the same command goes on"), "{said}");
    }
}

#[test]
fn what_cannot_be_told_is_not_said_to_work() {
    let silent = vec![
        stream_head(),
        says("The lamp went out at six, and nobody saw."),
        event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})),
        Step::Send(b"data: [DONE]\n\n".to_vec()),
    ];
    let (code, said) = test(vec![silent, vec![answer(404, &[], b"")]]);
    assert_eq!(code, 0, "{said}");
    for words in [
        "streams    ?",
        "usage      ?",
        "window     ?     32768 tokens are used; its list cannot be read",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// What a test costs stands in the user's ledger, and keeps to what may be spent.
#[test]
fn a_test_is_paid_for_as_every_call() {
    let priced = "price: {prompt: 1, reply: 2}";
    // Lines of the endpoint and of the user, flags; the code, requests, and words of
    // the error, or what the ledger shows then.
    let table = [
        (priced, "", &[][..], (0, 1), "this month, all your projects: $0.0005"),
        (
            priced,
            "budget: {month: 1}",
            &[],
            (0, 1),
            "this month, all your projects: $0.0005 of $1.00",
        ),
        (
            priced,
            "budget: {month: 0.0005}",
            &[],
            (5, 0),
            "the month's budget is reached: of $0.0005, $0 are spent, $0.0005 are left; the test (",
        ),
        (priced, "budget: {run: 0}", &[], (5, 0), "the budget of this run is reached: of $0, "),
        (
            priced,
            "budget: {run: 0}",
            &["--max-cost", "0.1"],
            (0, 1),
            "this month, all your projects: $0.0005",
        ),
        (
            priced,
            "",
            &["--max-cost", "0.0001"],
            (5, 0),
            "the budget of this run is reached: of $0.0001, ",
        ),
        (
            "price: {prompt: 0, reply: 0}",
            "budget: {month: 0}",
            &[],
            (0, 1),
            "this month, all your projects: $0 of $0",
        ),
        (
            "",
            "budget: {month: 1}",
            &[],
            (5, 0),
            "costs is not known, so nothing can keep to the budget that is set",
        ),
        (
            "",
            "budget: {month: 1}",
            &["--allow-unknown-price"],
            (0, 1),
            "this month, all your projects: $0 of $1.00",
        ),
        ("", "", &[], (0, 1), "no call has been made for this project"),
    ];
    for (endpoint, lines, flags, expected, words) in table {
        let usage =
            json!({"choices": [], "usage": {"prompt_tokens": 300, "completion_tokens": 100}});
        let stop = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
        let done = Step::Send(b"data: [DONE]\n\n".to_vec());
        let reply = vec![
            stream_head(),
            says("The lamp "),
            says("went out."),
            event(&stop),
            event(&usage),
            done,
        ];
        let server = ByteServer::start(vec![reply, vec![answer(404, &[], b"")]]);
        let project = crate::support::Project::copy("tests/projects/small");
        let config = format!(
            "endpoints:\n  shop: {{base_url: '{}/v1', {endpoint}}}\n{lines}\n",
            server.origin()
        );
        project.write("../home/config/storygen/config.yaml", config);
        let output = project.run(&[&["models", "test", "shop/w"], flags].concat());
        let sent = server.requests().iter().filter(|one| one.line.contains("/completions")).count();
        assert_eq!((output.code, sent), expected, "{endpoint} {lines} {flags:?}: {output}");
        let usage = project.run(&["usage"]);
        let said = format!("{output}{usage}");
        assert!(said.contains(words), "{endpoint} {lines} {flags:?}: {said}");
    }
    // One that is killed under way counts with all that it could cost.
    let server = ByteServer::start(vec![vec![stream_head(), says("The lamp "), Step::Hold]]);
    let project = crate::support::Project::copy("tests/projects/small");
    let config = format!("endpoints:\n  shop: {{base_url: '{}/v1', {priced}}}\n", server.origin());
    project.write("../home/config/storygen/config.yaml", config);
    let mut child = project
        .command(&["models", "test", "shop/w"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program runs");
    while server.requests().is_empty() {
        std::thread::yield_now();
    }
    child.kill().expect("a kill");
    child.wait().expect("an end");
    let usage = project.run(&["usage"]);
    assert!(usage.stdout.contains("this month, all your projects: $0.00"), "{usage}");
}

/// Another model that answers is told of: by the test, and once by a run.
#[test]
fn a_model_that_was_exchanged_is_told_of() {
    let by = |model: &str| {
        let mut steps = good();
        steps[1..4].clone_from_slice(&["The ", "lamp ", "went."].map(|text| said_by(model, text)));
        steps
    };
    let unslop = "openrouter/thedrummer/unslopnemo-12b";
    let asked = format!("asked for `{unslop}`, `cheap-tiny-3b` answers");
    for (model, line) in [
        ("cheap-tiny-3b", format!("  model      ?     {asked}\n")),
        ("unslopnemo-12b:free", "  model      ok    `unslopnemo-12b:free` answers\n".to_owned()),
    ] {
        let (code, said) = test(vec![by(model), list(32_768)]);
        assert!(code == 0 && said.contains(&line), "{model}: {said}");
    }
    // Each drawing is too short, and drawn again.
    for (is_local, is_told) in [(false, true), (true, false)] {
        let server = ByteServer::start(vec![by("cheap-tiny-3b"); 40]);
        let vendor = if is_local { "ollama" } else { "openrouter" };
        let rows = format!(
            "vendors:\n  {vendor}: {{dialect: openai, base_url: '{}/v1'}}\n",
            server.origin()
        );
        let project = home::tiny_of(&home::with(&rows));
        let config = format!("endpoints: {{{vendor}: {{tries: 1}}}}\n");
        project.write("../home/config/storygen/config.yaml", config);
        let model = if is_local { "ollama/m" } else { unslop };
        let ask = ["draft", "chapter", "1", "--model", model];
        let key = [("OPENROUTER_API_KEY", "sk-1")];
        let output = project.run_with(&ask, &key);
        assert!(server.requests().len() > 1, "{output}");
        assert_eq!(
            output.stderr.matches("`cheap-tiny-3b` answers").count(),
            usize::from(is_told),
            "{output}"
        );
        assert_eq!(output.stderr.contains(&asked), is_told, "{output}");
        let output = project.run_with(&[&ask[..], &["--json", "--seed", "5"]].concat(), &key);
        let event = format!(r#""event":"swapped","asked":"{unslop}","answered":"cheap-tiny-3b""#);
        assert_eq!(output.stdout.matches(&event).count(), usize::from(is_told), "{output}");
    }
}
