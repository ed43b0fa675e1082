//! `storygen models test`, against a server that does all that servers do.

use serde_json::{Value, json};

use crate::byte_server::{ByteServer, Step, answer, stream_head};
use crate::home;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

fn event(value: &Value) -> Step {
    Step::Send(format!("data: {value}\n\n").into_bytes())
}

fn says(text: &str) -> Step {
    event(
        &json!({"model": "maker/bard-20260101", "choices": [{"index": 0, "delta": {"content": text}}]}),
    )
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
    let project = home::with(&format!(
        "vendors:\n  openrouter: {{base_url: '{}/api/v1'}}\n",
        server.origin()
    ));
    let output = project.run_with(
        &["models", "test", "openrouter/unslopnemo-12b"],
        &[("OPENROUTER_API_KEY", "sk-or-secret")],
    );
    assert!(!output.to_string().contains("sk-or-secret"), "{output}");
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
            "  model      ok    `maker/bard-20260101` answers",
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
        (vec![error(402, "no credit")], "model      fails", "no credit"),
        (vec![error(404, "No endpoints found")], "model      fails", "No endpoints found"),
        (
            vec![vec![answer(200, &[("content-type", "text/html")], b"<title>Hello</title>")]],
            "reachable  fails",
            "Hello",
        ),
        (vec![empty], "streams    fails", "thinking"),
        (vec![broken], "streams    fails", "broke off"),
        (vec![good(), list(8_192)], "window     fails", "storygen models refresh openrouter"),
    ];
    for (scripts, check, words) in table {
        let (code, said) = test(scripts);
        assert_eq!(code, 6, "{check}: {said}");
        assert!(said.contains(check) && said.contains(words), "{check} {words}: {said}");
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
