//! What a gateway in a host's place lists holds where the calls go there, and nowhere
//! else.

use serde_json::{Value, json};

use crate::byte_server::{ByteServer, answer};
use crate::support::Project;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const CONFIG: &str = "../home/config/storygen/config.yaml";
const QWEN: &str = "qwen/qwen-2.5-72b-instruct";

/// A page without its line ends, which fall where the terminal ends.
fn plain(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn row(id: &str, more: &Value) -> Value {
    let mut row = json!({"id": id, "name": format!("Gate: {id}"), "context_length": 2_000,
        "top_provider": {"max_completion_tokens": 500}, "supported_parameters": ["max_tokens", "stop"],
        "pricing": {"prompt": "0.000009", "completion": "0.000009"}});
    for (key, value) in more.as_object().into_iter().flatten() {
        row[key] = value.clone();
    }
    row
}

/// Everything that the commands say of models, on one line.
fn said(project: &Project) -> String {
    let key = [("OPENROUTER_API_KEY", "sk-1")];
    let qwen = format!("openrouter/{QWEN}");
    let all: [&[&str]; 5] = [
        &["models", "info", "openrouter/qwen2.5-72b"],
        &["models", "info", "openrouter/mythomax-13b"],
        &["models", "--all", "--host", "openrouter"],
        &["prompt", "chapter", "1", "--table", "--model", &qwen],
        &["check"],
    ];
    all.map(|one| plain(&project.run_with(one, &key).to_string())).join("\n")
}

#[test]
fn what_a_gateway_lists_holds_there_alone() {
    let list = json!({"data": [
        row(QWEN, &json!({"expiration_date": "2099-12-01"})),
        row("gate/only", &json!({})),
        row("gryphe/mythomax-l2-13b:free", &json!({"canonical_slug": "gryphe/mythomax-l2-13b"})),
    ]});
    let server = ByteServer::start([
        vec![answer(200, &JSON, list.to_string().as_bytes())],
        vec![answer(200, &JSON, list.to_string().as_bytes())],
    ]);
    let project = Project::copy("tests/tiny");
    project.write(
        "storygen.yaml",
        format!("model: openrouter/{QWEN}\n{}", project.read("storygen.yaml")),
    );
    let before = said(&project);
    let words = [
        "window 2000, reply 500",
        "ends 2099-12-01",
        "prompt 9.00",
        "only",
        "heeds stop;",
        ":free",
    ];
    let is_there = |said: &str| words.map(|words| said.contains(words));
    assert_eq!(is_there(&before), [false; 6], "{before}");
    let gate = format!("endpoints: {{openrouter: {{base_url: '{}/v1'}}}}\n", server.origin());
    project.write(CONFIG, &gate);
    assert_eq!(project.run(&["models", "refresh", "openrouter"]).code, 0);
    let there = said(&project);
    assert_eq!(is_there(&there), [true; 6], "{there}");
    // With it gone, all is as it was, whatever is named; with it back, so is what it said.
    project.write(CONFIG, "{}\n");
    assert_eq!(said(&project), before);
    project.write(CONFIG, "endpoints: {openrouter: {base_url: 'http://127.0.0.1:1/v1'}}\n");
    let other = said(&project);
    assert_eq!(is_there(&other), [false; 6], "{other}");
    project.write(CONFIG, &gate);
    assert_eq!(said(&project), there);
    let again = project.run(&["models", "refresh", "openrouter"]);
    assert!(again.stdout.contains("\n  nothing has changed\n"), "{again}");
}
